"""Planted defects stand out, usual pictures do not, and padding is not looked at."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter
from sklearn.metrics import roc_auc_score

from vaeaudit.models.image import scores as image_scores
from vaeaudit.models.image.scores import (
    FLAT,
    complexity,
    fit_patch_scales,
    image_statistics,
    patch_energy,
    surprise_map,
    worst_patches,
)
from vaeaudit.outputs.images import PatchScales
from vaeaudit.scoring.image_score import excess_energies, fit_reference
from vaeaudit.scoring.image_score import worst_patches as worst_excess

SIDE = 32


def textures(n: int, *, seed: int) -> np.ndarray:
    """Smoothed noise of a contrast that differs from picture to picture [n, 32, 32, 1]."""
    generator = np.random.default_rng(seed)
    values = gaussian_filter(generator.normal(size=(n, SIDE, SIDE, 1)), (0, 0.7, 0.7, 0), mode="wrap")
    return np.clip(0.5 + 0.12 * generator.uniform(0.5, 1.5, size=(n, 1, 1, 1)) * values, 0, 1).astype(np.float32)


def with_blobs(pictures: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Add a smooth dark blob to each, about 5 pixels wide; return them and where it is [n, 2]."""
    generator = np.random.default_rng(seed)
    centres = generator.integers(8, SIDE - 8, size=(len(pictures), 2))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    squared = (rows - centres[:, 0, None, None]) ** 2 + (columns - centres[:, 1, None, None]) ** 2
    return pictures - 0.3 * np.exp(-squared / 8)[..., None].astype(np.float32), centres


def everywhere(pictures: np.ndarray) -> np.ndarray:
    return np.ones((*pictures.shape[:3], 1), np.float32)


def expected_of(pictures: np.ndarray) -> np.ndarray:
    """What a model that learned no more than the mean would expect."""
    return np.full_like(pictures, 0.5)


def learn(pictures: np.ndarray) -> PatchScales:
    return fit_patch_scales(pictures, expected_of(pictures), np.ones(pictures.shape[:3], bool), seed=0)


def statistics_of(scales: PatchScales, pictures: np.ndarray) -> np.ndarray:
    return image_statistics(scales, pictures, expected_of(pictures), everywhere(pictures)).numpy()


@pytest.fixture(scope="module")
def usual() -> tuple[np.ndarray, PatchScales]:
    pictures = textures(200, seed=0)
    return pictures, learn(pictures)


def test_blobs_on_textured_noise_are_found_although_they_were_learned_from() -> None:
    pictures, _ = with_blobs(textures(300, seed=1), seed=1)
    blobbed = np.arange(300) < 15
    pictures = np.where(blobbed[:, None, None, None], pictures, textures(300, seed=1))
    statistics = statistics_of(learn(pictures), pictures)
    score = worst_excess(statistics, fit_reference(statistics))
    assert roc_auc_score(blobbed, score) > 0.9
    # The raw error says how much contrast a picture has, not whether it belongs.
    assert roc_auc_score(blobbed, statistics[:, 0]) < 0.8


def test_translated_copies_of_usual_pictures_are_usual(usual: tuple[np.ndarray, PatchScales]) -> None:
    pictures, scales = usual
    statistics = statistics_of(scales, pictures)
    reference = fit_reference(statistics)
    moved = statistics_of(scales, np.roll(pictures, (5, 11), axis=(1, 2)))
    scores = [worst_excess(values, reference) for values in (statistics, moved)]
    assert 0.45 < roc_auc_score(np.repeat([0, 1], len(pictures)), np.concatenate(scores)) < 0.55


def test_more_contrast_alone_is_no_outlier_while_a_blob_is(usual: tuple[np.ndarray, PatchScales]) -> None:
    pictures, scales = usual
    reference = fit_reference(statistics_of(scales, pictures))
    contrasted = 0.5 + 1.3 * (pictures[:100] - 0.5)
    blobbed, _ = with_blobs(pictures[:100], seed=3)
    medians = [np.median(worst_excess(statistics_of(scales, values), reference)) for values in (contrasted, blobbed)]
    assert medians[0] < 1
    assert medians[1] > 2


