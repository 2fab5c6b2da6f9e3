"""What a paper measured and what was measured here, an arm of the experiment a bar, beside each other."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netlib.figures.run_curves import COLORS, MOST
from netlib.figures.verdict_words import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.training.experiments import Experiment
    from netlib.training.verdicts import Verdict

ROW = 46  # pixels of a bar
FRAME = 110
_TEXT = ("#222222", "#f4f4f4")  # on white, on black
_GAP = "\u2003"  # between a bar's end, where its rings may be, and its number
_ROOM = 1.25  # of the longest bar, for the number at its end


def figure(experiment: Experiment, verdict: Verdict, *, dark: bool = False) -> go.Figure:
    """Left the paper's numbers, where it prints some; right ours: a bar for the mean of the trials, a ring for each of them.

    The two sides have scales of their own: the paper's networks and data are larger, and often it measured something else.
    """
    arms, finding = list(experiment.arms), experiment.finding
    headings = [f"Here: {verdict.measure.title}"]
    if finding.values:
        headings.insert(0, f"The paper: {finding.metric}")
    here = len(headings)
    drawn = make_subplots(1, here, shared_yaxes=True, subplot_titles=headings, horizontal_spacing=0.06)
    if finding.values:
        _bars(drawn, 1, arms, finding.values, {arm: f"{value:g}" for arm, value in finding.values.items()}, dark)
    trials = {arm: [value for value in found.values if isfinite(value)] for arm, found in verdict.summaries.items()}
    means = {arm: sum(values) / len(values) if values else 0.0 for arm, values in trials.items()}
    _bars(drawn, here, arms, means, {arm: _words(arm, means[arm], verdict) for arm in means}, dark)
    for arm, values in trials.items():
        drawn.add_scatter(
            y=[arm] * len(values), x=values, mode="markers", hovertemplate="%{y}: %{x:.4~g}<extra>one trial</extra>", row=1, col=here,
            marker={"symbol": "circle-open", "size": 10, "color": _TEXT[dark], "line_width": 2},
        )  # fmt: skip
    if not means:
        drawn.add_annotation(text="not measured yet", showarrow=False, x=0.5, y=(len(arms) - 1) / 2, row=1, col=here)
        drawn.add_scatter(y=arms, x=[None] * len(arms), row=1, col=here)  # so that the arms have their places
        drawn.update_xaxes(visible=False, range=[0, 1], row=1, col=here)
    drawn.update_layout(height=FRAME + ROW * len(arms), margin={"l": 8, "r": 8, "t": 40, "b": 8}, showlegend=False, barmode="overlay")
    drawn.update_yaxes(categoryorder="array", categoryarray=arms[::-1], range=[-0.6, len(arms) - 0.4])
    drawn.update_annotations(font_size=14)
    return drawn


def _bars(
    drawn: go.Figure, column: int, arms: Sequence[str], lengths: Mapping[str, float], texts: Mapping[str, str], dark: bool
) -> None:  # fmt: skip
    shown = [arm for arm in arms if arm in lengths]
    drawn.add_bar(
        y=shown, x=[lengths[arm] for arm in shown], text=[_GAP + texts[arm] for arm in shown], orientation="h",
        marker={"color": [COLORS[arms.index(arm) % MOST][dark] for arm in shown], "opacity": 0.7}, hoverinfo="skip",
        textposition="outside", cliponaxis=False, textfont={"size": 14, "color": _TEXT[dark]}, row=1, col=column,
    )  # fmt: skip
    drawn.update_xaxes(range=[0, _ROOM * max(lengths.values(), default=1) or 1], row=1, col=column)


def _words(arm: str, mean: float, verdict: Verdict) -> str:
    values = verdict.summaries[arm].values
    reached = sum(map(isfinite, values))
    if not reached:
        return "not reached"
    return number(mean, verdict.measure) + (f", reached in {reached} of {len(values)} trials" if reached < len(values) else "")
