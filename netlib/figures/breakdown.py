"""Where a network's parameters, MACs and memory are: by kind, by stage, by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netlib.analysis.stages import stages
from netlib.figures import units
from netlib.figures.colors import category_color

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netlib.analysis.cost import Costs, LayerCost
    from netlib.analysis.graph import LayerGraph

# Paul Tol's "bright" scheme: apart for every eye, on white and on black. The heads are grey.
STAGE_COLORS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#8c6d46", "#7a9a01")

# Title -> how it is read off a cost, and how it is written.
QUANTITIES: Mapping[str, tuple[Callable[[LayerCost], int], Callable[[int], str]]] = {
    "Parameters": (lambda cost: cost.params, units.count),
    "MACs": (lambda cost: cost.macs, units.count),
    "Activations": (lambda cost: cost.activation_bytes, units.bytes_),
    "Kept for training": (lambda cost: cost.kept_bytes, units.bytes_),
}


def shares(graph: LayerGraph, costs: Costs, *, by: str, dark: bool = False) -> go.Figure:
    """One bar a quantity, split into shares by "kind" or "stage": which part of the network has what."""
    groups = by_kind(graph) if by == "kind" else by_stage(graph)
    colors = {title: category_color(title, dark=dark) for title in groups} if by == "kind" else _stage_colors(groups)
    sums = {title: costs.sum(names) for title, names in groups.items()}
    figure = go.Figure()
    for title, part in sums.items():
        parts, texts, notes = [], [], []
        for read, write in QUANTITIES.values():
            whole, mine = read(costs.total), read(part)
            share = mine / whole if whole else 0.0
            parts.append(100 * share)
            texts.append(f"{100 * share:.0f} %" if share >= 0.05 else "")
            notes.append(f"{write(mine)} of {write(whole)} ({100 * share:.3g} %)")
        if any(parts):
            figure.add_bar(
                y=list(QUANTITIES), x=parts, name=title, orientation="h", marker={"color": colors[title], "line": {"width": 0}},
                text=texts, textposition="inside", insidetextanchor="middle", textangle=0, customdata=notes,
                hovertemplate=f"<b>{title}</b><br>%{{y}}: %{{customdata}}<extra></extra>",
            )  # fmt: skip
    figure.update_layout(
        barmode="stack", height=300, margin={"l": 0, "r": 8, "t": 8, "b": 8}, bargap=0.35,
        legend={"orientation": "h", "y": -0.2, "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    figure.update_xaxes(ticksuffix=" %", range=[0, 100], title="share of the whole network", title_standoff=4)
    figure.update_yaxes(autorange="reversed")
    return figure


def by_layer(graph: LayerGraph, costs: Costs, *, selected: str | None = None, dark: bool = False) -> go.Figure:
    """Parameters, MACs and activations of every layer that has any of the first two, in the order of the forward pass."""
    rows = [layer for layer in graph.layers if costs[layer.name].params or costs[layer.name].macs]
    titles = ("Parameters", "MACs", "Activations")
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.07, subplot_titles=titles)
    names = [layer.name for layer in rows]
    for row, title in enumerate(titles, start=1):
        read, write = QUANTITIES[title]
        for category in dict.fromkeys(layer.category for layer in rows):
            mine = [layer for layer in rows if layer.category == category]
            values = [read(costs[layer.name]) for layer in mine]
            figure.add_bar(
                x=[layer.name for layer in mine], y=values, name=category, legendgroup=category, showlegend=row == 1,
                marker={"color": category_color(category, dark=dark), "line": {"width": 0}},
                customdata=[write(value) for value in values], hovertemplate=f"<b>%{{x}}</b><br>{title}: %{{customdata}}<extra></extra>",
                row=row, col=1,
            )  # fmt: skip
        suffix = "B" if title == "Activations" else ""
        figure.update_yaxes(row=row, col=1, tickformat="~s", ticksuffix=suffix, rangemode="tozero")
    if selected in names:
        figure.add_vline(x=names.index(selected), line={"width": 1, "dash": "dot"})
    figure.update_xaxes(categoryorder="array", categoryarray=names, tickangle=-60, showticklabels=False)
    figure.update_xaxes(row=3, col=1, showticklabels=len(names) <= 60)
    figure.update_layout(
        height=520, margin={"l": 0, "r": 8, "t": 40, "b": 8}, bargap=0.15, barmode="stack", legend={"orientation": "h", "y": 1.12, "x": 0}
    )
    return figure


def by_kind(graph: LayerGraph) -> dict[str, Sequence[str]]:
    """Category -> the layers of it, in the order in which the categories appear."""
    groups: dict[str, list[str]] = {}
    for layer in graph.layers:
        groups.setdefault(layer.category, []).append(layer.name)
    return dict(groups)


def by_stage(graph: LayerGraph) -> dict[str, Sequence[str]]:
    """Title of the stage -> its layers."""
    return {stage.title: stage.layers for stage in stages(graph)}


def _stage_colors(groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
    maps = [title for title in groups if title.startswith("stage")]
    colors = {title: STAGE_COLORS[index % len(STAGE_COLORS)] for index, title in enumerate(maps)}
    return {title: colors.get(title, "#8a8a8a") for title in groups}


def summary(graph: LayerGraph, costs: Costs, *, by: str) -> str:
    """What the shares say, in one sentence: the text alternative of the figure."""
    groups = by_kind(graph) if by == "kind" else by_stage(graph)
    said = []
    for title in ("Parameters", "MACs", "Activations"):
        read, _ = QUANTITIES[title]
        whole = read(costs.total)
        best, mine = max(((name, read(costs.sum(layers))) for name, layers in groups.items()), key=lambda item: item[1])
        if whole:
            said.append(f"{100 * mine / whole:.0f} % of the {title if title == 'MACs' else title.lower()} in {best}")
    return "; ".join(said) + "."
