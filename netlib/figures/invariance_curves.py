"""How far features and probability go when a picture is moved, scaled or turned: curves of several networks, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from netlib.figures import units
from netlib.figures.curves import COLORS, DASHES
from netlib.figures.heat_words import class_words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import ArrayLike

PIXELS = "pixels down"  # the unit of a translation


@dataclass(frozen=True, slots=True)
class Line:
    """One network's curve.

    Attributes:
        index: its place on the page, which decides colour and dash.
        values: how far each transformation goes.
        heights: of the curve, one for each value.
        side: pixels of the picture's height. Pixels of pictures of different heights are drawn as shares of the height.
    """

    title: str
    index: int
    values: Sequence[float]
    heights: Sequence[float]
    side: int = 0


def distances(lines: Sequence[Line], unit: str, *, dark: bool = False) -> go.Figure:
    """Distance of a layer's features to those of the picture itself, as a share of the largest: each layer has a unit of its own."""
    drawn, shares = go.Figure(), in_shares(unit, [line.side for line in lines])
    for line in lines:
        heights = np.asarray(line.heights, dtype=float)
        largest = np.nanmax(heights, initial=0.0) or 1.0
        said = [f"distance {units.value(float(height))}" for height in heights]
        _line(drawn, line, 100 * heights / largest, said, unit, shares, dark)
    return _laid_out(drawn, unit, shares, "distance, share of the largest")


def probabilities(lines: Sequence[Line], unit: str, *, dark: bool = False) -> go.Figure:
    """Probability of the class for each transformation."""
    drawn, shares = go.Figure(), in_shares(unit, [line.side for line in lines])
    for line in lines:
        heights = np.asarray(line.heights, dtype=float)
        _line(drawn, line, 100 * heights, units.percents(heights.tolist()), unit, shares, dark)
    return _laid_out(drawn, unit, shares, "probability of the class")


def in_shares(unit: str, sides: Collection[int]) -> bool:
    """Whether values are compared as shares of the pictures' heights: pixels of pictures that are not of one height."""
    return unit == PIXELS and len(set(sides)) > 1


def invariance_words(title: str, values: ArrayLike, probability: ArrayLike, neutral: float, unit: str, name: str, of: int = 0) -> str:
    """How much it takes until the class has lost half of its probability; `of` is as in `value_words`."""
    at, found = np.asarray(values, dtype=float), np.asarray(probability, dtype=float)
    clean = float(found[np.abs(at - neutral).argmin()])
    lost = at[found < clean / 2]
    most, worst = class_words(name), int(np.nanargmin(found))
    if not lost.size:
        whole, least = units.percents([clean, float(found[worst])])
        return f"{title}: {most} keeps at least half of its {whole}; least, {least}, at {value_words(float(at[worst]), unit, of)}."
    first = float(lost[np.abs(lost - neutral).argmin()])
    return f"{title}: {most} has lost half of its {units.percent(clean)} at {value_words(first, unit, of)}."


def value_words(value: float, unit: str, of: int = 0) -> str:
    """A transformation in a few letters, for a heading: "−20 px", "1.4 ×", "90°"; where heights differ, `of` one: "−20 of 224 px"."""
    short = {PIXELS: f" of {of} px" if of else " px", "times as large": " ×", "degrees counter-clockwise": "°"}.get(unit, f" {unit}")
    return f"{value:.4g}{short}".replace("-", "−")


def _line(
    drawn: go.Figure, line: Line, heights: ArrayLike, said: Sequence[str], unit: str, shares: bool, dark: bool
) -> None:
    places = [100 * value / line.side for value in line.values] if shares else list(line.values)
    words = [value_words(value, unit, line.side if shares else 0) for value in line.values]
    drawn.add_scatter(
        x=places, y=np.asarray(heights).tolist(), mode="lines+markers", name=line.title,
        customdata=[f"{place}: {text}" for place, text in zip(words, said, strict=True)],
        line={"color": COLORS[line.index % len(COLORS)][dark], "dash": DASHES[line.index % len(DASHES)]}, marker={"size": 5},
        hovertemplate="%{customdata}<extra>" + line.title + "</extra>",
    )  # fmt: skip


def _laid_out(drawn: go.Figure, unit: str, shares: bool, title: str) -> go.Figure:
    drawn.update_layout(
        height=290, margin={"l": 8, "r": 8, "t": 8, "b": 8}, hovermode="closest", showlegend=True, legend_itemwidth=40,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    drawn.update_xaxes(title="down, share of the height" if shares else unit, ticksuffix=" %" if shares else "", zeroline=False)
    drawn.update_yaxes(title=title, ticksuffix=" %", range=[-3, 105])
    return drawn
