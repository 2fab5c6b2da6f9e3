"""What a unit sees of the picture, and what a part of the picture can change: intervals followed through any graph.

`moves.py` says how each kind of layer ties its units to the map that comes in, `span.py` does the arithmetic of one axis.
Followed forwards from the picture (`fields.py`) come size, stride and offset of each layer; backwards from one unit, its exact
box; forwards from a box of pixels, the units that it can change.

"Can" is meant: weights and values are taken as if nothing cancelled. Where dilation or a stride beyond the kernel leaves gaps, an interval
runs from the first to the last position, and through several such layers it may be wider than the positions truly read.
A network with several inputs is read as if they were one picture, laid one over the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from netlib.analysis.blocks import main_layers
from netlib.analysis.field_formula import field_formula
from netlib.analysis.fields import LEARNED, fields_of
from netlib.analysis.moves import Plan, Steps, edges, map_size
from netlib.analysis.span import NOTHING, Axis, Span, hull, read, touched
from netlib.errors import UnknownLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from netlib.analysis.graph import LayerGraph, Pair

__all__ = [
    "Axis",
    "Box",
    "ReceptiveField",
    "Span",
    "exceeding",
    "field_formula",
    "hull",
    "input_box",
    "last_map",
    "reach",
    "read",
    "receptive_fields",
    "touched",
]


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """What the units of a layer see; each pair is (height, width), in input pixels.

    Unit (i, j) reads the rows offset + i·stride … offset + i·stride + size, half-open, and the columns alike. Positions may lie
    outside the picture: that is padding.

    Attributes:
        size: of the largest field in the layer; (0, 0) for what does not depend on the picture.
        stride: pixels from one unit's field to the next one's; 0 where all units see the same, as after flatten; not
            whole after a transposed convolution.
        offset: where the field of unit (0, 0) begins.
        aligned: all units see alike and branches that met agree in stride and centre. Else the hull of the branches is given;
            where units differ (adaptive pooling, transposed convolutions) `size` is the largest, `offset` that of unit
            (0, 0), and `input_box` tells of any one unit. A branch whose units all see the same agrees with any. With
            circular padding `size` is that of units away from the border; those at it see the other end of the map, too.
    """

    size: Pair
    stride: tuple[float, float]
    offset: Pair
    aligned: bool = True

    @property
    def centre(self) -> tuple[float, float]:
        """Centre of the field of unit (0, 0); the centre of pixel 0 is 0.5."""
        return self.offset[0] + self.size[0] / 2, self.offset[1] + self.size[1] / 2


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels or units, half-open; as a receptive field it may reach beyond the picture."""

    top: int
    left: int
    bottom: int
    right: int
    _inside: Box | None = field(default=None, repr=False, compare=False)
    _picture: Pair | None = field(default=None, repr=False, compare=False)

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def padding_share(self) -> float:
        """Share of the box that lies outside the picture, 0 … 1."""
        if self._picture is None or not self.height or not self.width:
            return 0.0
        rows = Span(self.top, self.bottom).clipped(0, self._picture[0])
        columns = Span(self.left, self.right).clipped(0, self._picture[1])
        return 1 - (rows.stop - rows.start) * (columns.stop - columns.start) / (self.height * self.width)

    def clipped(self) -> Box:
        """The pixels that count: clipped at every layer on the way down, where a window may end on padding or skip a border."""
        return self._inside or self


def receptive_fields(graph: LayerGraph) -> Mapping[str, ReceptiveField]:
    """Size, stride, offset and alignment of every layer's units in input pixels."""
    found = fields_of(graph)
    known: dict[int, ReceptiveField] = {}  # a layer that moves no window shares the field of the one before it
    result: dict[str, ReceptiveField] = {}
    for layer in graph.layers:
        state = found.get(layer.name, LEARNED)
        summary = known.get(id(state))
        if summary is None:
            rows, columns, aligned = state
            summary = known[id(state)] = ReceptiveField(
                (rows.size, columns.size),
                (rows.stride, columns.stride),
                (rows.spans[0].start, columns.spans[0].start),
                aligned and len(rows.spans) == len(columns.spans) == 1,
            )
        result[layer.name] = summary
    return result


def exceeding(graph: LayerGraph) -> tuple[str, ...]:
    """Names of the layers whose receptive field is higher or wider than the picture."""
    height, width = _picture(graph)
    fields = receptive_fields(graph).items()
    return tuple(name for name, field in fields if field.size[0] > height or field.size[1] > width)


