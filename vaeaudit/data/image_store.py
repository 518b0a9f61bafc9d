"""Pictures as the model sees them: one uint8 array on disk, of one size, read through memory mapping."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt


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
    """

    path: Path
    shape: tuple[int, int, int, int]
    content: npt.NDArray[np.str_]
    sizes: npt.NDArray[np.int32]
    modes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_images, _, _, channels = self.shape
        if channels not in (1, 3):
            raise ValueError(f"pictures must have 1 or 3 channels, found {channels}")
        if self.content.shape != (n_images,) or self.sizes.shape != (n_images, 2):
            raise ValueError(f"content and sizes must describe N = {n_images} pictures")

    def __len__(self) -> int:
        return self.shape[0]

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Return the array [N, H, W, channels], mapped read-only."""
        mapped: npt.NDArray[np.uint8] = np.load(self.path, mmap_mode="r", allow_pickle=False)
        if mapped.shape != self.shape or mapped.dtype != np.uint8:
            raise ValueError(f"{self.path}: expected uint8 {self.shape}, found {mapped.dtype} {mapped.shape}")
        return mapped
