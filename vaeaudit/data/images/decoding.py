"""One picture, from the bytes of a file to a square of uint8; whatever a decoder makes of hostile bytes stays here."""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from vaeaudit.data.sources.formats import HEAD_OF_PICTURE, PICTURES, supported_pictures
from vaeaudit.data.sources.listing import os_reason
from vaeaudit.data.sources.table_files import why_no_picture

#: Pillow's own limit, also where a program has lifted it: a quarter of a gigabyte once decoded to three bytes a pixel.
MAX_PIXELS = 89_478_485

#: Pictures of more pixels are decoded one at a time, so that memory stays bounded however many threads there are.
LARGE_PIXELS = 1 << 24
_one_large_at_a_time = threading.Lock()

_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TRANSPARENT_MODES = ("LA", "La", "PA", "RGBA", "RGBa")
WHITE_OF_16_BITS = 65535.0


class Remark(StrEnum):
    """What was done to a picture that a reader should know of."""

    ON_WHITE = "had transparent parts, which were laid on white"
    DEEP = "had more than 8 bits per pixel and were brought to 256 shades"
    TURNED = "were turned as their EXIF orientation says"
    FRAMES = "held several frames, of which the first was read"
    PADDED = "were not square; they were padded by continuing their edges; nothing is cut off, padding is not scored"
    GREYED = "were in colour and are seen in grey, as the run's are"
    ENLARGED = "were smaller than the chosen size and were enlarged"


@dataclass(frozen=True)
class Picture:
    """A picture of one size.

    Attributes
    ----------
    pixels
        uint8 [side, side] where it is grey, else [side, side, 3].
    content
        SHA-256 of the decoded pixels at the original size and depth, as hex.
    size
        Original width and height, as shown.
    mode
        Pillow's name of the pixel format of the file.
    remarks
        What was done to it.
    """

    pixels: npt.NDArray[np.uint8]
    content: str
    size: tuple[int, int]
    mode: str
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Unusable:
    """Why there is no picture; `lasting` unless another try might well succeed."""

    reason: str
    lasting: bool = True


