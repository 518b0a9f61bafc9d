"""Batches of encoded rows for training: drawn evenly or by rarity (DB-VAE), and read as they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.data.encoding.rows import Rows
from vaeaudit.models.inference import mean_encoder
from vaeaudit.models.vae import BetaVAE
from vaeaudit.outputs.histograms import bounded_weights, effective_sample_size, fit_histograms
from vaeaudit.outputs.latents import ACTIVE_THRESHOLD

#: Rows that an epoch draws from, a fresh sample each time: to encode more would take longer than to train.
MOST_CANDIDATES = 20_000
#: A row is drawn at most this many times as often as the median row. The product over latents knows no bound: over ten
#: latents a few rows would fill every batch.
MOST_OFTEN = 10.0


def training_batches(rows: Rows, batch_size: int, steps_per_epoch: int, *, seed: int, epoch: int) -> Any:
    """Return an endless `tf.data.Dataset` of batches, from `epoch` on; each pass is a fresh permutation.

    The permutation is computed index by index (`index_shuffle`) and rows are read as they are needed, so memory does
    not grow with N.
    """
    n_rows = len(rows)
    size = min(batch_size, n_rows)
    passes = max(1, n_rows // batch_size)

    def index_of(step: tf.Tensor) -> tf.Tensor:
        position = (step % passes) * batch_size + tf.range(size, dtype=tf.int64)
        shuffle_seed = tf.stack([tf.cast(step // passes, tf.int32), seed % 2**31])
        return tf.random.experimental.index_shuffle(position, shuffle_seed, n_rows - 1)

    steps = tf.data.Dataset.counter(start=epoch * steps_per_epoch)
    return _batches_of(rows, steps.map(tf.autograph.experimental.do_not_convert(index_of)), size)


def drawn_batches(rows: Rows, index: npt.NDArray[np.int64], batch_size: int) -> Any:
    """Return a `tf.data.Dataset` of batches of the rows at positions [steps x batch_size], over and over."""
    indexes = tf.data.Dataset.from_tensor_slices(index.reshape(-1, batch_size)).repeat()
    return _batches_of(rows, indexes, batch_size)


def _batches_of(rows: Rows, indexes: Any, size: int) -> Any:
    """Return a `tf.data.Dataset` of the rows at each of the positions [size], read when they are needed."""
    examples = rows.take(slice(0, 1)).arrays()

    def read(index: npt.NDArray[np.int64]) -> list[npt.NDArray[Any]]:
        return list(rows.take(index).arrays())

    @tf.autograph.experimental.do_not_convert  # which takes longer than an epoch of a small table
    def batch(index: tf.Tensor) -> tuple[tf.Tensor, ...]:
        parts = tf.numpy_function(read, [index], [example.dtype for example in examples], stateful=False)
        for part, example in zip(parts, examples, strict=True):
            part.set_shape([size, *example.shape[1:]])
        return tuple(parts)

    return indexes.map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)


@dataclass(frozen=True)
class Draw:
    """Which rows an epoch trains on.

    Attributes
    ----------
    index
        [M]; positions of the rows, drawn with replacement.
    effective_sample_size
        Of the weights of the candidates that were drawn from (Kish 1965), in rows.
    """

    index: npt.NDArray[np.int64]
    effective_sample_size: float


class AdaptiveResampling:
    """Draws rows with probability proportional to the product over latents of 1 / (Q_l(z_l) + alpha).

    Q_l are the histograms of the posterior means of up to `MOST_CANDIDATES` rows under the model as it is, made anew
    for each epoch but the first, before which the latents mean nothing: it draws evenly. A latent that hardly varies
    takes no part.

    Where rows have a label, the histograms are those of a row's own class, and each class keeps its share of the draw:
    Amini et al. (2019) likewise weigh faces among faces, and draw all else evenly. Over all rows a rare class, which a
    classifier on the latents sets apart, would be drawn for being rare, and what it gains laid to the latents.

    Parameters
    ----------
    model, rows
        In training, and its N training rows.
    alpha
        Above 0; the smaller, the more often rare rows are drawn.
    seed
        Of the draws. They depend on it, on the epoch and on the weights alone, so that an interrupted training goes
        on as it would have.
    within
        [N]; class of each row; those without one, below 0, are a class here. None: all rows are one.
    """

    def __init__(
        self, model: BetaVAE, rows: Rows, *, alpha: float, seed: int, within: npt.NDArray[np.integer] | None = None
    ) -> None:
        self.rows, self.alpha, self.seed = rows, alpha, seed
        self._class = np.zeros(len(rows), np.int64) if within is None else within
        self._means = mean_encoder(model)

    def draw(self, epoch: int, n_rows: int) -> Draw:
        """Draw the rows of an epoch.

        Parameters
        ----------
        epoch
            Counted from 0.
        n_rows
            M.
        """
        generator = np.random.default_rng([self.seed, epoch])
        candidates = np.sort(generator.permutation(len(self.rows))[:MOST_CANDIDATES])
        weight = np.ones(len(candidates))
        if epoch > 0:
            means, classes = self._means(self.rows.take(candidates)), self._class[candidates]
            for each in np.unique(classes):
                weight[classes == each] = draw_weights(means[classes == each], self.alpha)
        index = candidates[generator.choice(len(candidates), size=n_rows, p=weight / weight.sum())]
        return Draw(index.astype(np.int64), effective_sample_size(weight))


def draw_weights(mean: npt.NDArray[np.floating], alpha: float) -> npt.NDArray[np.float64]:
    """Return how often rows with posterior means [N, L] are drawn, relative to one another [N], mean 1.

    Parameters
    ----------
    mean
        [N, L], N >= 1.
    alpha
        See `AdaptiveResampling`.
    """
    if not np.isfinite(mean).all():  # a step broke the model, and is about to be taken back
        return np.ones(len(mean))
    histograms = fit_histograms(mean, mean.var(axis=0) > ACTIVE_THRESHOLD)
    return bounded_weights(histograms.product(mean, alpha), cap=MOST_OFTEN)
