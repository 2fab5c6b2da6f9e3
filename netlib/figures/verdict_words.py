"""What an experiment has shown, in a sentence that says how sure it is."""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING

from netlib.figures import units
from netlib.figures.words import upper_first

if TYPE_CHECKING:
    from netlib.analysis.published import Finding
    from netlib.training.measures import Measure
    from netlib.training.verdicts import Comparison, Summary, Verdict


def verdict_sentence(verdict: Verdict, finding: Finding) -> str:
    """ "Steps to 25 % training error: ReLU 52, tanh 340, which is 6.54 times as much; …. In the paper a four-layer network …" """
    told = ". ".join(_compared(verdict, comparison) for comparison in verdict.comparisons)
    return f"{upper_first(verdict.measure.title)}: {told}. In the paper {finding.printed} ({finding.where})."


def _compared(verdict: Verdict, comparison: Comparison) -> str:
    missing = [arm for arm in (comparison.better, comparison.worse) if arm not in verdict.summaries]
    if missing:
        return f"{' and '.join(missing)} {'has' if len(missing) == 1 else 'have'} no finished run yet"
    better, worse = (verdict.summaries[arm] for arm in (comparison.better, comparison.worse))
    told = f"{_summary(better, verdict.measure)}, {_summary(worse, verdict.measure)}"
    return f"{told}{_effect(comparison, verdict.measure)}; {_judged(comparison, better, worse)}"


def _summary(summary: Summary, measure: Measure) -> str:
    numbers = [number(value, measure) for value in (summary.mean, min(summary.values), max(summary.values))]
    return f"{summary.arm} {numbers[0]}" + (f" ({numbers[1]} to {numbers[2]})" if len(summary.values) > 1 else "")


def number(value: float, measure: Measure) -> str:
    """A measured number as text, such as "52", "12.3 %" or "not reached"."""
    if isinf(value):
        return "not reached"
    if measure.unit == "%":
        return f"{value:.1f} %"
    if measure.unit == "steps":
        return units.exact(round(value))
    return f"{units.value(value)} {measure.unit}".rstrip()


def _effect(comparison: Comparison, measure: Measure) -> str:
    if comparison.effect is None:
        return ""
    if measure.scale == "ratio":
        return f", which is {units.value(comparison.effect)} times as much"
    return f", which is {abs(comparison.effect):.1f} points {'more' if comparison.effect >= 0 else 'less'}"


def _judged(comparison: Comparison, better: Summary, worse: Summary) -> str:
    a, b = len(better.values), len(worse.values)
    trials = f"{a} and {b} trials" if (a, b) != (1, 1) else "one trial each"
    if comparison.outcome == "few":
        order = {True: "in the paper's order", False: "not in the paper's order", None: "no difference"}[comparison.agrees]
        return f"{order}, but {trials} cannot tell that from chance"
    if comparison.outcome == "unclear":
        return f"the {trials} overlap, so no difference is shown"
    order = "as the paper says" if comparison.outcome == "as published" else "the other way round than the paper says"
    return f"{order}, whichever of the {trials} are compared"
