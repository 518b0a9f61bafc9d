"""Patches are whitened by what is usual, whatever padding, outliers or the size of the pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from vaeaudit.models.image.scores import fit_patch_scales
from vaeaudit.outputs.images import SCALES, PatchScale, PatchScales, usable_scales
from vaeaudit.scoring.image_score import SCALE_NAMES

RNG = np.random.default_rng(3)


def noise(n: int, side: int, *, smooth: float = 0.0, channels: int = 1) -> np.ndarray:
    values = 0.1 * RNG.normal(size=(n, side, side, channels))
    return gaussian_filter(values, (0, smooth, smooth, 0)) if smooth else values


def fitted(residual: np.ndarray, inside: np.ndarray | None = None, *, seed: int = 0) -> PatchScales:
    pictures = (0.5 + residual).astype(np.float32)
    everywhere = np.ones(pictures.shape[:3], bool) if inside is None else inside
    return fit_patch_scales(pictures, np.full_like(pictures, 0.5), everywhere, seed=seed)


def energies(scale: PatchScale, patches: np.ndarray) -> np.ndarray:
    """Mean square of the whitened coordinates of patches [M, k * k]."""
    coordinates = patches @ scale.filters.reshape(-1, scale.side**2) + scale.bias
    return np.square(coordinates).mean(axis=1)


@pytest.mark.parametrize(("smooth", "tolerance"), [(0.0, 0.15), (0.5, 0.25)])
def test_whitened_noise_is_white_whatever_its_correlation(smooth: float, tolerance: float) -> None:
    scale = fitted(noise(150, 20, smooth=smooth)).residual[0]
    fresh = noise(3000, 9, smooth=smooth)[:, 2:7, 2:7, 0].reshape(-1, 25)
    coordinates = fresh @ scale.filters.reshape(25, 25) + scale.bias
    variances = np.linalg.eigvalsh(np.cov(coordinates.T))
    # A patch's mean is taken out: one direction is empty, the others are alike but for the noise of two samples.
    assert variances[0] == pytest.approx(0.0, abs=1e-6)
    assert variances[1:].mean() == pytest.approx(1.05, abs=0.1)  # trimming made the covariance a little small
    assert variances[1:].std() < tolerance


def test_the_usual_log_energy_of_white_noise_is_that_of_a_mean_square() -> None:
    scale = fitted(noise(150, 20)).residual[0]
    assert scale.centre == pytest.approx(0.0, abs=0.15)
    assert scale.spread == pytest.approx(np.sqrt(2 / 25), rel=0.15)


def test_the_size_of_the_residual_does_not_change_its_energy() -> None:
    values = noise(100, 20, smooth=0.6)
    centres = [[scale.centre for scale in fitted(factor * values).residual] for factor in (0.5, 2.0)]
    np.testing.assert_allclose(*centres, atol=0.02)


def test_a_tenth_of_outliers_hardly_moves_what_is_usual() -> None:
    values = noise(200, 20)
    spoilt = values.copy()
    spoilt[:20] *= 20
    clean, found = fitted(values).residual[0], fitted(spoilt).residual[0]
    patches = values[100:, 4:9, 4:9, 0].reshape(-1, 25)
    shift = np.log(energies(found, patches)).mean() - np.log(energies(clean, patches)).mean()
    assert abs(shift) < 0.2
    assert found.centre == pytest.approx(clean.centre, abs=0.2)


def test_padding_is_not_learned_from() -> None:
    values = noise(50, 24, channels=3)
    inside = np.zeros(values.shape[:3], bool)
    inside[:, 3:, :20] = True
    other = np.where(inside[..., None], values, 5.0)
    for first, second in zip(fitted(values, inside).residual, fitted(other, inside).residual, strict=True):
        np.testing.assert_array_equal(first.filters, second.filters)
        assert first.centre == second.centre


def test_the_same_seed_draws_the_same_patches() -> None:
    values = noise(2000, 8)
    same = [fitted(values, seed=seed).residual[0].filters for seed in (1, 1, 2)]
    np.testing.assert_array_equal(same[0], same[1])
    assert not np.array_equal(same[0], same[2])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4, 4), ((1, 3),)),
        ((8, 8), ((1, 5),)),
        ((12, 12), SCALES[:3]),
        ((28, 28), SCALES),
        ((512, 8), ((1, 5),)),
        ((512, 512), SCALES),
    ],
)
def test_only_scales_that_fit_are_used(size: tuple[int, int], expected: tuple[tuple[int, int], ...]) -> None:
    assert usable_scales(*size) == expected


def test_every_scale_has_a_name_and_they_rise_by_footprint() -> None:
    assert len(SCALE_NAMES) == len(SCALES)
    assert [factor * side for factor, side in SCALES] == sorted(factor * side for factor, side in SCALES)


@pytest.mark.parametrize("height", [0, 1, 4])
def test_boxes_too_thin_for_any_patch_leave_no_scale(height: int) -> None:
    values = noise(100, 16)
    inside = np.zeros(values.shape[:3], bool)
    inside[:, 6 : 6 + height] = True
    found = fitted(values, inside)
    assert found.residual == found.image == ()
    assert found.n_statistics == 3


def test_too_few_patches_for_a_covariance_end_the_scales() -> None:
    scales = fitted(noise(2, 16)).residual
    assert [(scale.factor, scale.side) for scale in scales] == [(1, 5)]


def test_pictures_that_are_all_alike_have_finite_scales() -> None:
    for value in (0.0, 1.0):
        scales = fitted(np.full((40, 16, 16, 1), value))
        for scale in scales.residual + scales.image:
            assert np.isfinite(scale.filters).all()
            assert scale.spread == pytest.approx(np.sqrt(2 / scale.side**2))


def test_scales_survive_the_way_through_arrays_beside_others() -> None:
    scales = fitted(noise(8, 24, channels=3))
    arrays = scales.to_arrays()
    assert all(name.startswith("patch_") and value.dtype.kind in "if" for name, value in arrays.items())
    again = PatchScales.from_arrays({**arrays, "density_means": np.zeros(3)})
    for first, second in zip(scales.residual + scales.image, again.residual + again.image, strict=True):
        assert (first.factor, first.centre, first.spread) == (second.factor, second.centre, second.spread)
        np.testing.assert_array_equal(first.filters, second.filters)
        np.testing.assert_array_equal(first.bias, second.bias)
    assert again.n_statistics == scales.n_statistics == 11


@pytest.mark.parametrize(
    "spoil",
    [
        lambda arrays: {name: value for name, value in arrays.items() if "image_3" not in name},
        lambda arrays: arrays | {"patch_residual_0_filters": np.zeros((5, 5, 1, 24), np.float32)},
        lambda arrays: arrays | {"patch_image_1_bias": np.zeros(3, np.float32)},
        lambda arrays: arrays | {"patch_image_0_spread": np.array(0.0)},
        lambda arrays: arrays | {"patch_image_0_spread": np.array(np.nan)},
        lambda arrays: arrays | {"patch_residual_2_factor": np.array(4)},
        lambda arrays: arrays | {"patch_residual_1_filters": arrays["patch_residual_1_filters"] * np.nan},
    ],
)
def test_arrays_that_are_no_scales_are_refused(spoil: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]) -> None:
    arrays = fitted(noise(8, 24)).to_arrays()
    with pytest.raises(ValueError, match="must"):
        PatchScales.from_arrays(spoil(arrays))


def test_a_missing_array_is_named() -> None:
    arrays = fitted(noise(8, 24)).to_arrays()
    del arrays["patch_image_3_filters"]
    with pytest.raises(ValueError, match="'patch_image_3_filters' is missing"):
        PatchScales.from_arrays(arrays)


def test_shapes_that_do_not_fit_together_are_refused() -> None:
    pictures = np.zeros((3, 8, 8, 1), np.float32)
    with pytest.raises(ValueError, match=r"\(3, 8, 8, 1\)"):
        fit_patch_scales(pictures, pictures, np.ones((3, 8), bool), seed=0)
