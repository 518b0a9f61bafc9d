"""Arrays of pictures and of vectors, from .npy and .npz files."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.schema.columns import Kind
from vaeaudit.data.sources.formats import open_arrays
from vaeaudit.errors import InputError, UsageError, VaeauditError

RNG = np.random.default_rng(0)
SHADES = RNG.integers(0, 256, (30, 28, 28), dtype=np.uint8)
VECTORS = RNG.normal(size=(40, 5)).astype(np.float32)


def read(path: Path, **options: object) -> Dataset:
    return load(path, ReadConfig(cache=str(path.parent / "cache"), **options))


def saved(path: Path, *array: np.ndarray, **arrays: np.ndarray) -> Path:
    with path.open("wb") as stream:
        np.savez_compressed(stream, **arrays) if arrays else np.save(stream, *array)
    return path


def pixels(dataset: Dataset) -> np.ndarray:
    assert dataset.images is not None
    return dataset.images.read(np.arange(len(dataset)))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (SHADES, "0 is read as black, 255"),
        (SHADES.astype(np.float32) / 255, "0 is read as black, 1 as white"),
        (SHADES.astype(np.float16), "0 is read as black, 255 as white"),
        (SHADES / 127.5 - 1, "-1 is read as black, 1 as white"),
        (SHADES.astype(np.int64) * 1000 - 7000, "the lowest is read as black"),
        (np.asfortranarray(SHADES), "255 as white"),
        ((SHADES / 255 * 16).astype(np.float64), "the highest as white"),
        (SHADES.astype(">u2"), "255 as white"),
        (SHADES[..., None], "255 as white"),
    ],
)
def test_pictures_of_any_number_type_come_out_the_same(tmp_path: Path, values: np.ndarray, said: str) -> None:
    dataset = read(saved(tmp_path / "x.npy", values))
    assert np.abs(pixels(dataset)[..., 0].astype(int) - SHADES).max() <= (1 if values.dtype != np.uint8 else 0)
    assert any(said in note for note in dataset.notes)
    assert dataset.row_ids[:2].tolist() == ["0", "1"]
    assert dataset.images is not None
    assert dataset.images.shape == (30, 28, 28, 1)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_pictures_of_zeros_and_ones_are_black_and_white(tmp_path: Path, dtype: type) -> None:
    dataset = read(saved(tmp_path / "x.npy", (SHADES > 100).astype(dtype)))
    assert np.array_equal(pixels(dataset)[..., 0], np.where(SHADES > 100, 255, 0))


def test_channels_come_last_or_first_and_a_fourth_is_transparency(tmp_path: Path) -> None:
    colour = RNG.integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
    assert np.array_equal(pixels(read(saved(tmp_path / "last.npy", colour))), colour)
    first = read(saved(tmp_path / "first.npy", np.moveaxis(colour, -1, 1)))
    assert np.array_equal(pixels(first), colour)
    assert any("3 channels come first" in note for note in first.notes)
    clear = np.concatenate([colour, np.zeros((24, 16, 16, 1), np.uint8)], axis=-1)
    assert pixels(read(saved(tmp_path / "clear.npy", clear))).min() == 255


def test_a_picture_with_values_that_are_not_finite_is_quarantined_by_its_row(tmp_path: Path) -> None:
    values = SHADES.astype(np.float32) / 255
    values[3, 0, :2] = np.nan
    values[7, 1, 1] = np.inf
    dataset = read(saved(tmp_path / "x.npz", images=values, y=np.arange(30) % 4))
    assert dataset.quarantine.to_dict("records") == [
        {"file": "x.npz", "row": 3, "reason": "2 of 784 values are not finite"},
        {"file": "x.npz", "row": 7, "reason": "1 of 784 values are not finite"},
    ]
    assert str(dataset.accounting) == "30 read = 28 scored + 2 quarantined + 0 skipped"
    assert dataset.row_ids[3] == "4"
    assert dataset.frame["y"].tolist() == [row % 4 for row in range(30) if row not in (3, 7)]
    assert np.array_equal(pixels(dataset)[6, ..., 0], SHADES[8])


def test_vectors_become_real_columns_without_guessing(tmp_path: Path) -> None:
    values = np.column_stack([VECTORS, np.arange(40), np.arange(40) % 2, np.full(40, 3)])
    values[0, 0], values[1, 1], values[2] = np.nan, np.inf, np.nan
    path = saved(tmp_path / "x.npz", emb=values, label=np.array(["a", "b"] * 20), score=RNG.normal(size=40))
    dataset = read(path, label="label")
    kinds = [dataset.schema[f"v{number}"].kind for number in range(8)]
    assert kinds == [Kind.REAL] * 7 + [Kind.CONSTANT]
    assert [column.name for column in dataset.schema.modelled] == [f"v{number}" for number in range(7)]
    assert dataset.schema["label"].levels == ("b", "a")
    assert str(dataset.accounting) == "40 read = 39 scored + 1 quarantined + 0 skipped"
    assert dataset.row_ids[2] == "3"
    assert dataset.images is None
    assert "2 value(s) in 2 row(s) are NaN or infinite: read as missing" in dataset.notes
    assert read(path, include=("score",)).schema["score"].in_model
    assert np.allclose(dataset.frame["v3"].to_numpy()[2:], values[3:, 3])


def test_arrays_beside_the_chosen_one_become_columns_or_are_named(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "x.npz",
        imgs=SHADES,
        factors=RNG.normal(size=(30, 3)),
        day=np.arange("2024-01-01", "2024-01-31", dtype="datetime64[D]"),
        raw=np.array([b"x", b"y", b"z"] * 10),
        names=np.array(["a", "b"]),
        wide=RNG.normal(size=(30, 40)),
    )
    dataset = read(path)
    assert [column.name for column in dataset.schema if not column.derived] == [
        "factors_0",
        "factors_1",
        "factors_2",
        "day",
        "raw",
    ]
    assert dataset.schema["day"].kind is Kind.DATETIME
    assert dataset.schema["raw"].levels == ("x", "y", "z")
    assert not dataset.schema.modelled
    unread = next(note for note in dataset.notes if note.startswith("arrays that were not read"))
    assert "names (2 <U1)" in unread
    assert "wide (30 x 40 float64)" in unread


def test_arrays_of_another_split_do_not_become_columns(tmp_path: Path) -> None:
    rows, label = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 2
    path = saved(tmp_path / "x.npz", X_train=rows, y_train=label, X_val=rows, y_valid=1 - label, weight=label + 0.5)
    dataset = read(path, array_key="X_train")
    assert dataset.schema.names == ("v0", "v1", "v2", "y_train", "weight")
    assert any("another split than X_train: X_val (30 x 3 float64), y_valid (30 int64)" in n for n in dataset.notes)


def test_several_arrays_are_named_and_array_key_chooses(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.npz", one=SHADES, two=255 - SHADES)
    with pytest.raises(UsageError, match=r"several arrays: one \(30 x 28 x 28 uint8\), two") as error:
        read(path)
    assert error.value.hint == "Choose one: --array-key one or --array-key two"
    assert np.array_equal(pixels(read(path, array_key="two"))[..., 0], 255 - SHADES)
    with pytest.raises(UsageError, match=r"--array-key three: x\.npz has no array of this name"):
        read(path, array_key="three")


def test_kind_says_how_an_array_is_read(tmp_path: Path) -> None:
    flat, deep = saved(tmp_path / "flat.npy", VECTORS), saved(tmp_path / "deep.npy", SHADES)
    assert read(flat, kind="table").images is None
    assert read(deep, kind="array").images is not None
    with pytest.raises(InputError, match=r"expected pictures as N x H x W.*flat \(40 x 5 float32\)"):
        read(flat, kind="images")
    with pytest.raises(InputError, match="expected N x D vectors, found deep"):
        read(deep, kind="table")


@pytest.mark.parametrize("shape", [(40,), (), (40, 0), (480, 640, 3), (30, 8, 8, 2), (3, 4, 5, 6, 7)])
def test_shapes_that_are_neither_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"expected .*found x"):
        read(saved(tmp_path / "x.npy", np.zeros(shape)))


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "witness",)

    path = tmp_path / "x.npy"
    np.save(path, np.array([Trap()] * 30, dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"refused: x cannot be read\. It holds Python objects"):
        read(path)
    beside = tmp_path / "y.npz"
    np.savez(beside, x=SHADES, trap=np.array([Trap()] * 30, dtype=object))
    assert "arrays that were not read, because they hold Python objects: trap (30 object)" in read(beside).notes
    with pytest.raises(InputError, match="refused: trap"):
        read(beside, array_key="trap")
    disguised = tmp_path / "z.npy"
    disguised.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="Python pickle"):
        read(disguised)
    assert not (tmp_path / "witness").exists()


def test_truncated_and_damaged_files_are_errors(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.npy", SHADES)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"its header promises 23,648 bytes, found 23,638"):
        read(path)
    path.write_bytes(b"\x93NUMPY\x01\x00\x10\x00{'descr': bad}")
    with pytest.raises(InputError, match="damaged"):
        read(path)
    archive = saved(tmp_path / "x.npz", x=SHADES)
    content = bytearray(archive.read_bytes())
    content[5000] ^= 255
    archive.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        read(archive)
    assert list((tmp_path / "cache").glob("*")) == []


def test_a_header_that_promises_the_moon_is_refused_before_anything_is_set_aside(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 64, 64)})
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", stream.getvalue())
    with pytest.raises(InputError, match="its header promises"):
        read(tmp_path / "x.npz")


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_damaged_bytes_give_a_clear_error_or_numbers(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = saved(tmp_path_factory.mktemp("fuzz") / "x.npz", x=VECTORS, y=np.arange(40))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        dataset = read(path)
    except VaeauditError as error:
        assert str(error)
    else:
        assert len(dataset) == 40


def test_a_content_decides_and_other_archives_are_no_arrays(tmp_path: Path) -> None:
    assert len(read(saved(tmp_path / "vectors.data", VECTORS))) == 40
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert open_arrays(tmp_path / "x.npz") is None
    assert open_arrays(tmp_path) is None


def test_an_array_is_scaled_and_cached_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    path = saved(tmp_path / "x.npz", x=SHADES / 255, y=np.arange(30) % 3)
    first = read(path)
    monkeypatch.delattr("vaeaudit.data.arrays.reading.scale_of")
    second = read(path)
    assert (second.fingerprint, second.notes) == (first.fingerprint, first.notes)
    assert np.array_equal(pixels(first), pixels(second))
