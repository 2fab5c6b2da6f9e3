"""Pairing two sequences in order so that the pairs are as alike as possible: stages, units of a stage, layers of a unit."""

from __future__ import annotations

from math import log2, prod
from typing import TYPE_CHECKING, Any, TypeVar

from netlib.analysis.stages import Stage, stages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlib.analysis.graph import LayerGraph

S = TypeVar("S")
T = TypeVar("T")

STAGE_REACH = 1.5  # stages of like order may differ by this many halvings


def align(a: Sequence[S], b: Sequence[T], likeness: Callable[[S, T], float]) -> list[tuple[S | None, T | None]]:
    """Pairs in order, None where one has no counterpart, with the greatest sum of likeness (0 for no pair, at most 1)."""
    start = 0
    while start < min(len(a), len(b)) and likeness(a[start], b[start]) == 1:
        start += 1
    stop = 0
    while stop < min(len(a), len(b)) - start and likeness(a[-1 - stop], b[-1 - stop]) == 1:
        stop += 1
    left, right = a[start : len(a) - stop], b[start : len(b) - stop]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]  # best[i][j]: what left[i:] and right[j:] can have
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            together = likeness(left[i], right[j])
            best[i][j] = max(best[i + 1][j], best[i][j + 1], together and together + best[i + 1][j + 1])
    found: list[tuple[S | None, T | None]] = list(zip(a[:start], b[:start], strict=True))
    i = j = 0
    while i < len(left) or j < len(right):
        together = likeness(left[i], right[j]) if i < len(left) and j < len(right) else 0
        if together and best[i][j] == together + best[i + 1][j + 1]:
            found.append((left[i], right[j]))
            i, j = i + 1, j + 1
        elif j == len(right) or (i < len(left) and best[i][j] == best[i + 1][j]):
            found.append((left[i], None))
            i += 1
        else:
            found.append((None, right[j]))
            j += 1
    return found + list(zip(a[len(a) - stop :], b[len(b) - stop :], strict=True))


Place = float | str  # of a stage: how often the picture was halved, per side, to its maps; a head's title


def placed(graph: LayerGraph) -> list[tuple[Place, Stage]]:
    """The stages of a network with their places."""
    height, width = graph.input_shape[-2:] if len(graph.input_shape) > 1 else (1, 1)
    return [(log2(height * width / prod(stage.size)) / 2 if stage.size else stage.title, stage) for stage in stages(graph)]


def place_likeness(a: tuple[Place, Any], b: tuple[Place, Any]) -> float:
    """1 for stages of the same resolution relative to the picture and for heads of one title; less the further apart."""
    one, other = a[0], b[0]
    if isinstance(one, str) or isinstance(other, str):
        return float(one == other)
    return max(0.0, 1 - abs(one - other) / STAGE_REACH)
