"""Pictures read from disk: any order, exact boxes, files that are not what they should be."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from vaeaudit.data.encoding.image_encoding import ImageEncoding, PixelLikelihood, fit_image_encoding
from vaeaudit.data.sources.image_store import ImageStore

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)


def stored(path: Path, pixels: np.ndarray = PIXELS, sizes: np.ndarray | None = None) -> ImageStore:
    np.save(path, pixels)
    n = len(pixels)
    square = np.full((n, 2), 8, np.int32)
    return ImageStore(path, pixels.shape, np.full(n, "x"), square if sizes is None else sizes)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return stored(tmp_path_factory.mktemp("store") / "pixels.npy")


@given(index=st.lists(st.integers(0, 29), max_size=12))
def test_pictures_are_read_in_any_order_and_as_often_as_asked(store: ImageStore, index: list[int]) -> None:
    np.testing.assert_array_equal(store.read(np.array(index, np.int64)), PIXELS[index])


@pytest.mark.parametrize("index", [[-1], [30], [0, 99]])
def test_a_position_outside_is_refused(store: ImageStore, index: list[int]) -> None:
    with pytest.raises(IndexError, match="positions must lie in"):
        store.read(np.array(index))


def test_a_file_of_another_shape_or_length_is_noticed(tmp_path: Path) -> None:
    made = stored(tmp_path / "pixels.npy")
    made.check()
    np.save(tmp_path / "pixels.npy", PIXELS[:5])
    with pytest.raises(ValueError, match="expected uint8"):
        made.check()
    np.save(tmp_path / "pixels.npy", PIXELS)
    with made.path.open("r+b") as stream:
        stream.truncate(made.path.stat().st_size - 10)
    with pytest.raises(ValueError, match="another length"):
        made.check()
    with pytest.raises(ValueError, match="ends too early"):
        made.read(np.array([29]))


def test_the_box_is_the_picture_inside_its_padding(tmp_path: Path) -> None:
    sizes = np.array([[8, 8], [16, 8], [8, 16], [300, 100], [1000, 1]], np.int32)
    made = stored(tmp_path / "pixels.npy", PIXELS[:5], sizes)
    expected = [[0, 0, 8, 8], [2, 0, 6, 8], [0, 2, 8, 6], [2, 0, 5, 8], [3, 0, 4, 8]]
    assert made.boxes(np.arange(5)).tolist() == expected


def test_near_binary_pictures_get_a_bernoulli_and_dark_ones_do_not(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    ink = generator.choice(np.array([0, 255], np.uint8), (40, 8, 8, 1), p=[0.8, 0.2])
    dark = generator.integers(0, 4, (40, 8, 8, 1), dtype=np.uint8)
    families = [
        fit_image_encoding(stored(tmp_path / name, pixels)).likelihood
        for name, pixels in (("ink.npy", ink), ("dark.npy", dark), ("photo.npy", PIXELS))
    ]
    assert families == [PixelLikelihood.BERNOULLI, PixelLikelihood.NORMAL, PixelLikelihood.NORMAL]


def test_an_encoding_survives_json_and_rows_are_views(store: ImageStore) -> None:
    encoding = fit_image_encoding(store)
    assert TypeAdapter(ImageEncoding).validate_json(json.dumps(asdict(encoding)), strict=True) == encoding
    rows = encoding.encode(store).take(np.array([4, 9])).take(slice(1, 2))
    pixels, boxes = rows.arrays()
    np.testing.assert_array_equal(pixels, PIXELS[[9]])
    assert boxes.tolist() == [[0, 0, 8, 8]]
