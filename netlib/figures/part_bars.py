"""Hiding the same part in several pictures beside hiding random ones: the distances as bars, as a table, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from netlib.figures.curves import COLORS
from netlib.figures.words import listed, upper_first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RANDOM = "random"
_INK = ("#444444", "#bbbbbb")  # of whiskers
_PATTERNS = ("", "/", "x", ".")


@dataclass(frozen=True, slots=True)
class Row:
    """One layer of one network: part (and RANDOM) -> (mean of the pairs' Hamming distances, 0 … 1, their deviation)."""

    title: str
    layer: str
    index: int
    distances: Mapping[str, tuple[float, float]]


def figure(rows: Sequence[Row], *, dark: bool = False) -> go.Figure:
    """A group of bars for each part, a bar for each row; the whisker is the deviation over the pairs of pictures."""
    drawn = go.Figure()
    for place, row in enumerate(rows):
        nth = sum(other.index == row.index for other in rows[:place])  # of this network's layers
        means, deviations = zip(*row.distances.values(), strict=True)
        drawn.add_bar(
            x=[upper_first(part) for part in row.distances], y=means,
            error_y={"type": "data", "array": deviations, "thickness": 1, "color": _INK[dark]},
            name=f"{row.title}, {row.layer}",
            marker={"color": COLORS[row.index % 4][dark], "pattern": {"shape": _PATTERNS[nth % len(_PATTERNS)]}},
            hovertemplate="%{x}: %{y:.3f}<extra>" + f"{row.title}, {row.layer}" + "</extra>",
        )  # fmt: skip
    drawn.update_layout(
        height=320, margin={"l": 8, "r": 8, "t": 8, "b": 8}, barmode="group", showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    drawn.update_yaxes(title="Δ, mean Hamming distance", rangemode="tozero")
    return drawn


def table(rows: Sequence[Row]) -> list[dict[str, str]]:
    """ZFNet's Table 1 for these networks: "0.067 ± 0.007"."""
    return [
        {"Network": row.title, "Layer": row.layer}
        | {upper_first(part): f"{mean:.3f} ± {deviation:.3f}" for part, (mean, deviation) in row.distances.items()}
        for row in rows
    ]


def words(row: Row) -> str:
    """Which parts the layer ties together: those whose distance is below that of random boxes."""
    chance = row.distances[RANDOM][0]
    tied = [part for part, (mean, _) in row.distances.items() if part != RANDOM and mean < chance]
    which = f"{row.layer} of {row.title}"
    if not tied:
        return f"{which} answers no more alike to the same part than to random boxes (Δ {chance:.3f})."
    said = [f"the {part} (Δ {row.distances[part][0]:.3f})" for part in tied]
    return f"{which} answers more alike to {listed(said)} than to random boxes (Δ {chance:.3f})."
