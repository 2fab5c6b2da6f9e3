"""The layered drawing of one acyclic graph (Sugiyama): ranks, order within a rank, x coordinates.

Elements are numbers. A wire that spans several ranks runs through dummy elements, one chain for all targets of a source.
Links join neighbouring ranks; `pull` says how strongly a link wants to be vertical: the strongest of an element decide.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SKIP, MAIN, STRAIGHT = 1, 2, 3  # pulls
_WEIGHT = {0: 1e-3, SKIP: 1.0, MAIN: 1e6, STRAIGHT: 1e3}
_SWEEPS = 8


@dataclass(slots=True)
class Link:
    """From an element to one in the next rank; `start` and `end` are measured from the elements' centres."""

    source: int
    target: int
    start: float
    end: float
    pull: int


@dataclass(slots=True)
class Layers:
    """What `arrange` works on: widths by element, elements by rank, links; `left` gap is kept free between neighbours."""

    widths: list[float]
    ranks: list[list[int]]
    links: list[Link]
    gaps: list[float]
    x: list[float] = field(default_factory=list)  # centres, filled in by `arrange`


def longest_path(sources: Sequence[Sequence[int]]) -> list[int]:
    """Rank of each element, one below its lowest source; elements come in topological order.

    An element without sources stands just above the first that reads it, unless that is impossible.
    """
    rank = [0] * len(sources)
    for i, found in enumerate(sources):
        rank[i] = max((rank[s] + 1 for s in found), default=0)
    first_reader: dict[int, int] = {}
    for i, found in enumerate(sources):
        for s in found:
            first_reader[s] = min(first_reader.get(s, rank[i]), rank[i])
    for i, found in enumerate(sources):
        if not found and i in first_reader:
            rank[i] = first_reader[i] - 1
    return rank


def arrange(layers: Layers) -> None:
    """Order the ranks for few crossings, then give every element its x."""
    above: list[list[Link]] = [[] for _ in layers.widths]
    below: list[list[Link]] = [[] for _ in layers.widths]
    for link in layers.links:
        below[link.source].append(link)
        above[link.target].append(link)
    _uncross(layers, above, below)
    _place(layers, above, below)


def _uncross(layers: Layers, above: list[list[Link]], below: list[list[Link]]) -> None:
    """Barycentre sweeps; the order with the fewest crossings wins, the given one on a tie."""
    best, fewest = [list(rank) for rank in layers.ranks], _crossings(layers.ranks, below)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        place = {e: i for rank in layers.ranks for i, e in enumerate(rank)}
        down = sweep % 2 == 0
        for rank in layers.ranks if down else reversed(layers.ranks):
            keys = {}
            for i, e in enumerate(rank):
                ends = [place[link.source] for link in above[e]] if down else [place[link.target] for link in below[e]]
                keys[e] = sum(ends) / len(ends) if ends else i
            rank.sort(key=keys.__getitem__)
            place.update((e, i) for i, e in enumerate(rank))
        crossings = _crossings(layers.ranks, below)
        if crossings < fewest:
            best, fewest = [list(rank) for rank in layers.ranks], crossings
    layers.ranks[:] = best


def _crossings(ranks: list[list[int]], below: list[list[Link]]) -> int:
    total = 0
    for upper, lower in pairwise(ranks):
        place = {e: i for i, e in enumerate(lower)}
        ends: list[int] = []
        for e in upper:
            targets = sorted(place[link.target] for link in below[e])
            total += sum(len(ends) - bisect_right(ends, t) for t in targets)
            for t in targets:
                insort(ends, t)
    return total


def _place(layers: Layers, above: list[list[Link]], below: list[list[Link]]) -> None:
    """Sweeps down and up; each pulls a rank as near to its neighbours as the gaps allow."""
    x = layers.x = [0.0] * len(layers.widths)
    strongest = [[max((k.pull for k in links), default=0) for links in side] for side in (above, below)]
    for sweep in range(_SWEEPS + 1):
        down = sweep % 2 == 0
        pulls = strongest[0 if down else 1]
        for rank in layers.ranks if down else reversed(layers.ranks):
            wanted, weights = [], []
            for e in rank:
                links = [k for k in (above if down else below)[e] if k.pull == pulls[e]]
                ends = [x[k.source] + k.start - k.end if down else x[k.target] + k.end - k.start for k in links]
                wanted.append(sum(ends) / len(ends) if ends else x[e])
                weights.append(_WEIGHT[pulls[e]])
            for e, value in zip(rank, _spread(rank, wanted, weights, layers), strict=True):
                x[e] = value


def _spread(rank: list[int], wanted: list[float], weights: list[float], layers: Layers) -> list[float]:
    """The positions nearest to the wanted ones (weighted squares) that keep order and gaps: pool adjacent violators."""
    offsets = [0.0]
    for a, b in pairwise(rank):
        offsets.append(offsets[-1] + (layers.widths[a] + layers.widths[b]) / 2 + max(layers.gaps[a], layers.gaps[b]))
    pools: list[tuple[float, float, int]] = []  # mean, weight, size
    for want, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, total, size = want - offset, weight, 1
        while pools and pools[-1][0] >= mean:
            other, other_weight, other_size = pools.pop()
            mean = (mean * total + other * other_weight) / (total + other_weight)
            total, size = total + other_weight, size + other_size
        pools.append((mean, total, size))
    means = [mean for mean, _, size in pools for _ in range(size)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
