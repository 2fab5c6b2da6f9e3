"""A picture out of a file that nobody vouches for: opened safely, or refused with one sentence.

What is decoded is bounded beforehand, by the size of the file and by the pixels that its header promises; one file is decoded at a time.
"""

from __future__ import annotations

import io
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

from netlib.errors import InvalidPicture

if TYPE_CHECKING:
    from netlib.analysis.graph import Pair

MOST_BYTES = 25_000_000
MOST_PIXELS = 40_000_000
LONGEST = 2048  # pixels; what is larger is scaled down to it: no network looks closer, and a visitor's picture stays in memory
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
SUFFIXES = ("png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff")

KINDS = "a PNG, JPEG, GIF, WebP, BMP or TIFF file"
ORIENTATION = 0x0112  # EXIF
TURNED = {  # how to undo each orientation: EXIF 2.32, section 4.6.4
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_one_at_a_time = Lock()


def open_picture(data: bytes) -> Image.Image:
    """The picture in a PNG, JPEG, GIF, WebP, BMP or TIFF file as a person would see it: RGB, upright, on white where it is transparent.

    Of an animation it is the first frame; 16 bits a channel become 8; a side longer than 2048 pixels is scaled down to that.

    Raises:
        InvalidPicture: the file is empty, larger than 25 MB, no picture, damaged, has more than 40 million pixels or values whose
            range it does not say.
    """
    if not data:
        raise InvalidPicture(f"This file is empty; choose {KINDS}.")
    if len(data) > MOST_BYTES:
        raise InvalidPicture(f"This file has {len(data) / 1e6:.0f} MB; choose a picture of at most {MOST_BYTES // 1_000_000} MB.")
    if size := _webp_size(data):
        _check(size)
    with _one_at_a_time:
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as file:
                _check(file.size)
                file.draft(None, (LONGEST, LONGEST))  # JPEG: decoded at a half, a quarter or an eighth where that is enough
                file.load()
                return _upright(_small(_eight_bits(file)), file)
        except InvalidPicture:
            raise
        except UnidentifiedImageError:
            raise InvalidPicture(f"This file is no picture that can be opened; choose {KINDS}.") from None
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise InvalidPicture(f"This picture has far too many pixels; choose one of at most {_millions(MOST_PIXELS)}.") from None
        except Exception as error:  # a decoder at work on a stranger's bytes: it may raise anything
            raise InvalidPicture("This picture is damaged or incomplete; save it again, or choose another file.") from error


def _check(size: Pair) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise InvalidPicture(f"This picture has {width} × {height} pixels; choose one that has some.")
    if width * height > MOST_PIXELS:
        raise InvalidPicture(
            f"This picture has {width} × {height} pixels, {_millions(width * height)}; choose one of at most {_millions(MOST_PIXELS)}."
        )


def _webp_size(data: bytes) -> Pair | None:
    """(width, height) that the header of a WebP file promises: opening one would set the memory aside. Source: RFC 9649, section 2."""
    if len(data) < 30 or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _eight_bits(file: Image.Image) -> Image.Image:
    """RGB, transparent parts on white."""
    if file.mode.startswith("I;16"):
        values = np.asarray(file).astype(np.uint16)  # (H, W), in this machine's order of bytes
        grey = Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
        clear = file.info.get("transparency")
        if isinstance(clear, int):
            grey.paste(255, mask=Image.fromarray(np.where(values == clear, np.uint8(255), np.uint8(0))))
        return grey.convert("RGB")
    if file.mode in ("I", "F"):
        raise InvalidPicture("This picture has 32 bits a pixel and does not say what is white; save it with 8 or 16 bits a channel.")
    if not file.has_transparency_data:
        return file.convert("RGB")
    picture = file.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    return white.convert("RGB")


def _small(picture: Image.Image) -> Image.Image:
    if max(picture.size) <= LONGEST:
        return picture
    scale = LONGEST / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BOX)


def _upright(picture: Image.Image, file: Image.Image) -> Image.Image:
    """Turned as the camera was held; Pillow does it for TIFF and takes the entry away then."""
    try:
        orientation = file.getexif().get(ORIENTATION)
    except Exception:  # a camera's damaged note about a picture is no reason to refuse the picture
        orientation = None
    return picture.transpose(TURNED[orientation]) if orientation in TURNED else picture


def _millions(pixels: int) -> str:
    return f"{pixels / 1e6:.0f} million"
