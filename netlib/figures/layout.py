"""Where everything stands: the sequence downwards, branches in columns, skips as arcs at the side, frames around open modules.

Each frame is drawn by itself as a layered graph (`layered.py`) and then stands as one box in the drawing around it, so a
frame holds its members and nothing else. An edge that crosses a frame enters and leaves it through a port at its border.
All lengths are in pixels at zoom 1; y grows downwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from netlib.analysis.folding import topological
from netlib.figures.layered import MAIN, SKIP, STRAIGHT, Layers, Link, arrange, longest_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlib.analysis.folding import FoldedGraph

Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]  # a cubic Bézier curve: start, two control points, end

MARGIN = 20.0  # around the whole drawing
PADDING = 16.0  # between a frame and its members
ROW_GAP = 26.0
COLUMN_GAP = 22.0
WIRE_GAP = 14.0
ARC = 12.0  # radius of a skip's corners

_MERGES = ("add", "mul")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its top left corner."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def cx(self) -> float:
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        return self.y + self.h / 2

    def moved(self, dx: float, dy: float) -> Box:
        return Box(self.x + dx, self.y + dy, self.w, self.h)


@dataclass(frozen=True, slots=True)
class Edge:
    """A drawn connection; `skip` marks a shortcut past other nodes, and the shorter way into an addition."""

    source: str
    target: str
    curves: tuple[Curve, ...]
    skip: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Coordinates of a folded graph."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    frames: Mapping[str, Box]
    edges: tuple[Edge, ...]


@dataclass(slots=True)
class _Part:
    """The inside of one frame, or the whole, in its own coordinates."""

    key: str | None
    items: list[str] = field(default_factory=list)  # node ids and frame keys
    wires: dict[str, _Wire] = field(default_factory=dict)  # by source node
    parts: dict[str, _Part] = field(default_factory=dict)
    size: tuple[float, float] = (0.0, 0.0)
    boxes: dict[str, Box] = field(default_factory=dict)
    entries: dict[str, float] = field(default_factory=dict)  # source outside -> x at the upper border
    exits: dict[str, float] = field(default_factory=dict)  # source inside -> x at the lower border
    routes: dict[tuple[str, str | None], list[Point]] = field(default_factory=dict)  # (source, target item; None leaves)
    skips: set[tuple[str, str | None]] = field(default_factory=set)


@dataclass(slots=True)
class _Wire:
    """What one source feeds within a part: from an item (None: from outside) to items (None: out)."""

    origin: str | None
    targets: list[str | None] = field(default_factory=list)


def layout(folded: FoldedGraph, sizes: Mapping[str, tuple[float, float]]) -> Layout:
    """Coordinates for every node, frame and edge.

    Args:
        sizes: width and height of each node; for a frame the least width and the height of its heading.
    """
    root = _Part(None)
    parts: dict[str | None, _Part] = {None: root}
    ways: dict[str | None, tuple[str | None, ...]] = {None: (None,)}  # frame -> frames around it, itself last
    for key, frame in folded.frames.items():
        parts[key] = parts[frame.parent].parts[key] = _Part(key)
        parts[frame.parent].items.append(key)
        ways[key] = (*ways[frame.parent], key)
    for node in folded.nodes:
        parts[node.frame].items.append(node.id)
    stops = {edge: _stops(edge, ways[folded[edge[0]].frame], ways[folded[edge[1]].frame]) for edge in folded.edges}
    for (source, _), stop in stops.items():
        for place, origin, item in stop:
            wire = parts[place].wires.setdefault(source, _Wire(origin))
            if item not in wire.targets:
                wire.targets.append(item)
    merges = {
        node.id: tuple(source for source in node.inputs if folded[source].kind != "parameter") or node.inputs
        for node in folded.nodes
        if node.kind in _MERGES
    }
    learned = frozenset(node.id for node in folded.nodes if node.kind == "parameter")
    _Drawing(root, sizes, merges, learned)

    corners: dict[str | None, Point] = {None: (0.0, 0.0)}
    for key, frame in folded.frames.items():
        box = parts[frame.parent].boxes[key]
        corners[key] = (corners[frame.parent][0] + box.x, corners[frame.parent][1] + box.y)
    edges = []
    for (source, target), stop in stops.items():
        points = [(x + corners[key][0], y + corners[key][1]) for key, _, item in stop for x, y in parts[key].routes[source, item]]
        skip = folded[source].kind != "parameter" and any((source, item) in parts[key].skips for key, _, item in stop)
        edges.append(Edge(source, target, _curves(points), skip))
    return Layout(
        *root.size,
        {node.id: parts[node.frame].boxes[node.id].moved(*corners[node.frame]) for node in folded.nodes},
        {key: parts[frame.parent].boxes[key].moved(*corners[frame.parent]) for key, frame in folded.frames.items()},
        tuple(edges),
    )


def _stops(
    edge: tuple[str, str], source_way: tuple[str | None, ...], target_way: tuple[str | None, ...]
) -> list[tuple[str | None, str | None, str | None]]:
    """(part, origin item, target item) for every part an edge passes, in its direction."""
    source, target = edge
    shared = sum(1 for a, b in zip(source_way, target_way, strict=False) if a == b)
    up = [*source_way, source]
    down = [*target_way, target]
    leaving = [(up[i], up[i + 1], None) for i in range(len(source_way) - 1, shared - 1, -1)]
    entering = [(down[i], None, down[i + 1]) for i in range(shared, len(target_way))]
    return [*leaving, (up[shared - 1], up[shared], down[shared]), *entering]


class _Drawing:
    """Places one part. Its elements: ports in, items, ports out, then the dummies of wires that pass a rank."""

    def __init__(
        self, part: _Part, sizes: Mapping[str, tuple[float, float]], merges: Mapping[str, tuple[str, ...]], learned: frozenset[str]
    ) -> None:
        for inner in part.parts.values():
            _Drawing(inner, sizes, merges, learned)
        self.part, self.sizes = part, sizes
        self._number_elements()
        self._mark_skips(merges)
        self._mark_sides(learned)
        self._string_wires()
        arrange(self.layers)
        self._set_boxes()
        for source, wire in part.wires.items():
            for target in wire.targets:
                part.routes[source, target] = self._route(source, target)

    def _number_elements(self) -> None:
        part = self.part
        place = {item: i for i, item in enumerate(part.items)}
        reads: list[set[int]] = [set() for _ in part.items]
        for wire in part.wires.values():
            for target in wire.targets:
                if wire.origin is not None and target is not None:
                    reads[place[target]].add(place[wire.origin])
        part.items = [part.items[i] for i in topological(len(reads), reads)]
        ports: dict[tuple[str | None, ...], str] = {}  # wires from outside to the same targets share a port
        self.port = {s: ports.setdefault(tuple(wire.targets), s) for s, wire in part.wires.items() if wire.origin is None}
        self.ins = list(ports.values())
        self.outs = [source for source, wire in part.wires.items() if None in wire.targets]
        names = [*(("in", s) for s in self.ins), *(("item", i) for i in part.items), *(("out", s) for s in self.outs)]
        self.number = {name: i for i, name in enumerate(names)}
        inner = range(len(self.ins), len(self.ins) + len(part.items))
        sources: list[list[int]] = [[] for _ in names]
        for source, wire in part.wires.items():
            for target in wire.targets:
                sources[self._target(source, target)].append(self._origin(source))
        for i in inner:
            if self.ins and not sources[i]:
                sources[i].append(0)  # ranks below the border even when nothing from outside comes in
        self.rank = longest_path(sources)
        self.rank[: len(self.ins)] = [0] * len(self.ins)
        last = max((self.rank[i] for i in inner), default=0) + 1
        self.rank[len(self.ins) + len(part.items) :] = [last] * len(self.outs)

    def _origin(self, source: str) -> int:
        origin = self.part.wires[source].origin
        return self.number["in", self.port[source]] if origin is None else self.number["item", origin]

    def _target(self, source: str, target: str | None) -> int:
        return self.number["out", source] if target is None else self.number["item", target]

    def _mark_skips(self, merges: Mapping[str, tuple[str, ...]]) -> None:
        """Wires that a longer way also leads along; and of what an addition reads, all but the way of most ranks."""
        part = self.part
        readers: dict[str, list[str]] = {}  # item -> sources it reads
        for source, wire in part.wires.items():
            for target in wire.targets:
                if target is not None:
                    readers.setdefault(target, []).append(source)
        above = [0] * len(self.rank)  # the elements over each element, as bits
        for item in part.items:
            origins = [self._origin(source) for source in readers.get(item, ())]
            for origin in origins:
                above[self.number["item", item]] |= above[origin] | 1 << origin
            over = 0
            for origin in origins:
                over |= above[origin]
            part.skips |= {(source, item) for source in readers.get(item, ()) if over >> self._origin(source) & 1}
            if item in merges:
                main = max(merges[item], key=lambda source: self.rank[self._origin(source)])  # the first of equals
                part.skips |= {(source, item) for source in merges[item] if source != main}

    def _mark_sides(self, learned: frozenset[str]) -> None:
        """Items beside the main line: they feed nothing but skips (a projection shortcut), or lead nowhere (an auxiliary head)."""
        feeds: dict[int, list[tuple[str, str | None]]] = {}
        for source, wire in self.part.wires.items():
            feeds.setdefault(self._origin(source), []).extend((source, target) for target in wire.targets)
        last = max((self.rank[self.number["item", item]] for item in self.part.items), default=0)
        self.side: set[int] = set()
        for item in reversed(self.part.items):
            number = self.number["item", item]
            ways = feeds.get(number, [])
            dead_end = not ways and (self.outs or self.rank[number] < last)
            if dead_end or item in learned or (ways and all(w in self.part.skips or self._target(*w) in self.side for w in ways)):
                self.side.add(number)

    def _string_wires(self) -> None:
        """Elements by rank, links between neighbouring ranks, dummies where a wire passes."""
        parts, sizes = self.part.parts, self.sizes
        self.frame_of = {self.number["item", key]: inner for key, inner in parts.items()}
        item_sizes = [parts[item].size if item in parts else sizes[item] for item in self.part.items]
        none = (0.0, 0.0)
        self.size = [*(none for _ in self.ins), *item_sizes, *(none for _ in self.outs)]
        gaps = [WIRE_GAP if size == none else COLUMN_GAP for size in self.size]
        ranks: list[list[int]] = [[] for _ in range(max(self.rank, default=-1) + 1)]
        for i, rank in enumerate(self.rank):
            ranks[rank].append(i)
        column = [2 if i in self.side else 0 for i in range(len(self.size))]  # from left to right, before crossings are removed
        links: list[Link] = []
        self.chain: dict[tuple[str, int], int] = {}  # (source, rank) -> dummy
        for source, wire in self.part.wires.items():
            if self.port.get(source, source) != source:
                continue
            ends = {target: self._target(source, target) for target in wire.targets}
            upper, start = self._origin(source), self._leaves(source)
            beside = {t for t, e in ends.items() if (source, t) in self.part.skips or e in self.side or upper in self.side}
            pulls = {t: SKIP if t in beside else MAIN for t in ends}
            for rank in range(self.rank[upper] + 1, max(self.rank[e] for e in ends.values()) + 1):
                for target in (t for t, e in ends.items() if self.rank[e] == rank):
                    links.append(Link(upper, ends[target], start, self._enters(source, target), pulls[target]))
                further = [pulls[t] for t, e in ends.items() if self.rank[e] > rank]
                if further:
                    dummy = self.chain[source, rank] = len(self.size)
                    self.size.append(none)
                    gaps.append(WIRE_GAP)
                    column.append(1 if max(further) == MAIN else 3)
                    ranks[rank].append(dummy)
                    links.append(Link(upper, dummy, start, 0.0, STRAIGHT if (source, rank - 1) in self.chain else max(further)))
                    upper, start = dummy, 0.0
        for elements in ranks:
            elements.sort(key=column.__getitem__)
        self.layers = Layers([w for w, _ in self.size], ranks, links, gaps)

    def _leaves(self, source: str) -> float:
        """Where the wire starts, from the middle of its origin."""
        frame = self.frame_of.get(self._origin(source))
        return frame.exits[source] - frame.size[0] / 2 if frame else 0.0

    def _enters(self, source: str, target: str | None) -> float:
        frame = self.frame_of.get(self._target(source, target))
        return frame.entries[source] - frame.size[0] / 2 if frame else 0.0

    def _set_boxes(self) -> None:
        part, x, ranks = self.part, self.layers.x, self.layers.ranks
        framed = part.key is not None
        least, heading = self.sizes[part.key] if part.key is not None else (0.0, 0.0)
        left = min((x[e] - w / 2 for e, (w, _) in enumerate(self.size)), default=0.0)
        right = max((x[e] + w / 2 for e, (w, _) in enumerate(self.size)), default=0.0)
        border = PADDING if framed else MARGIN
        short = max(0.0, least - (right - left) - 2 * border)
        shift = border - left + short / 2
        self.x = [round(value + shift, 1) for value in x]
        self.top = [0.0] * len(ranks)
        self.low = [0.0] * len(ranks)
        reach = [0.0] * len(ranks)  # how far the widest link into a rank goes sideways
        rank_of = {e: r for r, rank in enumerate(ranks) for e in rank}
        for link in self.layers.links:
            r = rank_of[link.target]
            if link.pull != SKIP:  # skips turn at right angles and need no more room
                reach[r] = max(reach[r], abs(self.x[link.target] + link.end - self.x[link.source] - link.start))
        y = 0.0 if framed and self.ins else heading + border / 2 if framed else border
        for r, rank in enumerate(ranks):
            if r:
                y += ROW_GAP + min(40.0, 0.08 * reach[r])
                if framed and self.ins and r == 1:
                    y += heading - ROW_GAP / 2
                if framed and self.outs and r == len(ranks) - 1:
                    y -= ROW_GAP - PADDING
            self.top[r] = y
            y += max((self.size[e][1] for e in rank), default=0.0)
            self.low[r] = y
        bottom = y if framed and self.outs else y + border
        part.size = (right - left + 2 * border + short, bottom)
        for item in part.items:
            e = self.number["item", item]
            (w, h), r = self.size[e], self.rank[e]
            part.boxes[item] = Box(round(self.x[e] - w / 2, 1), round((self.top[r] + self.low[r] - h) / 2, 1), w, h)
        part.entries = {source: self.x[self.number["in", port]] for source, port in self.port.items()}
        part.exits = {source: self.x[self.number["out", source]] for source in self.outs}

    def _route(self, source: str, target: str | None) -> list[Point]:
        """Waypoints: straight through the ranks, sideways only in the gaps between them; skips turn at right angles."""
        origin, end = self._origin(source), self._target(source, target)
        first, last = self.rank[origin], self.rank[end]
        skip = (source, target) in self.part.skips or origin in self.side or end in self.side
        x, xe = self.x[origin] + self._leaves(source), self.x[end] + self._enters(source, target)
        box, goal = self._box(origin), self._box(end)
        points = [(x, box.bottom), (x, self.low[first])]
        for r in range(first + 1, last):
            dummy = self.x[self.chain[self.port.get(source, source), r]]
            points += [(dummy, self.top[r]), (dummy, self.low[r])]
        points += [(xe, self.top[last]), (xe, goal.y)]
        if not skip:
            return points
        beside = points[2][0]
        if (source, target) in self.part.skips and self._free(origin, box, beside):
            points[:2] = [(box.right if beside > x else box.x, box.cy), (beside, box.cy)]
        beside = points[-3][0]
        if (source, target) in self.part.skips and self._free(end, goal, beside):
            points[-2:] = [(beside, goal.cy), (goal.right if beside > xe else goal.x, goal.cy)]
        return _squared(points)

    def _box(self, element: int) -> Box:
        (w, h), r = self.size[element], self.rank[element]
        return Box(self.x[element] - w / 2, (self.top[r] + self.low[r] - h) / 2, w, h)

    def _free(self, element: int, box: Box, x: float) -> bool:
        """Whether a wire at x can turn into the side of a node: x is clear of the box, and no other box stands between."""
        if element in self.frame_of or box.h == 0 or box.x - ARC < x < box.right + ARC:
            return False
        low, high = min(x, box.x) - 1, max(x, box.right) + 1
        others = (self._box(e) for e in self.layers.ranks[self.rank[element]] if e != element and self.size[e][0])
        return not any(other.right > low and other.x < high for other in others)


def _squared(points: list[Point]) -> list[Point]:
    """Diagonals become a step."""
    squared = points[:1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 != x1 and y0 != y1:
            turn = max((y0 + y1) / 2, y1 - ARC - 1)  # low, so that it clears a frame's heading
            squared += [(x0, turn), (x1, turn)]
        squared.append((x1, y1))
    return squared


def _curves(points: list[Point]) -> tuple[Curve, ...]:
    """A smooth path: corners between level and upright pieces become arcs, slanted pieces become S-curves."""
    way = points[:1]
    for point in points[1:]:
        if point == way[-1]:
            continue
        if len(way) > 1 and _axis(way[-2], way[-1]) == _axis(way[-1], point) != "slanted":
            way.pop()
        way.append(point)
    curves: list[Curve] = []
    at = way[0]
    for i in range(1, len(way)):
        corner = way[i]
        following = way[i + 1] if i + 1 < len(way) else None
        kind = _axis(way[i - 1], corner)
        if kind == "slanted":
            middle = (at[1] + corner[1]) / 2
            curves.append((at, (at[0], middle), (corner[0], middle), corner))
            at = corner
            continue
        turns = following is not None and {kind, _axis(corner, following)} == {"level", "upright"}
        if following is None or not turns:
            curves.append((at, at, corner, corner))
            at = corner
            continue
        radius = min(ARC, _length(way[i - 1], corner) / 2, _length(corner, following) / 2)
        before, after = _toward(corner, way[i - 1], radius), _toward(corner, following, radius)
        curves += [(at, at, before, before), (before, corner, corner, after)]
        at = after
    return tuple(curve for curve in curves if curve[0] != curve[3])


def _axis(a: Point, b: Point) -> str:
    return "upright" if a[0] == b[0] else "level" if a[1] == b[1] else "slanted"


def _length(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _toward(start: Point, end: Point, distance: float) -> Point:
    share = distance / (_length(start, end) or 1.0)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
