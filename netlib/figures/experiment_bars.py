"""What a paper measured and what was measured here, each as bars, an arm of the experiment a bar; they stand beside each other.

The two have scales of their own: the paper's networks and data are larger, and often it measured something else.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from netlib.figures.run_curves import COLORS, MOST
from netlib.figures.verdict_words import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlib.training.experiments import Experiment
    from netlib.training.verdicts import Verdict

ROW = 46  # pixels of a bar
FRAME = 70
_TEXT = ("#222222", "#f4f4f4")  # on white, on black
_GAP = "\u2002"  # between the end of a bar and its rings and the number
_ROOM = 1.3  # of the longest bar, for the number at its end


def published(experiment: Experiment, *, dark: bool = False) -> go.Figure:
    """The paper's numbers; no bars where it prints none."""
    values = experiment.finding.values
    return _bars(experiment, values, {arm: f"{value:g}" for arm, value in values.items()}, dark)


def measured(experiment: Experiment, verdict: Verdict, *, dark: bool = False) -> go.Figure:
    """A bar for the mean of the trials that got there, a ring for each of them."""
    trials = {arm: [value for value in found.values if isfinite(value)] for arm, found in verdict.summaries.items()}
    means = {arm: sum(values) / len(values) if values else 0.0 for arm, values in trials.items()}
    ends = {arm: max([0.0, *values]) for arm, values in trials.items()}
    drawn = _bars(experiment, means, {arm: _words(arm, mean, verdict) for arm, mean in means.items()}, dark, ends)
    for arm, values in trials.items():
        drawn.add_scatter(
            y=[arm] * len(values), x=values, mode="markers", hovertemplate="%{y}: %{x:.4~g}<extra>one trial</extra>",
            marker={"symbol": "circle-open", "size": 10, "color": _TEXT[dark], "line_width": 2},
        )  # fmt: skip
    return drawn


def _bars(
    experiment: Experiment, lengths: Mapping[str, float], texts: Mapping[str, str], dark: bool, ends: Mapping[str, float] | None = None
) -> go.Figure:
    """The bars with their words at `ends`, by default their own."""
    arms, ends = list(experiment.arms), ends or lengths
    drawn = go.Figure()
    drawn.add_bar(
        y=arms, x=[lengths.get(arm) for arm in arms], orientation="h", hoverinfo="skip",
        marker={"color": [COLORS[place % MOST][dark] for place in range(len(arms))], "opacity": 0.7},
    )  # fmt: skip
    drawn.add_scatter(
        y=list(ends), x=list(ends.values()), text=[_GAP + texts[arm] for arm in ends], mode="text", textposition="middle right",
        textfont={"size": 14, "color": _TEXT[dark]}, cliponaxis=False, hoverinfo="skip",
    )  # fmt: skip
    drawn.update_layout(height=FRAME + ROW * len(arms), margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False)
    drawn.update_yaxes(categoryorder="array", categoryarray=arms[::-1], range=[-0.6, len(arms) - 0.4])
    drawn.update_xaxes(range=[0, _ROOM * max(ends.values(), default=0) or 1])
    return drawn


def _words(arm: str, mean: float, verdict: Verdict) -> str:
    values = verdict.summaries[arm].values
    reached = sum(map(isfinite, values))
    if not reached:
        return "not reached"
    told = ("mean " if reached > 1 else "") + number(mean, verdict.measure)
    return told + (f", reached in {reached} of {len(values)} trials" if reached < len(values) else "")
