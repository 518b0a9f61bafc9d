"""Train vaeaudit's model on pictures and print when each epoch ended: the process that `benchmarks.speed` measures.

With --held-out the held-out ELBO is measured at the same moments, while the clock stands still. The model, its loss,
the batches and the compiled step are vaeaudit's own; only the networks can be exchanged.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from benchmarks.plain_networks import plain_networks
from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding.image_encoding import ImageRows, PixelLikelihood, fit_image_encoding
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.models.fitting.batches import training_batches
from vaeaudit.models.fitting.training import STEPS_PER_CALL
from vaeaudit.models.image.networks import image_networks
from vaeaudit.models.image.vae import ImageVAE
from vaeaudit.models.objectives import BetaObjective

_NETWORKS = {"plain": plain_networks, "default": image_networks}
#: Pictures per call into the graph, and draws from q(z|x) per picture, for the held-out ELBO.
_CHUNK, _DRAWS = 256, 4


class Clock(keras.callbacks.Callback):
    """Wall and CPU seconds of training at the end of each epoch, and the held-out ELBO there, in nats per picture."""

    def __init__(self, held_out: ImageRows | None) -> None:
        super().__init__()
        self.held_out = held_out
        self.began = np.array([time.perf_counter(), time.process_time()])
        self.marks: list[list[float]] = []
        self.elbo: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        reached = np.array([time.perf_counter(), time.process_time()])
        self.marks.append((reached - self.began).tolist())
        if self.held_out is not None:
            self.elbo.append(held_out_elbo(self.model, self.held_out))
            self.began += np.array([time.perf_counter(), time.process_time()]) - reached


def held_out_elbo(model: ImageVAE, rows: ImageRows) -> float:
    """Return the mean ELBO of pictures that training did not see, in nats."""
    bounds = []
    for start in range(0, len(rows), _CHUNK):
        batch = tuple(tf.constant(part) for part in rows.take(slice(start, start + _CHUNK)).arrays())
        for _ in range(_DRAWS):
            bounds.append(-model.losses_per_row(batch, model.draw_noise(batch), 1.0).loss.numpy())
    return float(np.concatenate(bounds).mean())


def rows_of(path: Path) -> ImageRows:
    """Return the pictures of a .npy file, uint8 [N, H, W, channels], as vaeaudit reads them while training."""
    shape = np.load(path, mmap_mode="r").shape
    n, height, width, _ = shape
    sizes: npt.NDArray[np.int32] = np.tile(np.array([width, height], np.int32), (n, 1))
    return ImageRows(ImageStore(path, shape, np.arange(n).astype(str), sizes), np.arange(n))


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pixels", type=Path, help=".npy, uint8 [N, H, W, channels]")
    parser.add_argument("--networks", choices=tuple(_NETWORKS), required=True)
    parser.add_argument("--latents", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--held-out", type=Path, help=".npy; measure the ELBO of these pictures after each epoch")
    arguments = parser.parse_args()
    clock = Clock(rows_of(arguments.held_out) if arguments.held_out else None)
    rows = rows_of(arguments.pixels)
    # Normal even where pictures are black and white: pythae's side minimises squared errors, too.
    encoding = replace(fit_image_encoding(rows.images), likelihood=PixelLikelihood.NORMAL)
    config = ModelConfig(latents=arguments.latents)
    model = ImageVAE(encoding, config, objective=BetaObjective(), seed=0, networks=_NETWORKS[arguments.networks])
    model.start_from(rows, rows, seed=0)
    model.risen.assign(1.0)
    steps = len(rows) // arguments.batch
    model.compile(
        optimizer=keras.optimizers.Adam(arguments.learning_rate),
        steps_per_execution=min(STEPS_PER_CALL, steps),
        jit_compile=False,
    )
    batches = training_batches(rows, arguments.batch, steps, seed=0, epoch=0)
    model.fit(batches, epochs=arguments.epochs, steps_per_epoch=steps, callbacks=[clock], shuffle=False, verbose=0)
    n_weights = sum(int(np.prod(weight.shape)) for weight in model.trainable_variables)
    figures = {"marks": clock.marks, "images_per_mark": steps * arguments.batch, "weights": n_weights}
    print(json.dumps({**figures, "held_out_elbo": clock.elbo}))


if __name__ == "__main__":
    main()
