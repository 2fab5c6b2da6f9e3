"""What a paper measured and what was measured here, an arm of the experiment a bar, beside each other."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netlib.figures.run_curves import COLORS, MOST
from netlib.figures.verdict_words import number

if TYPE_CHECKING:
    from netlib.training.experiments import Experiment
    from netlib.training.verdicts import Verdict

ROW = 46  # pixels of a bar
FRAME = 110


def figure(experiment: Experiment, verdict: Verdict, *, dark: bool = False) -> go.Figure:
    """Left the paper's numbers, where it prints some; right ours: a bar for the mean of the trials, a ring for each of them.

    The two sides have scales of their own: the paper's networks and data are larger, and often it measured something else.
    """
    arms, finding = list(experiment.arms), experiment.finding
    sides = [f"The paper: {finding.metric}", f"Here: {verdict.measure.title}"] if finding.values else [f"Here: {verdict.measure.title}"]
    drawn = make_subplots(1, len(sides), shared_yaxes=True, subplot_titles=sides, horizontal_spacing=0.06)
    colors = {arm: COLORS[place % MOST][dark] for place, arm in enumerate(arms)}
    if finding.values:
        there = [arm for arm in arms if arm in finding.values]
        drawn.add_bar(
            y=there, x=[finding.values[arm] for arm in there], orientation="h", marker_color=[colors[arm] for arm in there], opacity=0.55,
            text=[f"{finding.values[arm]:g}" for arm in there], textposition="auto", hovertemplate="%{y}: %{x}<extra>the paper</extra>",
            row=1, col=1,
        )  # fmt: skip
    ours = {arm: [value for value in found.values if isfinite(value)] for arm, found in verdict.summaries.items()}
    for arm, values in ours.items():
        if values:
            mean = sum(values) / len(values)
            text = number(mean, verdict.measure) + ("" if len(values) == len(verdict.summaries[arm].values) else ", not always reached")
            drawn.add_bar(
                y=[arm], x=[mean], orientation="h", marker_color=colors[arm], opacity=0.75, text=[text], textposition="auto",
                hovertemplate="%{y}: mean %{x:.4~g}<extra>here</extra>", row=1, col=len(sides),
            )  # fmt: skip
            drawn.add_scatter(
                y=[arm] * len(values), x=values, mode="markers", hovertemplate="%{y}: %{x:.4~g}<extra>one trial</extra>",
                marker={"symbol": "circle-open", "size": 10, "color": "#f4f4f4" if dark else "#222222", "line_width": 2},
                row=1, col=len(sides),
            )  # fmt: skip
    drawn.update_layout(height=FRAME + ROW * len(arms), margin={"l": 8, "r": 8, "t": 40, "b": 8}, showlegend=False, barmode="overlay")
    drawn.update_yaxes(categoryorder="array", categoryarray=arms[::-1], range=[-0.6, len(arms) - 0.4])
    drawn.update_xaxes(rangemode="tozero")
    drawn.update_annotations(font_size=14)
    return drawn
