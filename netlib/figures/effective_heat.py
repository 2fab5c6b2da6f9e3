"""The effective receptive field as a picture over the photo, and how concentrated it is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from plotly.colors import sample_colorscale, unlabel_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netlib.analysis.receptive_field import Box

SCALE = "Inferno"
LEAST_SIDE = 448  # pixels of the drawn picture: a small input is enlarged, each pixel a square


def heat_picture(field: NDArray[np.floating], photo: Image.Image, box: Box) -> Image.Image:
    """Squared gradient (H, W), 0 … 1, as heat over the darkened photo, with the theoretical box outlined.

    The scale goes with the square root, the size of the gradient itself: squared, all but the peak would be black.
    """
    strength = np.sqrt(np.clip(field, 0, 1))
    backdrop = np.asarray(photo.convert("L"), dtype=float)[..., None] * 0.45
    cover = (0.25 + 0.75 * strength)[..., None]
    mixed = (1 - cover) * backdrop + cover * _colors()[np.rint(255 * strength).astype(int)]
    factor = max(1, -(-LEAST_SIDE // max(field.shape)))
    height, width = field.shape
    picture = Image.fromarray(mixed.astype(np.uint8)).resize((width * factor, height * factor), Image.Resampling.NEAREST)
    corners = (factor * box.left, factor * box.top, factor * box.right - 1, factor * box.bottom - 1)
    draw = ImageDraw.Draw(picture)
    draw.rectangle(corners, outline="#000000", width=5)
    draw.rectangle(tuple(at + inset for at, inset in zip(corners, (1, 1, -1, -1), strict=True)), outline="#ffffff", width=2)
    return picture


def half_share(field: NDArray[np.floating], box: Box) -> float:
    """Share of the box's height and width, around its middle, that holds half of the squared gradient; 0 … 1.

    Under a gradient that is the same everywhere it is √½, about 71 %.
    """
    rows, columns = (np.arange(size) + 0.5 for size in field.shape)
    away = np.maximum(
        np.abs(rows - (box.top + box.bottom) / 2)[:, None] / (box.height / 2),
        np.abs(columns - (box.left + box.right) / 2)[None, :] / (box.width / 2),
    ).ravel()  # 0 in the middle, 1 at the edge of the box
    order = np.argsort(away)
    held = np.cumsum(field.ravel()[order], dtype=float)
    return float(away[order][np.searchsorted(held, held[-1] / 2)])


@lru_cache(maxsize=1)
def _colors() -> NDArray[np.floating]:
    return np.array([unlabel_rgb(color) for color in sample_colorscale(SCALE, 256)])  # (256, 3)
