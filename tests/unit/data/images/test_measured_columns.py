"""What is computed from the pixels: closed forms, what mirrors and negatives do to it, padding that never counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.images.measured_columns import MEANINGS, are_bound, measure_pictures
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import load_like
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.data.sources.image_store import ImageStore

SIDE = 16
RNG = np.random.default_rng(3)
COLOUR = {"picture_colourfulness", "picture_warmth"}


def measured(folder: Path, pixels: np.ndarray, sizes: np.ndarray | None = None) -> dict[str, np.ndarray]:
    pixels = pixels if pixels.ndim == 4 else pixels[..., None]
    np.save(folder / "pixels.npy", pixels)
    n = len(pixels)
    sizes = np.tile(np.array(pixels.shape[2:0:-1], np.int32), (n, 1)) if sizes is None else sizes.astype(np.int32)
    return measure_pictures(ImageStore(folder / "pixels.npy", pixels.shape, np.full(n, "x"), sizes))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("measured")


def square(top: int, left: int, side: int = 4, shade: int = 255) -> np.ndarray:
    pixels = np.zeros((1, SIDE, SIDE), np.uint8)
    pixels[:, top : top + side, left : left + side] = shade
    return pixels


# --- closed forms ---------------------------------------------------------------------------------------------------


def test_a_half_white_picture_is_half_bright_and_has_all_the_contrast_there_is(folder: Path) -> None:
    pixels = np.zeros((1, SIDE, SIDE), np.uint8)
    pixels[:, :, : SIDE // 2] = 255
    found = measured(folder, pixels)
    assert found["picture_brightness"] == pytest.approx(0.5)
    assert found["picture_contrast"] == pytest.approx(0.5)


def test_luma_weighs_the_channels_as_rec_601_does(folder: Path) -> None:
    pixels = np.zeros((3, SIDE, SIDE, 3), np.uint8)
    pixels[[0, 1, 2], :, :, [0, 1, 2]] = 255
    found = measured(folder, pixels)
    np.testing.assert_allclose(found["picture_brightness"], [0.299, 0.587, 0.114], atol=1e-5)
    np.testing.assert_allclose(found["picture_warmth"], [1, 0, -1], atol=1e-5)


def test_colourfulness_is_that_of_hasler_and_suesstrunk(folder: Path) -> None:
    pixels = RNG.integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)
    red, green, blue = np.moveaxis(pixels.astype(float), -1, 0)
    opponents = red - green, (red + green) / 2 - blue
    spread = np.sqrt(sum(opponent.var(axis=(1, 2)) for opponent in opponents))
    offset = np.sqrt(sum(opponent.mean(axis=(1, 2)) ** 2 for opponent in opponents))
    np.testing.assert_allclose(measured(folder, pixels)["picture_colourfulness"], spread + 0.3 * offset, rtol=1e-4)


def test_the_centre_of_a_square_on_plain_ground_is_where_it_is_and_moves_as_it_does(folder: Path) -> None:
    found = measured(folder, np.concatenate([square(2, 3), square(2, 8), square(9, 3)]))
    np.testing.assert_allclose(found["picture_centre_x"], [5 / 16, 10 / 16, 5 / 16], atol=1e-5)
    np.testing.assert_allclose(found["picture_centre_y"], [4 / 16, 4 / 16, 11 / 16], atol=1e-5)


def test_extent_and_foreground_follow_the_size_of_the_square_alone(folder: Path) -> None:
    found = measured(folder, np.concatenate([square(2, 3, 4), square(6, 6, 4), square(3, 3, 8)]))
    # the variance of places on a side of s pixels is (s^2 - 1) / 12, on each of two axes
    extents = np.sqrt(np.array([15, 15, 63]) / 6) / SIDE
    np.testing.assert_allclose(found["picture_extent"], extents, atol=1e-5)
    np.testing.assert_allclose(found["picture_foreground"], np.array([16, 16, 64]) / SIDE**2, atol=1e-5)


def test_sharpness_is_log_20_for_white_noise_falls_with_blur_and_ignores_contrast(folder: Path) -> None:
    noise = RNG.normal(128, 30, (1, 200, 200))
    blurred = (noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 2) + np.roll(noise, (1, 1), (1, 2))) / 4
    flatter = 128 + (noise - 128) / 2
    pixels = np.clip(np.concatenate([noise, blurred, flatter]), 0, 255).round().astype(np.uint8)
    sharp, soft, flat = measured(folder, pixels)["picture_sharpness"]
    assert sharp == pytest.approx(np.log(20), abs=0.05)
    assert flat == pytest.approx(sharp, abs=0.02)
    assert soft < sharp - 0.5


def test_grey_pictures_have_no_columns_of_colour(folder: Path) -> None:
    assert set(measured(folder, square(1, 1))) == set(MEANINGS) - COLOUR


def test_a_picture_of_one_grey_level_has_no_centre_and_no_sharpness(folder: Path) -> None:
    found = measured(folder, np.full((2, SIDE, SIDE), 51, np.uint8))
    assert found["picture_brightness"] == pytest.approx([0.2, 0.2])
    assert found["picture_foreground"] == pytest.approx([0, 0])
    for name in ("picture_centre_x", "picture_centre_y", "picture_extent", "picture_sharpness"):
        assert np.isnan(found[name]).all()


@pytest.mark.parametrize("size", [(16, 1), (1, 16), (16, 2), (9, 16)])
def test_narrow_pictures_are_measured_without_a_fault(folder: Path, size: tuple[int, int]) -> None:
    pixels = RNG.integers(0, 256, (3, SIDE, SIDE), dtype=np.uint8)
    found = measured(folder, pixels, np.tile(np.array(size), (3, 1)))
    assert all(np.isfinite(found[name]).all() for name in ("picture_brightness", "picture_centre_x", "picture_extent"))


# --- properties -----------------------------------------------------------------------------------------------------

pictures = arrays.arrays(np.uint8, st.tuples(st.just(2), st.integers(4, 9), st.integers(4, 9)))


@given(pixels=pictures)
def test_a_negative_has_one_minus_the_brightness_and_the_same_of_all_else(folder: Path, pixels: np.ndarray) -> None:
    one, other = measured(folder, pixels), measured(folder, 255 - pixels)
    np.testing.assert_allclose(other["picture_brightness"], 1 - one["picture_brightness"], atol=2e-5)
    for name in set(one) - {"picture_brightness"}:
        np.testing.assert_allclose(other[name], one[name], atol=2e-3)


@given(pixels=pictures)
def test_a_mirror_swaps_left_and_right_and_keeps_all_else(folder: Path, pixels: np.ndarray) -> None:
    one, other = measured(folder, pixels), measured(folder, pixels[:, :, ::-1])
    np.testing.assert_allclose(other["picture_centre_x"], 1 - one["picture_centre_x"], atol=2e-5)
    for name in set(one) - {"picture_centre_x"}:
        np.testing.assert_allclose(other[name], one[name], atol=2e-3)


@given(pixels=pictures)
def test_a_turn_by_a_quarter_swaps_the_axes(folder: Path, pixels: np.ndarray) -> None:
    one, other = measured(folder, pixels), measured(folder, pixels.transpose(0, 2, 1))
    np.testing.assert_allclose(other["picture_centre_x"], one["picture_centre_y"], atol=2e-5)
    np.testing.assert_allclose(other["picture_extent"], one["picture_extent"], atol=2e-5)


def test_padding_is_not_counted(folder: Path) -> None:
    inside = RNG.integers(0, 256, (3, 8, SIDE, 3), dtype=np.uint8)
    padded = np.full((3, SIDE, SIDE, 3), 255, np.uint8)
    padded[:, 4:12] = inside
    alone = measured(folder, inside)
    for name, values in measured(folder, padded, np.tile([SIDE, 8], (3, 1))).items():
        np.testing.assert_allclose(values, alone[name], err_msg=name)


def test_many_pictures_of_many_shapes_are_each_measured_as_if_alone(folder: Path) -> None:
    pixels = RNG.integers(0, 256, (2100, 8, 8), dtype=np.uint8)
    sizes = RNG.integers(4, 9, (2100, 2))
    found = measured(folder, pixels, sizes)
    for row in (0, 1023, 1024, 2099):
        alone = measured(folder, pixels[[row]], sizes[[row]])
        assert all(alone[name][0] == pytest.approx(found[name][row], abs=2e-5, nan_ok=True) for name in found)


def test_only_place_is_free_of_light_and_of_the_other_place() -> None:
    free = {(one, other) for one in MEANINGS for other in MEANINGS if one < other and not are_bound(one, other)}
    assert ("picture_centre_x", "picture_centre_y") in free
    assert ("picture_brightness", "picture_contrast") not in free
    assert all({one, other} & {"picture_centre_x", "picture_centre_y"} for one, other in free)


# --- as columns of a dataset ----------------------------------------------------------------------------------------


def write_folder(folder: Path, pixels: np.ndarray, metadata: str = "") -> Path:
    folder.mkdir(parents=True)
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(folder / f"{number:02d}.png")
    if metadata:
        (folder / "metadata.csv").write_text(metadata)
    return folder


def read(source: Path, **settings: object) -> Dataset:
    return load(source, ReadConfig(cache=str(source.parent / "cache"), **settings))  # type: ignore[arg-type]


GREY = RNG.integers(0, 256, (24, SIDE, SIDE), dtype=np.uint8)
BRIGHT = "file_name,picture_brightness\n" + "".join(f"{n:02d}.png,{'high' if n % 2 else 'low'}\n" for n in range(24))


def test_they_are_real_columns_behind_those_of_the_data_and_outside_the_model(tmp_path: Path) -> None:
    dataset = read(write_folder(tmp_path / "p", GREY, BRIGHT.replace("picture_brightness", "sort")))
    assert dataset.schema.names == ("sort", *(name for name in MEANINGS if name not in COLOUR))
    for column in dataset.schema.columns[1:]:
        assert (column.kind, column.role, column.in_model, column.derived) == (Kind.REAL, Role.INPUT, False, True)
    assert not dataset.schema["sort"].derived


def test_a_column_of_the_data_keeps_its_name_and_ours_is_left_out_with_a_note(tmp_path: Path) -> None:
    dataset = read(write_folder(tmp_path / "p", GREY, BRIGHT))
    assert dataset.schema["picture_brightness"].kind.is_levelled
    assert not dataset.schema["picture_brightness"].derived
    assert any("not computed from the pictures" in note and "picture_brightness" in note for note in dataset.notes)


def test_what_does_not_vary_is_left_out_and_what_is_not_defined_is_missing(tmp_path: Path) -> None:
    pixels = np.concatenate([np.full((1, SIDE, SIDE), 9, np.uint8), np.tile(square(2, 3), (23, 1, 1))])
    dataset = read(write_folder(tmp_path / "p", pixels))
    assert "picture_centre_x" not in dataset.schema
    assert "picture_brightness" in dataset.schema
    moved = np.concatenate([pixels[:2], np.tile(square(2, 8), (22, 1, 1))])
    column = read(write_folder(tmp_path / "q", moved)).schema["picture_centre_x"]
    assert (column.missing, column.unique) == (1, 2)
    assert column.problems == ("not defined for 1 picture(s) of one grey level",)


def test_roles_and_kinds_are_declared_as_of_any_column_but_no_value_means_missing(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "p", GREY)
    dataset = read(folder, exclude=("picture_contrast",), sensitive=("picture_brightness",))
    assert dataset.schema["picture_contrast"].role is Role.EXCLUDED
    assert dataset.schema["picture_brightness"].role is Role.SENSITIVE
    assert read(folder, kinds={"picture_extent": "positive"}).schema["picture_extent"].kind is Kind.POSITIVE
    first = str(dataset.frame["picture_brightness"][0])
    assert read(folder, na=(first,)).frame["picture_brightness"].notna().all()


def test_arrays_of_pictures_have_them_too(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", GREY)
    from_array, from_files = read(tmp_path / "x.npy"), read(write_folder(tmp_path / "p", GREY))
    assert from_array.frame.equals(from_files.frame)


def test_other_pictures_get_the_same_columns_whatever_theirs_are_called(tmp_path: Path) -> None:
    schema = read(write_folder(tmp_path / "run", GREY)).schema
    other = write_folder(tmp_path / "other", GREY[:5], BRIGHT)
    form = read(tmp_path / "run").images
    assert form is not None
    found = load_like(other, schema, ReadConfig(cache=str(tmp_path / "cache")), form=form.form)
    assert found.lacking == ()
    expected = read(tmp_path / "run").frame.iloc[:5]
    np.testing.assert_allclose(found.dataset.frame.to_numpy(), expected.to_numpy())
    assert any("computed from the pictures as in the run" in note for note in found.dataset.notes)


def test_a_column_of_the_run_is_never_filled_with_what_is_computed(tmp_path: Path) -> None:
    dataset = read(write_folder(tmp_path / "run", GREY, BRIGHT))
    assert dataset.images is not None
    other = write_folder(tmp_path / "other", GREY[:5])
    found = load_like(other, dataset.schema, ReadConfig(cache=str(tmp_path / "c")), form=dataset.images.form)
    assert found.lacking == ("picture_brightness",)
    assert found.dataset.frame["picture_brightness"].isna().all()
