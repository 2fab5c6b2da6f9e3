"""Several runs in words: a table of all, and what differs between the recipes of some."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from netlib.data.catalogue import DATA_SETS
from netlib.figures import run_words
from netlib.figures.words import counted, listed
from netlib.models.registry import NETWORKS, spec
from netlib.training.recipe import FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.training.records import Run


ALIVE = ("queued", "running")  # of a run that will still change


def network_title(name: str) -> str:
    return spec(name).title if name in NETWORKS else name


def data_title(name: str) -> str:
    return DATA_SETS[name].title if name in DATA_SETS else name.removeprefix("folder:")


def title(run: Run) -> str:
    """The run's name, or its network and data."""
    return run.name or f"{network_title(run.recipe.network)} on {data_title(run.recipe.data)}"


def titles(runs: Sequence[Run]) -> list[str]:
    """The runs' titles, those that are alike told apart by the runs' ids."""
    often = Counter(map(title, runs))
    return [title(run) if often[title(run)] == 1 else f"{title(run)} ({run.id})" for run in runs]


def rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """A row a run; `Held-back right` in per cent, `Started` in UTC."""
    return [
        {
            "Run": run.name or run.id,
            "Status": run_words.STATUS[run.status][0],
            "Held-back right": None if run.best is None else 100 * run.best,
            "Network": network_title(run.recipe.network),
            "Data": data_title(run.recipe.data),
            "Steps": f"{run.step:,} of {run.steps:,}" if run.steps else f"{run.step:,}",
            "Trained for": run_words.duration(run.seconds) if run.step else "–",
            "By": run.owner,
            "Device": run.device,
            "Created": run.created,
            "Id": run.id,
        }
        for run in runs
    ]


def counts(runs: Sequence[Run]) -> str:
    """ "12 runs: 1 training, 11 finished"."""
    found = Counter(run.status for run in runs)
    parts = [f"{found[status]} {words}" for status, (words, *_) in run_words.STATUS.items() if found[status]]
    return f"{counted(len(runs), 'run').capitalize()}: {', '.join(parts)}" if runs else "No runs"


def differing(runs: Sequence[Run]) -> list[str]:
    """The fields of the recipes that are not the same in all of the runs, in the order of the fields."""
    return [name for name in FIELDS if len({getattr(run.recipe, name) for run in runs}) > 1]


def difference_rows(runs: Sequence[Run], headings: Sequence[str]) -> list[dict[str, str]]:
    """A row for each field that differs, a column a run."""
    return [
        {"Field": run_words.FIELD[name].label}
        | {head: _value(name, getattr(run.recipe, name)) for head, run in zip(headings, runs, strict=True)}
        for name in differing(runs)
    ]


def difference_words(runs: Sequence[Run]) -> str:
    """What the table says, in a sentence."""
    names = [run_words.FIELD[name].label.lower() for name in differing(runs)]
    if not names:
        return "Their recipes are the same, the seed included: on one CPU they give the same numbers."
    same = len(FIELDS) - len(names)
    return f"Their recipes differ in {listed(names)}; the other {same} fields are the same."


def _value(name: str, found: Any) -> str:
    if name in ("epochs", "steps", "seconds") and not found:  # one of the three says how long a run is
        return "–"
    return network_title(found) if name == "network" else data_title(found) if name == "data" else run_words.value(name, found)
