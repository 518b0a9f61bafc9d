"""Cells become features: standardised numbers, one-hot codes and masks; networks mirror each other."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from vaeaudit.data.encoding.column_encoding import CLIP, MISSING_CODE, ColumnEncoding, Likelihood
from vaeaudit.data.encoding.table_encoding import Encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.table.likelihoods import MixedLikelihood
from vaeaudit.models.table.vae import TableInputs, decoder_network, encoder_network

ENCODING = Encoding(
    (
        ColumnEncoding("a", Kind.REAL, Likelihood.NORMAL, has_missing=True),
        ColumnEncoding("n", Kind.COUNT, Likelihood.NEGATIVE_BINOMIAL, location=2.0, scale=0.5),
        ColumnEncoding("f", Kind.BOOLEAN, Likelihood.BERNOULLI, n_codes=2),
        ColumnEncoding("c", Kind.CATEGORY, Likelihood.CATEGORICAL, n_codes=3, has_missing=True),
    )
)


def features(values: list[list[float]], codes: list[list[int]], observed: list[list[bool]]) -> np.ndarray:
    cells = tf.constant(values, tf.float32), tf.constant(codes, tf.int32), tf.constant(observed)
    return np.asarray(TableInputs(ENCODING)(*cells))


def test_features_are_numbers_one_hot_codes_and_masks_in_model_order() -> None:
    found = features([[1.5, np.expm1(3.0)]], [[1, 2]], [[True] * 4])
    np.testing.assert_allclose(found, [[1.5, 2.0, 0, 1, 0, 0, 1, 0, 0]], rtol=1e-5)
    assert TableInputs(ENCODING).n_features == found.shape[1]


def test_a_missing_cell_is_zeros_beside_a_raised_mask() -> None:
    found = features([[9.0, 0.0]], [[0, MISSING_CODE]], [[False, True, True, False]])
    np.testing.assert_allclose(found, [[0, -4.0, 1, 0, 0, 0, 0, 1, 1]], atol=1e-6)


def test_a_count_of_any_size_is_a_small_feature() -> None:
    largest = np.expm1(2.0 + CLIP * 0.5)
    assert np.abs(features([[0.0, largest]], [[0, 0]], [[True] * 4])).max() <= CLIP + 1e-3


def test_encoder_and_decoder_mirror_each_other_and_start_near_nothing() -> None:
    likelihood = MixedLikelihood(ENCODING)
    encoder = encoder_network(9, (16, 8), 3, seed=0)
    decoder = decoder_network(3, (16, 8), likelihood, seed=0)

    assert [layer.units for layer in encoder.layers] == [16, 8, 6]
    assert [layer.units for layer in decoder.layers] == [8, 16, likelihood.n_parameters]
    assert np.abs(encoder(np.ones((5, 9), np.float32))).mean() < 1


def test_the_seed_decides_the_first_weights() -> None:
    first, again, other = (encoder_network(9, (4,), 2, seed=seed).get_weights() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != other[0]).any()
