"""The receptive fields of all units of a layer as data for the screen, and the sentences about them.

Rows and columns of a field do not depend on each other, so height + width intervals hold the exact boxes of all
height × width units, also where branches are not aligned or units differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from netlib.analysis.blocks import main_layers
from netlib.analysis.graph import LayerGraph
from netlib.analysis.moves import edges, map_size
from netlib.analysis.receptive_field import input_box

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlib.analysis.graph import Pair
    from netlib.analysis.receptive_field import Box, ReceptiveField

Interval = tuple[int, int, int, int]  # start, stop of the field; start, stop of the part that counts

SEES = "rows {top} to {bottom}, columns {left} to {right}: {height}×{width} px, {share} of it on padding."
UNIT = "Unit ({row}, {column}) of {layer} sees " + SEES
NO_MAP = "{layer} has no map; its units see " + SEES


@dataclass(frozen=True)
class FieldMap:
    """What every unit of a layer sees.

    Attributes:
        picture: (height, width) of the input.
        rows, columns: one interval a row of units, and a column.
        has_map: false after flatten, where the one unit (0, 0) stands for all.
    """

    layer: str
    picture: Pair
    rows: tuple[Interval, ...]
    columns: tuple[Interval, ...]
    has_map: bool

    @property
    def size(self) -> Pair:
        """(height, width) of the map, in units."""
        return len(self.rows), len(self.columns)

    @property
    def centre(self) -> Pair:
        """The unit in the middle."""
        return len(self.rows) // 2, len(self.columns) // 2

    @cached_property
    def sentence(self) -> str:
        """The template of `unit_sentence` with the layer's name filled in, for a page that fills in the rest by itself."""
        return (UNIT if self.has_map else NO_MAP).replace("{layer}", self.layer)

    def padding_share(self, unit: Pair) -> float:
        """Share of the unit's field that lies outside the picture, 0 … 1."""
        spans = self.rows[unit[0]], self.columns[unit[1]]
        inside = [max(0, min(stop, size) - max(start, 0)) for (start, stop, *_), size in zip(spans, self.picture, strict=True)]
        area = [stop - start for start, stop, *_ in spans]
        return 1 - inside[0] * inside[1] / (area[0] * area[1]) if all(area) else 0.0

    def unit_sentence(self, unit: Pair) -> str:
        """What one unit sees, rows and columns counted from 0 and named from the first to the last."""
        (top, bottom, *_), (left, right, *_) = self.rows[unit[0]], self.columns[unit[1]]
        return (UNIT if self.has_map else NO_MAP).format(
            layer=self.layer, row=unit[0], column=unit[1],
            top=_text(top), bottom=_text(bottom - 1), left=_text(left), right=_text(right - 1),
            height=bottom - top, width=right - left, share=percent(self.padding_share(unit)),
        )  # fmt: skip


def field_map(graph: LayerGraph, layer: str) -> FieldMap:
    """The fields of all units of `layer`; a layer without a map counts as one unit.

    Raises:
        UnknownLayer: there is no such layer.
    """
    shape = graph[layer].shape
    axes = edges(graph)[layer][0]
    below = _up_to(graph, layer)
    height, width = map_size(shape, axes)
    rows = tuple(_interval(input_box(below, layer, (row, width // 2)), "top", "bottom") for row in range(height))
    columns = tuple(_interval(input_box(below, layer, (height // 2, column)), "left", "right") for column in range(width))
    picture_height, picture_width = graph.input_shape[-2:]
    return FieldMap(layer, (picture_height, picture_width), rows, columns, axes is not None)


def seeing_layers(graph: LayerGraph) -> tuple[str, ...]:
    """Names of the layers that depend on the picture, in the order of the forward pass, without the picture itself."""
    plan = edges(graph)
    return tuple(layer.name for layer in graph if layer.name in plan and layer.inputs)


def outgrown(graph: LayerGraph, found: Mapping[str, ReceptiveField], fields: FieldMap) -> str | None:
    """Where the field of the layer is larger than the picture: since which layer, and how much of it is padding; else None.

    `found` is what `receptive_fields(graph)` gives.
    """
    height, width = fields.picture
    own = found[fields.layer].size
    if own[0] <= height and own[1] <= width:
        return None
    first = next(layer.name for layer in main_layers(graph) if found[layer.name].size[0] > height or found[layer.name].size[1] > width)
    since = "the first layer to do so" if first == fields.layer else f"{first} is the first layer to do so"
    centre, corner = (percent(fields.padding_share(unit)) for unit in (fields.centre, (0, 0)))
    alike = f"{centre} of the field is padding" + (", in the middle of the map as in its corner" if fields.size != (1, 1) else "")
    share = alike if centre == corner else f"padding is {centre} of the middle unit’s field and {corner} of a corner unit’s"
    return f"{fields.layer} sees {own[0]}×{own[1]} px of a picture of {height}×{width} px ({since}); {share}."


def percent(share: float) -> str:
    """A share in whole percent; only nothing is "0 %" and only all is "100 %"."""
    if 0 < share < 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def _up_to(graph: LayerGraph, layer: str) -> LayerGraph:
    """The graph without what comes after the layer: following a unit down costs no more than it must."""
    end = list(graph.by_name).index(layer) + 1
    return LayerGraph(graph.name, graph.layers[:end], {"output": layer})


def _interval(box: Box, start: str, stop: str) -> Interval:
    inside = box.clipped()
    return getattr(box, start), getattr(box, stop), getattr(inside, start), getattr(inside, stop)


def _text(number: int) -> str:
    return str(number).replace("-", "−")
