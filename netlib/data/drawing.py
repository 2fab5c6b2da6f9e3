"""A drawn digit, brought into the form of those that the bundled networks learned from.

They were scanned so that the digit just fills a bitmap of 32×32; the ink in each block of 4×4 was counted, and the counts enlarged again
(netlib.data.digits). A drawing goes the same way: what a network has not learned is how large, or where, somebody draws.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from netlib.data.digits import SIZE, enlarged
from netlib.errors import InvalidPicture

INK = 40  # of 255; what is darker is ground
BLOCKS = 8


def as_digit(drawing: Image.Image) -> Image.Image:
    """Bright strokes on black, anywhere in a picture of any size, as a digit of 32×32 pixels, RGB.

    Raises:
        InvalidPicture: nothing is drawn.
    """
    found = np.asarray(drawing.convert("L"))
    rows, columns = np.flatnonzero((found > INK).any(1)), np.flatnonzero((found > INK).any(0))
    if not len(rows):
        raise InvalidPicture("Nothing is drawn yet; draw a digit from 0 to 9.")
    ink = drawing.convert("L").crop((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))
    scale = SIZE / max(ink.size)
    size = max(1, round(ink.width * scale)), max(1, round(ink.height * scale))
    scaled = ink.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    bitmap = Image.new("L", (SIZE, SIZE))
    bitmap.paste(scaled, ((SIZE - size[0]) // 2, (SIZE - size[1]) // 2))
    side = SIZE // BLOCKS
    counts = np.asarray(bitmap).reshape(BLOCKS, side, BLOCKS, side).mean((1, 3)) * 16 / 255  # (8, 8), 0 to 16
    return Image.fromarray(enlarged(counts.round().astype(np.int64))).convert("RGB")