@contextmanager
def guarded_decoding() -> Iterator[None]:
    """Make Pillow's warning of a decompression bomb an error, and silence its others, for this and other threads.

    Warning filters belong to the whole process: enter this once, around all threads that decode.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def decode(path: Path, side: int, value_range: tuple[float, float] | None = None) -> Picture | Unusable:
    """Decode a picture file and bring it to `side` x `side` pixels; `value_range` is as in `picture_of`."""
    head = b""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_OF_PICTURE)
            stream.seek(0)
            with _opened(stream) as image:
                _require_pixels(image)
                with _patience(image):
                    image.load()
                    frames = (Remark.FRAMES,) if getattr(image, "is_animated", False) else ()
                    shown, turned = _turned(image)
                    remarks = (*frames, *turned)
                    return picture_of(shown, side, mode=image.mode, remarks=remarks, value_range=value_range)
    except UnusablePictureError as error:
        return Unusable(str(error))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        return Unusable(f"too large to be opened safely, a decompression bomb? {error}")
    except Exception as error:  # a decoder may raise anything on hostile bytes, and one file must not stop the rest
        return _unusable(error, head)


def _patience(image: Image.Image) -> AbstractContextManager[object]:
    return _one_large_at_a_time if image.width * image.height > LARGE_PIXELS else nullcontext()


def measure(path: Path) -> tuple[int, int] | None:
    """Return width and height from the header of a picture file, or None where it cannot be opened."""
    try:
        with path.open("rb") as stream, _opened(stream) as image:
            return image.size
    except Exception:  # the reason is found, and kept, when the file is decoded
        return None


def deep_extremes(path: Path) -> tuple[float, float] | None:
    """Return the lowest and highest finite value of a picture of more than 8 bits; None for any other file."""
    try:
        with path.open("rb") as stream, _opened(stream) as image:
            if not _is_deep(image):
                return None
            _require_pixels(image)
            with _patience(image):
                values = np.asarray(image)
    except Exception:  # the reason is found, and kept, when the file is decoded
        return None
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def _is_deep(image: Image.Image) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _opened(stream: BinaryIO) -> Image.Image:
    return Image.open(stream, formats=[entry.name.upper() for entry in PICTURES])


class UnusablePictureError(Exception):
    """A picture that decodes but holds nothing to look at."""


def picture_of(
    image: Image.Image,
    side: int,
    *,
    mode: str,
    remarks: tuple[Remark, ...] = (),
    value_range: tuple[float, float] | None = None,
) -> Picture:
    """Bring a decoded picture of any pixel format to grey or colour, and to `side` x `side` pixels.

    A colour picture whose three channels agree everywhere counts as grey.

    Parameters
    ----------
    image, side
        The picture, and the side of the square.
    mode, remarks
        As in `Picture`.
    value_range
        Values that are black and white in pictures of more than 8 bits; their own range, or that of 16 bits, if None.

    Raises
    ------
    UnusablePictureError
        Where it is a single pixel, or holds no finite value.
    """
    _require_pixels(image)
    flat, changed = _eight_bits(image, value_range)
    original, pixels = np.asarray(flat), _squared(flat, side)
    if flat.mode == "RGB" and _are_channels_equal(pixels) and _are_channels_equal(original):
        original, pixels = np.ascontiguousarray(original[..., 0]), np.ascontiguousarray(pixels[..., 0])
    if Remark.DEEP in changed:
        original = np.asarray(image).astype(np.float64)  # two scenes may look alike in 256 shades
    width, height = flat.size
    content = hashlib.sha256(f"{original.shape}\n".encode())
    content.update(original.data)
    reshaped = (Remark.PADDED,) if width != height else ()
    enlarged = (Remark.ENLARGED,) if max(width, height) < side else ()
    return Picture(pixels, content.hexdigest(), (width, height), mode, (*remarks, *changed, *reshaped, *enlarged))


def in_grey(picture: Picture) -> Picture:
    """Return a colour picture in grey, by the luma of ITU-R BT.601; a grey one as it is."""
    if picture.pixels.ndim == 2:
        return picture
    pixels = np.asarray(Image.fromarray(picture.pixels).convert("L"))
    return replace(picture, pixels=pixels, remarks=(*picture.remarks, Remark.GREYED))


def _require_pixels(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnusablePictureError(
            f"{width:,} x {height:,} pixels, more than the {MAX_PIXELS:,} that are opened safely: a decompression bomb?"
        )
    if width * height == 1:
        raise UnusablePictureError("1 x 1 pixel: there is nothing to look at")


def _unusable(error: Exception, head: bytes) -> Unusable:
    if isinstance(error, OSError) and error.errno is not None:
        return Unusable(f"the file cannot be read: {os_reason(error)}", lasting=False)
    if isinstance(error, UnidentifiedImageError):
        return Unusable(f"expected {supported_pictures()}, found {why_no_picture(head)}")
    if isinstance(error, MemoryError):
        return Unusable("there was not enough memory to decode it", lasting=False)
    said = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return Unusable(f"truncated or damaged: {said}")


# --- pixels ---------------------------------------------------------------------------------------------------------


def _turned(image: Image.Image) -> tuple[Image.Image, tuple[Remark, ...]]:
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # an EXIF block that cannot be read says nothing about the pixels, which could be
        orientation = None
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return (image, ()) if turn is None else (image.transpose(turn), (Remark.TURNED,))


def _eight_bits(image: Image.Image, value_range: tuple[float, float] | None) -> tuple[Image.Image, tuple[Remark, ...]]:
    """Return the picture as `L` or `RGB`."""
    if _is_deep(image):
        known = value_range or ((0.0, WHITE_OF_16_BITS) if image.mode.startswith("I;16") else None)
        return Image.fromarray(_scaled(np.asarray(image).astype(np.float64), known)), (Remark.DEEP,)
    if image.mode in _TRANSPARENT_MODES or "transparency" in image.info:
        return _on_white(image.convert("RGBA"))
    if image.mode in ("1", "L"):
        return image.convert("L"), ()
    return image.convert("RGB"), ()


def _scaled(values: npt.NDArray[np.float64], value_range: tuple[float, float] | None) -> npt.NDArray[np.uint8]:
    """Bring the finite values of a picture to 0 to 255, those beyond the range to its ends; others become black."""
    finite = np.isfinite(values)
    if not finite.any():
        raise UnusablePictureError("no pixel has a finite value")
    low, high = value_range or (values[finite].min(), values[finite].max())
    share = (np.where(finite, values, low) - low) / (high - low) if high > low else np.zeros_like(values)
    return np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)


def _on_white(image: Image.Image) -> tuple[Image.Image, tuple[Remark, ...]]:
    if image.getchannel("A").getextrema()[0] == 255:
        return image.convert("RGB"), ()
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB"), (Remark.ON_WHITE,)


def _squared(image: Image.Image, side: int) -> npt.NDArray[np.uint8]:
    """Resize so that the longer side fits, centre, and continue the edges outwards."""
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    if (width, height) != image.size:
        # Reducing by whole factors first is much faster on photographs, and not seen in the result.
        image = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    pixels = np.asarray(image)
    if width == height:
        return pixels
    top, left = (side - height) // 2, (side - width) // 2
    margins = ((top, side - height - top), (left, side - width - left))
    return np.pad(pixels, (*margins, (0, 0))[: pixels.ndim], mode="edge")


def _are_channels_equal(pixels: npt.NDArray[np.uint8]) -> bool:
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all())
