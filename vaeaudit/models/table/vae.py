"""The beta-VAE over mixed columns: what it reads, its networks, what rare cells alone cost."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding.column_encoding import Likelihood
from vaeaudit.data.encoding.rows import Rows
from vaeaudit.data.encoding.shares import CodeShares, most_codes
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding
from vaeaudit.models.axes import turn_axes
from vaeaudit.models.objectives import Objective
from vaeaudit.models.table.likelihoods import Block, MixedLikelihood, blocks_of
from vaeaudit.models.table.marginals import fit_marginals
from vaeaudit.models.vae import Batch, BetaVAE, taken_from

#: Least variance of a feature, where a code hardly occurs.
_LEAST_VARIANCE = 1e-3


class TableVAE(BetaVAE):
    """A `BetaVAE` whose rows are cells: values [B, P], codes [B, Q] and observed [B, C], as in `EncodedRows`.

    C counts the columns that are decoded: those that are given, and no other, are left out.

    Parameters
    ----------
    encoding
        How columns become numbers; fixes the likelihoods.
    config, objective, seed, trim, n_classes
        As for `BetaVAE`; the seed is also that of the initial weights.
    """

    #: German credit (900 training rows) at eleven passes an epoch was memorised before the KL weight had risen, and
    #: ended below the independent columns it started from.
    most_passes = 2
    is_rewritten = False
    encoding: Encoding
    likelihood: MixedLikelihood

    def __init__(
        self,
        encoding: Encoding,
        config: ModelConfig,
        *,
        objective: Objective,
        seed: int,
        trim: float = 0.0,
        n_classes: int = 0,
    ) -> None:
        decoded, condition = encoding.decoded, encoding.condition
        n_given = 0 if condition is None else condition.n_features
        likelihood = MixedLikelihood(decoded, name="likelihood")
        likelihood.build()
        inputs_layer = TableInputs(decoded, name="inputs")
        super().__init__(
            config,
            objective=objective,
            encoder=encoder_network(inputs_layer.n_features + n_given, config.hidden, config.latents, seed=seed),
            decoder=decoder_network(config.latents + n_given, config.hidden, likelihood, seed=seed),
            likelihood=likelihood,
            seed=seed,
            trim=trim,
            condition=condition,
            n_classes=n_classes,
        )
        self.encoding = encoding
        self.inputs_layer = inputs_layer
        shapes = {
            "marginals": (likelihood.n_parameters,),
            "code_nats": (len(decoded.coded), most_codes(decoded)),
            "presence_nats": (likelihood.n_columns, 2),
        }
        self.marginals, self.code_nats, self.presence_nats = (
            self.add_weight(name=name, shape=shape, initializer="zeros", trainable=False)
            for name, shape in shapes.items()
        )

    @property
    def own_signature(self) -> list[tf.TensorSpec]:
        """Values [B, P], codes [B, Q] and observed [B, C]."""
        n_numeric, n_columns = self.likelihood.n_numeric, self.likelihood.n_columns
        return [
            tf.TensorSpec([None, n_numeric], tf.float32),
            tf.TensorSpec([None, n_columns - n_numeric], tf.int32),
            tf.TensorSpec([None, n_columns], tf.bool),
        ]

    def features(self, batch: Batch) -> tf.Tensor:
        """Return standardised numbers, one-hot codes and masks [B, D]; see `TableInputs`."""
        return self.inputs_layer(*batch[:3])

    def noise_variance(self, features: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Return the variance of each feature [D]: the likelihood of a column starts with that of its values."""
        return np.maximum(features.var(axis=0), _LEAST_VARIANCE)

    def corrupted(self, batch: Batch, share: float) -> Batch:
        """Return the batch with that share of its cells, missing ones too, as other rows of it have them."""
        values, codes, observed, *condition = batch
        row, n_numeric = self.rows_with_others(tf.shape(observed), share), self.likelihood.n_numeric
        parts = (values, row[:, :n_numeric]), (codes, row[:, n_numeric:]), (observed, row)
        return *(taken_from(*part) for part in parts), *condition

    def start_from(self, train_rows: Rows, test_rows: Rows, *, seed: int) -> npt.NDArray[np.floating]:
        """Fit each column on its own, and let the decoder start there."""
        bias, baseline = fit_marginals(self.likelihood, train_rows, test_rows, seed=seed)
        self.decoder.layers[-1].bias.assign(bias)
        self.marginals.assign(bias)
        shares = CodeShares.of(self.encoding.decoded, EncodedRows(*train_rows.arrays()))
        self.code_nats.assign(shares.codes)
        self.presence_nats.assign(shares.presence)
        return baseline

    def after_epoch(self, batch: Batch) -> None:
        """Turn the latents to axes that come back; see `turn_axes`."""
        if self.objective.may_be_turned:
            turn_axes(self, batch)

    def rarity_credit(self, batch: Batch) -> tf.Tensor:
        """Return [B] nats that a row's loss owes to rare codes and missing cells alone, whatever the other cells say.

        A row is not trimmed for belonging to a small group: only for numbers far out, and for levels that are less
        probable given the rest of the row than they are by themselves. On Adult, trimming by the loss itself kept all
        83 people with preschool education from being learned, and flagged them.
        """
        return tf.reduce_sum(self.nats_alone(batch), axis=1)

    def nats_alone(self, batch: Batch) -> tf.Tensor:
        """Return -log of the share [B, C] that a cell's code, and that it is there or missing, has in its column.

        Shares are those of the rows trained on. Columns without codes have that of presence only.
        """
        _, codes, observed = batch[:3]
        n_columns, n_codes = self.code_nats.shape
        places = tf.maximum(codes, 0) + n_codes * np.arange(n_columns, dtype=np.int32)
        of_codes = tf.gather(tf.reshape(self.code_nats, [-1]), places)
        of_codes = tf.pad(tf.where(codes < 0, 0.0, of_codes), [[0, 0], [self.likelihood.n_numeric, 0]])
        return of_codes + tf.where(observed, self.presence_nats[:, 1], self.presence_nats[:, 0])


