"""Many pictures become one image within its budget, and every tile is found again."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vaeaudit.report.parts.contact_sheets import (
    LARGEST_SIDE,
    ContactSheet,
    compressed,
    contact_sheet,
    montage,
)


def decoded(sheet: ContactSheet) -> np.ndarray:
    head, _, body = sheet.uri.partition(",")
    assert head == "data:image/webp;base64"
    image = Image.open(io.BytesIO(base64.b64decode(body, validate=True)))
    assert image.format == "WEBP"
    assert image.size == (sheet.width, sheet.height)
    return np.asarray(image.convert("RGB"))


def noise(count: int, side: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, channels)).astype(np.uint8)


@settings(deadline=None)
@given(count=st.integers(1, 9), columns=st.integers(1, 5), height=st.integers(1, 4), width=st.integers(1, 4))
def test_a_montage_holds_every_tile_at_its_place(count, columns, height, width):
    tiles = np.random.default_rng(1).integers(1, 256, (count, height, width, 3)).astype(np.uint8)
    grid = montage(tiles, columns)
    assert grid.shape == (-(-count // columns) * height, columns * width, 3)
    for k in range(count):
        row, column = divmod(k, columns)
        found = grid[row * height : (row + 1) * height, column * width : (column + 1) * width]
        assert np.array_equal(found, tiles[k])
    assert (grid > 0).sum() == tiles.size


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 28])
def test_small_pictures_come_back_pixel_by_pixel_and_enlarged_by_a_whole_factor(side, channels):
    tiles = noise(5, side, channels)
    sheet = contact_sheet(tiles, 3, 200_000, pixelated=True)
    factor = sheet.tile_width // side
    assert factor > 1
    assert sheet.pixelated
    image = decoded(sheet)
    for k in range(5):
        view = sheet.view(k)
        tile = image[view.y : view.y + view.height, view.x : view.x + view.width]
        assert np.array_equal(tile[::factor, ::factor], np.broadcast_to(tiles[k], (side, side, 3)))


def test_the_best_quality_within_the_budget_is_taken():
    tiles = noise(12, 64)
    sizes = [len(contact_sheet(tiles, 4, budget, pixelated=False).webp) for budget in (20_000, 25_000, 30_000)]
    assert sizes[0] < sizes[1] < sizes[2]
    for size, budget in zip(sizes, (20_000, 25_000, 30_000), strict=True):
        assert 0.85 * budget < size <= budget


@pytest.mark.parametrize("pixelated", [True, False])
def test_where_no_quality_fits_the_tiles_shrink(pixelated):
    sheet = contact_sheet(noise(20, 64), 5, 3_000, pixelated=pixelated)
    assert len(sheet.webp) <= 3_000
    assert sheet.tile_width < 64
    assert decoded(sheet).shape == (sheet.height, sheet.width, 3)


def test_large_pictures_are_drawn_no_larger_than_they_are_shown():
    sheet = contact_sheet(noise(3, 256), 3, 100_000, pixelated=False)
    assert (sheet.tile_width, sheet.tile_height) == (LARGEST_SIDE, LARGEST_SIDE)
    assert (sheet.width, sheet.height) == (3 * LARGEST_SIDE, LARGEST_SIDE)


def test_oblong_pictures_keep_their_shape():
    tiles = np.zeros((2, 64, 256, 1), np.uint8)
    sheet = contact_sheet(tiles, 1, 10_000, pixelated=False)
    assert (sheet.tile_width, sheet.tile_height) == (LARGEST_SIDE, LARGEST_SIDE // 4)


def test_a_view_of_several_tiles_is_as_wide_and_never_runs_into_the_next_row():
    sheet = contact_sheet(noise(7, 40), 3, 50_000, pixelated=False)
    assert (sheet.view(4, 2).x, sheet.view(4, 2).y, sheet.view(4, 2).width) == (40, 40, 80)
    for tile, count in ((5, 2), (9, 1), (-1, 1), (0, 0)):
        with pytest.raises(ValueError, match="a sheet of 3 x 3 tiles"):
            sheet.view(tile, count)


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (2, 8, 8, 2), (8, 8, 3)])
def test_tiles_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="tiles must be"):
        contact_sheet(np.zeros(shape, np.uint8), 2, 1_000, pixelated=False)


def test_an_image_that_no_webp_can_hold_is_refused():
    with pytest.raises(ValueError, match="at most 16383 pixels each way, found 20000 x 1"):
        compressed(np.zeros((1, 20_000, 3), np.uint8), 10_000)
