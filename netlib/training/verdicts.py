"""What the runs of an experiment say, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.training.experiments import Experiment
    from netlib.training.measures import Measure, Trial

Outcome = Literal["missing", "few", "as published", "opposite", "unclear"]
ENOUGH = 3  # trials of each arm: with two, one order of all four in six is that of the paper by chance


@dataclass(frozen=True, slots=True)
class Summary:
    """The measured numbers of an arm, one for each trial, by rising seed; inf where the goal was never reached."""

    arm: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms, the one that the paper proposes first.

    Attributes:
        effect: how much better it is, as the measure's scale has it (a difference, or a ratio of which 1 is none); None where an arm is
            missing or never got there.
        outcome: "missing" without a trial of both; "few" with less than three of each; "as published" or "opposite" when every trial
            of one arm is better than every trial of the other; otherwise "unclear".
        agrees: whether the means are in the paper's order; None where they are equal or missing.
    """

    better: str
    worse: str
    effect: float | None
    outcome: Outcome
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an experiment has shown so far."""

    measure: Measure
    summaries: Mapping[str, Summary]
    comparisons: tuple[Comparison, ...]


def verdict(experiment: Experiment, trials: Mapping[str, Sequence[Trial]]) -> Verdict:
    """Read the measure off every trial and hold the arms against each other."""
    read = experiment.measure.read
    summaries = {
        arm: Summary(arm, tuple(read(trial) for trial in sorted(trials[arm], key=lambda trial: trial.seed)))
        for arm in experiment.arms
        if trials.get(arm)
    }
    return Verdict(experiment.measure, summaries, tuple(_compared(experiment, summaries, *pair) for pair in experiment.comparisons))


def _compared(experiment: Experiment, summaries: Mapping[str, Summary], better: str, worse: str) -> Comparison:
    if better not in summaries or worse not in summaries:
        return Comparison(better, worse, None, "missing", None)
    one, other = summaries[better], summaries[worse]
    agrees = None if one.mean == other.mean else one.mean < other.mean
    effect = None
    if isfinite(one.mean) and isfinite(other.mean):
        ratio = experiment.measure.scale == "ratio"
        effect = other.mean / one.mean if ratio else other.mean - one.mean
    return Comparison(better, worse, effect, _outcome(one.values, other.values), agrees)


def _outcome(better: Sequence[float], worse: Sequence[float]) -> Outcome:
    if min(len(better), len(worse)) < ENOUGH:
        return "few"
    if max(better) < min(worse):
        return "as published"
    return "opposite" if max(worse) < min(better) else "unclear"
