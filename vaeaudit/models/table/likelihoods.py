"""p(x|z) of a table: one distribution per column, evaluated as a few blocks of columns that share a likelihood.

The decoder returns one vector of parameters per row; `MixedLikelihood` cuts it into the blocks, builds the
`tfp.distributions` and returns log-densities per column. Densities are in nats, in the encoded units of the columns
(see `vaeaudit.data.encoding.table_encoding`): nothing here averages over columns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from vaeaudit.data.encoding.column_encoding import CLIP, ColumnEncoding, Likelihood
from vaeaudit.data.encoding.table_encoding import Encoding

#: Floor of a learned scale, in standard deviations of the column (sigma-VAE, Rybkin 2021, learns the scale; without
#: a floor a column that copies another would have unbounded density).
SCALE_FLOOR = 0.05
#: Logit of the codes that pad a block to one width; exp(-1e4) is 0 in float32.
_PADDING_LOGIT = -1e4


@dataclass(frozen=True)
class Block:
    """Neighbouring columns of one likelihood, scored together.

    `start` and `stop` are positions in model order, `width` is the number of decoder outputs per column, and
    `n_codes` [n] the number of codes of each column (coded likelihoods).
    """

    likelihood: Likelihood
    start: int
    stop: int
    width: int
    columns: tuple[ColumnEncoding, ...]

    @property
    def n_columns(self) -> int:
        """n, columns of the block."""
        return self.stop - self.start

    @property
    def n_codes(self) -> np.ndarray:
        """[n]; codes of each column."""
        return np.array([column.n_codes for column in self.columns])


def blocks_of(encoding: Encoding) -> tuple[Block, ...]:
    """Cut the columns, in model order, into blocks; Categoricals are grouped by size, padded to a power of two."""
    blocks = []
    position = 0
    for (family, padded), group in groupby(encoding.columns, key=_block_key):
        columns = tuple(group)
        width = padded if family is Likelihood.CATEGORICAL else 1
        blocks.append(Block(family, position, position + len(columns), width, columns))
        position += len(columns)
    return tuple(blocks)


def _block_key(column: ColumnEncoding) -> tuple[Likelihood, int]:
    likelihood = column.likelihood
    if likelihood in (Likelihood.CATEGORICAL, Likelihood.QUANTISED):
        return Likelihood.CATEGORICAL, 1 << max(1, int(column.n_codes - 1).bit_length())
    if likelihood is Likelihood.LOG_NORMAL:
        return Likelihood.NORMAL, 0  # the encoding took the logarithm
    if likelihood is Likelihood.ORDERED_LOGISTIC:
        return likelihood, column.n_codes
    return likelihood, 0


class MixedLikelihood(keras.layers.Layer):
    """p(x|z) over all columns, with the parameters that do not depend on z (scales, degrees of freedom, cutpoints).

    Parameters
    ----------
    encoding
        Columns in model order.
    **kwargs
        Of every Keras layer.
    """

    def __init__(self, encoding: Encoding, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoding = encoding
        self.blocks = blocks_of(encoding)
        self.with_missing = np.flatnonzero([column.has_missing for column in encoding.columns])
        self.n_columns = len(encoding.columns)
        self.n_numeric = len(encoding.numeric)
        self.block_sizes = [block.n_columns * block.width for block in self.blocks]
        self.n_parameters = sum(self.block_sizes) + len(self.with_missing)

    def build(self, input_shape: Any = None) -> None:
        """Create the learned parameters that no latent moves, by block and name."""
        self.free: list[dict[str, Any]] = []
        for index, block in enumerate(self.blocks):
            initial: dict[str, np.ndarray] = {}
            ones = np.ones(block.n_columns, np.float32)
            if block.likelihood in (Likelihood.NORMAL, Likelihood.STUDENT_T):
                initial["raw_scale"] = ones * inverse_softplus(1.0)
            if block.likelihood is Likelihood.STUDENT_T:
                initial["raw_df"] = ones * inverse_softplus(3.0)
            if block.likelihood is Likelihood.NEGATIVE_BINOMIAL:
                initial["raw_total_count"] = ones * inverse_softplus(2.0)
            if block.likelihood is Likelihood.ORDERED_LOGISTIC:
                n_codes = int(block.n_codes[0])
                gaps = np.full((block.n_columns, n_codes - 1), inverse_softplus(1.0), np.float32)
                gaps[:, 0] = -(n_codes - 2) / 2
                initial["raw_cutpoints"] = gaps
            self.free.append(
                {
                    name: self.add_weight(
                        name=f"{name}_{index}", shape=value.shape, initializer=keras.initializers.Constant(value)
                    )
                    for name, value in initial.items()
                }
            )
        self.built = True

    def distributions(self, parameters: tf.Tensor) -> list[tfd.Distribution]:
        """Return one batch of distributions [..., B, n] per block for decoder outputs [..., B, n_parameters]."""
        pieces = tf.split(parameters, [*self.block_sizes, len(self.with_missing)], axis=-1)
        return [self._distribution(index, piece) for index, piece in enumerate(pieces[:-1])]

    def missingness(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return Bernoulli distributions [..., B, M] of "the cell is missing", M columns that have missing cells."""
        return tfd.Bernoulli(logits=parameters[..., self.n_parameters - len(self.with_missing) :])

    def log_prob(self, parameters: tf.Tensor, values: tf.Tensor, codes: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
        """Return log p(x_c|z) + log p(missing_c|z) [..., B, C] in nats; a missing cell has no value to score.

        Parameters
        ----------
        parameters
            [..., B, n_parameters] decoder outputs.
        values, codes, observed
            [B, P], [B, Q], [B, C] as in `EncodedRows`.
        """
        pieces = tf.split(parameters, [*self.block_sizes, len(self.with_missing)], axis=-1)
        scored = [self.block_log_prob(index, piece, values, codes) for index, piece in enumerate(pieces[:-1])]
        log_prob = tf.where(observed, tf.concat(scored, axis=-1), 0.0)
        if not len(self.with_missing):
            return log_prob
        is_missing = tf.cast(~tf.gather(observed, self.with_missing, axis=-1), tf.float32)
        of_missing = self.missingness(parameters).log_prob(is_missing)
        return log_prob + tf.matmul(of_missing, self._spread_of_missing())

    def block_log_prob(self, index: int, outputs: tf.Tensor, values: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        """Return log p(x_c|z) [..., B, n] of the columns of one block; of missing cells it says nothing.

        Parameters
        ----------
        index, outputs
            Of the block, and its part [..., B, n * width] of the parameters.
        values, codes
            As for `log_prob`.
        """
        return self._distribution(index, outputs).log_prob(self._cells(self.blocks[index], values, codes))

    def expectation(self, parameters: tf.Tensor) -> tf.Tensor:
        """Return what the model expects of each cell [..., B, C]: mean, or the most probable code."""
        expected = []
        for block, distribution in zip(self.blocks, self.distributions(parameters), strict=True):
            if block.likelihood in (Likelihood.NORMAL, Likelihood.STUDENT_T):
                expected.append(distribution.loc)
            elif block.likelihood is Likelihood.NEGATIVE_BINOMIAL:
                expected.append(distribution.mean())
            else:
                expected.append(tf.cast(distribution.mode(), tf.float32))
        return tf.concat(expected, axis=-1)

    def means(self, parameters: tf.Tensor) -> list[tf.Tensor]:
        """Return per block what is expected of its cells: numbers [..., B, n] in encoded units, or shares of codes.

        The shares are [..., B, n, K]. Of a log-normal number it is the logarithm of the mean.
        """
        means = []
        for index, distribution in enumerate(self.distributions(parameters)):
            block = self.blocks[index]
            if block.likelihood.is_coded:
                means.append(code_probabilities(distribution, int(block.n_codes.max())))
            elif block.likelihood is Likelihood.NORMAL:
                is_log = np.array([column.likelihood is Likelihood.LOG_NORMAL for column in block.columns], np.float32)
                scale = np.array([column.scale for column in block.columns], np.float32)
                means.append(distribution.loc + 0.5 * is_log * scale * tf.square(distribution.scale))
            else:
                means.append(distribution.loc if block.likelihood is Likelihood.STUDENT_T else distribution.mean())
        return means

    def mean_features(self, parameters: tf.Tensor) -> tf.Tensor:
        """Return the expectation [..., B, D] of the features of `TableInputs` under p(x|z).

        Probabilities stand where the one-hot codes are, P(missing) where the masks are; everything else is multiplied
        by P(observed), since the features of a missing cell are zeros. Of a count it is the standardised log1p of the
        mean. Numbers are clipped like encoded ones.

        Parameters
        ----------
        parameters
            [..., B, n_parameters] decoder outputs.
        """
        observed = self._observed(parameters)
        features = [tf.zeros_like(parameters[..., :0])]
        for block, distribution in zip(self.blocks, self.distributions(parameters), strict=True):
            present = observed[..., block.start : block.stop]
            if block.likelihood.is_coded:
                probabilities = code_probabilities(distribution, int(block.n_codes.max())) * present[..., None]
                shape = tf.concat([tf.shape(present)[:-1], [np.prod(probabilities.shape[-2:])]], axis=0)
                features.append(tf.reshape(probabilities, shape))
            else:
                features.append(present * _mean_number(block, distribution))
        return tf.concat([*features, 1.0 - tf.gather(observed, self.with_missing, axis=-1)], axis=-1)

    def _observed(self, parameters: tf.Tensor) -> tf.Tensor:
        """Return P(observed | z) [..., B, C]; 1 for columns without missing cells."""
        missing = tf.matmul(self.missingness(parameters).probs_parameter(), self._spread_of_missing())
        return 1.0 - missing

    def _spread_of_missing(self) -> tf.Tensor:
        """Return [M, C]; puts the columns that have missing cells at their places among all columns."""
        return tf.one_hot(self.with_missing, self.n_columns)

    def _cells(self, block: Block, values: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        if not block.likelihood.is_coded:
            return values[..., block.start : block.stop]
        cells = codes[..., block.start - self.n_numeric : block.stop - self.n_numeric]
        cells = tf.maximum(cells, 0)  # a missing code is masked afterwards, but must index something
        return tf.cast(cells, tf.float32) if block.likelihood is Likelihood.BERNOULLI else cells

    def _distribution(self, index: int, outputs: tf.Tensor) -> tfd.Distribution:
        block = self.blocks[index]
        make: Callable[[int, Block, tf.Tensor], tfd.Distribution] = {
            Likelihood.NORMAL: self._normal,
            Likelihood.STUDENT_T: self._student_t,
            Likelihood.NEGATIVE_BINOMIAL: self._negative_binomial,
            Likelihood.BERNOULLI: self._bernoulli,
            Likelihood.ORDERED_LOGISTIC: self._ordered_logistic,
            Likelihood.CATEGORICAL: self._categorical,
        }[block.likelihood]
        return make(index, block, outputs)

    def _normal(self, index: int, block: Block, outputs: tf.Tensor) -> tfd.Distribution:
        return tfd.Normal(outputs, scale_of(self.free[index]["raw_scale"]))

    def _student_t(self, index: int, block: Block, outputs: tf.Tensor) -> tfd.Distribution:
        degrees = 1.0 + tf.nn.softplus(self.free[index]["raw_df"])
        return tfd.StudentT(degrees, outputs, scale_of(self.free[index]["raw_scale"]))

    def _negative_binomial(self, index: int, block: Block, outputs: tf.Tensor) -> tfd.Distribution:
        # The decoder says the log of the mean, standardised like the input; mean = r * exp(logit).
        location = np.array([column.location for column in block.columns], np.float32)
        scale = np.array([column.scale for column in block.columns], np.float32)
        total_count = scale_of(self.free[index]["raw_total_count"])
        log_mean = tf.minimum(location + scale * outputs, 30.0)
        return tfd.NegativeBinomial(total_count, logits=log_mean - tf.math.log(total_count))

    def _bernoulli(self, index: int, block: Block, outputs: tf.Tensor) -> tfd.Distribution:
        return tfd.Bernoulli(logits=outputs)

    def _ordered_logistic(self, index: int, block: Block, outputs: tf.Tensor) -> tfd.Distribution:
        raw = tf.convert_to_tensor(self.free[index]["raw_cutpoints"])
        cutpoints = tf.cumsum(tf.concat([raw[:, :1], 1e-3 + tf.nn.softplus(raw[:, 1:])], axis=-1), axis=-1)
        return tfd.Categorical(logits=_ordered_log_probs(cutpoints, outputs))

    def _categorical(self, index: int, block: Block, outputs: tf.Tensor) -> tfd.Distribution:
        return tfd.Categorical(logits=padded_logits(block, outputs, block.width))


def padded_logits(block: Block, outputs: tf.Tensor, width: int) -> tf.Tensor:
    """Return outputs [..., B, n * width] of a block as logits [..., B, n, width], with none for lacking codes."""
    padding = np.where(np.arange(width) < block.n_codes[:, None], 0.0, _PADDING_LOGIT).astype(np.float32)
    shape = tf.concat([tf.shape(outputs)[:-1], [block.n_columns, width]], axis=0)
    return tf.reshape(outputs, shape) + padding


def code_probabilities(distribution: tfd.Distribution, depth: int) -> tf.Tensor:
    """Return the probabilities [..., B, n, depth] of the codes 0 to depth - 1."""
    if isinstance(distribution, tfd.Categorical):
        return distribution.probs_parameter()[..., :depth]
    of_one = distribution.probs_parameter()
    return tf.stack([1.0 - of_one, of_one], axis=-1)[..., :depth]


def _mean_number(block: Block, distribution: tfd.Distribution) -> tf.Tensor:
    """Return the expected number [..., B, n], standardised as the encoder sees it."""
    if block.likelihood is not Likelihood.NEGATIVE_BINOMIAL:
        return tf.clip_by_value(distribution.loc, -CLIP, CLIP)
    location = np.array([column.location for column in block.columns], np.float32)
    scale = np.array([column.scale for column in block.columns], np.float32)
    return tf.clip_by_value((tf.math.log1p(distribution.mean()) - location) / scale, -CLIP, CLIP)


def _ordered_log_probs(cutpoints: tf.Tensor, location: tf.Tensor) -> tf.Tensor:
    """Return the log-probabilities [..., B, n, K] of an ordered logistic: cutpoints [n, K - 1], location [..., B, n].

    `tfd.OrderedLogistic` is the same, but its gradient is NaN once the location is some 17 beyond the cutpoints, where
    a column that the latents explain well soon is. Here each level is a product that stays exact in float32:
    s(b) - s(a) = s(b) s(-a) (1 - exp(a - b)) for the sigmoid s and a < b.
    """
    beyond = cutpoints - location[..., None]
    end = tf.zeros_like(beyond[..., :1])
    below_upper = tf.concat([tf.math.log_sigmoid(beyond), end], axis=-1)
    above_lower = tf.concat([end, tf.math.log_sigmoid(-beyond)], axis=-1)
    inner = tfp.math.log1mexp(cutpoints[:, 1:] - cutpoints[:, :-1])
    shrink = tf.pad(inner, [[0, 0], [1, 1]]) if cutpoints.shape[-1] > 1 else tf.zeros([cutpoints.shape[0], 2])
    return below_upper + above_lower + shrink


def scale_of(raw: tf.Tensor) -> tf.Tensor:
    """Return a learned scale, above `SCALE_FLOOR`, for a number that training moves freely."""
    return SCALE_FLOOR + tf.nn.softplus(raw)


def inverse_softplus(value: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the numbers whose softplus is `value`, above 0."""
    return np.asarray(value + np.log(-np.expm1(-np.asarray(value, np.float64))))
