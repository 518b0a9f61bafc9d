"""Pictures as the model sees them: one uint8 array on disk, of one size, written once and read as it is asked for."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from vaeaudit.data.sources.numpy_files import read_header

_COPIED_AT_ONCE = 256


@dataclass(frozen=True)
class PictureForm:
    """What pictures are brought to, where that is not to be chosen from the data.

    Attributes
    ----------
    side, channels
        Of every picture, in pixels; 1 or 3 channels.
    value_range
        Values that stand for black and for white in an array, or in files of more than 8 bits; None for other files.
    """

    side: int
    channels: int
    value_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class ImageStore:
    """N pictures of one size in a `.npy` file; nothing of it is in memory until it is looked at.

    Attributes
    ----------
    path
        The `.npy` file, uint8 [N, H, W, channels], channels 1 or 3.
    shape
        (N, H, W, channels).
    content
        [N] text; SHA-256 of each picture's decoded pixels at its original size: equal text, exact duplicate.
    sizes
        [N, 2] int; original width and height, as shown (after EXIF rotation).
    modes
        Pixel format of the source, as Pillow calls it -> how many pictures had it.
    value_range
        As in `PictureForm`.
    """

    path: Path
    shape: tuple[int, int, int, int]
    content: npt.NDArray[np.str_]
    sizes: npt.NDArray[np.int32]
    modes: dict[str, int] = field(default_factory=dict)
    value_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        n_images, _, _, channels = self.shape
        if channels not in (1, 3):
            raise ValueError(f"pictures must have 1 or 3 channels, found {channels}")
        if self.content.shape != (n_images,) or self.sizes.shape != (n_images, 2):
            raise ValueError(f"content and sizes must describe N = {n_images} pictures")

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def form(self) -> PictureForm:
        """What the pictures were brought to."""
        return PictureForm(self.shape[1], self.shape[3], self.value_range)

    def read(self, index: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
        """Return the pictures [K, H, W, channels] at these positions [K].

        They are read with plain file reads, a run of neighbours at once: pages of a mapped file would count as memory
        of the process, which would then grow with N.
        """
        size = int(np.prod(self.shape[1:]))
        index = np.asarray(index, np.int64)
        if index.size and not 0 <= index.min() <= index.max() < len(self):
            raise IndexError(f"positions must lie in [0, {len(self)}), found {index.min()} to {index.max()}")
        pixels = np.empty((len(index), size), np.uint8)
        starts = np.flatnonzero(np.diff(index, prepend=-2) != 1)
        stops = np.append(starts, len(index))[1:]
        with self.path.open("rb") as stream:
            first = _first_byte(stream, self)
            for start, stop in zip(starts, stops, strict=True):
                stream.seek(first + int(index[start]) * size)
                if stream.readinto(pixels[start:stop].data) != (stop - start) * size:
                    raise ValueError(f"{self.path}: the file ends too early")
        return pixels.reshape(len(index), *self.shape[1:])

    def check(self) -> None:
        """Raise ValueError or OSError unless the file holds what this store says."""
        with self.path.open("rb") as stream:
            first = _first_byte(stream, self)
        if self.path.stat().st_size != first + int(np.prod(self.shape)):
            raise ValueError(f"{self.path}: the file has another length than {self.shape} pixels need")

    def boxes(self, index: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
        """Return [K, 4]: top, left, bottom and right edge of the picture itself; what lies outside is padding."""
        sides = np.array([self.shape[2], self.shape[1]])
        original = self.sizes[index].astype(np.float64)
        scale = np.min(sides / original, axis=1, keepdims=True)
        inner = np.clip(np.rint(original * scale), 1, sides).astype(np.int32)
        left, top = ((sides - inner) // 2).T
        return np.stack([top, left, top + inner[:, 1], left + inner[:, 0]], axis=1).astype(np.int32)


def _first_byte(stream: BinaryIO, store: ImageStore) -> int:
    """Return where the pixels begin, after a header that says what `store` says."""
    shape, fortran, dtype = read_header(stream)
    if shape != store.shape or fortran or dtype != np.uint8:
        raise ValueError(f"{store.path}: expected uint8 {store.shape}, found {dtype} {shape}")
    return stream.tell()


class PixelWriter:
    """Writes uint8 pictures one after the other into a `.npy` file: grey as long as all are, unless begun in colour.

    Written as a stream rather than through a memory map, whose dirty pages would count as memory of the process.
    """

    def __init__(self, folder: Path, side: int, channels: int) -> None:
        self._folder, self._side, self._channels, self._count = folder, side, channels, 0
        self._file = self._begin()

    def __enter__(self) -> PixelWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
        Path(self._file.name).unlink(missing_ok=True)

    def append(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Write one picture, [side, side] or [side, side, 3]."""
        if pixels.ndim == 3 and self._channels == 1:
            self._widen()
        if pixels.ndim == 2 and self._channels == 3:
            pixels = np.repeat(pixels[..., None], 3, axis=-1)
        self._file.write(pixels.tobytes())
        self._count += 1

    def finish(self, path: Path) -> tuple[int, int, int, int]:
        """Set the final length into the header and move the file to its place."""
        self._write_header(self._file)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        Path(self._file.name).replace(path)
        return (self._count, self._side, self._side, self._channels)

    def _begin(self) -> BinaryIO:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        os.close(handle)
        file = Path(name).open("w+b")  # noqa: SIM115 - closed, and removed, when the writer is left
        self._write_header(file)
        return file

    def _write_header(self, file: BinaryIO) -> None:
        """Write the header at the start; NumPy pads it, so that it is as long for any number of pictures."""
        file.seek(0)
        shape = (self._count, self._side, self._side, self._channels)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)

    def _widen(self) -> None:
        """Write what is there so far again, with three channels."""
        grey, self._channels = self._file, 3
        n_bytes = self._count * self._side**2
        grey.seek(-n_bytes, os.SEEK_END)
        self._file = self._begin()
        try:
            while block := grey.read(_COPIED_AT_ONCE * self._side**2):
                self._file.write(np.repeat(np.frombuffer(block, np.uint8), 3).tobytes())
        finally:
            grey.close()
            Path(grey.name).unlink(missing_ok=True)
