"""The curves of one run as plain data, for the chart that a browser draws again each second without losing what the reader zoomed to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from netlib.figures import units
from netlib.figures.run_curves import ACROSS, COLORS, DASHES, smoothed
from netlib.figures.words import listed
from netlib.training.measurements import thinned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from netlib.training.measurements import Points

DRAWN = 600  # points of a line that are sent each second
DIGITS = 5
# Panel -> its heading, whether its values are shares, and the series in it with their names and places among the colours.
PANELS: Mapping[str, tuple[str, bool, Mapping[str, tuple[str, int]]]] = {
    "loss": ("Loss", False, {"loss": ("training batches", 0), "test/loss": ("held-back pictures", 1)}),
    "top1": (
        "Right at the first guess (top-1)", True,
        {"top1": ("training batches", 0), "test/top1": ("held-back pictures", 1), "test/top5": ("among the first five", 2)},
    ),
    "learning_rate": ("Learning rate", False, {"learning_rate": ("learning rate", 0)}),
    "images_per_second": ("Pictures a second", False, {"images_per_second": ("pictures a second", 0)}),
}  # fmt: skip
SERIES = tuple(series for _, _, lines in PANELS.values() for series in lines)
NOISY = ("loss", "top1")  # of single batches: drawn pale, with a running mean above


@dataclass(frozen=True, slots=True)
class Line:
    """One curve; a pale one is what a smoothed one was made from, and has no words of its own."""

    name: str
    x: list[float]
    y: list[float]
    color: str
    dash: str = "solid"
    pale: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the charts that stand below each other on the same horizontal axis."""

    title: str
    percent: bool
    log: bool
    lines: tuple[Line, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def panels(
    points: Mapping[str, Points], *, across: str = "step", smoothing: float = 0.9, log: bool = False, dark: bool = False
) -> list[Panel]:
    """The panels for which something was measured.

    Args:
        across: key of ACROSS.
        smoothing: 0 … 0.99, of what is measured on single batches.
        log: whether the loss has a logarithmic axis.
    """
    found = []
    for key, (title, percent, series) in PANELS.items():
        lines: list[Line] = []
        for name, (words, place) in series.items():
            if name in points and len(points[name].value):
                lines += _lines(points[name], words, across, place, smoothing if name in NOISY else 0.0, dark)
        if lines:
            found.append(Panel(title, percent, log and key == "loss", tuple(lines)))
    return found


def summary(points: Mapping[str, Points]) -> str:
    """Where the curves stand, in a sentence, for those who do not see them."""
    said = []
    for series, words, write in (
        ("loss", "the loss of the training batches went", units.value), ("test/loss", "that of the held-back pictures", units.value),
        ("test/top1", "the share of these put into their class", units.percent),
    ):  # fmt: skip
        if series in points and len(points[series].value):
            values = points[series].value
            said.append(f"{words} from {write(float(values[0]))} to {write(float(values[-1]))}")
    if not said:
        return "Nothing has been measured yet."
    last = max(int(line.step[-1]) for line in points.values() if len(line.step))
    return f"Up to step {last:,} {listed(said)}."


def rows(points: Mapping[str, Points]) -> list[dict[str, Any]]:
    """All points as rows of a table."""
    return [
        {"series": series, "step": int(step), "epoch": epoch, "seconds": seconds, "value": value}
        for series, line in points.items()
        for step, epoch, seconds, value in zip(line.step, line.epoch, line.seconds, line.value, strict=True)
    ]


def x_title(across: str) -> str:
    return ACROSS[across]


def _lines(points: Points, name: str, across: str, place: int, smoothing: float, dark: bool) -> list[Line]:
    x, ink, dash = getattr(points, across), COLORS[place][dark], DASHES[place]
    if not smoothing or len(x) < 3:
        return [_line(name, x, points.value, ink, dash)]
    return [_line(name, x, points.value, ink, pale=True), _line(name, x, smoothed(points.value, smoothing), ink, dash)]


def _line(name: str, x: NDArray[Any], y: NDArray[np.float64], color: str, dash: str = "solid", pale: bool = False) -> Line:
    kept = thinned(y, DRAWN)
    return Line(name, _short(x[kept].tolist()), _short(y[kept].tolist()), color, dash, pale)


def _short(values: Sequence[float]) -> list[float]:
    return [value if isinstance(value, int) else float(f"{value:.{DIGITS}g}") for value in values]
