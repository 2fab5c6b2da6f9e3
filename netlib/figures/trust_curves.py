"""Deletion and insertion curves of a map beside those of a random order, and what a trust check says in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from netlib.figures import units
from netlib.figures.curves import COLORS

if TYPE_CHECKING:
    from collections.abc import Sequence

NEAR = 0.02  # areas less apart than this are called alike
SATURATED = 0.8  # of the whole picture's probability, without the pixels: their order can then show next to nothing
MUCH, LITTLE = 0.5, 0.2  # of a rank correlation


@dataclass(frozen=True, slots=True)
class Curve:
    """Probability of the class against the share of pixels changed, and the area under it, 0 … 1."""

    fractions: Sequence[float]
    probabilities: Sequence[float]
    area: float


def figure(deletion: Curve, insertion: Curve, random_deletion: Curve, random_insertion: Curve, *, dark: bool = False) -> go.Figure:
    """The map's two curves, and dotted the same for pixels in random order."""
    drawn = go.Figure()
    lines = (
        ("Deletion, strongest first", deletion, 0, "solid"), ("Deletion, random order", random_deletion, 0, "dot"),
        ("Insertion, strongest first", insertion, 1, "solid"), ("Insertion, random order", random_insertion, 1, "dot"),
    )  # fmt: skip
    for name, curve, look, dash in lines:
        drawn.add_scatter(
            x=[100 * share for share in curve.fractions], y=[100 * share for share in curve.probabilities], mode="lines",
            name=f"{name}: area {curve.area:.2f}", line={"color": COLORS[look][dark], "dash": dash, "width": 2.5 if dash == "solid" else 2},
            hovertemplate="%{x:.0f} % of the pixels: %{y:.1f} %<extra>" + name + "</extra>",
        )  # fmt: skip
    drawn.update_layout(
        height=340, margin={"l": 8, "r": 8, "t": 8, "b": 8}, hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    drawn.update_xaxes(title="share of the pixels changed", ticksuffix=" %", range=[0, 101], dtick=25)
    drawn.update_yaxes(title="probability of the class", ticksuffix=" %", rangemode="tozero")
    return drawn


def curve_words(deletion: Curve, insertion: Curve, random_deletion: Curve, random_insertion: Curve) -> str:
    """Whether the map orders the pixels better than chance does, where the picture without them does not say the class anyway."""
    gained, kept = random_deletion.area - deletion.area, insertion.area - random_insertion.area
    deleting = f"leaves an area of {deletion.area:.2f}, in random order {random_deletion.area:.2f}: {_verdict(gained)}"
    inserting = f"gives {insertion.area:.2f}, in random order {random_insertion.area:.2f}: {_verdict(kept)}"
    whole, filled, blurred = deletion.probabilities[0], deletion.probabilities[-1], insertion.probabilities[0]
    return " ".join([
        _nothing("Deletion", "with all pixels taken out", filled, whole) or f"Deleting the strongest pixels first {deleting}.",
        _nothing("Insertion", "blurred, with none put in", blurred, whole) or f"Inserting them first {inserting}.",
    ])  # fmt: skip


def checked_words(correlation: float | None, areas: tuple[Curve, Curve] | None) -> str:
    """A line below a map that was checked, to compare it with others; empty where it was not.

    Args:
        correlation: rank correlation with the map of the wholly random network.
        areas: deletion by the map and in random order.
    """
    found = [] if correlation is None else [f"rank correlation {_signed(correlation)} when all weights are random"]
    if areas:
        own, chance = areas
        useless = _saturated(own.probabilities[-1], own.probabilities[0])
        found.append("deletion says nothing here" if useless else f"deletion area {own.area:.2f}, in random order {chance.area:.2f}")
    return f"Trust check: {'; '.join(found)}." if found else ""


def randomized_words(layers: Sequence[str | None], correlations: Sequence[float]) -> str:
    """How far the map follows the weights: rank correlation with the map of the trained network, layer by layer from the top."""
    if len(layers) < 2:
        return "No layer has been made random yet."
    first, last = correlations[1], correlations[-1]
    start = f"With {layers[1]} alone made random, its rank correlation with the map above is {_signed(first)}"
    end = f"with all down to {layers[-1]}, {_signed(last)}"
    if abs(last) >= MUCH:
        verdict = "the map stays much the same whatever the network has learned, so it says little about this network"
    elif abs(last) >= LITTLE:
        verdict = "part of the map does not come from what the network has learned"
    else:
        verdict = "the map depends on what the network has learned"
    return f"{start}; {end}: {verdict}."


def edge_words(correlation: float) -> str:
    """How much the map looks like an edge detector's, which knows no network at all."""
    how = "much like" if abs(correlation) >= MUCH else "somewhat like" if abs(correlation) >= LITTLE else "not like"
    return f"It looks {how} the plain edges of the picture (rank correlation {_signed(correlation)})."


def similarity_text(spearman: float, ssim: float) -> str:
    """The numbers below a map of the strip."""
    return f"rank correlation {_signed(spearman)}, SSIM {_signed(ssim)}"


def _saturated(without: float, whole: float) -> bool:
    return without >= SATURATED * whole


def _nothing(test: str, how: str, without: float, whole: float) -> str:
    """Said of a test that starts, or ends, at a picture that the network takes for the class as it is."""
    if not _saturated(without, whole):
        return ""
    given, of = units.percents([without, whole])
    return f"{test} says nothing here: {how}, the picture alone already gives the class {given}, whole it gives {of}."


def _verdict(better: float) -> str:
    return "better than chance" if better > NEAR else "worse than chance" if better < -NEAR else "no better than chance"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
