"""The model without latents: every column on its own. Where training starts, and what it must beat."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from vaeaudit.data.encoding.rows import Rows
from vaeaudit.models.graphs import traced
from vaeaudit.models.table.likelihoods import MixedLikelihood

#: Steps and learning rate of the fit; the problem is convex or nearly so, and starts near its answer.
_STEPS = 300
_LEARNING_RATE = 0.05
_BATCH_SIZE = 1024


def fit_marginals(
    likelihood: MixedLikelihood, train_rows: Rows, test_rows: Rows, *, seed: int
) -> tuple[tf.Tensor, float]:
    """Fit the likelihood with one parameter vector for all rows.

    Returns
    -------
    tf.Tensor, float
        The parameters [n_parameters], and the mean log-likelihood of `test_rows` under independent columns, in nats per
        row and encoded units: what a model that has learned no relation between the columns would reach.
    """
    bias = tf.Variable(_initial_bias(likelihood, train_rows))
    variables = [bias, *(weight.value for weight in likelihood.trainable_variables)]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, _STEPS), beta_2=0.99)
    optimizer.build(variables)

    def mean_log_prob(values: tf.Tensor, codes: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
        parameters = tf.repeat(bias[None, :], tf.shape(values)[0], axis=0)
        return tf.reduce_mean(tf.reduce_sum(likelihood.log_prob(parameters, values, codes, observed), axis=-1))

    def step(values: tf.Tensor, codes: tf.Tensor, observed: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = -mean_log_prob(values, codes, observed)
        optimizer.apply(tape.gradient(loss, variables), variables)

    generator = np.random.default_rng(seed)
    size = min(_BATCH_SIZE, len(train_rows))
    examples = train_rows.take(slice(0, 1)).arrays()
    take_step = traced(step, *(tf.TensorSpec([size, part.shape[1]], part.dtype) for part in examples))
    for _ in range(_STEPS):
        batch = train_rows.take(generator.integers(0, len(train_rows), size))
        take_step(*(tf.constant(part) for part in batch.arrays()))
    return tf.convert_to_tensor(bias), float(mean_log_prob(*(tf.constant(part) for part in test_rows.arrays())))


def _initial_bias(likelihood: MixedLikelihood, rows: Rows) -> np.ndarray:
    """Log frequencies for codes and for missingness, so that only scales and means are left to be found."""
    _, all_codes, observed = rows.arrays()
    pieces = []
    for block in likelihood.blocks:
        piece = np.zeros((block.n_columns, block.width), np.float32)
        if block.width > 1:
            for position in range(block.n_columns):
                codes = all_codes[:, block.start - likelihood.n_numeric + position]
                counts = np.bincount(codes[codes >= 0], minlength=block.width)[: block.width]
                piece[position] = np.log((counts + 0.5) / (counts.sum() + 0.5 * block.width))
        pieces.append(piece.ravel())
    share = (~observed[:, likelihood.with_missing]).mean(axis=0)
    pieces.append(np.log((share + 1e-4) / (1 + 1e-4 - share)).astype(np.float32))
    return np.concatenate(pieces)
