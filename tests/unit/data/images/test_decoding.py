"""One picture: formats, pixel formats, rotation, size, and files that hold none."""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vaeaudit.data.images.decoding import (
    MAX_PIXELS,
    Picture,
    Remark,
    Unusable,
    decode,
    guarded_decoding,
    in_grey,
    picture_of,
)

FORMATS = ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"]


def gradient(width: int = 48, height: int = 48) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 255 // height, columns * 255 // width, np.full_like(rows, 90)], axis=-1).astype(np.uint8)


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def picture(path: Path, side: int = 16) -> Picture:
    with guarded_decoding():
        outcome = decode(path, side)
    assert isinstance(outcome, Picture), outcome
    return outcome


def reason(path: Path) -> str:
    with guarded_decoding():
        outcome = decode(path, 16)
    assert isinstance(outcome, Unusable)
    return outcome.reason


@pytest.mark.parametrize("kind", FORMATS)
def test_each_allowed_format_gives_the_same_picture(tmp_path: Path, kind: str) -> None:
    found = picture(saved(tmp_path / "x", Image.fromarray(gradient()), format=kind))
    expected = picture(saved(tmp_path / "y", Image.fromarray(gradient()), format="PNG"))
    assert (found.size, found.pixels.shape) == ((48, 48), (16, 16, 3))
    assert np.abs(found.pixels.astype(int) - expected.pixels).mean() < 8


