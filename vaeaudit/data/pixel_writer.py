"""Write pictures of one size into one `.npy` file, of which neither length nor colour is known beforehand."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

_COPIED_AT_ONCE = 256


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
        header = {
            "descr": "|u1",
            "fortran_order": False,
            "shape": (self._count, self._side, self._side, self._channels),
        }
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
