"""Many small maps as one picture: scaled to 255 steps, coloured, laid out as a grid.

A map is first scaled (`per_tile`, `one_scale`, `symmetric`) to steps 0 … 254, then `mosaic` colours the steps and puts the tiles side by
side. From a colour of the picture the step can be told again, and from the step the value: the page reads values off the picture.
"""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from plotly.colors import sample_colorscale, unlabel_rgb

from netlib.figures.lettering import font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.floating]

TOP = 254  # the last step; an even number, so that zero has a step of its own on a symmetric scale
GAP_COLOR = 255
LARGEST = 1400  # pixels along the longer side of a picture, before which tiles are averaged down
SMALLEST_TILE = 30  # pixels; smaller tiles are enlarged by a whole number
LARGEST_TILE = 120  # pixels, to which few small tiles are enlarged
NEAR = 1.3  # times more or fewer columns than make the picture's shape the wanted one, for full rows
WIDE = 560  # pixels that a picture of few small tiles is made wide
SCALES = {"sequential": "Inferno", "signed": "RdBu_r", "grey": ["rgb(0, 0, 0)", "rgb(254, 254, 254)"]}
# On a dark page a white zero would be the brightest of all. Blue and red as in Crameri's "berlin", zero a little above the page's ground.
DARK = {"signed": ["#9fb4ff", "#519fd3", "#2b6f93", "#27485a", "#2d2d2d", "#5c2c1d", "#98472f", "#d07a66", "#ffadad"]}


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """Maps as steps 0 … 254 between the lowest and the highest value of their scale.

    Attributes:
        steps: uint8 (K, h, w).
        low: the value of step 0 of each tile, (K,).
        high: the value of step 254, (K,).
        palette: name of the colours that fit, a key of SCALES.
    """

    steps: Bytes
    low: Floats
    high: Floats
    palette: str

    @property
    def one(self) -> bool:
        """All tiles are on one scale."""
        return bool((self.low == self.low[0]).all() and (self.high == self.high[0]).all())


