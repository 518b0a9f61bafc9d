"""Train pythae's BetaVAE on pictures and print when each epoch ended; runs in .peers/pythae.

The networks mirror `benchmarks.plain_networks` and `vaeaudit.models.image.networks` layer by layer: as many weights,
the same kernels, strides and widths. Settings other than architecture, batch and epochs are pythae's own defaults.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import tempfile
import time
from typing import Any

import numpy as np
import torch
from pythae.models import BetaVAE, BetaVAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.pipelines import TrainingPipeline
from pythae.trainers import BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from torch import nn

DENSE = 256


def plain(channels: int, latents: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Four 4 x 4 convolutions of stride 2, mirrored."""
    widths = [channels, 32, 32, 64, 64]
    down: list[nn.Module] = []
    for narrow, wide in itertools.pairwise(widths):
        down += [nn.Conv2d(narrow, wide, 4, 2, 1), nn.ReLU()]
    up: list[nn.Module] = [nn.Linear(latents, DENSE), nn.ReLU(), nn.Linear(DENSE, 1024), nn.ReLU()]
    up.append(nn.Unflatten(1, (64, 4, 4)))
    for wide, narrow in zip([64, 64, 32], [64, 32, 32], strict=True):
        up += [nn.ConvTranspose2d(wide, narrow, 4, 2, 1), nn.ReLU()]
    up.append(nn.ConvTranspose2d(32, channels, 4, 2, 1))
    return nn.Sequential(*down, nn.Flatten(), nn.Linear(1024, DENSE), nn.ReLU()), nn.Sequential(*up)


def patches(channels: int, latents: int) -> tuple[nn.Sequential, nn.Sequential]:
    """What vaeaudit builds for 64 x 64 pixels unless told otherwise."""
    down = nn.Sequential(
        nn.Conv2d(channels, 32, 4, 4),
        nn.ReLU(),
        nn.Conv2d(32, 64, 2, 2),
        nn.ReLU(),
        nn.Conv2d(64, 128, 3, 2, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(2048, DENSE),
        nn.ReLU(),
    )
    up = nn.Sequential(
        nn.Linear(latents, DENSE),
        nn.ReLU(),
        nn.Linear(DENSE, 2048),
        nn.ReLU(),
        nn.Unflatten(1, (128, 4, 4)),
        nn.ConvTranspose2d(128, 64, 3, 2, 1, output_padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 2, 2),
        nn.ReLU(),
        nn.ConvTranspose2d(32, channels, 8, 4, 2),
    )
    return down, up


class Encoder(BaseEncoder):
    """Layers, then mean and log-variance."""

    def __init__(self, layers: nn.Sequential, latents: int) -> None:
        super().__init__()
        self.latent_dim = latents
        self.layers, self.mean, self.log_variance = layers, nn.Linear(DENSE, latents), nn.Linear(DENSE, latents)

    def forward(self, x: torch.Tensor) -> ModelOutput:
        hidden = self.layers(x)
        return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_variance(hidden))


class Decoder(BaseDecoder):
    """Layers, as pythae wants them."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, z: torch.Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=self.layers(z))


class Clock(TrainingCallback):
    """Wall and CPU seconds since training began, at the end of each epoch."""

    def __init__(self) -> None:
        self.began = (time.perf_counter(), time.process_time())
        self.marks: list[tuple[float, float]] = []

    def on_epoch_end(self, training_config: Any, **kwargs: Any) -> None:
        self.marks.append((time.perf_counter() - self.began[0], time.process_time() - self.began[1]))


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pixels", help=".npy, uint8 [N, 64, 64, channels]")
    parser.add_argument("--networks", choices=("plain", "default"), required=True)
    parser.add_argument("--latents", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    torch.manual_seed(0)
    clock = Clock()
    pixels = np.load(arguments.pixels)
    channels = pixels.shape[-1]
    x = pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255
    make = plain if arguments.networks == "plain" else patches
    down, up = make(channels, arguments.latents)
    config = BetaVAEConfig(input_dim=x.shape[1:], latent_dim=arguments.latents, beta=1.0, reconstruction_loss="mse")
    model = BetaVAE(config, Encoder(down, arguments.latents), Decoder(up))
    with tempfile.TemporaryDirectory() as folder:
        training = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=arguments.epochs,
            learning_rate=arguments.learning_rate,
            per_device_train_batch_size=arguments.batch,
            no_cuda=True,
        )
        TrainingPipeline(model, training)(train_data=x, callbacks=[clock])
    n_weights = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    print(json.dumps({"marks": clock.marks, "images_per_mark": len(x), "weights": n_weights}))


if __name__ == "__main__":
    main()