@pytest.mark.parametrize("kind", ["PPM", "TGA", "ICO", "JPEG2000", "SGI", "DDS"])
def test_no_other_format_is_opened(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path / "x.png", Image.fromarray(gradient()), format=kind)
    assert reason(path).startswith("expected JPEG, PNG, WebP, BMP, GIF or TIFF, found")


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I;16"])
def test_each_pixel_format_is_read(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(gradient()[..., 0].astype(np.uint16) * 100)
    else:
        image = Image.fromarray(gradient()).convert(mode)
    found = picture(saved(tmp_path / "x", image, format="TIFF"), side=48)
    assert found.mode == mode
    assert found.pixels.ndim == (2 if mode in ("1", "L", "LA", "I;16") else 3)
    brightness = found.pixels.reshape(48, -1).mean(axis=1)
    assert brightness[40] > brightness[8] + 20


def test_sixteen_bits_are_read_in_the_range_given_or_in_their_full_one(tmp_path: Path) -> None:
    values = np.linspace(1000, 3000, 256, dtype=np.uint16).reshape(16, 16)
    path = saved(tmp_path / "x.png", Image.fromarray(values))
    found = decode(path, 16, (0.0, 2000.0))
    assert isinstance(found, Picture)
    assert (found.pixels.min(), found.pixels.max()) == (128, 255)
    assert found.remarks == (Remark.DEEP,)
    assert picture(path).pixels.max() == round(255 * 3000 / 65535)
    white = picture(saved(tmp_path / "white.png", Image.fromarray(np.full((16, 16), 65535, np.uint16))))
    assert white.pixels.min() == 255


@pytest.mark.parametrize("mode", ["I", "F"])
def test_wider_values_without_a_range_are_spread_over_the_shades(tmp_path: Path, mode: str) -> None:
    values = np.linspace(-1000, 3000, 256).reshape(16, 16).astype(np.int32 if mode == "I" else np.float32)
    found = picture(saved(tmp_path / "x.tiff", Image.fromarray(values)))
    assert (found.mode, found.pixels.min(), found.pixels.max()) == (mode, 0, 255)


def test_copies_are_told_from_all_bits_of_a_pixel(tmp_path: Path) -> None:
    values = np.linspace(1000, 3000, 256, dtype=np.uint16).reshape(16, 16)
    dim = picture(saved(tmp_path / "dim.png", Image.fromarray(values)))
    near = picture(saved(tmp_path / "near.png", Image.fromarray(values + np.eye(16, dtype=np.uint16))))
    wide = picture(saved(tmp_path / "wide.tiff", Image.fromarray(values.astype(np.int32))))
    assert np.array_equal(dim.pixels, near.pixels)
    assert dim.content != near.content
    assert dim.content == wide.content


def test_values_that_are_not_finite_are_no_pixels(tmp_path: Path) -> None:
    values = np.full((16, 16), np.nan, dtype=np.float32)
    assert reason(saved(tmp_path / "x.tiff", Image.fromarray(values))) == "no pixel has a finite value"
    values[0] = np.linspace(0, 1, 16)
    assert picture(saved(tmp_path / "y.tiff", Image.fromarray(values))).pixels[0, -1] == 255


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_are_laid_on_white_and_it_is_said(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 16, 8))
    found = picture(saved(tmp_path / "x.png", image.convert(mode)))
    assert found.pixels[0].max() == 0
    assert found.pixels[-1].min() == 255
    assert found.pixels.ndim == 2
    assert found.remarks == (Remark.ON_WHITE,)
    opaque = picture(saved(tmp_path / "y.png", Image.new("RGBA", (16, 16), (9, 8, 7, 255))))
    assert opaque.remarks == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(tmp_path: Path, orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = gradient(40, 24)
    path = saved(tmp_path / "x.png", Image.fromarray(upright), exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    found = picture(path, side=40)
    height, width = expected.shape[:2]
    assert found.size == (width, height)
    top, left = (40 - height) // 2, (40 - width) // 2
    assert np.array_equal(found.pixels[top : top + height, left : left + width], expected)
    assert (Remark.TURNED in found.remarks) == (orientation != 1)


def test_a_damaged_exif_block_does_not_cost_the_picture(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(gradient()).save(stream, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    (tmp_path / "x.jpg").write_bytes(stream.getvalue())
    assert picture(tmp_path / "x.jpg").size == (48, 48)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_read(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("black", "white", "red")]
    found = picture(saved(tmp_path / "x", frames[0], format=kind, save_all=True, append_images=frames[1:]))
    assert found.pixels.max() < 10
    assert Remark.FRAMES in found.remarks


def test_the_aspect_is_kept_and_padding_has_the_colour_of_the_border(tmp_path: Path) -> None:
    pixels = np.full((20, 60, 3), (10, 200, 30), dtype=np.uint8)
    pixels[6:14, 20:40] = 255
    found = picture(saved(tmp_path / "x.png", Image.fromarray(pixels)), side=30)
    assert found.pixels.shape == (30, 30, 3)
    assert (found.pixels[0] == (10, 200, 30)).all()
    assert (found.pixels[15, 15] == 255).all()
    assert Remark.PADDED in found.remarks


def test_a_colour_picture_of_equal_channels_is_grey_and_duplicates_its_grey_twin(tmp_path: Path) -> None:
    grey = Image.fromarray(gradient()[..., 0])
    one, three = (picture(saved(tmp_path / f"{mode}.png", grey.convert(mode))) for mode in ("L", "RGB"))
    assert three.pixels.ndim == 2
    assert one.content == three.content
    assert one.content != picture(saved(tmp_path / "t.png", grey.transpose(Image.Transpose.TRANSPOSE))).content


@given(width=st.integers(1, 90), height=st.integers(1, 90), side=st.integers(8, 70), colour=st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_size_comes_out_square(width: int, height: int, side: int, colour: bool) -> None:
    if width * height == 1:
        return
    pixels = gradient(width, height)
    found = picture_of(Image.fromarray(pixels if colour else pixels[..., 0]), side, mode="x")
    assert found.pixels.shape[:2] == (side, side)
    assert found.pixels.dtype == np.uint8
    assert found.size == (width, height)
    assert (Remark.ENLARGED in found.remarks) == (max(width, height) < side)


def png_header(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (10_000, MAX_PIXELS // 10_000 + 1)])
def test_a_decompression_bomb_is_not_opened(tmp_path: Path, width: int, height: int) -> None:
    (tmp_path / "bomb.png").write_bytes(png_header(width, height))
    assert "decompression bomb" in reason(tmp_path / "bomb.png")


def test_the_limit_holds_where_a_program_has_lifted_pillows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    (tmp_path / "bomb.png").write_bytes(png_header(50_000, 50_000))
    assert reason(tmp_path / "bomb.png").startswith("50,000 x 50,000 pixels, more than the 89,478,485")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"just some words about a picture", "text"),
        (pickle.dumps({"a": 1}), "a Python pickle"),
        (pickle.dumps([1, 2], protocol=0), "a Python pickle"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<!doctype html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
        (b"PK\x03\x04...", "a zip archive"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC file"),
        (b"\x89PNG\r\n\x1a\nnothing more", "damaged"),
        (b"GIF89a", "damaged"),
        (bytes(range(256)), "binary data"),
    ],
)
def test_a_file_that_is_no_picture_is_told_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    assert said in reason(tmp_path / "x.jpg")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_truncated_file_is_refused(tmp_path: Path, kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    path = saved(tmp_path / "x", Image.fromarray(noise), format=kind)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "damaged" in reason(path)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(FORMATS))
    stream = io.BytesIO()
    Image.fromarray(gradient()).save(stream, kind)
    content = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("fuzz") / "x"
    path.write_bytes(content)
    with guarded_decoding():
        outcome = decode(path, 16)
    assert isinstance(outcome, Unusable) or outcome.pixels.shape[:2] == (16, 16)


def test_a_single_pixel_is_no_picture(tmp_path: Path) -> None:
    assert reason(saved(tmp_path / "x.gif", Image.new("L", (1, 1)))) == "1 x 1 pixel: there is nothing to look at"


def test_a_file_that_is_gone_may_come_back(tmp_path: Path) -> None:
    assert decode(tmp_path / "gone.png", 16) == Unusable("the file cannot be read: no such file or directory", False)


def test_colour_becomes_grey_by_its_luma_and_grey_stays_what_it_is() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 1] = 255
    picture = Picture(pixels, "0", (4, 4), "RGB")
    grey = in_grey(picture)
    assert grey.pixels.shape == (4, 4)
    assert set(grey.pixels.ravel().tolist()) == {round(0.587 * 255)}
    assert grey.remarks == (Remark.GREYED,)
    assert in_grey(grey) is grey
