"""Maps as colours: probabilities and activities as heat over the dimmed photo, attributions on a signed scale around a neutral zero.

A `Scale` says which value has which colour; it is shared by all maps that are to be compared. Every picture is uint8 (H, W, 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from plotly.colors import sample_colorscale, unlabel_rgb

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from netlib.analysis.graph import Pair

    Picture = NDArray[np.uint8]  # (H, W, 3)

HEAT = "Cividis"  # the same for every eye, and ordered in print
SIGNED = "PuOr_r"  # purple below zero, white at zero, orange above
LEVELS = 256
PERCENTILE = 99.0  # beyond it a signed map is clipped: one pixel must not make all others pale
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Scale:
    """Which value has which colour: `low` the first of the colours, `high` the last; what lies beyond is clipped.

    Attributes:
        clipped: the percentile of the sizes at which a signed scale ends, None for one that ends at its extremes.
    """

    low: float
    high: float
    colors: str = HEAT
    clipped: float | None = None

    @property
    def signed(self) -> bool:
        """Whether its colours tell negative from positive, with zero in the middle."""
        return self.colors == SIGNED

    def shares(self, values: ArrayLike) -> NDArray[np.floating]:
        """Values as shares of the way from low to high, 0 … 1; what is not a number stays so."""
        found = np.asarray(values, dtype=float)
        if self.high <= self.low:
            return np.where(np.isnan(found), np.nan, 0.5 if self.signed else 0.0)
        return np.clip((found - self.low) / (self.high - self.low), 0, 1)

    def colored(self, values: ArrayLike) -> NDArray[np.floating]:
        """Values of any shape -> colours with a last axis of three, 0 … 255; what is not a number has the first colour."""
        return palette(self.colors)[np.rint((LEVELS - 1) * np.nan_to_num(self.shares(values))).astype(int)]

    def stops(self, count: int = 33) -> list[str]:
        """Colours from low to high as "#rrggbb", for a bar beside the map."""
        return ["#" + "".join(f"{round(part):02x}" for part in color) for color in palette(self.colors)[_steps(count)]]


def heat_scale(maps: Iterable[ArrayLike], *, low: float | None = None, high: float | None = None) -> Scale:
    """From the least to the largest value of all maps, unless an end is given; for values that have no neutral middle."""
    found = np.concatenate([np.ravel(np.asarray(one, dtype=float)) for one in maps])
    found = found[np.isfinite(found)]
    ends = (float(found.min()), float(found.max())) if found.size else (0.0, 1.0)
    return Scale(ends[0] if low is None else low, ends[1] if high is None else high)


def signed_scale(maps: Iterable[ArrayLike], *, percentile: float = PERCENTILE) -> Scale:
    """Symmetric around zero, up to that percentile of the values' sizes over all maps."""
    sizes = np.abs(np.concatenate([np.ravel(np.asarray(one, dtype=float)) for one in maps]))
    sizes = sizes[np.isfinite(sizes)]
    limit = float(np.percentile(sizes, percentile)) if sizes.size else 0.0
    if not limit and sizes.size:  # nearly all is zero: then what is not may be seen
        limit = float(sizes.max())
    return Scale(-limit, limit, SIGNED, percentile)


def over_photo(values: ArrayLike, photo: Picture, scale: Scale, *, opacity: float = 0.75) -> Picture:
    """A map over the photo in dimmed grey; where the map has no value yet (NaN), the photo alone is seen.

    On a signed scale the photo is paled instead, and a place is covered the more, the stronger it is: zero shows the photo.

    Shapes: values (H, W), photo (H, W, 3) -> (H, W, 3).
    """
    found = np.asarray(values, dtype=float)
    grey = (np.asarray(photo, dtype=float) @ np.array(LUMA))[..., None]  # (H, W, 1)
    known = np.isfinite(found)[..., None]
    if scale.signed:
        backdrop = 150 + 0.4 * grey
        cover = opacity * np.sqrt(np.abs(2 * np.nan_to_num(scale.shares(found), nan=0.5) - 1))[..., None]
    else:
        backdrop = 0.55 * grey
        cover = np.full_like(grey, opacity)
    mixed = np.where(known, (1 - cover) * backdrop + cover * scale.colored(found), backdrop)
    return np.rint(mixed).astype(np.uint8)


def plain(values: ArrayLike, scale: Scale) -> Picture:
    """A map alone, each value in its colour: (H, W) -> (H, W, 3)."""
    return np.rint(scale.colored(values)).astype(np.uint8)


def flattened(attribution: ArrayLike) -> NDArray[np.floating]:
    """A number a pixel, the sum over the channels: (C, H, W) or (H, W) -> (H, W)."""
    found = np.asarray(attribution, dtype=float)
    return found.sum(0) if found.ndim == 3 else found


def nearest_done(values: ArrayLike, done: ArrayLike) -> NDArray[np.floating]:
    """A map that is not finished, each open place filled from the nearest finished one; NaN while none is finished.

    Shapes: values and done (rows, columns) -> (rows, columns).
    """
    found, ready = np.asarray(values, dtype=float), np.asarray(done, dtype=bool)
    if not ready.any():
        return np.full(found.shape, np.nan)
    places, open_ = np.argwhere(ready), np.argwhere(~ready)
    filled = np.where(ready, found, np.nan)
    for part in np.array_split(open_, max(1, len(open_) * len(places) // 2_000_000)):
        nearest = places[((part[:, None] - places[None]) ** 2).sum(-1).argmin(1)]
        filled[part[:, 0], part[:, 1]] = found[nearest[:, 0], nearest[:, 1]]
    return filled


def spread(values: ArrayLike, rows: Sequence[tuple[int, int]], columns: Sequence[tuple[int, int]], size: Pair) -> NDArray[np.floating]:
    """Values at boxes of pixels -> a value at each pixel: that of the box whose middle is nearest, ties to the first.

    Args:
        rows: (top, bottom), half-open, of each row of boxes; `columns`: (left, right) of each column.
        size: (height, width) of the picture.

    Shapes: values (rows, columns) -> (H, W).
    """
    found = np.asarray(values, dtype=float)
    down, across = (_nearest(spans, side) for spans, side in zip((rows, columns), size, strict=True))
    return found[down[:, None], across[None, :]]


def enlarged(picture: Picture, least: int = 640) -> Picture:
    """Every pixel a square of whole pixels, so that the longer side has at least `least`."""
    factor = max(1, -(-least // max(picture.shape[:2])))
    return picture.repeat(factor, 0).repeat(factor, 1)


@lru_cache(maxsize=8)
def palette(name: str) -> NDArray[np.floating]:
    """The 256 colours of a scale, (256, 3), 0 … 255."""
    return np.array([unlabel_rgb(color) for color in sample_colorscale(name, LEVELS)], dtype=float)


def _nearest(spans: Sequence[tuple[int, int]], side: int) -> NDArray[np.int_]:
    middles = np.array([(start + stop) / 2 for start, stop in spans])
    return np.abs(np.arange(side)[:, None] + 0.5 - middles[None]).argmin(1)


def _steps(count: int) -> NDArray[np.int_]:
    return np.rint(np.linspace(0, LEVELS - 1, count)).astype(int)
