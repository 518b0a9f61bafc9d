"""Each column on its own: where the decoder starts, and the baseline that a model with latents must beat.

Shares of codes, means and scales of normal numbers have closed forms; the heavy tails of numbers and the overdispersion
of counts are found by gradient from near their answer.
"""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy import stats

from vaeaudit.data.encoding.column_encoding import Likelihood
from vaeaudit.data.encoding.rows import Rows
from vaeaudit.models.graphs import repeat, run_as_written, traced
from vaeaudit.models.table.likelihoods import SCALE_FLOOR, Block, MixedLikelihood, inverse_softplus

#: Steps and learning rate of what has no closed form, and the rows that it is fitted to at most.
_STEPS, _LEARNING_RATE, _MOST_ROWS = 60, 0.1, 8192
#: Families without a closed form.
_BY_GRADIENT = (Likelihood.STUDENT_T, Likelihood.NEGATIVE_BINOMIAL)
#: Rows that every code is given beside its own.
_PSEUDO_ROWS = 0.5


def fit_marginals(
    likelihood: MixedLikelihood, train_rows: Rows, test_rows: Rows, *, seed: int
) -> tuple[tf.Tensor, npt.NDArray[np.floating]]:
    """Fit the likelihood with one parameter vector for all rows.

    Returns
    -------
    tf.Tensor, NDArray
        The parameters [n_parameters], and the log-likelihood of each of `test_rows` under independent columns, in nats
        and encoded units: what a model that has learned no relation between the columns would reach.
    """
    pieces = [_start(likelihood, index, train_rows) for index in range(len(likelihood.blocks))]
    chosen = np.random.default_rng(seed).permutation(len(train_rows))[:_MOST_ROWS]
    for index, piece in _by_gradient(likelihood, pieces, train_rows.take(chosen)).items():
        pieces[index] = piece
    share = (~train_rows.arrays()[2][:, likelihood.with_missing]).mean(axis=0)
    pieces.append(np.log((share + 1e-4) / (1 + 1e-4 - share)))
    bias = tf.constant(np.concatenate(pieces), tf.float32)
    rows = [tf.constant(part) for part in test_rows.arrays()[:3]]
    parameters = tf.repeat(bias[None, :], len(test_rows), axis=0)
    return bias, tf.reduce_sum(likelihood.log_prob(parameters, *rows), axis=-1).numpy()


def _start(likelihood: MixedLikelihood, index: int, rows: Rows) -> npt.NDArray[np.floating]:
    """Return the parameters of the columns of one block, one vector for all rows; set those that no latent moves."""
    block, free = likelihood.blocks[index], likelihood.free[index]
    if block.likelihood.is_coded:
        counts = _code_counts(block, rows, likelihood.n_numeric)
        if block.likelihood is Likelihood.BERNOULLI:
            return np.asarray(np.log(counts[:, 1] / counts[:, 0]))
        shares = counts / counts.sum(axis=1, keepdims=True)
        if block.likelihood is Likelihood.CATEGORICAL:
            return np.asarray(np.log(shares).ravel())
        below = np.cumsum(shares, axis=1)[:, :-1]
        cuts = np.log(below / (1 - below))
        gaps = inverse_softplus(np.maximum(np.diff(cuts, axis=1) - 1e-3, 1e-3))
        free["raw_cutpoints"].assign(np.hstack([cuts[:, :1], gaps]))
        return np.zeros(block.n_columns)
    values, _, observed = rows.arrays()[:3]
    cells = np.where(observed[:, block.start : block.stop], values[:, block.start : block.stop], np.nan)
    moments = np.array([_moments(block, column[~np.isnan(column)]) for column in cells.T]).reshape(-1, 2)
    if block.likelihood is Likelihood.NEGATIVE_BINOMIAL:
        free["raw_total_count"].assign(inverse_softplus(moments[:, 1] - SCALE_FLOOR))
        location, scale = (np.array([getattr(c, name) for c in block.columns]) for name in ("location", "scale"))
        return np.asarray((np.log(moments[:, 0]) - location) / scale)
    free["raw_scale"].assign(inverse_softplus(np.maximum(moments[:, 1] - SCALE_FLOOR, 1e-3)))
    return moments[:, 0]


def _code_counts(block: Block, rows: Rows, n_numeric: int) -> npt.NDArray[np.float64]:
    """Rows [n, K] per column and code, and half a row more."""
    codes = rows.arrays()[1][:, block.start - n_numeric : block.stop - n_numeric]
    depth = max(2, block.width, int(block.n_codes.max()))
    return np.array([np.bincount(column[column >= 0], minlength=depth)[:depth] for column in codes.T]) + _PSEUDO_ROWS


def _moments(block: Block, values: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Return location and scale of numbers; of counts their mean and the total count that their variance asks for."""
    if not values.size:
        return (1.0, 1.0) if block.likelihood is Likelihood.NEGATIVE_BINOMIAL else (0.0, 1.0)
    mean, stddev = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    if block.likelihood is Likelihood.NORMAL:
        return mean, stddev
    if block.likelihood is Likelihood.STUDENT_T:
        return float(np.median(values)), float(stats.median_abs_deviation(values, scale="normal")) or stddev
    mean = max(mean, 1e-3)
    return mean, float(np.clip(mean**2 / max(stddev**2 - mean, 1e-3 * mean), 0.1, 100.0))


def _by_gradient(
    likelihood: MixedLikelihood, pieces: list[npt.NDArray[np.floating]], rows: Rows
) -> dict[int, npt.NDArray[np.floating]]:
    """Return the parameters of the blocks without a closed form, by index; set those that no latent moves."""
    learned = {
        index: tf.Variable(tf.cast(pieces[index], tf.float32))
        for index, block in enumerate(likelihood.blocks)
        if block.likelihood in _BY_GRADIENT
    }
    if not learned:
        return {}
    values, codes, observed = (tf.constant(part) for part in rows.arrays()[:3])
    variables = [*learned.values(), *(free.value for i in learned for free in likelihood.free[i].values())]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, _STEPS), beta_2=0.99)
    optimizer.build(variables)

    def step(_: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = 0.0
            for index, bias in learned.items():
                block = likelihood.blocks[index]
                nats = -likelihood.block_log_prob(index, bias[None, :], values, codes)
                loss += tf.reduce_sum(tf.where(observed[:, block.start : block.stop], nats, 0.0)) / len(rows)
        optimizer.apply(tape.gradient(loss, variables), variables)

    run_as_written(traced(lambda: repeat(_STEPS, step)))()
    return {index: bias.numpy() for index, bias in learned.items()}
