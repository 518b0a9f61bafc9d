"""What is measured of a latent space has the value that a decoder made for the purpose must give it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import tensorflow as tf

from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding.image_encoding import fit_image_encoding
from vaeaudit.data.encoding.table_encoding import EncodedRows
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.models.fitting.build import build
from vaeaudit.models.latent_space import STEPS, measure_latent_space, nearest_distance
from vaeaudit.models.vae import BetaVAE
from vaeaudit.outputs.latents import LatentCodes, LatentSpace

L = 3


class Decoder:
    """Stands in for a model: rows are their features, the decoder is any function of z."""

    encoding, is_rewritten = None, False

    def __init__(self, decode: Callable[[tf.Tensor], tf.Tensor]) -> None:
        self.expected_features = decode
        self.config = SimpleNamespace(latents=L)
        self.graphs: dict[Any, Any] = {}

    def features(self, batch: Any) -> tf.Tensor:
        return batch[0]


def rows_of(features: np.ndarray) -> EncodedRows:
    values = features.astype(np.float32)
    return EncodedRows(values, np.zeros((len(values), 0), np.int32), np.ones(values.shape, bool))


def codes_of(mean: np.ndarray, stddev: float = 0.0, *, held_out: np.ndarray | None = None) -> LatentCodes:
    n_rows = len(mean)
    zeros, none = np.zeros(n_rows), np.zeros((n_rows, 0))
    return LatentCodes(
        mean=mean,
        stddev=np.full_like(mean, stddev),
        kl=np.ones_like(mean),
        log_likelihood=zeros,
        iwae=zeros,
        unit_correction=zeros,
        reason_column=none.astype(int),
        reason_nats=none,
        reason_p=none,
        held_out=np.arange(n_rows) % 10 == 0 if held_out is None else held_out,
        columns=(),
    )


def measured(
    decode: Callable[[tf.Tensor], tf.Tensor],
    mean: np.ndarray,
    features: np.ndarray,
    *,
    stddev: float = 0.0,
    seed: int = 0,
) -> LatentSpace:
    model = cast(BetaVAE, Decoder(decode))
    return measure_latent_space(model, rows_of(features), codes_of(mean, stddev), seed=seed)


PRIOR = np.random.default_rng(0).normal(size=(800, L))
TURN = np.random.default_rng(1).normal(size=(L, 5)).astype(np.float32)


def linear(z: tf.Tensor) -> tf.Tensor:
    return tf.matmul(z, tf.constant(TURN))


def test_a_linear_decoder_takes_equal_steps() -> None:
    space = measured(linear, PRIOR, PRIOR @ TURN)
    np.testing.assert_allclose(
        space.step_lengths, space.step_lengths.mean(axis=1, keepdims=True) * np.ones(STEPS), rtol=1e-3
    )
    assert len(space.step_lengths) == 500
    np.testing.assert_allclose(space.far_step_lengths.sum(axis=1), space.far_distance, rtol=1e-3)
    assert space.step_lengths.sum(axis=1).mean() < 0.6 * space.far_distance.mean()


def test_a_decoder_that_bends_makes_detours() -> None:
    space = measured(lambda z: tf.concat([tf.sin(3 * z), tf.cos(3 * z)], -1), PRIOR, np.zeros((800, 2 * L)))
    assert np.median(space.far_step_lengths.sum(axis=1) / space.far_distance) > 1.2


def test_a_decoder_of_stairs_takes_every_way_in_one_step() -> None:
    space = measured(lambda z: tf.cast(z > 0, tf.float32), PRIOR, (PRIOR > 0).astype(float))
    in_latent = np.sum(space.step_lengths > 0, axis=1)
    crossed_one = in_latent == 1
    assert crossed_one.any()
    np.testing.assert_allclose(space.step_lengths.max(axis=1)[crossed_one], space.step_lengths.sum(axis=1)[crossed_one])
    assert in_latent.max() <= L


def test_rows_that_fill_the_prior_are_as_near_to_its_samples_as_to_each_other() -> None:
    space = measured(linear, PRIOR, PRIOR @ TURN)
    assert np.mean(space.prior_distance <= np.quantile(space.held_out_distance, 0.95)) > 0.88
    assert np.mean(space.prior_gap <= space.held_out_gap) > 0.88
    np.testing.assert_allclose(space.error, 0, atol=1e-8)


def test_a_hole_in_the_posterior_is_seen_as_samples_far_from_the_data() -> None:
    ring = 3 * PRIOR / np.linalg.norm(PRIOR, axis=1, keepdims=True)
    space = measured(linear, ring, ring @ TURN)
    assert np.mean(space.prior_distance <= np.quantile(space.held_out_distance, 0.95)) < 0.5


def test_rows_that_the_prior_never_reaches_are_not_covered() -> None:
    wide = 6 * PRIOR
    space = measured(linear, wide, wide @ TURN)
    assert np.mean(space.prior_gap <= space.held_out_gap) < 0.5


def test_a_decoder_that_says_the_mean_whatever_it_is_told_is_exposed_by_what_it_keeps() -> None:
    features = PRIOR @ TURN
    mean = tf.constant(features.mean(axis=0), tf.float32)
    space = measured(lambda z: tf.ones_like(z[:, :1]) * mean, PRIOR, features)
    assert np.all(space.step_lengths == 0)
    assert np.all(space.prior_distance <= np.quantile(space.held_out_distance, 0.95) + 1e-6)
    assert space.error.sum() / space.spread.sum() == pytest.approx(1, abs=0.05)


def test_the_seed_decides_everything() -> None:
    first, again, other = (measured(linear, PRIOR, PRIOR @ TURN, stddev=0.3, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.prior_distance, again.prior_distance)
    np.testing.assert_array_equal(first.step_lengths, again.step_lengths)
    assert (first.prior_distance != other.prior_distance).any()


def test_nearest_distances_are_those_of_the_definition_far_from_zero_too() -> None:
    rng = np.random.default_rng(2)
    points, others = rng.normal(size=(40, 3)) + 1e4, rng.normal(size=(60, 3)) + 1e4
    by_definition = np.sort(np.linalg.norm(points[:, None] - others, axis=2), axis=1)
    np.testing.assert_allclose(nearest_distance(points, others), by_definition[:, 0], rtol=1e-6)
    np.testing.assert_allclose(nearest_distance(points, others, 5), by_definition[:, 4], rtol=1e-6)


@pytest.mark.parametrize("n_rows", [2, 3, 20])
def test_a_few_rows_are_enough_to_measure_something(n_rows: int) -> None:
    space = measured(linear, PRIOR[:n_rows], PRIOR[:n_rows] @ TURN)
    assert space.n_reference + len(space.held_out_distance) == n_rows
    assert space.n_neighbours <= space.n_compared == space.n_reference


def test_rows_that_are_all_alike_have_no_way_between_them() -> None:
    alike = np.ones((50, L))
    space = measured(linear, alike, alike @ TURN)
    assert space.step_lengths.shape == (0, STEPS)
    np.testing.assert_allclose([space.error, space.spread], 0, atol=1e-8)


def test_one_active_latent_decides_who_is_near() -> None:
    mean = np.column_stack([PRIOR[:, 0], 1e-6 * PRIOR[:, 1:]])
    space = measured(linear, mean, mean @ TURN)
    np.testing.assert_allclose(space.step_lengths.std(axis=1), 0, atol=1e-3)
    assert len(space.step_lengths) == 500


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_where_none_or_all_rows_are_held_out_chance_decides(share: float) -> None:
    codes = codes_of(PRIOR, held_out=np.full(len(PRIOR), bool(share)))
    space = measure_latent_space(cast(BetaVAE, Decoder(linear)), rows_of(PRIOR @ TURN), codes, seed=0)
    assert len(space.held_out_distance) == 80


def test_rows_and_codes_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="found 799 and 800"):
        measure_latent_space(cast(BetaVAE, Decoder(linear)), rows_of(PRIOR[:799]), codes_of(PRIOR), seed=0)


def test_a_trained_table_is_measured(learned: Any) -> None:
    space = measure_latent_space(learned.training.model, learned.rows, learned.codes, seed=0)
    assert len(space.held_out_distance) == learned.held_out.sum()
    assert space.error.sum() < space.spread.sum()
    far = measure_latent_space(
        learned.training.model, learned.rows, replace(learned.codes, mean=learned.codes.mean + 30), seed=0
    )
    assert far.error.sum() > space.error.sum()


def test_pictures_are_averaged_before_they_are_compared(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 32, 24, 3), dtype=np.uint8)
    np.save(tmp_path / "pictures.npy", pixels)
    content = np.array([str(place) for place in range(40)])
    store = ImageStore(tmp_path / "pictures.npy", pixels.shape, content, np.full((40, 2), 32, np.int32))
    encoding = fit_image_encoding(store)
    model = build(encoding, ModelConfig(latents=L), seed=0)
    space = measure_latent_space(model, encoding.encode(store), codes_of(PRIOR[:40], 0.5), seed=0)

    averaged = tf.image.resize(pixels / 255.0, [16, 16], method="area").numpy().reshape(40, -1)
    reference = averaged[~codes_of(PRIOR[:40]).held_out].mean(axis=0)
    held_out = averaged[codes_of(PRIOR[:40]).held_out]
    np.testing.assert_allclose(np.sort(space.spread), np.sort(np.square(held_out - reference).sum(axis=1)), rtol=1e-4)
