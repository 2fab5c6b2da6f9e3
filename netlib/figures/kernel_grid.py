"""Kernels as tiles, and what is said of them: one line, one row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from netlib.figures import units
from netlib.figures.mosaic import Scaled, symmetric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netlib.interpret.kernels import KernelStatistics

    Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """One tile for each kernel.

    Attributes:
        tiles: uint8, colours (K, h, w, 3) or steps (K, h, w).
        palette: of the steps, "" for colours.
        low, high: the weight at the ends of the scale: one for all tiles, or one for each.
        slices: the input channel that a tile shows, for each kernel; None where it shows all of them.
    """

    tiles: NDArray[np.uint8]
    palette: str
    low: Floats
    high: Floats
    slices: NDArray[np.intp] | None = None


def tiles(weights: Floats, *, limit: float | None = None) -> Tiles:
    """Kernels (K, C, h, w): three channels as colours, zero mid grey; others by the slice with the largest norm, zero neutral.

    Args:
        limit: the weight at the end of the scale, for all; without it each kernel has a scale of its own.
    """
    if weights.shape[1] == 3:
        limits = np.abs(weights).max((1, 2, 3)) if limit is None else np.full(len(weights), limit)
        share = np.divide(weights, limits[:, None, None, None], out=np.zeros(weights.shape), where=limits[:, None, None, None] > 0)
        colors = np.rint(127.5 + 127.5 * np.clip(share, -1, 1)).astype(np.uint8).transpose(0, 2, 3, 1)
        return Tiles(colors, "", *_ends(-limits, limits))
    found = np.square(weights).sum((2, 3)).argmax(1)
    scaled = symmetric(weights[np.arange(len(weights)), found], each=limit is None, limit=limit)
    return _of(scaled, found if weights.shape[1] > 1 else None)


def slices(kernel: Floats, *, limit: float | None = None) -> Tiles:
    """One kernel (C, h, w), a tile for each input channel, on one scale."""
    return _of(symmetric(kernel, limit=limit), None)


def sentence(index: int, kernel: KernelStatistics, *, channel: int | None = None) -> str:
    """One kernel in one line."""
    said = [f"norm {units.value(kernel.norm)}"]
    if kernel.dead:
        said.append("dead")
    else:
        said.append(f"sparsity {kernel.sparsity:.2f}")
        said.append(f"{kernel.frequency:.2f} cycles per pixel")
        if kernel.orientation is not None:
            said.append(f"at {kernel.orientation:.0f}°")
        if kernel.colorfulness is not None:
            said.append(f"{100 * kernel.colorfulness:.0f} % colour")
    shown = "" if channel is None else f" (strongest slice: input channel {channel})"
    return f"Kernel {index}{shown}: {', '.join(said)}"


def rows(found: Sequence[KernelStatistics], order: Sequence[int]) -> list[dict[str, Any]]:
    """The statistics as rows of a table, in that order."""
    return [
        {
            "Kernel": index,
            "Norm": found[index].norm,
            "Sparsity": found[index].sparsity,
            "Cycles per pixel": found[index].frequency,
            "Orientation, °": found[index].orientation,
            "Colour, %": None if (color := found[index].colorfulness) is None else 100 * color,
            "Dead": found[index].dead,
        }
        for index in order
    ]


def _of(scaled: Scaled, found: NDArray[np.intp] | None) -> Tiles:
    return Tiles(scaled.steps, scaled.palette, *_ends(scaled.low, scaled.high), found)


def _ends(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    one = (high == high[0]).all()
    return (low[:1], high[:1]) if one else (low, high)
