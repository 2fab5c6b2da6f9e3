"""A chart of the page as a picture to take away: lines and bars of a Plotly figure, drawn by matplotlib, which needs no browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

SIZE, DPI = (8.0, 4.0), 120  # inches; dots an inch
_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
_HATCHES = {"/": "////", "x": "xxxx", ".": "...."}
_INK = "#202020"


def chart_picture(drawn: go.Figure) -> NDArray[np.uint8]:
    """The figure's lines, markers, bars with whiskers, axes and legend. Shapes: -> (H, W, 3).

    Raises:
        ValueError: a trace that is neither a line nor a bar.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    page = Figure(SIZE, DPI, facecolor="white", layout="constrained")
    axes = page.add_subplot()
    bars = sum(trace.type == "bar" for trace in drawn.data)
    for number, trace in enumerate(drawn.data):
        if trace.type == "bar":
            _bars(axes, trace, (number - (bars - 1) / 2) * 0.8 / bars, 0.8 / bars)
        elif trace.type == "scatter":
            marker = "o" if "markers" in (trace.mode or "") else ""
            style = _DASHES[trace.line.dash or "solid"]
            axes.plot(trace.x, trace.y, style, color=trace.line.color, marker=marker, markersize=4, label=trace.name)
        else:
            raise ValueError(f"A trace of the kind {trace.type} cannot be drawn; lines and bars can.")
    for axis, layout in ((axes.xaxis, drawn.layout.xaxis), (axes.yaxis, drawn.layout.yaxis)):
        axis.set_label_text(layout.title.text or "")
        if layout.ticksuffix:
            axis.set_major_formatter(f"{{x:g}}{layout.ticksuffix}")
    if drawn.layout.yaxis.range:
        axes.set_ylim(*drawn.layout.yaxis.range)
    elif drawn.layout.yaxis.rangemode == "tozero":
        axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    page.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=9)
    canvas = FigureCanvasAgg(page)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _bars(axes: Any, trace: Any, offset: float, width: float) -> None:
    """A bar for each word on the horizontal axis."""
    places = np.arange(len(trace.x))
    axes.bar(
        places + offset, trace.y, width, yerr=trace.error_y.array, label=trace.name, color=trace.marker.color, edgecolor="white",
        hatch=_HATCHES.get(trace.marker.pattern.shape or ""), error_kw={"elinewidth": 1, "capsize": 3, "ecolor": _INK},
    )  # fmt: skip
    axes.set_xticks(places, trace.x)
