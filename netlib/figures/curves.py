"""Networks as curves on shared axes: parameters, MACs, activations and receptive field, from the picture to the scores.

The horizontal axis is depth as papers count it: layers with weights on the longest path. Branches side by side have the same depth, so
every network is one line; what has no weights (pooling, ReLU, batch norm …) belongs to the depth of the layer before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from netlib.analysis.depth import DEEP, depths
from netlib.analysis.moves import edges, map_size
from netlib.analysis.receptive_field import last_map
from netlib.figures import units
from netlib.figures.words import listed, upper_first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.analysis.cost import Costs
    from netlib.analysis.graph import LayerGraph
    from netlib.analysis.receptive_field import ReceptiveField

CURVES: Mapping[str, str] = {
    "params": "Parameters",
    "macs": "MACs",
    "activations": "Activations",
    "field": "Receptive field",
}
_Y_TITLES: Mapping[str, str] = {
    "params": "parameters up to this depth",
    "macs": "MACs up to this depth",
    "activations": "activations made at this depth, MiB",
    "field": "largest receptive field, pixels",
}
_X_TITLES: Mapping[str, str] = {"share": "share of the network’s depth", "depth": "depth: layers with weights on the longest path"}

# One colour, dash and mark a network, in the order of the page: Paul Tol's high-contrast scheme and its light counterpart, which
# stay apart for every eye and in print. (on white, on black)
COLORS = (("#004488", "#5599dd"), ("#bb5566", "#ee7788"), ("#997700", "#eecc44"), ("#222222", "#f4f4f4"))
DASHES = ("solid", "dash", "dot", "dashdot")
MARKS = ("●", "■", "◆", "▲")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up")
_MARKS_A_LINE = 24  # more would hide the dashes
_MIB = 2**20


@dataclass(frozen=True)
class Network:
    """What a line is drawn from; `index` is its place on the page, which decides colour, dash and mark."""

    title: str
    index: int
    graph: LayerGraph
    costs: Costs
    fields: Mapping[str, ReceptiveField]


@dataclass(frozen=True, slots=True)
class Point:
    """The value of a curve at one depth, and the weighted layers that stand there ("input" at depth 0)."""

    depth: int
    value: int
    layers: tuple[str, ...]


def color(index: int, *, dark: bool = False) -> str:
    """Colour of the network at place `index` of the page, "#rrggbb"."""
    return COLORS[index % len(COLORS)][dark]


def points(network: Network, curve: str) -> tuple[Point, ...]:
    """The curve of one network, a point a depth; "field" is the height in pixels, ends with the last map, and is empty without one."""
    graph, costs = network.graph, network.costs
    if curve == "field" and last_map(graph) is None:
        return ()
    members: dict[int, list[str]] = {}
    for name, depth in depths(graph).items():
        members.setdefault(depth, []).append(name)
    plan = edges(graph) if curve == "field" else {}
    found, so_far = [], 0
    for depth, names in sorted(members.items()):
        if curve == "field":
            maps = [name for name in names if name in plan and map_size(graph[name].shape, plan[name][0]) != (1, 1)]
            value = max((network.fields[name].size[0] for name in maps), default=1 if depth == 0 else 0)
            if not value:
                continue
        elif curve == "activations":
            value = sum(costs[name].activation_bytes for name in names)
        else:
            so_far += sum(costs[name].params if curve == "params" else costs[name].macs for name in names)
            value = so_far
        weighted = tuple(name for name in names if graph[name].kind in DEEP)
        found.append(Point(depth, value, weighted or tuple(names[:1])))
    return tuple(found) if len(found) > 1 else ()


def figure(networks: Sequence[Network], curve: str, *, across: str = "share", log: bool = False, dark: bool = False) -> go.Figure:
    """One line a network; `curve` is a key of CURVES, `across` "share" or "depth". The exact figures are under the pointer."""
    drawn = go.Figure()
    ends = [max(depths(network.graph).values()) for network in networks]
    for network, deepest in zip(networks, ends, strict=True):
        line = points(network, curve)
        ink = color(network.index, dark=dark)
        place = network.index % len(COLORS)
        drawn.add_scatter(
            x=[100 * point.depth / deepest if across == "share" else point.depth for point in line],
            y=[point.value / _MIB if curve == "activations" else point.value for point in line],
            name=network.title, mode="lines+markers", line={"color": ink, "width": 2.5, "dash": DASHES[place]},
            marker={"symbol": _SYMBOLS[place], "size": 9, "color": ink, "maxdisplayed": _MARKS_A_LINE},
            customdata=[_note(network, curve, point, line, deepest) for point in line],
            hovertemplate="<b>" + network.title + "</b><br>%{customdata}<extra></extra>",
        )  # fmt: skip
    if curve == "field":
        _input_lines(drawn, networks)
    drawn.update_layout(
        height=440, margin={"l": 8, "r": 8, "t": 32, "b": 8}, hovermode="closest",  # at the top are the buttons, on a phone always
        legend={"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0}, legend_itemwidth=50,
    )  # fmt: skip
    end = 100 if across == "share" else max(ends, default=1)
    drawn.update_xaxes(title=_X_TITLES[across], ticksuffix=" %" if across == "share" else "")
    drawn.update_xaxes(range=[-0.01 * end, 1.02 * end])
    drawn.update_yaxes(title=_Y_TITLES[curve], type="log" if log else "linear", rangemode="normal" if log else "tozero")
    drawn.update_yaxes(tickformat="~s" if curve in ("params", "macs") else ",~r", **({"dtick": 1} if log else {}))
    return drawn


def summary(networks: Sequence[Network], curve: str) -> str:
    """What the lines say, in one or two sentences: caption and text alternative of the figure."""
    said = [(network, line) for network in networks if (line := points(network, curve))]
    if not said:
        return "None of these networks has a map, so there is no receptive field to draw."
    if curve == "field":
        return upper_first("; ".join(_field_words(network, line) for network, line in said)) + "."
    if curve == "activations":
        return "The most activations are made " + "; ".join(_peak_words(network, line) for network, line in said) + "."
    whole = "parameters" if curve == "params" else "MACs"
    parts = [f"{network.title} has {_half(line):.0f} % of its {units.count(line[-1].value)} {whole}" for network, line in said]
    return f"Half-way through its depth, {listed(parts)}."


def _half(line: Sequence[Point]) -> float:
    before = [point for point in line if 2 * point.depth <= line[-1].depth]
    return 100 * before[-1].value / (line[-1].value or 1)


def _peak_words(network: Network, line: Sequence[Point]) -> str:
    peak = max(line, key=lambda point: point.value)
    return f"at depth {peak.depth} of {max(depths(network.graph).values())} in {network.title} ({units.bytes_(peak.value)})"


def _field_words(network: Network, line: Sequence[Point]) -> str:
    side = network.graph.input_shape[-2] if len(network.graph.input_shape) > 1 else 1
    outgrown = next((point for point in line if point.value > side), None)
    end = f"the field of {network.title} grows to {units.exact(max(point.value for point in line))} px"
    deepest = max(depths(network.graph).values())
    if outgrown is None:
        return f"{end} and stays within its input of {side} px"
    return f"{end} and is larger than its input of {side} px from depth {outgrown.depth} of {deepest} on"


def _note(network: Network, curve: str, point: Point, line: Sequence[Point], deepest: int) -> str:
    more = f" and {len(point.layers) - 2} more" if len(point.layers) > 2 else ""
    where = f"depth {point.depth} of {deepest}: {', '.join(point.layers[:2])}{more}"
    if curve == "field":
        return f"{where}<br>{units.exact(point.value)} px"
    if curve == "activations":
        return f"{where}<br>{units.exact(point.value)} bytes = {units.bytes_(point.value)}"
    whole = line[-1].value
    share = f" ({100 * point.value / whole:.3g} %)" if whole else ""
    return f"{where}<br>{units.exact(point.value)} {'parameters' if curve == 'params' else 'MACs'} so far{share}"


def _input_lines(drawn: go.Figure, networks: Sequence[Network]) -> None:
    """A dotted line at the height of each input; heights within a tenth of each other share their words."""
    sides = sorted({network.graph.input_shape[-2] for network in networks if len(network.graph.input_shape) > 1})
    groups: list[list[int]] = []
    for side in sides:
        if groups and side <= 1.1 * groups[-1][0]:
            groups[-1].append(side)
        else:
            groups.append([side])
    for group in groups:
        words = f"input {group[0]} px" if len(group) == 1 else f"inputs {group[0]} to {group[-1]} px"
        for side in group:
            below = group is groups[0] and len(groups) > 1  # else the words of near lines run into each other
            label = {"annotation_text": words, "annotation_position": f"{'bottom' if below else 'top'} left"} if side == group[-1] else {}
            drawn.add_hline(y=side, line={"width": 1, "dash": "dot", "color": "#808080"}, **label)
