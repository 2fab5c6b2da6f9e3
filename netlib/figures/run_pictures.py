"""What a run looked like at one step, as pictures: first kernels, feature maps beside what they are maps of, and mistakes with labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from netlib.figures import kernel_grid, units
from netlib.figures.lettering import font
from netlib.figures.mosaic import TOP, colors, mosaic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from netlib.figures.mosaic import Mosaic
    from netlib.training.records import Mistake

    Bytes = NDArray[np.uint8]

SIDE = 72  # pixels of a map, and of the picture beside it
LETTERS = 15
MARGIN = 6


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """The maps of one layer: a row for each picture, which stands at the left, a column for each map."""

    layer: str
    sheet: Mosaic
    low: float
    high: float


def kernels(weights: NDArray[Any], *, limit: float | None = None) -> tuple[Mosaic, float]:
    """First kernels (K, C, h, w) as tiles on one scale, and the weight at its end, `limit` or the largest there is."""
    found = weights.astype(np.float64)
    end = float(np.abs(found).max()) if limit is None else limit
    shown = kernel_grid.tiles(found, limit=end)
    return mosaic(shown.tiles, palette=shown.palette, gap=10), end


def feature_maps(arrays: Mapping[str, NDArray[Any]], pictures: Bytes) -> list[Maps]:
    """The maps of a snapshot, layer by layer in the order of the network.

    Shapes: pictures (P, C, H, W), those that the maps are of.
    """
    found = []
    for name, maps in arrays.items():
        if not name.startswith("maps/"):
            continue
        layer = name.removeprefix("maps/")
        low, high = arrays[f"range/{layer}"].tolist()
        steps = np.rint(maps.astype(np.float64) * TOP / 255).astype(np.uint8)  # (P, K, h, w)
        tinted = colors("sequential")[steps]  # (P, K, h, w, 3)
        rows = [[_square(_colored(picture)), *(_square(one) for one in row)] for picture, row in zip(pictures, tinted, strict=True)]
        tiles = np.stack([tile for row in rows for tile in row])
        found.append(Maps(layer, mosaic(tiles, columns=len(rows[0]), scale=1), low, high))
    return found


def mistakes(pictures: Bytes, found: Sequence[Mistake], classes: Sequence[str], *, columns: int = 6) -> Bytes:
    """Pictures that were put into a wrong class, each with its class and the one that was said below it, on white.

    Shapes: pictures (N, C, H, W), one for each mistake -> (H, W, 3).
    """
    letters = font(LETTERS)
    lines = [[f"is {classes[one.label]}", f"said {classes[one.said]}, {units.percent(one.probability)}"] for one in found]
    side = max(96, *(round(letters.getlength(line)) for pair in lines for line in pair), 1)
    tall, line = side + 2 * (LETTERS + 5) + MARGIN, LETTERS + 5
    columns = min(columns, len(found))
    page = Image.new("RGB", (columns * (side + 2 * MARGIN), -(-len(found) // columns) * (tall + MARGIN)), "white")
    draw = ImageDraw.Draw(page)
    for number, (picture, pair) in enumerate(zip(pictures, lines, strict=True)):
        left, top = number % columns * (side + 2 * MARGIN) + MARGIN, number // columns * (tall + MARGIN)
        page.paste(Image.fromarray(_square(_colored(picture), side)), (left, top))
        for row, text in enumerate(pair):
            draw.text((left, top + side + 3 + row * line), text, "#202020", letters)
    return np.asarray(page)


def mistakes_words(found: Sequence[Mistake], classes: Sequence[str]) -> str:
    """The same for those who do not see it."""
    return "; ".join(f"{classes[one.label]} taken for {classes[one.said]} ({units.percent(one.probability)})" for one in found) + "."


def _colored(picture: Bytes) -> Bytes:
    """Shapes: (C, H, W) with one or three channels -> (H, W, 3)."""
    return picture.repeat(3 // len(picture), axis=0).transpose(1, 2, 0)


def _square(picture: Bytes, side: int = SIDE) -> Bytes:
    """Enlarged with sharp pixels, or averaged down. Shapes: (H, W, 3) -> (side, side, 3)."""
    how = Image.Resampling.NEAREST if max(picture.shape[:2]) <= side else Image.Resampling.BOX
    return np.asarray(Image.fromarray(np.ascontiguousarray(picture)).resize((side, side), how))
