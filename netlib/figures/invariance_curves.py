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
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Line:
    """One network's curve; `index` is its place on the page, which decides colour and dash."""

    title: str
    index: int
    values: Sequence[float]
    heights: Sequence[float]


def distances(lines: Sequence[Line], unit: str, *, dark: bool = False) -> go.Figure:
    """Distance of a layer's features to those of the picture itself, as a share of the largest: each layer has a unit of its own."""
    drawn = go.Figure()
    for line in lines:
        heights = np.asarray(line.heights, dtype=float)
        largest = np.nanmax(heights, initial=0.0) or 1.0
        _line(drawn, line, 100 * heights / largest, [units.value(float(height)) for height in heights], dark, "distance ")
    return _laid_out(drawn, unit, "distance, share of the largest")


def probabilities(lines: Sequence[Line], unit: str, *, dark: bool = False) -> go.Figure:
    """Probability of the class for each transformation."""
    drawn = go.Figure()
    for line in lines:
        heights = np.asarray(line.heights, dtype=float)
        _line(drawn, line, 100 * heights, [units.percent(float(height)) for height in heights], dark, "")
    return _laid_out(drawn, unit, "probability of the class")


def invariance_words(title: str, values: ArrayLike, probability: ArrayLike, neutral: float, unit: str, name: str) -> str:
    """How much it takes until the class has lost half of its probability."""
    at, found = np.asarray(values, dtype=float), np.asarray(probability, dtype=float)
    clean = float(found[np.abs(at - neutral).argmin()])
    lost = at[found < clean / 2]
    most, worst = class_words(name), int(np.nanargmin(found))
    if not lost.size:
        least = f"least, {units.percent(float(found[worst]))}, at {_at(at[worst], unit)}"
        return f"{title}: {most} keeps at least half of its {units.percent(clean)}; {least}."
    first = float(lost[np.abs(lost - neutral).argmin()])
    return f"{title}: {most} has lost half of its {units.percent(clean)} at {_at(first, unit)}."


def value_words(value: float, unit: str) -> str:
    """A transformation in a few letters, for a heading: "−20 px", "1.4 ×", "90°"."""
    short = {"pixels down": " px", "times as large": " ×", "degrees counter-clockwise": "°"}.get(unit, f" {unit}")
    return f"{value:.4g}{short}".replace("-", "−")


def _at(value: float, unit: str) -> str:
    return value_words(float(value), unit)


def _line(drawn: go.Figure, line: Line, heights: ArrayLike, texts: Sequence[str], dark: bool, what: str) -> None:
    drawn.add_scatter(
        x=list(line.values), y=np.asarray(heights).tolist(), customdata=list(texts), mode="lines+markers", name=line.title,
        line={"color": COLORS[line.index % len(COLORS)][dark], "dash": DASHES[line.index % len(DASHES)]}, marker={"size": 5},
        hovertemplate="%{x}: " + what + "%{customdata}<extra>" + line.title + "</extra>",
    )  # fmt: skip


def _laid_out(drawn: go.Figure, unit: str, title: str) -> go.Figure:
    drawn.update_layout(
        height=290, margin={"l": 8, "r": 8, "t": 8, "b": 8}, hovermode="closest", showlegend=True, legend_itemwidth=40,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    drawn.update_xaxes(title=unit, zeroline=False)
    drawn.update_yaxes(title=title, ticksuffix=" %", range=[-3, 105])
    return drawn
