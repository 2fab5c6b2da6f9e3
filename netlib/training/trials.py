"""The runs of an experiment in the store: started, found again by their recipes, and read as trials."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netlib.training.measures import Trial

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netlib.training.experiments import Experiment
    from netlib.training.recipe import Recipe
    from netlib.training.records import Run
    from netlib.training.runs import Store

ALL = 10_000_000  # points of a series: none is thinned out


def start(store: Store, experiment: Experiment, *, seed: int = 0, owner: str = "") -> dict[str, Run]:
    """One trial: a run for each arm, those into the queue that are not there yet, nor running, nor finished.

    Raises: as `launcher.launch`; those runs that were put into the queue before stay there.
    """
    from netlib.training.launcher import launch  # with torch, for which those who only look need not wait

    there = runs(experiment, store.runs())
    started: dict[str, Run] = {}
    for arm, recipe in experiment.seeded(seed).items():
        wanted = replace(recipe, warm_start=started[experiment.starts[arm]].id) if arm in experiment.starts else recipe
        useful = (run for run in there[arm] if run.recipe == wanted and run.status in ("queued", "running", "finished"))
        started[arm] = next(useful, None) or launch(store, wanted, name=f"{experiment.title}: {arm}", owner=owner)
    return started


def runs(experiment: Experiment, known: Iterable[Run]) -> dict[str, list[Run]]:
    """Those of the known runs that are trials of an arm, whoever started them: all but the seed and the device is as in its recipe."""
    known = list(known)
    return {arm: [run for run in known if _alike(run.recipe, recipe, arm in experiment.starts)] for arm, recipe in experiment.arms.items()}


def trials(store: Store, experiment: Experiment) -> dict[str, list[Trial]]:
    """What the finished runs of each arm have left; of several runs with the same seed only the newest."""
    found = {}
    for arm, mine in runs(experiment, store.runs(status="finished")).items():
        newest = {run.recipe.seed: run for run in reversed(mine)}
        found[arm] = [_trial(store, newest[seed]) for seed in sorted(newest)]
    return found


def _trial(store: Store, run: Run) -> Trial:
    points = store.points(run.id, ["top1", "test/top1", "images_per_second", "loss"], most=ALL)
    steps = store.snapshots(run.id)
    kernels = store.snapshot(run.id, steps[-1]).get("kernels") if steps else None
    return Trial(run.recipe.seed, points, kernels, run.id)


def _alike(recipe: Recipe, wanted: Recipe, warm: bool) -> bool:
    """Whether a run by `recipe` is a trial of an arm that starts from another one's weights, or from none."""
    free = replace(recipe, seed=wanted.seed, device=wanted.device, warm_start=wanted.warm_start)
    return free == wanted and bool(recipe.warm_start) == warm
