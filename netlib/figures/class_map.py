"""Which class a network names at each place: a map of categories, with a colour for each class that occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netlib.figures.heat import LUMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from netlib.figures.heat import Picture

# Okabe and Ito 2008, in an order that puts far ones first; what has no colour left is grey.
COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#0072b2", "#d55e00", "#f0e442", "#882255")
OTHERS = "#9a9a9a"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend: classes (several for the last, grey one), colour, share of the places, 0 … 1."""

    classes: tuple[int, ...]
    color: str
    share: float


def legend(classes: ArrayLike, *, first: int | None = None) -> tuple[Entry, ...]:
    """The classes that occur, most frequent first; `first`, the class of the whole picture, gets the first colour if it occurs.

    Shapes: classes (rows, columns), integers; below 0: not known yet.
    """
    found = np.asarray(classes)
    known = found[found >= 0]
    names, counts = np.unique(known, return_counts=True)
    share = {int(name): int(count) / known.size for name, count in zip(names, counts, strict=True)}
    order = sorted(share, key=lambda name: (name != first, -share[name], name))
    own = order if len(order) <= len(COLORS) else order[: len(COLORS) - 1]
    entries = [Entry((name,), color, share[name]) for name, color in zip(own, COLORS, strict=False)]
    if rest := order[len(own) :]:
        entries.append(Entry(tuple(rest), OTHERS, sum(share[name] for name in rest)))
    return tuple(entries)


def class_picture(classes: ArrayLike, photo: Picture, entries: Sequence[Entry], *, opacity: float = 0.7) -> Picture:
    """The classes' colours over the photo in grey; where a class is not known yet (below 0), the photo alone.

    Shapes: classes (H, W), photo (H, W, 3) -> (H, W, 3).
    """
    found = np.asarray(classes)
    grey = (np.asarray(photo, dtype=float) @ np.array(LUMA))[..., None]
    colors = np.zeros((*found.shape, 3))
    for entry in entries:
        colors[np.isin(found, entry.classes)] = _rgb(entry.color)
    mixed = np.where((found >= 0)[..., None], (1 - opacity) * grey + opacity * colors, 0.55 * grey)
    return np.rint(mixed).astype(np.uint8)


def _rgb(color: str) -> NDArray[np.floating]:
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)
