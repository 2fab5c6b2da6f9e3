"""The family through the years: a time line of the papers, and their networks as bubbles of error, size and work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log10
from textwrap import wrap
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from netlib.analysis import published, store
from netlib.analysis.cost import costs
from netlib.figures import labels, units
from netlib.models.registry import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netlib.analysis.published import Result
    from netlib.models.spec import NetworkSpec, Paper

# Family -> (on white, on black), after Okabe and Ito; each reaches a contrast of 3:1.
FAMILY_COLORS: Mapping[str, tuple[str, str]] = {
    "Recurrent": ("#2b8a86", "#7fd6d1"),
    "LeNet": ("#5b3fa0", "#b79cf0"),
    "AlexNet": ("#d55e00", "#f2855e"),
    "ZFNet": ("#a97700", "#e6b422"),
    "Network in Network": ("#882255", "#dd7fae"),
    "Inception": ("#008a62", "#2fc49a"),
    "VGG": ("#0072b2", "#56b4e9"),
    "GAN": ("#6b6b6b", "#9d9d9d"),
    "ResNet": ("#b5568f", "#e3a1c4"),
}
INK = ("#31333f", "#fafafa")  # of names and titles, on white and on black; the other one rims the bubbles
GRID = "rgba(128, 128, 128, 0.25)"
MONTHS = "January February March April May June July August September October November December".split()

ROW = 27  # pixels a row of the time line is high
FIRST_YEAR, LAST_YEAR = 1989.0, 2017.0

HEIGHT, MARGIN = 590, {"l": 44, "r": 8, "t": 30, "b": 108}  # of the bubble chart, in pixels
LARGEST = 40  # pixels across, of the largest bubble
NARROW, WIDE = (290.0, 340.0), (520.0, 800.0, 1200.0, 1600.0)  # widths of the plot at which names must not meet, in pixels


@dataclass(frozen=True, slots=True)
class Point:
    """A network with its published error, and what it costs as we compute it."""

    spec: NetworkSpec
    result: Result
    params: int
    macs: int

    @property
    def name(self) -> str:
        """The network's title, short enough to stand beside a point."""
        return self.spec.title.replace(" with batch normalization", " BN").replace(", torchvision", " (torchvision)")

    @property
    def by_authors(self) -> bool:
        """Whether the network's own paper printed the error; the others were trained again."""
        return self.result.source == self.spec.paper.key


# What a bubble chart can be drawn across: title of the axis, value of a point, and what the area then stands for.
AXES: Mapping[str, tuple[str, Callable[[Point], float], str]] = {
    "params": ("Parameters", lambda point: point.params, "MACs"),
    "macs": ("MACs for one picture", lambda point: point.macs, "parameters"),
    "year": ("Year of the first public version", lambda point: _year(point.spec.paper), "MACs"),
}
RANGES = {"params": (5e6, 3.4e8), "macs": (5e8, 3.2e10), "year": (2012.4, 2016.9)}


def family_color(family: str, *, dark: bool = False) -> str:
    """Colour of a family as "#rrggbb"."""
    return FAMILY_COLORS[family][dark]


def heading(paper: Paper) -> str:
    """What the networks of a paper are called: "VGG" for them all, or the one network's name, "Inception v3"."""
    own = [spec.title for spec in NETWORKS.values() if spec.paper is paper and spec.variant_of is None]
    variants_by_size = paper.family in ("VGG", "ResNet")
    return paper.family if variants_by_size else own[0].split(",")[0].removesuffix(" generator")


def month(paper: Paper) -> str:
    """ "1998-11" -> "November 1998"."""
    return f"{MONTHS[int(paper.date[5:7]) - 1]} {paper.year}"


def writers(paper: Paper, most: int = 3) -> str:
    """The authors, or the first one "et al." where there are more than `most`."""
    names = paper.authors.split(", ")
    return paper.authors if len(names) <= most else f"{names[0]} et al."


