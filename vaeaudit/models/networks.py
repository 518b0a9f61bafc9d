"""Encoder and decoder networks for tables; they return tensors, the distributions are built elsewhere."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vaeaudit.data.column_encoding import Likelihood
from vaeaudit.data.encoding import Encoding
from vaeaudit.models.likelihoods import Block, MixedLikelihood, blocks_of


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
