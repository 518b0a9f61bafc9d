from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.duplicates.image_pairs import (
    ALTERATIONS,
    altered,
    pixel_distance,
    print_distance,
    prints_of,
    take_prints,
)
from vaeaudit.data.sources.image_store import ImageStore

FULL = np.array([0, 0, 32, 32])


def noise(n_pictures, channels=1, seed=0):
    return np.random.default_rng(seed).integers(20, 180, (n_pictures, 32, 32, channels), np.uint8)


def boxes(n_pictures, box=FULL):
    return np.tile(box, (n_pictures, 1))


def test_a_print_is_the_mean_of_each_cell_brought_to_mean_0_and_norm_1():
    pixels = noise(3)
    prints, contrast = prints_of(pixels, boxes(3), 8)
    cells = pixels[..., 0].reshape(3, 8, 4, 8, 4).mean(axis=(2, 4)).reshape(3, -1)
    centred = cells - cells.mean(axis=1, keepdims=True)
    assert prints == pytest.approx(centred / np.linalg.norm(centred, axis=1, keepdims=True), abs=1e-5)
    assert contrast == pytest.approx(cells.std(axis=1), rel=1e-4)


def test_brightness_and_contrast_do_not_move_a_print_or_the_distance_of_pixels():
    (picture,) = noise(1)
    other = np.round(picture * 0.5 + 60).astype(np.uint8)
    left, right = (prints_of(each[None], boxes(1), 16)[0] for each in (picture, other))
    assert print_distance(left, right)[0] < 0.02
    assert pixel_distance(picture, other, FULL, FULL) < 0.02
    assert pixel_distance(picture, 255 - picture, FULL, FULL) == pytest.approx(2)


def test_padding_takes_no_part():
    picture, box = noise(1)[0], np.array([0, 8, 32, 24])
    filled = picture.copy()
    filled[:, :8], filled[:, 24:] = 255, 0
    left, right = (prints_of(each[None], boxes(1, box), 16)[0] for each in (picture, filled))
    assert np.array_equal(left, right)
    assert pixel_distance(picture, filled, box, box) == 0


def test_pictures_of_other_shapes_are_no_copies():
    picture = noise(1)[0]
    assert pixel_distance(picture, picture, FULL, np.array([0, 1, 32, 31])) == 0
    assert np.isinf(pixel_distance(picture, picture, FULL, np.array([0, 4, 32, 28])))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ALTERATIONS)
def test_altering_changes_what_lies_in_the_box_and_nothing_else(name, channels):
    picture, box = noise(1, channels)[0], np.array([4, 0, 28, 32])
    changed = altered(picture, box, ALTERATIONS[name])
    assert (changed.shape, changed.dtype) == (picture.shape, picture.dtype)
    assert np.array_equal(changed[:4], picture[:4])
    assert np.array_equal(changed[28:], picture[28:])
    assert not np.array_equal(changed[4:28], picture[4:28])


def test_prints_of_a_store_know_plain_pictures_and_equal_ones(tmp_path):
    pixels = noise(6)
    pixels[1], pixels[4] = pixels[0], 90
    np.save(tmp_path / "p.npy", pixels)
    store = ImageStore(tmp_path / "p.npy", pixels.shape, np.array(list("abcdef")), np.full((6, 2), 32, np.int32))
    prints = take_prints(store)
    assert np.flatnonzero(prints.plain).tolist() == [4]
    assert not prints.fine[4].any()
    assert prints.stored[0] == prints.stored[1]
    assert len(set(prints.stored)) == 5


def test_pictures_smaller_than_a_print_are_their_own_print(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (3, 8, 12, 1), np.uint8)
    np.save(tmp_path / "p.npy", pixels)
    store = ImageStore(
        tmp_path / "p.npy", pixels.shape, np.array(list("abc")), np.tile([12, 8], (3, 1)).astype(np.int32)
    )
    assert take_prints(store).fine.shape == (3, 8 * 12)