def last_map(graph: LayerGraph) -> str | None:
    """The last layer on the way to the main output whose map has more than one unit.

    None where the network never has a map, or starts from numbers instead of a picture, as DCGAN's generator does.
    """
    if _picture(graph) == (1, 1):
        return None
    plan = edges(graph)
    seeing = [layer for layer in main_layers(graph) if layer.inputs and layer.name in plan]
    maps = [layer.name for layer in seeing if map_size(layer.shape, plan[layer.name][0]) != (1, 1)]
    return maps[-1] if maps else None


def _picture(graph: LayerGraph) -> Pair:
    shape = graph.input_shape
    return (shape[-2], shape[-1]) if len(shape) > 1 else (1, shape[0])


# --- one unit, one box ------------------------------------------------------------------------------------------------


def input_box(graph: LayerGraph, layer: str, unit: Pair) -> Box:
    """The pixels that unit (row, column) of a layer sees, unclipped; `.clipped()` is the part that lies on the picture.

    A layer without a map (fully connected, flatten) has the one unit (0, 0), which stands for all of them.

    Raises:
        UnknownLayer: there is no such layer, or no such unit in it.
    """
    plan, shape = edges(graph), graph[layer].shape
    axes = plan[layer][0] if layer in plan else None
    height, width = map_size(shape, axes)
    row, column = unit
    if not (0 <= row < height and 0 <= column < width):
        has = f"a map of {height} × {width} units" if axes else "no map: its units all see the same, and (0, 0) stands for them"
        choose = f" Choose a row from 0 to {height - 1} and a column from 0 to {width - 1}." if axes else ""
        raise UnknownLayer(f"There is no unit ({row}, {column}) in layer {layer!r} of {graph.name}: it has {has}.{choose}")
    rows, columns, _ = fields_of(graph).get(layer, LEARNED)
    inside = _followed_down(graph, plan, layer, Area(Span(row, row + 1), Span(column, column + 1)))
    seen = joined((Area(rows.at(row), columns.at(column)), inside))  # a border that is not zeros may show what lies farther inside
    return Box(*_corners(seen), Box(*_corners(inside)), _picture(graph))


def reach(graph: LayerGraph, box: Box) -> Mapping[str, Box]:
    """The units of every layer that a change inside `box` of the picture can change; an empty box where there are none.

    A layer without a map counts as one unit. What lies outside the picture changes nothing.
    """
    height, width = _picture(graph)
    pixels = Area(Span(box.top, box.bottom).clipped(0, height), Span(box.left, box.right).clipped(0, width))
    changed: dict[str, Area] = {}
    for name, (axes, reads) in edges(graph).items():
        if reads:
            changed[name] = joined(changed[source].mapped(touched, steps) for source, steps in reads)
        else:
            changed[name] = pixels if axes or not pixels else _ONE
    return {layer.name: Box(*_corners(changed.get(layer.name, _NO_AREA))) for layer in graph.layers}


class Area(NamedTuple):
    """Rows and columns of a map; false when there are none of either."""

    rows: Span
    columns: Span

    def __bool__(self) -> bool:
        return bool(self.rows) and bool(self.columns)

    def mapped(self, move: Callable[[Axis, Span], Span], steps: Steps) -> Area:
        return Area(move(steps[0], self.rows), move(steps[1], self.columns)) if steps else self


_ONE = Area(Span(0, 1), Span(0, 1))
_NO_AREA = Area(NOTHING, NOTHING)


def joined(areas: Iterable[Area]) -> Area:
    """The smallest area that holds all of them."""
    full = [area for area in areas if area]
    if len(full) == 1:
        return full[0]
    return Area(hull(*(area.rows for area in full)), hull(*(area.columns for area in full)))


def _followed_down(graph: LayerGraph, plan: Plan, layer: str, area: Area) -> Area:
    """The pixels that `area` of a layer sees, clipped to the map at every layer on the way."""
    move = partial(read, inside=True)
    wanted = {layer: [area]} if layer in plan else {}
    pixels = []
    for name, (axes, reads) in reversed(plan.items()):
        if not (here := joined(wanted.pop(name, ()))):
            continue
        for source, steps in reads:
            wanted.setdefault(source, []).append(here.mapped(move, steps))
        if not reads:
            pixels.append(here if axes else Area(Span(0, 1), Span(0, graph[name].shape[0])))
    return joined(pixels)


def _corners(area: Area) -> tuple[int, int, int, int]:
    rows, columns = area if area else _NO_AREA
    return rows.start, columns.start, rows.stop, columns.stop
