"""What training runs measured, as curves on common axes: one run, or several side by side."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from netlib.figures import units
from netlib.figures.colors import tint
from netlib.figures.words import upper_first
from netlib.training.measurements import thinned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from netlib.training.measurements import Points


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that runs are compared by.

    Attributes:
        title: as the axis writes it.
        training, held_back: the series of the training batches and of the held-back pictures; "" where there is none.
        percent: values are shares of 1, shown as per cent.
    """

    title: str
    training: str
    held_back: str = ""
    percent: bool = False

    @property
    def series(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.training, self.held_back)))

    @property
    def noisy(self) -> bool:
        """Whether it is measured on single batches."""
        return bool(self.held_back)


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "top1": Measure("right at the first guess", "top1", "test/top1", percent=True),
        "loss": Measure("loss", "loss", "test/loss"),
        "learning_rate": Measure("learning rate", "learning_rate"),
        "images_per_second": Measure("pictures a second", "images_per_second"),
    }
)
ACROSS: Mapping[str, str] = MappingProxyType(
    {"step": "optimizer steps", "epoch": "passes over the training pictures", "seconds": "seconds of training"}
)
MOST = 6  # runs that one figure keeps apart
DRAWN = 1500  # points of a line; more would be drawn onto the same pixels
MARKED = 24

# Colour, dash and mark of each place: Paul Tol's high-contrast scheme and two of his muted one. (on white, on black)
COLORS = (
    ("#004488", "#5599dd"), ("#bb5566", "#ee7788"), ("#997700", "#eecc44"),
    ("#222222", "#f4f4f4"), ("#117733", "#66cc88"), ("#882255", "#dd7fae"),
)  # fmt: skip
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
MARKS = ("●", "■", "◆", "▲", "✚", "✖")
_GROUND = ("#ffffff", "#0e1117")  # what pale lines are laid over


@dataclass(frozen=True, slots=True)
class Curves:
    """What one run measured.

    Attributes:
        title: as the legend writes it.
        place: 0 … MOST - 1 among the runs of the page, which decides colour, dash and mark.
        points: series -> its points.
    """

    title: str
    place: int
    points: Mapping[str, Points]


def figure(
    runs: Sequence[Curves], measure: str, *, across: str = "step", smoothing: float = 0.0, log: bool = False, dark: bool = False
) -> go.Figure:
    """A thin line a run for its training batches, a thick one with marks for the held-back pictures.

    Args:
        measure: key of MEASURES.
        across: key of ACROSS.
        smoothing: 0 … 0.99, see `smoothed`; of the training batches only. What was measured then stands palely behind.
    """
    drawn, about = go.Figure(), MEASURES[measure]
    for run in runs:
        alone = len(runs) == 1
        training = "training batches" if alone else run.title
        if smoothing:
            _add(drawn, run, about, about.training, training, across, pale=True, dark=dark)
        _add(drawn, run, about, about.training, training, across, smoothing=smoothing, dark=dark)
        _add(drawn, run, about, about.held_back, "held-back pictures" if alone else run.title, across, dark=dark)
    last = {trace.name: trace for trace in drawn.data}  # of each name the thick line stands in the legend, with its mark
    for trace in drawn.data:
        trace.showlegend = trace is last[trace.name]
    drawn.update_layout(
        height=420, margin={"l": 8, "r": 8, "t": 32, "b": 8}, hovermode="closest", uirevision=f"{measure} {across}",
        legend={"orientation": "h", "y": -0.18, "yanchor": "top", "x": 0}, legend_itemwidth=50, showlegend=True,
    )  # fmt: skip
    drawn.update_xaxes(title=ACROSS[across], rangemode="tozero")
    drawn.update_yaxes(title=about.title, type="log" if log else "linear", ticksuffix=" %" if about.percent else "")
    return drawn


def summary(runs: Sequence[Curves], measure: str) -> str:
    """Where each curve ends, in a sentence: caption and text alternative of the figure."""
    about, said = MEASURES[measure], []
    for run in runs:
        series = about.held_back if about.held_back in run.points else about.training
        points = run.points.get(series)
        if points is not None and len(points.value):
            last = float(points.value[-1])
            of = " (held-back pictures)" if series == about.held_back else ""
            said.append(f"{run.title} {units.percent(last) if about.percent else units.value(last)}{of} at step {int(points.step[-1]):,}")
    return f"{upper_first(about.title)} at the end: {'; '.join(said)}." if said else "Nothing has been measured yet."


def numbers(runs: Sequence[Curves]) -> list[dict[str, object]]:
    """The points as rows of a table."""
    return [
        {"run": run.title, "series": series, "step": int(step), "epoch": epoch, "seconds": seconds, "value": value}
        for run in runs
        for series, points in run.points.items()
        for step, epoch, seconds, value in zip(points.step, points.epoch, points.seconds, points.value, strict=True)
    ]


def smoothed(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Each value's mean with all before it, whose weights fall by the factor `share` from one to the next. Shapes: (N,) -> (N,).

    >>> smoothed(np.array([4.0, 0.0, 0.0]), 0.5).round(3).tolist()
    [4.0, 1.333, 0.571]
    """
    sums = np.fromiter(accumulate(values, lambda so_far, value: share * so_far + value), np.float64, len(values))
    weights = np.fromiter(accumulate(np.ones(len(values)), lambda so_far, one: share * so_far + one), np.float64, len(values))
    return sums / weights


def _add(
    drawn: go.Figure, run: Curves, about: Measure, series: str, name: str, across: str, *, dark: bool,
    smoothing: float = 0.0, pale: bool = False,
) -> None:  # fmt: skip
    points = run.points.get(series)
    if points is None or not len(points.value):
        return
    scale, thick, color = 100 if about.percent else 1, series == about.held_back, COLORS[run.place % MOST][dark]
    values = smoothed(points.value, smoothing) if smoothing else points.value
    kept = thinned(values, DRAWN)
    x = getattr(points, across)[kept]
    drawn.add_scatter(
        x=x, y=scale * values[kept], name=name, mode="lines+markers" if thick else "lines", legendgroup=run.title,
        line={"color": tint(color, 0.3, _GROUND[dark]) if pale else color, "width": 3 if thick else 1 if pale else 1.5,
              "dash": DASHES[run.place % MOST] if thick else "solid"},
        marker={"symbol": SYMBOLS[run.place % MOST], "size": 8, "color": color, "maxdisplayed": MARKED},
        hoverinfo="skip" if pale else None, customdata=points.step[kept],
        hovertemplate=None if pale else (
            f"<b>{run.title}</b><br>{'held-back pictures' if thick else 'training batch'}: %{{y:.4~g}}{' %' if about.percent else ''}"
            "<br>step %{customdata:,}<extra></extra>"
        ),
    )  # fmt: skip
