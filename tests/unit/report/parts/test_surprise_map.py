"""Where a picture departs from what is expected is drawn in an order that every reader can follow."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.report.parts.galleries import STOPS, colours, drawn_over, gradient

#: Linear RGB as seen without red or green cones (Viénot 1999, simplified), and by eyes that see all.
VISION = {
    "all": np.eye(3),
    "protan": np.array([[0.11, 0.89, 0.0], [0.11, 0.89, 0.0], [0.0, 0.0, 1.0]]),
    "deutan": np.array([[0.29, 0.71, 0.0], [0.29, 0.71, 0.0], [-0.02, 0.02, 1.0]]),
}


def lightness(rgb: np.ndarray, vision: str) -> np.ndarray:
    """CIE L* of sRGB colours [M, 3]."""
    values = rgb / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    luminance = np.clip(linear @ VISION[vision].T, 0, 1) @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)


@pytest.mark.parametrize("vision", list(VISION))
def test_lightness_rises_along_the_scale_for_every_kind_of_colour_vision(vision):
    light = lightness(colours(np.arange(0, 256, 5, dtype=np.uint8)), vision)
    assert np.all(np.diff(light) > 0)
    assert light[-1] - light[0] > 75


def test_the_ends_of_the_scale_are_its_first_and_last_stop():
    ends = ["#" + "".join(f"{part:02x}" for part in colour) for colour in colours(np.array([0, 255], np.uint8))]
    assert ends == [STOPS[0], STOPS[-1]]
    assert all(stop in gradient() for stop in STOPS)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_as_expected_stays_a_dim_grey_picture_and_what_departs_most_is_pure_colour(channels):
    originals = np.random.default_rng(0).integers(0, 256, (2, 6, 4, channels)).astype(np.uint8)
    surprise = np.zeros((2, 6, 4), np.uint8)
    surprise[1] = 255
    drawn = drawn_over(originals, surprise)
    assert drawn.shape == (2, 6, 4, 3)
    assert np.ptp(drawn[0], axis=-1).max() == 0
    assert drawn[0].max() < originals[0].max()
    assert np.all(drawn[1] == colours(np.uint8([255]))[0])