class TableInputs(keras.layers.Layer):
    """Cells to features [B, D]: standardised numbers, one-hot codes, and a mask for columns with missing cells."""

    def __init__(self, encoding: Encoding, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_numeric = len(encoding.numeric)
        self.blocks = tuple(block for block in blocks_of(encoding) if block.likelihood.is_coded)
        self.with_missing = np.flatnonzero([column.has_missing for column in encoding.columns])
        counts = [column.likelihood is Likelihood.NEGATIVE_BINOMIAL for column in encoding.numeric]
        self.is_count = np.array(counts, bool)
        self.location = np.array([column.location for column in encoding.numeric], np.float32)
        self.scale = np.array([column.scale for column in encoding.numeric], np.float32)

    def call(self, values: tf.Tensor, codes: tf.Tensor, observed: tf.Tensor) -> tf.Tensor:
        """Return features [B, D] for cells as in `EncodedRows`; missing cells are zeros beside a raised mask."""
        numbers = values
        if self.is_count.any():
            standardised = (tf.math.log1p(tf.maximum(values, 0.0)) - self.location) / self.scale
            numbers = tf.where(self.is_count, standardised, values)
        features = [tf.where(observed[:, : self.n_numeric], numbers, 0.0)]
        features += [self._one_hot(block, codes) for block in self.blocks]
        if len(self.with_missing):
            features.append(tf.cast(~tf.gather(observed, self.with_missing, axis=-1), tf.float32))
        return tf.concat(features, axis=-1)

    def _one_hot(self, block: Block, codes: tf.Tensor) -> tf.Tensor:
        cells = codes[:, block.start - self.n_numeric : block.stop - self.n_numeric]
        depth = int(block.n_codes.max())
        return tf.reshape(tf.one_hot(cells, depth), [-1, block.n_columns * depth])

    @property
    def n_features(self) -> int:
        """D, features after encoding."""
        coded = sum(block.n_columns * int(block.n_codes.max()) for block in self.blocks)
        return self.n_numeric + coded + len(self.with_missing)


def encoder_network(n_features: int, hidden: tuple[int, ...], n_latents: int, *, seed: int) -> keras.Sequential:
    """Return an MLP [B, D] -> [B, 2 L]: posterior mean and raw standard deviation."""
    return _mlp(n_features, hidden, 2 * n_latents, seed=seed, name="encoder")


def decoder_network(n_latents: int, hidden: tuple[int, ...], likelihood: MixedLikelihood, *, seed: int) -> Any:
    """Return an MLP [B, L] -> [B, n_parameters] of the likelihood; widths mirror the encoder's."""
    return _mlp(n_latents, hidden[::-1], likelihood.n_parameters, seed=seed + len(hidden) + 1, name="decoder")


def _mlp(n_inputs: int, hidden: tuple[int, ...], n_outputs: int, *, seed: int, name: str) -> keras.Sequential:
    layers: list[Any] = [keras.Input((n_inputs,))]
    for depth, width in enumerate(hidden):
        initializer = keras.initializers.HeNormal(seed=seed + depth)
        layers.append(keras.layers.Dense(width, "relu", kernel_initializer=initializer))
    # A small last layer starts the posterior near the prior and the decoder near the marginals.
    small = keras.initializers.VarianceScaling(0.1, seed=seed + len(hidden))
    layers.append(keras.layers.Dense(n_outputs, kernel_initializer=small, name=f"{name}_outputs"))
    return keras.Sequential(layers, name=name)
