"""How the receptive field grows along a network, for one network or several on the same axes.

Depth is counted in windows: convolutions and poolings on the longest path from the picture to the layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from netlib.analysis.blocks import main_layers
from netlib.analysis.moves import edges, map_size
from netlib.analysis.receptive_field import ReceptiveField, receptive_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.analysis.graph import LayerGraph, Pair

# One network after the other: (on white, on black), after Okabe and Ito; each reaches a contrast of 3:1.
COLORS = (("#0072b2", "#56b4e9"), ("#d55e00", "#f2855e"), ("#008a62", "#2fc49a"), ("#b5568f", "#e3a1c4"))
SYMBOLS = ("circle", "square", "triangle-up", "star")
AXES = {"depth": "depth: convolutions and poolings passed", "share": "share of the network’s depth"}


@dataclass(frozen=True, slots=True)
class Point:
    """A layer on the curve; `size` is the longer side of its field."""

    layer: str
    depth: int
    field: ReceptiveField

    @property
    def size(self) -> int:
        return max(self.field.size)


@dataclass(frozen=True, slots=True)
class Growth:
    """The growth of the field in one network.

    Attributes:
        points: layers with a window, auxiliary heads left out, in the order of the forward pass.
        envelope: of these the ones with the widest field at their depth.
        whole: the first layer with one unit a channel, which sees all of the map before it; None if there is none.
        picture: (height, width) of the input.
        nearest: any layer -> the layer of the point that stands for it: its own, or that of the last window before it.
    """

    title: str
    points: tuple[Point, ...]
    envelope: tuple[Point, ...]
    whole: Point | None
    picture: Pair
    nearest: Mapping[str, str]


def growth(graph: LayerGraph, title: str = "") -> Growth:
    """Follow the field through the layers that slide a window, as long as there is a map."""
    plan, fields = edges(graph), receptive_fields(graph)
    depth: dict[str, int] = {}
    nearest: dict[str, str] = {}
    points: list[Point] = []
    whole = None
    for layer in main_layers(graph):
        deepest = max(layer.inputs, key=lambda name: depth.get(name, 0), default="")
        depth[layer.name] = depth.get(deepest, 0) + (layer.window is not None)
        nearest[layer.name] = nearest.get(deepest, layer.name)
        if layer.name not in plan or not layer.inputs:
            continue
        if map_size(layer.shape, plan[layer.name][0]) == (1, 1):
            whole = whole or Point(layer.name, max(point.depth for point in points) + 1 if points else 1, fields[layer.name])
            nearest[layer.name] = whole.layer
        elif layer.window is not None and whole is None:
            points.append(Point(layer.name, depth[layer.name], fields[layer.name]))
            nearest[layer.name] = layer.name
    widest: dict[int, Point] = {}
    for point in points:
        if point.depth not in widest or point.size > widest[point.depth].size:
            widest[point.depth] = point
    envelope = tuple(widest[at] for at in sorted(widest))
    height, width = graph.input_shape[-2:]
    return Growth(title or graph.name, tuple(points), envelope, whole, (height, width), nearest)


def figure(
    growths: Sequence[Growth],
    *,
    by: str = "depth",
    selected: Sequence[str] = (),
    looks: Sequence[int] | None = None,
    ruler: int | None = None,
    log: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Field (longer side, px) against depth; each marker carries [place in `growths`, layer] as customdata.

    Args:
        by: a key of AXES.
        selected: the layer of each network to ring.
        looks: which colour and symbol each network has, where it is not its place.
        ruler: draws a line at that many pixels.
    """
    chart = go.Figure()
    for number, one in enumerate(growths):
        look, ringed = looks[number] if looks else number, one.nearest.get(selected[number]) if selected else None
        color, symbol = COLORS[look % len(COLORS)][dark], SYMBOLS[look % len(SYMBOLS)]
        end = max([point.depth for point in (*one.points, *([one.whole] if one.whole else []))], default=1)
        scale = 1 if by == "depth" else 100 / end
        _line(chart, one.envelope, scale, one.title, number, color)
        if one.whole and one.envelope:
            _line(chart, (one.envelope[-1], one.whole), scale, one.title, number, color, dash="dot")
        _markers(chart, one, number, scale, color, symbol, ringed)
    _inputs(chart, growths, log=log)
    if ruler:
        _level(chart, ruler, f"object {ruler} px", "dot", at=max((max(trace.x) for trace in chart.data if trace.x), default=0))
    chart.update_layout(
        height=420, margin={"l": 8, "r": 8, "t": 32, "b": 8}, hovermode="closest", clickmode="event+select", dragmode="pan",
        legend={"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0},
    )  # fmt: skip
    chart.update_xaxes(title=AXES[by], ticksuffix=" %" if by == "share" else "", rangemode="tozero")
    chart.update_yaxes(title="receptive field, px", rangemode="tozero", type="log" if log else "linear", dtick=0.30103 if log else None)
    return chart


def _line(chart: go.Figure, points: Sequence[Point], scale: float, title: str, number: int, color: str, *, dash: str = "solid") -> None:
    chart.add_scatter(
        x=[scale * point.depth for point in points], y=[point.size for point in points], name=title, legendgroup=str(number),
        mode="lines", line={"color": color, "width": 2, "dash": dash}, hoverinfo="skip", showlegend=dash == "solid",
    )  # fmt: skip


def _markers(chart: go.Figure, one: Growth, number: int, scale: float, color: str, symbol: str, selected: str | None) -> None:
    on_line = {point.layer for point in one.envelope}
    points = [*one.points, *([one.whole] if one.whole else [])]

    def shape(point: Point) -> str:
        return "x-thin-open" if not point.field.aligned else f"{symbol}-open" if point is one.whole else symbol

    look = {
        "color": color,
        "symbol": [shape(point) for point in points],
        "size": [13 if point.layer == selected else 8 if point.layer in on_line or point is one.whole else 5 for point in points],
        "line": {"color": "#808080" if selected is None else color, "width": [3 if point.layer == selected else 1 for point in points]},
    }
    chart.add_scatter(
        x=[scale * point.depth for point in points], y=[point.size for point in points], name=one.title, legendgroup=str(number),
        mode="markers", marker=look, showlegend=False, customdata=[[number, point.layer] for point in points],
        text=[_hover(point, one) for point in points], hovertemplate="%{text}<extra></extra>",
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
    )  # fmt: skip


def _hover(point: Point, one: Growth) -> str:
    field = point.field
    head = f"<b>{point.layer}</b> · {one.title}<br>field {_pair(field.size)} px"
    if point is one.whole:
        return f"{head}: every unit sees the whole map, padding included"
    aligned = "" if field.aligned else "<br>branches not aligned: the largest field is shown"
    first = ", ".join(str(start).replace("-", "−") for start in field.offset)
    return f"{head}<br>stride {_pair(field.stride)} px, unit (0, 0) begins at ({first}){aligned}"


def _inputs(chart: go.Figure, growths: Sequence[Growth], *, log: bool) -> None:
    """A line at each input size; lines too close to each other for two labels share one."""
    highest = max((point.size for one in growths for point in one.points), default=1)
    groups: list[list[int]] = []
    for size in sorted({max(one.picture) for one in growths}):
        if groups and (size <= 1.5 * groups[-1][-1] if log else size - groups[-1][-1] <= 0.07 * highest):
            groups[-1].append(size)
        else:
            groups.append([size])
    for sizes in groups:
        label = f"input {sizes[0]} px" if len(sizes) == 1 else f"inputs {sizes[0]} to {sizes[-1]} px"
        for size in sizes:
            _level(chart, size, label if size == sizes[-1] else "", "dash")


def _level(chart: go.Figure, size: int, label: str, dash: str, *, at: float = 0) -> None:
    chart.add_hline(y=size, line={"width": 1, "dash": dash, "color": "#808080"}, layer="below")
    chart.add_scatter(
        x=[at], y=[size], mode="text", text=[label], textposition="top left" if at else "top right", textfont={"size": 12},
        showlegend=False, hoverinfo="skip",
    )  # fmt: skip


def summary(growths: Sequence[Growth]) -> str:
    """What the curves say, one sentence a network: the text alternative of the figure."""
    return " ".join(filter(None, map(_said, growths)))


def _said(one: Growth) -> str:
    if not one.envelope:
        return f"{one.title} has no map whose field could grow."
    first, last = one.envelope[0], one.envelope[-1]
    outgrown = next((point for point in one.points if point.field.size[0] > one.picture[0] or point.field.size[1] > one.picture[1]), None)
    picture = _pair(one.picture)
    fits = f"and outgrows its {picture} input at {outgrown.layer}" if outgrown else f"within its {picture} input"
    return f"{one.title}: from {_pair(first.field.size)} px at {first.layer} to {_pair(last.field.size)} px at {last.layer}, {fits}."


def covering(growths: Sequence[Growth], size: int) -> str:
    """Which layer of each network is the first whose field is at least `size` pixels high and wide."""
    said = []
    for one in growths:
        first = next((point for point in (*one.points, *([one.whole] if one.whole else [])) if min(point.field.size) >= size), None)
        said.append(f"{one.title} from {first.layer} ({_pair(first.field.size)} px) on" if first else f"{one.title} nowhere")
    return f"An object {size} px high and wide fits into one field: in {'; in '.join(said)}."


def _pair(pair: tuple[float, float]) -> str:
    return f"{pair[0]:g}×{pair[1]:g}"
