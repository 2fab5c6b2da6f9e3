"""A picture as a PNG file with its caption under it, so that it still says what it shows when it is taken away."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from netlib.figures.lettering import font

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import ImageFont

LEAST_WIDTH = 640  # pixels; a smaller picture is enlarged by a whole number
TEXT = 17  # pixels, at least
ACROSS = 45  # a wide picture's text is this part of its width, to be read also where the picture is shown small
MARGIN = 12
LINE = 1.35  # times the text's size


def captioned_png(picture: NDArray[np.uint8], caption: str) -> bytes:
    """PNG of a picture (H, W, 3) or (H, W), on white, with the caption drawn below and kept as the file's description.

    A line break in the caption is kept; longer lines are wrapped.
    """
    shown = Image.fromarray(np.ascontiguousarray(picture)).convert("RGB")
    factor = max(1, -(-LEAST_WIDTH // shown.width))
    shown = shown.resize((shown.width * factor, shown.height * factor), Image.Resampling.NEAREST)
    size = max(TEXT, shown.width // ACROSS)
    letters = font(size)
    lines = [line for part in caption.splitlines() for line in _wrapped(part, letters, shown.width)]
    height = round(size * LINE)
    page = Image.new("RGB", (shown.width + 2 * MARGIN, shown.height + 3 * MARGIN + height * len(lines)), "white")
    page.paste(shown, (MARGIN, MARGIN))
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        draw.text((MARGIN, 2 * MARGIN + shown.height + number * height), line, fill="#202020", font=letters)
    said, file = PngInfo(), io.BytesIO()
    said.add_itxt("Description", caption)
    page.save(file, "PNG", pnginfo=said)
    return file.getvalue()


def _wrapped(text: str, letters: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and letters.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
