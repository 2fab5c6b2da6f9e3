"""Files of all kinds: the pixels that a person would see, or one sentence; and the memory stays bounded."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
import sys
import textwrap
import zlib
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, features

from netlib.data.pictures import FORMATS, LONGEST, MOST_BYTES, open_picture
from netlib.errors import InvalidInput, InvalidPicture

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# 3 × 4 pixels, no two alike, none that a wrong turn would put in its own place
RGB = np.array([[[10 * (4 * y + x), 255 - 20 * y, 40 * x] for x in range(4)] for y in range(3)], np.uint8)
GREY = np.array([[20 * (4 * y + x) for x in range(4)] for y in range(3)], np.uint8)


def saved(image: Image.Image | NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, kind, **options)
    return file.getvalue()


def pixels(data: bytes) -> NDArray[Any]:
    picture = open_picture(data)
    assert picture.mode == "RGB"
    return np.asarray(picture)


def png(width: int, height: int, depth: int, color: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file written by hand. Source: RFC 2083."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})]
)
def test_exact_formats_keep_every_pixel(kind: str, options: dict[str, Any]) -> None:
    assert (pixels(saved(RGB, kind, **options)) == RGB).all()


def test_jpeg_is_near() -> None:
    smooth = np.full((16, 24, 3), (200, 120, 40), np.uint8)
    assert np.abs(pixels(saved(smooth, "JPEG", quality=95)).astype(int) - smooth).max() <= 3


def test_grey_becomes_three_equal_channels() -> None:
    for kind in ("PNG", "BMP", "TIFF"):
        assert (pixels(saved(GREY, kind)) == GREY[..., None]).all()
    assert (pixels(saved(Image.fromarray(GREY > 100), "PNG")) == np.where(GREY > 100, 255, 0)[..., None]).all()  # one bit a pixel


def test_sixteen_bits_become_eight() -> None:
    values = np.array([[0, 128, 129, 257, 32768, 65535]], np.uint16)  # 257 is one step of eight bits
    wanted = np.array([[0, 0, 1, 1, 128, 255]])
    assert (pixels(saved(values)) == wanted[..., None]).all()
    assert (pixels(saved(values, "TIFF")) == wanted[..., None]).all()
    rows = b"\0" + b"".join(struct.pack(">HHH", *color) for color in ((65535, 0, 257), (40000, 40000, 0)))
    assert np.abs(pixels(png(2, 1, 16, 2, rows)).astype(int) - [[[255, 0, 1], [156, 156, 0]]]).max() <= 1


def test_a_transparent_value_of_sixteen_bits_is_white() -> None:
    rows = b"\0" + struct.pack(">HHH", 0, 500, 65535)
    assert pixels(png(3, 1, 16, 0, rows, (b"tRNS", struct.pack(">H", 500))))[0, :, 0].tolist() == [0, 255, 255]


def test_alpha_lies_on_white() -> None:
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]], np.uint8)  # 51 is a fifth
    wanted = [[[200, 100, 0], [255, 255, 255], [244, 224, 204]]]
    assert np.abs(pixels(saved(rgba)).astype(int) - wanted).max() <= 1
    assert np.abs(pixels(saved(rgba, "WEBP", lossless=True, exact=True)).astype(int) - wanted).max() <= 1
    both = Image.merge("LA", [Image.fromarray(np.array([[0, 0]], np.uint8)), Image.fromarray(np.array([[255, 51]], np.uint8))])
    assert np.abs(pixels(saved(both)).astype(int) - [[[0] * 3, [204] * 3]]).max() <= 1


def test_palette_and_its_transparent_color() -> None:
    picture = Image.new("P", (3, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.putdata([2, 0, 1])
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        assert pixels(saved(picture, kind))[0].tolist() == [[0, 0, 255], [255, 0, 0], [0, 255, 0]], kind
    for kind in ("PNG", "GIF"):
        assert pixels(saved(picture, kind, transparency=0))[0].tolist() == [[0, 0, 255], [255, 255, 255], [0, 255, 0]], kind


def test_cmyk_becomes_rgb() -> None:
    """Cyan, magenta and yellow take red, green and blue away, black takes all."""
    ink = np.array([[[255, 0, 0, 0], [0, 255, 0, 0], [0, 0, 255, 0], [0, 0, 0, 255], [0, 0, 0, 0]]], np.uint8)
    wanted = [[[0, 255, 255], [255, 0, 255], [255, 255, 0], [0, 0, 0], [255, 255, 255]]]
    assert (pixels(saved(Image.fromarray(ink, "CMYK"), "TIFF")) == wanted).all()
    large = Image.fromarray(ink, "CMYK").resize((80, 16), Image.Resampling.NEAREST)  # JPEG smears: one block of 16 a colour
    found = pixels(saved(large, "JPEG", quality=100, subsampling=0))[8, 8::16]
    assert np.abs(found.astype(int) - wanted[0]).max() <= 4


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (5, 3), color) for color in ("#ff0000", "#00ff00", "#0000ff")]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    assert (pixels(saved(frames[0], kind, save_all=True, append_images=frames[1:], **lossless)) == [255, 0, 0]).all()


# What Pillow says of damaged files besides refusing them.
pytestmark = [pytest.mark.filterwarnings("ignore::UserWarning"), pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")]
STORED: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {  # what a camera writes for each EXIF orientation
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),  # shown turned clockwise, so stored turned the other way
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_turns_it_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if kind == "WEBP" else {}
    stored = np.ascontiguousarray(STORED[orientation](RGB))
    assert (pixels(saved(stored, kind, exif=exif, **lossless)) == RGB).all()


def test_a_photo_of_a_phone_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:, :16] = 255  # left becomes up
    found = pixels(saved(stored, "JPEG", exif=exif))
    assert found.shape == (32, 16, 3) and found[4].min() > 240 and found[28].max() < 15


def test_a_damaged_exif_entry_does_not_matter() -> None:
    assert open_picture(saved(RGB, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xffnothing")).size == (4, 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_truncated_files_are_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    data = saved(noise, kind)
    for length in (1, 8, 20, len(data) // 4, len(data) // 2, len(data) * 9 // 10):
        with pytest.raises(InvalidPicture, match=r"^This (picture is damaged|file is no picture)[^.]*\.$"):
            open_picture(data[:length])


def test_damaged_files_never_raise_anything_else() -> None:
    random = np.random.default_rng(1)
    for kind in FORMATS:
        data = np.frombuffer(saved(RGB, kind), np.uint8)
        for _ in range(60):
            broken = data.copy()
            broken[random.integers(0, len(data), 3)] = random.integers(0, 256, 3)
            with suppress(InvalidPicture):  # anything else fails the test
                assert open_picture(broken.tobytes()).mode == "RGB"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "This file is empty; choose a PNG"),
        (b"Once upon a time", "is no picture that can be opened; choose a PNG"),
        (b"PK\x03\x04" + bytes(200), "is no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no picture"),
        (b"%PDF-1.7\n" + bytes(200), "is no picture"),
        (saved(Image.new("RGB", (16, 16)), "ICO"), "is no picture"),  # Pillow could; not asked to
        (saved(RGB, "PPM"), "is no picture"),
        (bytes(MOST_BYTES + 1), "This file has 25 MB; choose a picture of at most 25 MB"),
        (png(0, 5, 8, 2, b""), "damaged|no picture|some"),
        (saved(Image.new("F", (4, 3)), "TIFF"), "32 bits a pixel"),
        (saved(Image.new("I", (4, 3)), "TIFF"), "32 bits a pixel"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_said(data: bytes, says: str) -> None:
    with pytest.raises(InvalidPicture, match=says) as caught:
        open_picture(data)
    assert isinstance(caught.value, InvalidInput)
    assert "\n" not in str(caught.value)


@cache
def bombs() -> dict[str, bytes]:
    """Small files that would fill the memory."""
    jpeg = bytearray(saved(RGB, "JPEG"))
    at = jpeg.index(b"\xff\xc0")  # the frame's header: length, precision, height, width
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 60000, 60000)
    gif = bytearray(saved(Image.fromarray(GREY), "GIF"))
    gif[6:10] = struct.pack("<HH", 60000, 60000)
    bmp = bytearray(saved(RGB, "BMP"))
    bmp[18:26] = struct.pack("<ii", 60000, 60000)
    webp = bytearray(saved(Image.new("RGB", (8, 8)), "WEBP", save_all=True, append_images=[Image.new("RGB", (8, 8), "red")]))
    assert webp[12:16] == b"VP8X"
    webp[24:30] = (16000).to_bytes(3, "little") * 2
    tiff = saved(Image.new("1", (8000, 7000)), "TIFF", compression="group4")
    return {
        "PNG": png(8000, 7000, 1, 0, bytes(1001) * 7000),
        "PNG, endless": png(2**31 - 1, 2**31 - 1, 8, 6, b""),
        "JPEG": bytes(jpeg), "GIF": bytes(gif), "BMP": bytes(bmp), "WEBP": bytes(webp), "TIFF": tiff,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["PNG", "PNG, endless", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_bombs_are_refused_by_their_header(kind: str) -> None:
    assert len(bombs()[kind]) < 200_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InvalidPicture, match=r"pixels.*; choose one of at most 40 million\.$"):
        open_picture(bombs()[kind])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB; a bomb would take a gigabyte


def test_the_largest_allowed_picture_stays_small_and_bounded() -> None:
    """40 million transparent pixels in a process of its own: what it takes at most, and what is kept."""
    code = textwrap.dedent(
        """
        import io, resource
        from PIL import Image
        from netlib.data.pictures import open_picture
        file = io.BytesIO()
        Image.new("LA", (8000, 5000), (90, 255)).save(file, "PNG", compress_level=1)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        picture = open_picture(file.getvalue())
        print(picture.size, picture.getpixel((5, 5)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        """
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    words = run.stdout.rsplit(maxsplit=1)
    assert words[0] == f"({LONGEST}, 1280) (90, 90, 90)"
    assert int(words[1]) < 700_000  # KB


def test_a_large_photo_is_scaled_down_to_the_same_view() -> None:
    large = np.zeros((1500, 6000, 3), np.uint8)
    large[:, 3000:] = 255
    for kind in ("PNG", "JPEG"):
        found = pixels(saved(large, kind))
        assert found.shape == (512, LONGEST, 3)
        assert found[:, : LONGEST // 2 - 4].max() < 6 and found[:, LONGEST // 2 + 4 :].min() > 249


def test_every_format_is_there() -> None:
    assert features.check("webp") and features.check("jpg") and features.check("zlib") and features.check("libtiff")
