"""The arrays of a `.npy` or `.npz` file, read in chunks from their raw bytes; nothing is ever unpickled."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from vaeaudit.data.sources.listing import readable_name
from vaeaudit.errors import InputError, UsageError

_CHUNK_BYTES = 4 << 20
_UNPICKLED = "It holds Python objects, which are a pickle; a pickle can run any code when it is opened, so it never is."


@dataclass(frozen=True)
class StoredArray:
    """One array of a file, of which only the header was read.

    Attributes
    ----------
    path, member
        The file, and the name of the array's entry in it; None for a `.npy` file.
    name
        What messages call the array.
    shape, dtype, fortran_order
        As the header says.
    """

    path: Path
    member: str | None
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool

    def __str__(self) -> str:
        return f"{self.name} ({' x '.join(map(str, self.shape))} {self.dtype})"

    @property
    def is_pickled(self) -> bool:
        """Whether the array holds Python objects."""
        return self.dtype.hasobject

    @property
    def is_numeric(self) -> bool:
        """Whether the array holds truth values, integers or real numbers."""
        return self.dtype.kind in "buif"

    def chunks(self) -> Iterator[npt.NDArray[Any]]:
        """Read the array some rows at a time; what is in memory does not grow with N, unless it is stored by columns.

        Raises
        ------
        InputError
            Where the data is truncated or damaged.
        """
        row_items = prod(self.shape[1:])
        rows = max(1, _CHUNK_BYTES // max(1, row_items * self.dtype.itemsize))
        if self.fortran_order:
            with _damage_reported(self.path.name):
                stored = np.load(self.path, mmap_mode="r", allow_pickle=False)
                whole = np.asarray(stored if self.member is None else stored[self.name])
            yield from (whole[start : start + rows] for start in range(0, len(whole), rows))
            return
        with _open(self.path, self.member) as stream:
            read_header(stream)
            for start in range(0, self.shape[0], rows):
                n_rows = min(rows, self.shape[0] - start)
                n_bytes = n_rows * row_items * self.dtype.itemsize
                block = stream.read(n_bytes)
                if len(block) != n_bytes:
                    raise InputError(f"{self.path.name}: {self.name}: the data is truncated.")
                yield np.frombuffer(block, dtype=self.dtype).reshape(n_rows, *self.shape[1:])

    def read(self) -> npt.NDArray[Any]:
        """Read the whole array."""
        parts = list(self.chunks())
        return np.concatenate(parts) if parts else np.empty(self.shape, dtype=self.dtype)


@dataclass(frozen=True)
class ArrayFile:
    """A `.npy` file, or all arrays of a `.npz` file."""

    path: Path
    arrays: tuple[StoredArray, ...]

    @property
    def listed(self) -> str:
        """All arrays with their shapes."""
        return ", ".join(map(str, self.arrays))

    def choose(self, key: str | None) -> StoredArray:
        """Return the array that holds the rows: the one named, else the only one that can.

        Raises
        ------
        UsageError
            Where the name is unknown, or none is given and there are several.
        InputError
            Where no array can be used.
        """
        if key is not None:
            return _usable(self.path.name, self._named(key))
        if len(self.arrays) == 1:
            return _usable(self.path.name, self.arrays[0])
        numeric = [array for array in self.arrays if array.is_numeric]
        candidates = [array for array in numeric if len(array.shape) >= 3]
        candidates = candidates or [array for array in numeric if len(array.shape) == 2]
        if len(candidates) == 1:
            return _usable(self.path.name, candidates[0])
        if not candidates:
            raise InputError(f"{self.path.name}: expected an array N x D, or of pictures, found {self.listed}.")
        raise UsageError(
            f"{self.path.name} holds several arrays: {self.listed}.",
            hint=f"Choose one: {' or '.join(f'--array-key {array.name}' for array in candidates[:4])}",
        )

    def _named(self, key: str) -> StoredArray:
        found = next((array for array in self.arrays if array.name == key), None)
        if found is None:
            raise UsageError(
                f"--array-key {key}: {self.path.name} has no array of this name.", hint=f"It holds: {self.listed}"
            )
        return found


def read_npy(path: Path) -> ArrayFile:
    """Read the header of a `.npy` file.

    Raises
    ------
    InputError
        Where it is damaged, or promises more data than there is.
    """
    return ArrayFile(path, (_header(path, None, readable_name(path.stem), path.stat().st_size),))


def read_npz(path: Path) -> ArrayFile | None:
    """Read the headers of a `.npz` file; None where the archive holds something else. Raises as `read_npy` does."""
    if not zipfile.is_zipfile(path):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError):  # the latter of a version that zipfile does not know
        return None
    if not members or not all(member.filename.endswith(".npy") for member in members):
        return None
    return ArrayFile(
        path,
        tuple(
            _header(path, member.filename, member.filename.removesuffix(".npy"), member.file_size) for member in members
        ),
    )


def _header(path: Path, member: str | None, name: str, n_bytes: int) -> StoredArray:
    with _open(path, member) as stream:
        shape, fortran_order, dtype = read_header(stream)
        promised = prod(shape) * dtype.itemsize + stream.tell()
    if min(shape, default=0) < 0 or (promised > n_bytes and not dtype.hasobject):
        raise InputError(
            f"{path.name}: {name}: its header promises {promised:,} bytes, found {n_bytes:,}.",
            hint="The file is truncated: copy or write it again.",
        )
    return StoredArray(path, member, name, shape, dtype, fortran_order and len(shape) > 1)


def read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether by columns, and type of a `.npy` file, and stand behind the header."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError("it has named fields, where plain numbers are expected")


@contextmanager
def _open(path: Path, member: str | None) -> Iterator[IO[bytes]]:
    with _damage_reported(path.name), path.open("rb") as file:
        if member is None:
            yield file
        else:
            with zipfile.ZipFile(file) as archive, archive.open(member) as stream:
                yield stream


@contextmanager
def _damage_reported(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError, NotImplementedError) as error:
        said = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise InputError(
            f"{name}: expected NumPy arrays, found damaged data: {said}.", hint="Write the file again with numpy.save."
        ) from error


def _usable(file: str, array: StoredArray) -> StoredArray:
    if array.is_pickled:
        raise InputError(f"{file}: refused: {array.name} cannot be read. {_UNPICKLED}")
    if not array.is_numeric:
        raise InputError(f"{file}: expected numbers, found {array}.")
    return array