def test_the_map_shows_where_the_blob_is_and_little_elsewhere(usual: tuple[np.ndarray, PatchScales]) -> None:
    pictures, scales = usual
    blobbed, centres = with_blobs(pictures[:40], seed=4)
    found = surprise_map(scales, blobbed, expected_of(blobbed), everywhere(blobbed)).numpy()
    assert found.shape == (40, SIDE, SIDE)
    assert (found >= 0).all()
    peaks = np.stack(np.unravel_index(found.reshape(40, -1).argmax(axis=1), (SIDE, SIDE)), axis=1)
    assert np.median(np.abs(peaks - centres).max(axis=1)) <= 3
    before = surprise_map(scales, pictures[:40], expected_of(blobbed), everywhere(blobbed)).numpy()
    assert np.median(found.max(axis=(1, 2))) > 1.5 * np.median(before.max(axis=(1, 2)))


def test_white_noise_has_an_energy_of_one_per_patch() -> None:
    pictures = (0.5 + 0.1 * np.random.default_rng(5).normal(size=(60, 20, 20, 1))).astype(np.float32)
    scales = learn(pictures)
    for scale in scales.residual:
        energy, valid = patch_energy(scale, tf.constant(pictures - 0.5), tf.constant(everywhere(pictures)))
        assert valid.numpy().all()
        # Without its mean a patch has k^2 - 1 degrees of freedom; trimming its tail makes the covariance a bit small.
        assert energy.numpy().mean() == pytest.approx(1 - 1 / scale.side**2, abs=0.2)


@pytest.mark.parametrize(
    ("height", "width", "channels"), [(4, 4, 1), (8, 8, 3), (12, 20, 1), (30, 30, 3), (8, 512, 1), (128, 64, 3)]
)
def test_every_size_gives_finite_statistics_and_a_map_of_that_size(height: int, width: int, channels: int) -> None:
    generator = np.random.default_rng(6)
    pictures = generator.random((8, height, width, channels)).astype(np.float32)
    pictures[:2] = pictures[2]
    pictures[5] = 0.25
    scales = learn(pictures)
    statistics = statistics_of(scales, pictures)
    assert statistics.shape == (8, scales.n_statistics)
    assert np.isfinite(statistics).all()
    found = surprise_map(scales, pictures, expected_of(pictures), everywhere(pictures)).numpy()
    assert found.shape == (8, height, width)
    assert np.isfinite(found).all()


def test_large_pictures_work_with_sparser_patches() -> None:
    pictures = np.random.default_rng(7).random((2, 512, 512, 1)).astype(np.float32)
    pictures[0, 100:140, 300:340] = 1.0
    scales = learn(pictures)
    assert np.isfinite(statistics_of(scales, pictures)).all()
    found = surprise_map(scales, pictures, np.zeros_like(pictures) + 0.5, everywhere(pictures)).numpy()
    assert found.shape == (2, 512, 512)


def test_changing_padded_pixels_changes_nothing(usual: tuple[np.ndarray, PatchScales]) -> None:
    pictures, scales = usual[0][:20], usual[1]
    inside = everywhere(pictures)
    inside[:, :6], inside[:10, :, 25:] = 0, 0
    other = np.where(inside > 0, pictures, np.random.default_rng(8).random(pictures.shape).astype(np.float32))
    for look in (image_statistics, surprise_map):
        expected = look(scales, pictures, expected_of(pictures), inside).numpy()
        found = look(scales, other, np.where(inside > 0, 0.5, other), inside).numpy()
        np.testing.assert_allclose(found, expected, atol=1e-5)
    on_map = surprise_map(scales, pictures, expected_of(pictures), inside).numpy()
    assert (on_map[inside[..., 0] == 0] == 0).all()