def time_line(papers: Sequence[Paper], *, dark: bool = False) -> go.Figure:
    """A row a paper, in the order of history: in 2013 to 2016 they follow too closely for one row a family."""
    figure = go.Figure()
    for row, paper in enumerate(papers):
        early = _year(paper) < (FIRST_YEAR + LAST_YEAR) / 2
        title, brought = ("<br>".join(wrap(text, 44)) for text in (paper.title, paper.brought))
        note = f"<b>{title}</b><br>{writers(paper, 4)}<br>{paper.venue}, public since {month(paper)}<br><br>{brought}"
        color = family_color(paper.family, dark=dark)
        figure.add_scatter(
            x=[_year(paper)], y=[row], mode="markers+text", name=paper.family, showlegend=False, cliponaxis=False,
            text=[f" <b>{heading(paper)}</b> {writers(paper)} "], textposition="middle right" if early else "middle left",
            textfont={"size": 12, "color": INK[dark]}, marker={"size": 13, "color": color},
            hovertemplate=f"{note}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(range=[FIRST_YEAR, LAST_YEAR], dtick=5, tick0=1990, tickformat="d", showgrid=True, gridcolor=GRID)
    figure.update_xaxes(zeroline=False, fixedrange=True)
    figure.update_yaxes(range=[len(papers) - 0.4, -0.6], visible=False, fixedrange=True)
    figure.update_layout(height=ROW * len(papers) + 40, margin={"l": 4, "r": 4, "t": 4, "b": 32}, hoverlabel={"align": "left"})
    return figure


def time_line_summary(papers: Sequence[Paper]) -> str:
    """The time line as a sentence: its text alternative."""
    return "Time line of the papers: " + ", ".join(f"{heading(paper)} {paper.year}" for paper in papers) + "."


@cache
def imagenet_points() -> tuple[Point, ...]:
    """Every network with a top-5 error on ImageNet that was published for one network alone, in the order of history."""
    found = []
    for result in published.results():
        if result.comparable:
            whole = costs(store.graph(result.network))
            found.append(Point(NETWORKS[result.network], result, whole.params, whole.macs))
    return tuple(sorted(found, key=lambda point: point.spec.paper.date))


def bubbles(points: Sequence[Point], across: str, *, dark: bool = False) -> go.Figure:
    """Top-5 error over parameters, MACs or year ("params", "macs", "year"); customdata of a bubble is the network's key.

    `layout.meta` holds how many of `layout.annotations` also have room on a phone: the first ones.
    """
    title, read, _ = AXES[across]
    figure = go.Figure()
    for family in dict.fromkeys(point.spec.paper.family for point in points):
        mine = sorted((point for point in points if point.spec.paper.family == family), key=lambda point: -_radius(point, points, across))
        sizes = [2 * _radius(point, points, across) for point in mine]
        rim = {"width": 1, "color": INK[not dark]}
        figure.add_scatter(
            x=[read(point) for point in mine], y=[point.result.value for point in mine], mode="markers", name=family,
            marker={"size": sizes, "color": family_color(family, dark=dark), "opacity": 0.8, "line": rim},
            unselected={"marker": {"opacity": 0.3}}, selected={"marker": {"opacity": 1}},
            customdata=[point.spec.name for point in mine], text=[_note(point) for point in mine], hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    figure.add_annotation(
        text="Top-5 error on ImageNet, as published", showarrow=False, font={"size": 13, "color": INK[dark]},
        xref="paper", x=0, xanchor="left", xshift=-MARGIN["l"] + 4, yref="paper", y=1, yanchor="bottom", yshift=8,
    )  # fmt: skip
    spots = _spots(points, across)
    narrow = labels.places(spots, (*NARROW, *WIDE), _plot_height())
    for spot in spots:
        if side := narrow.get(spot.name):
            _write(figure, spot, side, across, points, dark=dark)
    for name, side in labels.places(spots, WIDE, _plot_height(), narrow).items():
        if name not in narrow:
            _write(figure, next(spot for spot in spots if spot.name == name), side, across, points, dark=dark)
    low, high = RANGES[across]
    if across == "year":
        figure.update_xaxes(range=[low, high], dtick=1, tickformat="d")
    else:
        figure.update_xaxes(type="log", range=[log10(low), log10(high)], dtick="D2", tickformat="~s")
    figure.update_xaxes(title=title, title_standoff=6, zeroline=False, fixedrange=True)  # a drag scrolls the page on a phone
    figure.update_yaxes(range=list(_errors(points)), ticksuffix=" %", zeroline=False, fixedrange=True)
    figure.update_layout(
        height=HEIGHT, margin={**MARGIN, "autoexpand": False}, meta=1 + len(narrow), hoverlabel={"align": "left"},
        legend={"orientation": "h", "x": 0, "y": -0.12, "yanchor": "top", "itemsizing": "constant"},
        legend_itemclick=False, legend_itemdoubleclick=False,
    )  # fmt: skip
    return figure


def bubbles_summary(points: Sequence[Point], across: str) -> str:
    """What the bubbles say, in one sentence: the text alternative of the chart."""
    worst, best = max(points, key=lambda point: point.result.value), min(points, key=lambda point: point.result.value)
    return (
        f"{len(points)} networks by top-5 error on ImageNet and {AXES[across][0]}, the area of a bubble being its {AXES[across][2]}: "
        f"from {_facts(worst)} to {_facts(best)}."
    )


def _facts(point: Point) -> str:
    return f"{point.name} ({point.spec.paper.year}: {point.result.value:g} %, {units.params(point.params)}, {units.macs(point.macs)})"


def _note(point: Point) -> str:
    result = point.result
    return (
        f"<b>{point.spec.title}</b> ({point.spec.paper.year})<br>top-5 error {result.value:g} %<br>{result.protocol}"
        f"<br>{'<br>'.join(wrap(result.data, 44))}<br>{units.params(point.params)}, {units.macs(point.macs)}"
        f"<br>{'printed by the authors' if point.by_authors else 'trained again by torchvision'}: {result.where}"
    )


def _year(paper: Paper) -> float:
    """The middle of the month as a number: "1998-11" -> 1998.875."""
    return paper.year + (int(paper.date[5:7]) - 0.5) / 12


def _radius(point: Point, points: Sequence[Point], across: str) -> float:
    """Half the diameter in pixels; the area goes with MACs or parameters."""
    field = AXES[across][2].lower().replace("parameters", "params")
    largest = max(getattr(other, field) for other in points)
    return LARGEST / 2 * (getattr(point, field) / largest) ** 0.5


def _errors(points: Sequence[Point]) -> tuple[float, float]:
    """The range of the error axis, in percent."""
    return 2.5, max(point.result.value for point in points) + 1.5


def _plot_height() -> float:
    return HEIGHT - MARGIN["t"] - MARGIN["b"]


def _spots(points: Sequence[Point], across: str) -> list[labels.Spot]:
    """The points in shares of the plot; a paper's own network chooses its place first."""
    (low, high), (least, most) = RANGES[across], _errors(points)
    scale: Callable[[float], float] = float if across == "year" else log10
    spots = []
    for point in sorted(points, key=lambda point: point.spec.variant_of is not None):
        x = (scale(AXES[across][1](point)) - scale(low)) / (scale(high) - scale(low))
        y = (most - point.result.value) / (most - least)
        spots.append(labels.Spot(point.name, x, y, _radius(point, points, across)))
    return spots


def _write(figure: go.Figure, spot: labels.Spot, side: labels.Side, across: str, points: Sequence[Point], *, dark: bool) -> None:
    """A point's name beside it."""
    point = next(point for point in points if point.name == spot.name)
    right, up = side
    away, x = labels.distance(spot.radius, side), AXES[across][1](point)
    figure.add_annotation(
        text=spot.name, showarrow=False, font={"size": 12, "color": INK[dark]}, borderpad=0, height=labels.LINE,
        x=x if across == "year" else log10(x), xanchor=("right", "center", "left")[right + 1], xshift=right * away,
        y=point.result.value, yanchor=("top", "middle", "bottom")[up + 1], yshift=up * away,
    )  # fmt: skip