@dataclass(frozen=True, slots=True, eq=False)
class Mosaic:
    """Tiles as one picture.

    Attributes:
        sheet: colours (H, W, 3), or steps (H, W) with GAP_COLOR between the tiles: a third of the memory.
        boxes: (top, left, bottom, right) of each tile in the picture.
        columns: tiles in a row.
        scale: pixels of the picture along one side of a tile's pixel.
        tile: (rows, columns) of pixels in a tile.
        palette: colours of the steps, "" for tiles that came in colours.
        gap: pixels between tiles.
        factor: how many pixels of a map along one side were averaged to one of the tile, 1 if none.
    """

    sheet: Bytes
    boxes: tuple[tuple[int, int, int, int], ...]
    columns: int
    scale: int
    tile: tuple[int, int]
    palette: str
    gap: int
    factor: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the picture."""
        return self.sheet.shape[0], self.sheet.shape[1]

    @property
    def picture(self) -> Bytes:
        """The picture, uint8 (H, W, 3), white between the tiles."""
        return self._table()[self.sheet] if self.palette else self.sheet

    def _table(self) -> Bytes:
        return np.vstack([colors(self.palette), [[255, 255, 255]]]).astype(np.uint8)

    def png(self) -> bytes:
        """The picture as a PNG file, transparent between the tiles; with a palette if it has one."""
        file = io.BytesIO()
        if self.palette:
            image = Image.fromarray(self.sheet, "P")
            image.putpalette(self._table().tobytes())
            image.save(file, "PNG", transparency=GAP_COLOR)
        else:
            alpha = np.zeros((*self.size, 1), np.uint8)
            for top, left, bottom, right in self.boxes:
                alpha[top:bottom, left:right] = 255
            Image.fromarray(np.concatenate([self.sheet, alpha], axis=2)).save(file, "PNG")
        return file.getvalue()

    def data_url(self) -> str:
        """The PNG file as a data URL."""
        return "data:image/png;base64," + base64.b64encode(self.png()).decode()


def per_tile(maps: Floats, *, zero: bool = True) -> Scaled:
    """Each map (K, h, w) on a scale of its own, from zero (or its lowest value) to its highest. A map that is all zero is all step 0."""
    low = np.minimum(maps.min((1, 2)), 0) if zero else maps.min((1, 2))
    return _scaled(maps, low, maps.max((1, 2)), "sequential")


def one_scale(maps: Floats, *, low: float | None = None, high: float | None = None) -> Scaled:
    """All maps (K, h, w) on one scale, from zero or the lowest value of all to the highest of all."""
    bottom, top = min(0.0, float(maps.min())) if low is None else low, float(maps.max()) if high is None else high
    return _scaled(maps, np.full(len(maps), bottom), np.full(len(maps), top), "sequential")


def symmetric(maps: Floats, *, each: bool = False, limit: float | None = None) -> Scaled:
    """Signed maps (K, h, w) from −limit to +limit, zero in the middle; the limit is the largest magnitude of all, or of each."""
    shared = float(np.abs(maps).max()) if limit is None else limit
    limits = np.abs(maps).max((1, 2)) if each else np.full(len(maps), shared)
    return _scaled(maps, -limits, limits, "signed")


def fitting(maps: Floats, *, each: bool) -> Scaled:
    """Signed maps on a symmetric scale, maps without negative values on one from zero."""
    if float(maps.min()) < 0:
        return symmetric(maps, each=each)
    return per_tile(maps) if each else one_scale(maps)


def _scaled(maps: Floats, low: Floats, high: Floats, palette: str) -> Scaled:
    bottom, span = low[:, None, None], (high - low)[:, None, None]
    empty = 0.5 if palette == "signed" else 0.0
    share = np.divide(maps - bottom, span, out=np.full(maps.shape, empty), where=span > 0)
    return Scaled(np.rint(TOP * np.clip(share, 0, 1)).astype(np.uint8), low, high, palette)


def mosaic(
    tiles: Bytes, *, columns: int | None = None, gap: int = 2, scale: int | None = None, palette: str = "sequential", aspect: float = 1.6
) -> Mosaic:
    """Tiles uint8 (K, h, w), steps to be coloured, or (K, h, w, 3), colours, side by side in rows.

    Args:
        columns: tiles in a row; as many as make the picture about `aspect` times as wide as high, the last row full if it can be.
        gap: pixels between tiles.
        scale: how many times the tiles are enlarged; so that small ones are well seen.
        palette: a key of SCALES.
    """
    count, rows, width = tiles.shape[:3]
    factor = _reduction(tiles.shape, aspect)
    if factor > 1:
        tiles = _reduced(tiles, factor)
        rows, width = tiles.shape[1:3]
    columns = columns or _columns(count, math.sqrt(count * aspect * rows / width), LARGEST / width)
    scale = scale or max(1, -(-SMALLEST_TILE // max(rows, width)), min(LARGEST_TILE // max(rows, width), WIDE // (columns * width)))
    high, wide, lines = rows * scale, width * scale, -(-count // columns)
    colored = tiles.ndim == 4
    size = (lines * (high + gap) - gap, min(columns, count) * (wide + gap) - gap)
    sheet = np.full((*size, 3) if colored else size, 255, np.uint8)
    boxes = []
    for number, tile in enumerate(tiles):
        top, left = number // columns * (high + gap), number % columns * (wide + gap)
        sheet[top : top + high, left : left + wide] = tile.repeat(scale, 0).repeat(scale, 1)
        boxes.append((top, left, top + high, left + wide))
    return Mosaic(sheet, tuple(boxes), columns, scale, (rows, width), "" if colored else palette, gap, factor)


def framed(found: Mosaic, tile: int | None, titles: Sequence[str] = (), *, above: bool = False) -> Bytes:
    """The picture with a frame around one tile, as it is taken away; titles stand in the corners of the tiles, or `above` one row."""
    picture = found.picture.copy()
    if titles and not above:
        image = Image.fromarray(picture)
        draw = ImageDraw.Draw(image)
        for title, (top, left, bottom, _) in zip(titles, found.boxes, strict=True):
            letters = font(max(9, min(15, (bottom - top) // 9)))
            draw.rectangle(draw.textbbox((left + 4, top + 2), title, letters), fill="white", outline="white", width=2)
            draw.text((left + 4, top + 2), title, "#202020", letters)
        picture = np.array(image)
    if tile is not None and 0 <= tile < len(found.boxes):
        top, left, bottom, right = found.boxes[tile]
        for inset, color in ((0, 0), (1, 255)):
            box = picture[top + inset : bottom - inset, left + inset : right - inset]
            box[0], box[-1], box[:, 0], box[:, -1] = color, color, color, color
    return np.concatenate([_heads(found, titles), picture]) if titles and above else picture


def _heads(found: Mosaic, titles: Sequence[str]) -> Bytes:
    """The titles of a row of tiles, as large as fits above them."""
    width = found.boxes[0][3]
    letters = next((font(size) for size in range(14, 7, -1) if max(map(font(size).getlength, titles)) <= width), font(7))
    image = Image.new("RGB", (found.size[1], 20), "white")
    draw = ImageDraw.Draw(image)
    for title, (_, left, _, _) in zip(titles, found.boxes, strict=True):
        draw.text((left, 2), title, "#202020", letters)
    return np.array(image)


@lru_cache(maxsize=8)
def colors(palette: str, *, dark: bool = False) -> Bytes:
    """The colours of the steps, uint8 (255, 3), no two alike: a colour tells its step; `dark` ones where a dark page has others."""
    scale = DARK.get(palette, SCALES[palette]) if dark else SCALES[palette]
    found = np.array([unlabel_rgb(color) for color in sample_colorscale(scale, TOP + 1)])
    table, seen = [], set()
    for color in np.rint(found).astype(int):
        shade = tuple(int(part) for part in color)
        while shade in seen:  # two neighbours rounded to the same: the next blue, which nobody sees
            shade = (*shade[:2], shade[2] - 1 if shade[2] > 127 else shade[2] + 1)
        seen.add(shade)
        table.append(shade)
    return np.array(table, np.uint8)


def _columns(count: int, ideal: float, most: float) -> int:
    """Tiles in a row: near the ideal number the one that leaves no gap in the last row, if there is one."""
    nearest = max(1, min(count, round(ideal)))
    near = [n for n in range(1, count + 1) if ideal / NEAR <= n <= ideal * NEAR and n <= max(most, nearest) and count % n == 0]
    return min(near, key=lambda n: abs(math.log(n / ideal)), default=nearest)


def _reduction(shape: tuple[int, ...], aspect: float) -> int:
    """By how many pixels a tile is averaged so that the picture is not larger than it can be seen."""
    count, rows, width = shape[:3]
    side = math.sqrt(count * rows * width * max(aspect, 1 / aspect))
    return min(max(1, math.ceil(side / LARGEST)), rows, width)


def _reduced(tiles: Bytes, factor: int) -> Bytes:
    """Mean of factor × factor pixels; what does not divide is cut off below and at the right."""
    rows, width = tiles.shape[1] // factor * factor, tiles.shape[2] // factor * factor
    parts = tiles[:, :rows, :width].reshape(len(tiles), rows // factor, factor, width // factor, factor, *tiles.shape[3:])
    return np.rint(parts.mean((2, 4))).astype(np.uint8)
