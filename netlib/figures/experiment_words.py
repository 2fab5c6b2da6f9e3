"""Experiments in words: how far one is, what stands behind its numbers, and whether it came out as published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.figures import run_words
from netlib.figures.run_list import ALIVE
from netlib.figures.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.training.records import Run
    from netlib.training.verdicts import Verdict

# What came out -> words, icon, colour of the badge.
OUTCOMES: Mapping[str, tuple[str, str, str]] = {
    "missing": ("not tried yet", "radio_button_unchecked", "gray"),
    "few": ("too few trials to tell", "hourglass_bottom", "gray"),
    "as published": ("as published", "check_circle", "green"),
    "opposite": ("the other way round", "swap_horiz", "red"),
    "unclear": ("no difference shown", "help", "orange"),
    "mixed": ("partly as published", "rule", "orange"),
}


def outcome(verdict: Verdict) -> str:
    """A key of OUTCOMES for all comparisons together."""
    found = [comparison.outcome for comparison in verdict.comparisons]
    if len(set(found)) == 1:
        return found[0]
    return next((one for one in ("missing", "few") if one in found), "mixed")


def going_on(runs: Mapping[str, Sequence[Run]]) -> str:
    """Which runs wait or train now, in words; "" if none does."""
    alive = [run for mine in runs.values() for run in mine if run.status in ALIVE]
    parts = [f"{sum(run.status == status for run in alive)} {run_words.STATUS[status][0]}" for status in ALIVE]
    return ", ".join(part for part in parts if not part.startswith("0 "))


def honest(runs: Mapping[str, Sequence[Run]]) -> str:
    """Trials, seeds, device, seconds and versions behind the numbers, in one line; "" before the first run has finished."""
    done = [run for mine in runs.values() for run in mine if run.status == "finished"]
    if not done:
        return ""
    trials = [len({run.recipe.seed for run in mine if run.status == "finished"}) for mine in runs.values()]
    each = counted(trials[0], "trial") if len(set(trials)) == 1 else f"{min(trials)} to {max(trials)} trials"
    seeds = sorted({run.recipe.seed for run in done})
    devices = sorted({f"{run.device} of {run.host}" for run in done})
    versions = sorted({f"torch {run.versions['torch']}" for run in done if "torch" in run.versions})
    seconds = sum(run.device_seconds for run in done)
    parts = [
        f"{each} of each arm", f"{'seed' if len(seeds) == 1 else 'seeds'} {listed([str(seed) for seed in seeds])}", listed(devices),
        f"{run_words.duration(seconds)} of training in all", *versions,
    ]  # fmt: skip
    return " · ".join(parts)


def next_seed(runs: Mapping[str, Sequence[Run]]) -> int:
    """The lowest seed for which an arm has no run that is finished or will be."""
    useful = [{run.recipe.seed for run in mine if run.status in (*ALIVE, "finished")} for mine in runs.values()]
    return next(seed for seed in range(10**6) if not all(seed in seeds for seeds in useful))
