"""What is read off the runs of an experiment: one number for each, of which less is better."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from netlib.training.measurements import Points

WINDOW = 20  # steps over which a batch's score is averaged: one batch alone is chance


@dataclass(frozen=True, slots=True)
class Trial:
    """What a finished run leaves of an arm of an experiment.

    Attributes:
        seed: of its recipe.
        points: series -> its points, all of them.
        kernels: of the first layer, at the end; (K, C, h, w).
        run: its id in the store of runs.
    """

    seed: int
    points: Mapping[str, Points]
    kernels: NDArray[Any] | None = None
    run: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of a trial.

    Attributes:
        title: what it is, as the heading of a table has it.
        unit: "%", "steps", "s" or "".
        scale: whether two of them are held against each other as a difference or as a ratio.
        series: where it can be seen on the way.
        read: the number; inf where it was never reached.
    """

    title: str
    unit: str
    scale: Literal["difference", "ratio"]
    series: str
    read: Callable[[Trial], float]


def steps_to(share: float) -> Measure:
    """Steps until the training error, averaged over 20 steps, is down to `share`."""

    def read(trial: Trial) -> float:
        points = trial.points["top1"]
        window = min(WINDOW, len(points.value))
        errors = np.convolve(1 - points.value, np.full(window, 1 / window), "valid")
        there = np.flatnonzero(errors <= share + 1e-9)
        return float(points.step[window - 1 + there[0]]) if len(there) else inf

    return Measure(f"steps to {100 * share:.0f} % training error", "steps", "ratio", "top1", read)


def _training_error(trial: Trial) -> float:
    values = trial.points["top1"].value
    return 100 * (1 - float(values[-max(1, len(values) // 10) :].mean()))


def _held_back_error(trial: Trial) -> float:
    return 100 * (1 - float(trial.points["test/top1"].value[-1]))  # the last, not the best: that one would be chosen by the test


def _pace(trial: Trial) -> float:
    return 1000 / float(np.median(trial.points["images_per_second"].value))


def _dominance(trial: Trial) -> float:
    if trial.kernels is None:
        return inf
    rms = np.sqrt(np.square(trial.kernels.astype(np.float64)).mean((1, 2, 3)))
    return float(rms.max() / np.median(rms))


TRAINING_ERROR = Measure("training error over the last tenth of the steps", "%", "difference", "top1", _training_error)
HELD_BACK_ERROR = Measure("error on the held-back pictures at the end", "%", "difference", "test/top1", _held_back_error)
PACE = Measure("training time for 1,000 pictures", "s", "ratio", "images_per_second", _pace)
DOMINANCE = Measure("largest first kernel, in times of the median one", "", "ratio", "loss", _dominance)
