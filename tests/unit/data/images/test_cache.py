"""Resized pictures on disk: decoded once, checked, and never half written."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.images.cache import Decoding, cache_key, prepare
from vaeaudit.data.images.decoding import Picture, Unusable, decode
from vaeaudit.data.reading.load import load
from vaeaudit.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "photos"
    made.mkdir()
    for number in range(60):
        Image.fromarray(np.full((16, 16), number, dtype=np.uint8)).save(made / f"{number:02}.bmp")
    (made / "bad.bmp").write_bytes(b"BM no picture")
    return made


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were decoded, in some order."""
    names: list[str] = []

    def counted(path: Path, side: int, value_range: tuple[float, float] | None) -> Picture | Unusable:
        names.append(path.name)
        return decode(path, side, value_range)

    monkeypatch.setattr("vaeaudit.data.images.reading.decode", counted)
    return names


def read(folder: Path, **options: object) -> Dataset:
    return load(folder, ReadConfig(cache=str(folder.parent / "cache"), **options))


def pixels(dataset: Dataset) -> np.ndarray:
    assert dataset.images is not None
    return dataset.images.read(np.arange(len(dataset)))


def test_a_second_read_decodes_nothing_and_gives_the_same(folder: Path, decoded: list[str]) -> None:
    first = read(folder)
    assert len(decoded) == 61
    second = read(folder)
    assert len(decoded) == 61
    assert np.array_equal(pixels(first), pixels(second))
    assert first.images is not None
    assert second.images is not None
    assert np.array_equal(first.images.content, second.images.content)
    assert np.array_equal(first.images.sizes, second.images.sizes)
    assert (first.fingerprint, first.notes, first.images.modes) == (
        second.fingerprint,
        second.notes,
        second.images.modes,
    )
    assert first.quarantine.equals(second.quarantine)


def test_a_changed_file_another_size_and_another_folder_are_decoded(folder: Path, decoded: list[str]) -> None:
    read(folder)
    status = (folder / "07.bmp").stat()
    content = bytearray((folder / "07.bmp").read_bytes())
    content[-1] ^= 255
    (folder / "07.bmp").write_bytes(content)
    os.utime(folder / "07.bmp", ns=(status.st_atime_ns, status.st_mtime_ns))  # as unpacking an archive does
    changed = read(folder)
    assert len(decoded) == 2 * 61
    assert changed.images is not None
    assert np.array_equal(pixels(changed)[7, :, :, 0], np.asarray(Image.open(folder / "07.bmp")))
    read(folder, image_size=8)
    assert len(decoded) == 3 * 61
    folder.rename(folder.with_name("other"))
    read(folder.with_name("other"))
    assert len(decoded) == 4 * 61


@pytest.mark.parametrize("damage", ["pixels gone", "pixels cut", "document cut", "document of another shape"])
def test_a_damaged_cache_is_made_again(folder: Path, decoded: list[str], damage: str) -> None:
    expected = pixels(read(folder)).copy()
    stored = next((folder.parent / "cache").glob("*.npy"))
    document = stored.with_suffix(".json")
    if damage == "pixels gone":
        stored.unlink()
    elif damage == "pixels cut":
        stored.write_bytes(stored.read_bytes()[:-100])
    elif damage == "document cut":
        document.write_text(document.read_text()[:-100])
    else:
        document.write_text(json.dumps({**json.loads(document.read_text()), "shape": [61, 16, 16, 1]}))
    assert np.array_equal(pixels(read(folder)), expected)
    assert len(decoded) == 2 * 61


def test_the_cache_holds_no_holes_and_nothing_half_written(folder: Path) -> None:
    dataset = read(folder)
    assert sorted(path.suffix for path in (folder.parent / "cache").glob("[!.]*")) == [".json", ".npy"]
    stored = np.load(next((folder.parent / "cache").glob("*.npy")))
    assert stored.shape == (60, 16, 16, 1)
    assert stored[:, 0, 0, 0].tolist() == list(range(60))
    assert dataset.accounting.quarantined == 1


def test_an_interrupted_read_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path, side: int, _: object) -> Picture:
        if path.name == "40.bmp":
            raise KeyboardInterrupt
        return Picture(np.zeros((side, side), np.uint8), "x", (16, 16), "L")

    monkeypatch.setattr("vaeaudit.data.images.reading.decode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read(folder)
    assert list((folder.parent / "cache").glob("[!.]*")) == []


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path) -> None:
    def outcomes() -> Iterator[Picture]:
        for number in range(3000):
            yield Picture(np.full((64, 64, 3), number % 256, np.uint8), f"{number:064x}", (64, 64), "RGB")

    tracemalloc.start()
    _, store = prepare(tmp_path, "key", lambda: Decoding(64, 3000, outcomes()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert store.path.stat().st_size > 36_000_000
    assert peak < 6_000_000


def test_what_may_succeed_another_time_is_not_remembered(tmp_path: Path) -> None:
    good = Picture(np.ones((8, 8), np.uint8), "a", (8, 8), "L")
    tries = []

    def decoding() -> Decoding:
        tries.append(1)
        return Decoding(8, 2, (outcome for outcome in (good, Unusable("busy", lasting=len(tries) > 1))))

    for expected in (1, 2, 2):
        preparation, store = prepare(tmp_path, "key", decoding)
        assert len(tries) == expected
        assert preparation.refused == {1: "busy"}
        assert preparation.positions.tolist() == [0]
        assert store.read(np.arange(1)).tolist() == np.ones((1, 8, 8, 1)).tolist()


def test_progress_is_told_up_to_the_last_picture(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    load(
        folder,
        ReadConfig(cache=str(folder.parent / "cache")),
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(61, 61)]


def test_a_cache_that_cannot_be_written_names_the_option(folder: Path) -> None:
    (folder.parent / "file").write_text("")
    with pytest.raises(UsageError, match=r"--cache .*file: cannot be written: not a directory"):
        load(folder, ReadConfig(cache=str(folder.parent / "file")))


def test_the_default_cache_is_in_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    images = load(folder).images
    assert images is not None
    assert images.path.parent == folder.parent / "runs" / ".cache"


def test_keys_tell_everything_apart() -> None:
    keys = [cache_key(8, "a", "b"), cache_key(8, "ab"), cache_key(16, "a", "b"), cache_key(8, "a", "\udcff")]
    assert len(set(keys)) == 4