def test_a_box_that_holds_no_patch_has_the_usual_energy_and_an_empty_map(
    usual: tuple[np.ndarray, PatchScales],
) -> None:
    pictures, scales = usual[0][:3], usual[1]
    inside = everywhere(pictures)
    inside[0, :, 1:], inside[1], inside[2, 3:] = 0, 0, 0
    found = image_statistics(scales, pictures, expected_of(pictures), inside).numpy()
    centres = [scale.centre for scale in scales.residual + scales.image]
    np.testing.assert_allclose(found[:, 1:-2], [centres] * 3, atol=1e-6)
    np.testing.assert_allclose(found[:2, -2:], np.log(FLAT), rtol=1e-5)
    assert (surprise_map(scales, pictures, expected_of(pictures), inside).numpy() == 0).all()


def test_pictures_that_are_all_equal_have_equal_scores_and_nothing_to_show() -> None:
    pictures = np.repeat(textures(1, seed=9), 50, axis=0)
    scales = fit_patch_scales(pictures, pictures, np.ones(pictures.shape[:3], bool), seed=0)
    statistics = image_statistics(scales, pictures, pictures, everywhere(pictures)).numpy()
    score = worst_excess(statistics, fit_reference(statistics))
    np.testing.assert_allclose(score, score[0], atol=1e-3)
    assert surprise_map(scales, pictures, pictures, everywhere(pictures)).numpy().max() == 0
    other = textures(1, seed=10)
    excess = excess_energies(statistics_of(scales, other), fit_reference(statistics))
    assert np.isfinite(excess).all()
    assert excess.max() > 10


def test_pictures_scored_together_do_not_influence_each_other(
    usual: tuple[np.ndarray, PatchScales], monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, scales = usual[0][:10], usual[1]
    together = statistics_of(scales, pictures)
    monkeypatch.setattr(image_scores, "_MOST_VALUES", 200_000)  # three pictures at a time
    np.testing.assert_allclose(statistics_of(scales, pictures), together, atol=1e-5)
    np.testing.assert_allclose(statistics_of(scales, pictures[7:8]), together[7:8], atol=1e-5)
    assert statistics_of(scales, pictures[:0]).shape == (0, scales.n_statistics)


def test_a_compiled_graph_takes_batches_of_any_size(usual: tuple[np.ndarray, PatchScales]) -> None:
    pictures, scales = usual
    shape = tf.TensorSpec((None, SIDE, SIDE, 1))
    compiled = tf.function(lambda *parts: image_statistics(scales, *parts), input_signature=[shape] * 3)
    for n in (1, 5):
        part = pictures[:n]
        found = compiled(part, expected_of(part), everywhere(part))
        assert found.shape[1] == scales.n_statistics
        np.testing.assert_allclose(found.numpy(), statistics_of(scales, part), atol=1e-5)


def test_complexity_of_a_ramp_is_the_log_of_its_squared_slope() -> None:
    ramp = np.broadcast_to(0.02 * np.arange(16, dtype=np.float32)[:, None], (1, 16, 16))[..., None]
    found = complexity(tf.constant(ramp), tf.ones_like(ramp)).numpy()
    np.testing.assert_allclose(found, np.log(0.02**2 + FLAT), rtol=1e-4)


def test_the_worst_patches_are_averaged_among_those_that_count() -> None:
    energy = np.arange(100, dtype=np.float32).reshape(1, 10, 10)
    every = np.ones((1, 10, 10), bool)
    assert worst_patches(energy, every, otherwise=0.0).numpy() == pytest.approx(97.0)  # of 95 to 99
    some = every & (energy < 40)
    assert worst_patches(energy, some, otherwise=0.0).numpy() == pytest.approx(38.5)  # of 38 and 39
    assert worst_patches(energy, ~every, otherwise=-7.0).numpy() == pytest.approx(-7.0)
