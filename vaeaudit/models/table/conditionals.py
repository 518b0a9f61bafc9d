"""p(cell | the other cells of its row), by networks that are trained to recreate cells that are hidden from them.

A denoising auto-encoder whose corruption is to hide (Vincent 2008, ICML; for any subset of cells as in Ivanov 2019,
ICLR): each step hides cells drawn at random, and a head per column says how they are distributed given the rest. A cell
is judged while it is hidden, so that it cannot speak for itself, and by a member that never saw its row.

One network answers for all columns. K members, one per fold of rows, are one Keras model whose weights carry a leading
axis of members, so that a step of all of them is one pass through the graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import special, stats
from tensorflow_probability import distributions as tfd

from vaeaudit.config import ConditionalsConfig
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding
from vaeaudit.models.graphs import repeat, run_as_written, traced
from vaeaudit.models.table.likelihoods import blocks_of, padded_logits, scale_of
from vaeaudit.models.table.vae import TableInputs

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
BoolArray = npt.NDArray[np.bool_]

#: Degrees of freedom of the Student-t of a number: one cell far out must not own the gradient.
FREEDOM = 4.0
#: Nats beyond which a cell teaches no more.
_MOST_NATS = 30.0
#: Passes over the rows in which all cells are judged, at most: of more columns, several are hidden at a time.
MOST_PASSES = 32
#: Standard deviations beyond which a number that is shown is drawn in: one wrong cell must not make the others wrong.
_FARTHEST = 4.0
#: Rows judged in one call, and rows that are taken together for them, each as often as there are passes.
_CHUNK, _JUDGED = 4096, 65536
#: Nats of a probability that is as good as none.
_LARGEST_TAIL = 700.0


class Heads(NamedTuple):
    """What is said of the cells of B rows: distributions of the P numbers, one per block of codes, of missingness."""

    numbers: tfd.Distribution
    codes: list[tfd.Distribution]
    missing: tfd.Distribution


class Conditionals(keras.Model):
    """K members, one per fold of rows; each is a residual network with one hidden block.

    Parameters
    ----------
    encoding
        How columns become numbers.
    n_members, config
        K, and the width of the hidden layers.
    seed
        Of the initial weights.
    """

    def __init__(self, encoding: Encoding, n_members: int, config: ConditionalsConfig, *, seed: int) -> None:
        super().__init__(name="conditionals")
        self.encoding, self.n_members = encoding, n_members
        self.inputs_layer = TableInputs(encoding)
        self.blocks = tuple(block for block in blocks_of(encoding) if block.likelihood.is_coded)
        self.with_missing = np.flatnonzero([column.has_missing for column in encoding.columns])
        self.n_numeric, self.n_columns = len(encoding.numeric), len(encoding.columns)
        self.depths = [int(block.n_codes.max()) for block in self.blocks]
        widths = [block.n_columns * depth for block, depth in zip(self.blocks, self.depths, strict=True)]
        self.sizes = [self.n_numeric, self.n_numeric, *widths, len(self.with_missing)]
        of_codes = [np.repeat(np.arange(b.start, b.stop), d) for b, d in zip(self.blocks, self.depths, strict=True)]
        #: [D]; the column of each feature.
        self.column_of = np.concatenate([np.arange(self.n_numeric), *of_codes, self.with_missing]).astype(np.int32)
        draw, width = np.random.default_rng(seed), config.width
        n_inputs = len(self.column_of) + self.n_columns
        self.stem = self._dense("stem", [n_inputs, width], draw)
        self.inner = self._dense("inner", [width, width, width], draw)
        self.outputs_layer = self._dense("outputs", [width, sum(self.sizes)], draw, last=0.1)
        self.built = True

    def _dense(
        self, name: str, sizes: list[int], draw: np.random.Generator, last: float | None = None
    ) -> list[tuple[Any, Any]]:
        """Create kernels [K, in, out] by He's rule (2015), and biases [K, 1, out]."""
        layers = []
        for depth, (n_in, n_out) in enumerate(pairwise(sizes)):
            is_small = last is not None or depth > 0
            kernel = draw.normal(0.0, np.sqrt((0.1 if is_small else 2.0) / n_in), (self.n_members, n_in, n_out))
            layers.append((self._weight(f"{name}_{depth}_kernel", kernel), self._zeros(f"{name}_{depth}_bias", n_out)))
        return layers

    def _weight(self, name: str, value: FloatArray) -> Any:
        return self.add_weight(name=name, shape=value.shape, initializer=keras.initializers.Constant(value))

    def _zeros(self, name: str, size: int) -> Any:
        return self.add_weight(name=name, shape=(self.n_members, 1, size), initializer="zeros")

    def features(self, values: tf.Tensor, codes: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
        """Return features [B, D] of cells as in `EncodedRows`, none of them hidden."""
        return self.inputs_layer(values, codes, observed)

    def say(self, features: tf.Tensor, hidden: tf.Tensor, member: tf.Tensor | None = None) -> tf.Tensor:
        """Return the outputs of the heads [..., B, H] while some cells are hidden.

        Parameters
        ----------
        features, hidden
            [..., B, D] and [..., B, C], 1 where a cell is hidden; with a leading axis of the K members, or, where
            `member` says of which one, without.
        member
            One of the K.
        """

        def of(weight: tf.Tensor) -> tf.Tensor:
            return weight if member is None else tf.gather(weight, member)

        shown = tf.clip_by_value(features, -_FARTHEST, _FARTHEST) * (1.0 - tf.gather(hidden, self.column_of, axis=-1))
        (stem, stem_bias), (output, output_bias) = self.stem[0], self.outputs_layer[0]
        h = tf.matmul(tf.concat([shown, hidden], axis=-1), of(stem)) + of(stem_bias)
        inner = h
        for kernel, bias in self.inner:
            inner = tf.matmul(tf.nn.gelu(inner), of(kernel)) + of(bias)
        return tf.matmul(tf.nn.gelu(h + inner), of(output)) + of(output_bias)

    def heads(self, outputs: tf.Tensor) -> Heads:
        """Return what outputs [..., B, H] say of the cells."""
        location, scale, *logits, missing = tf.split(outputs, self.sizes, axis=-1)
        numbers = tfd.StudentT(FREEDOM, location, scale_of(scale))
        codes = [
            tfd.OneHotCategorical(logits=padded_logits(block, outputs, depth))
            for block, depth, outputs in zip(self.blocks, self.depths, logits, strict=True)
        ]
        return Heads(numbers, codes, tfd.Bernoulli(logits=missing))

    def nats(self, heads: Heads, features: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
        """Return -log p(cell | what was shown) [..., B, C]; of a missing cell, that it is missing.

        Parameters
        ----------
        heads, features, observed
            What is said; [..., B, D] and [..., B, C], 1 where a cell has a value.
        """
        numbers, *codes, _ = tf.split(features, [self.n_numeric, *self.sizes[2:]], axis=-1)
        log_prob = [_log_prob(heads.numbers, numbers)]
        for block, depth, distribution, one_hot in zip(self.blocks, self.depths, heads.codes, codes, strict=True):
            shape = tf.concat([tf.shape(one_hot)[:-1], [block.n_columns, depth]], axis=0)
            log_prob.append(tf.reduce_sum(tf.nn.log_softmax(distribution.logits) * tf.reshape(one_hot, shape), axis=-1))
        nats = -tf.concat(log_prob, axis=-1) * observed
        if len(self.with_missing):
            of_missing = heads.missing.log_prob(1.0 - tf.gather(observed, self.with_missing, axis=-1))
            nats -= tf.tensordot(of_missing, tf.one_hot(self.with_missing, self.n_columns), 1)
        return nats


def _log_prob(numbers: tfd.StudentT, values: tf.Tensor) -> tf.Tensor:
    """Return what `numbers.log_prob` does, of `FREEDOM` degrees: that takes 200 operations for a constant."""
    distance = (values - numbers.loc) / (np.sqrt(FREEDOM) * numbers.scale)
    log_constant = 0.5 * np.log(FREEDOM) + special.betaln(0.5, 0.5 * FREEDOM)
    return -0.5 * (FREEDOM + 1.0) * tfp.math.log1psquare(distance) - tf.math.log(numbers.scale) - log_constant


def train_conditionals(
    encoding: Encoding, rows: EncodedRows, fold: IntArray, config: ConditionalsConfig, *, steps: int, seed: int
) -> Conditionals:
    """Train all members for the same number of steps.

    Parameters
    ----------
    encoding, rows
        The N rows, encoded.
    fold
        [N]; the member that judges each row, and is not trained on it. All 0: one member, trained on all rows.
    config
        Rows per step and member, learning rate, width.
    steps
        Optimiser steps.
    seed
        Of weights, batches, and which cells are hidden.
    """
    n_members = int(fold.max()) + 1
    model = Conditionals(encoding, n_members, config, seed=seed)
    everything = n_members == 1
    own = [np.flatnonzero(everything | (fold != member)) for member in range(n_members)]
    counts = np.array([len(each) for each in own])
    places = tf.constant(np.stack([np.pad(each, (0, counts.max() - len(each))) for each in own]))
    table = [tf.constant(part) for part in rows.arrays()]
    batch, n_columns = int(min(config.batch_size, counts.min())), model.n_columns
    schedule = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps, alpha=0.02)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(model.trainable_variables)
    generator = tf.random.Generator.from_seed(seed)
    shape = (n_members, batch)

    def take_step(step: tf.Tensor) -> None:
        drawn = tf.cast(generator.uniform(shape, dtype=tf.float64) * counts[:, None], tf.int64)
        chosen = tf.reshape(tf.gather(places, drawn, batch_dims=1), [-1])
        values, codes, observed = (tf.gather(part, chosen) for part in table)
        features = tf.reshape(model.features(values, codes, observed), [*shape, -1])
        known = tf.reshape(tf.cast(observed, tf.float32), [*shape, n_columns])
        rate = generator.uniform((*shape, 1), *config.hidden)
        hidden = tf.cast(generator.uniform((*shape, n_columns)) < rate, tf.float32)
        at_least = tf.one_hot(generator.uniform(shape, maxval=n_columns, dtype=tf.int32), n_columns)
        hidden = tf.maximum(hidden, at_least)
        with tf.GradientTape() as tape:
            nats = (
                tf.minimum(model.nats(model.heads(model.say(features, hidden)), features, known), _MOST_NATS) * hidden
            )
            loss = tf.reduce_sum(tf.reduce_sum(nats, axis=[1, 2]) / tf.reduce_sum(hidden, axis=[1, 2]))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    run_as_written(traced(lambda: repeat(steps, take_step)))()
    return model


@dataclass(frozen=True)
class CellSurprise:
    """How much the cells of N rows surprise while they are hidden.

    Attributes
    ----------
    nats
        [N, C]; -log p(cell | other cells) in encoded units.
    tail_nats
        [N, C]; -log of the probability of a cell that is no more probable than this one.
    """

    nats: npt.NDArray[np.float32]
    tail_nats: npt.NDArray[np.float32]


def judge_cells(model: Conditionals, rows: EncodedRows, fold: IntArray, *, seed: int) -> CellSurprise:
    """Judge every cell while it is hidden, each row by the member of its fold.

    Parameters
    ----------
    model
        Trained.
    rows, fold
        [N] rows, also such as it has not seen, and who judges them.
    seed
        Of the columns that are hidden together, where there are more than `MOST_PASSES`.
    """
    n_columns, n_numeric = model.n_columns, model.n_numeric
    together = np.random.default_rng(seed).permutation(n_columns) % MOST_PASSES
    passes = np.unique(together)
    nats, tail = (np.zeros((len(rows), n_columns), np.float32) for _ in range(2))
    at_once = max(1, _JUDGED // len(passes))
    for start in range(0, len(rows), at_once):
        row, place = np.divmod(np.arange(min(at_once, len(rows) - start) * len(passes)), len(passes))
        row += start
        part, hidden = rows.take(row), together == passes[place, None]
        for which, said in said_of(model, part, fold[row], hidden):
            at, column = np.nonzero(hidden[which])
            nats[row[which[at]], column] = said.nats[at, column]
            tail[row[which[at]], column] = _tails(model, part.take(which), said)[at, column]
    is_number = rows.observed[:, :n_numeric]
    # Until here the tail of a number is its distance in scales: float32 has no room for its probability.
    distance = np.where(is_number, tail[:, :n_numeric], 0.0)
    of_numbers = np.minimum(-np.log(2.0) - stats.t.logsf(distance, FREEDOM), _LARGEST_TAIL)
    tail[:, :n_numeric] = np.where(is_number, of_numbers, tail[:, :n_numeric])
    return CellSurprise(nats, tail)


def _tails(model: Conditionals, rows: EncodedRows, said: Said) -> npt.NDArray[np.float32]:
    """Return the tails [B, C] of cells of which something is said.

    The tail of a number is its distance from the location in scales, of a code -log of its mid-p-value: of the
    probability of all codes that are less probable, and half of its own; of a missing cell the nats.
    """
    tails = [np.abs(said.numbers - said.heads.numbers.loc.numpy()) / said.heads.numbers.scale.numpy()]
    for block, distribution in zip(model.blocks, said.heads.codes, strict=True):
        probability = distribution.probs_parameter().numpy()
        codes = rows.codes[:, block.start - model.n_numeric : block.stop - model.n_numeric]
        own = np.take_along_axis(probability, np.maximum(codes, 0)[..., None], axis=-1)
        less = (probability * ((probability < own) + 0.5 * (probability == own))).sum(axis=-1)
        # A level without a place in its order, that only new rows have, is taken as missing.
        tails.append(-np.log(np.maximum(np.where(codes < 0, 1.0, less), 1e-30)))
    return np.where(rows.observed, np.concatenate(tails, axis=-1), said.nats)


class Said(NamedTuple):
    """What is said of the cells of B rows: `heads`; of what is there, -log of its probability [B, C].

    `numbers` [B, P] are those that are there, as `heads` judge them.
    """

    heads: Heads
    nats: npt.NDArray[np.float32]
    numbers: npt.NDArray[np.float32]


def said_of(
    model: Conditionals, rows: EncodedRows, fold: IntArray, hidden: BoolArray
) -> Iterator[tuple[IntArray, Said]]:
    """Yield positions of rows, and what the member of their fold says of their cells while some are hidden.

    Parameters
    ----------
    model, rows, fold
        As for `judge_cells`.
    hidden
        [N, C].
    """
    for member in range(model.n_members):
        own = np.flatnonzero(fold == member)
        for start in range(0, len(own), _CHUNK):
            chunk = own[start : start + _CHUNK]
            values, codes, observed = (tf.constant(array) for array in rows.take(chunk).arrays())
            features = model.features(values, codes, observed)
            heads = model.heads(model.say(features, tf.constant(hidden[chunk], tf.float32), tf.constant(member)))
            nats = model.nats(heads, features, tf.cast(observed, tf.float32)).numpy()
            yield chunk, Said(heads, nats, features[:, : model.n_numeric].numpy())
