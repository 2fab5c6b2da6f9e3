"""Pictures of a data set with the names of their classes: a row for each class, as HTML for a page and as one picture to take away."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from netlib.figures.lettering import font
from netlib.figures.mosaic import Mosaic, mosaic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Labels = NDArray[np.int64]

GAP = 2  # pixels between pictures
SMALLEST, LARGEST = 48, 96  # pixels along the longer side of a picture
LETTERS = 15  # pixels
STYLE = """<style>
.samples { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.25rem 0.75rem; align-items: center; max-width: 44rem; }
.samples img { width: 100%; image-rendering: pixelated; display: block; }
.samples span { font-size: 0.875rem; text-align: right; overflow-wrap: anywhere; max-width: 8rem; }
@media (max-width: 640px) {
  .samples { grid-template-columns: minmax(0, 1fr); gap: 0 0; }
  .samples span { text-align: left; max-width: none; margin-top: 0.5rem; }
}
</style>"""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Pictures by class.

    Attributes:
        rows: name of a class and its pictures side by side.
        left_out: how many classes are not shown.
    """

    rows: tuple[tuple[str, Mosaic], ...]
    left_out: int

    def html(self) -> str:
        """A row for each class; names have the page's own letters and colour, and stand above their pictures on a telephone."""
        rows = "".join(
            f'<span>{html.escape(name)}</span><img src="{shown.data_url()}" alt="{html.escape(_words(name, shown), quote=True)}">'
            for name, shown in self.rows
        )
        return f'{STYLE}<div class="samples">{rows}</div>'

    @property
    def picture(self) -> Bytes:
        """All rows on white with their names at the left. Shapes: -> (H, W, 3), uint8."""
        letters = font(LETTERS)
        margin = round(max(letters.getlength(name) for name, _ in self.rows)) + 12
        heights = [max(shown.size[0], LETTERS + 4) + GAP for _, shown in self.rows]
        page = Image.new("RGB", (margin + max(shown.size[1] for _, shown in self.rows), sum(heights)), "white")
        draw, top = ImageDraw.Draw(page), 0
        for (name, shown), height in zip(self.rows, heights, strict=True):
            draw.text((margin - 10, top + (height - GAP) / 2), name, "#202020", letters, anchor="rm")
            page.paste(Image.fromarray(shown.picture), (margin, top))
            top += height
        return np.asarray(page)


def samples(images: Bytes, labels: Labels, classes: tuple[str, ...], *, each: int = 8) -> Samples:
    """Up to `each` pictures of every class that has some.

    Shapes: images (K, C, H, W) with one or three channels, labels (K,).
    """
    tiles = images.repeat(3 // images.shape[1], axis=1).transpose(0, 2, 3, 1)  # (K, H, W, 3)
    longer = max(tiles.shape[1:3])
    if longer > LARGEST:
        size = tiles.shape[2] * LARGEST // longer, tiles.shape[1] * LARGEST // longer
        tiles = np.stack([np.asarray(Image.fromarray(tile).resize(size, Image.Resampling.BOX)) for tile in tiles])
    scale = max(1, -(-SMALLEST // longer))  # small pictures are enlarged by a whole number
    rows = []
    for label in np.unique(labels):
        own = tiles[labels == label][:each]
        blank = np.full((each - len(own), *tiles.shape[1:]), 255, np.uint8)  # so that all rows are equally wide
        rows.append((classes[label], _row(own, blank, scale)))
    return Samples(tuple(rows), len(classes) - len(rows))


def _row(own: Bytes, blank: Bytes, scale: int) -> Mosaic:
    whole = mosaic(np.concatenate((own, blank)), columns=len(own) + len(blank), gap=GAP, scale=scale)
    return Mosaic(whole.sheet, whole.boxes[: len(own)], whole.columns, whole.scale, whole.tile, "", GAP, whole.factor)


def _words(name: str, shown: Mosaic) -> str:
    count = len(shown.boxes)
    return f"{count} pictures of the class {name}" if count > 1 else f"A picture of the class {name}"
