"""The papers' experiments: what differs between arms, the papers' numbers, and their runs in a store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from netlib.analysis.published import results
from netlib.training.experiments import EXPERIMENTS, Experiment
from netlib.training.measurements import Batch
from netlib.training.network import network, take_over
from netlib.training.recipe import Recipe, difference
from netlib.training.records import Point, Snapshot
from netlib.training.runs import Store
from netlib.training.trials import runs, start, trials

if TYPE_CHECKING:
    from pathlib import Path

ONE_MORE = {"batch norm at 5 × rate": {"changes", "learning_rate"}}  # arms that differ from the others in two fields


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_arms_differ_in_one_field_alone(experiment: Experiment) -> None:
    for better, worse in experiment.comparisons:
        fields = {field for field, *_ in difference(experiment.arms[better], experiment.arms[worse])}
        assert len(fields) == 1 or fields == ONE_MORE.get(better) or fields == {"changes", "dropout"}


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_every_arm_can_be_built_and_runs_on_bundled_data(experiment: Experiment) -> None:
    assert experiment.reduced.startswith("Reduced: ") and experiment.finding.where in experiment.source
    for recipe in experiment.arms.values():
        assert recipe.data in ("digits", "patches") and recipe.steps and recipe.steps % recipe.evaluate == 0
        assert sum(p.numel() for p in network(recipe, 10, meta=True).parameters()) > 0


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_the_papers_effect_follows_from_its_numbers(experiment: Experiment) -> None:
    values = experiment.finding.values
    assert values.keys() <= experiment.arms.keys()
    pairs = [pair for pair in experiment.comparisons if set(pair) <= values.keys()]
    if pairs:
        better, worse = (values[arm] for arm in pairs[-1])
        effect = worse / better if experiment.measure.scale == "ratio" else worse - better
        assert experiment.finding.effect == pytest.approx(effect, rel=5e-3)


@pytest.mark.parametrize(
    ("key", "arm", "network", "where"),
    [
        ("dropout", "with dropout", "nin-cifar10", "Table 1"),
        ("dropout", "without dropout", "nin-cifar10", "sec. 4.2"),
        ("first-layer", "7×7 / 2", "zfnet", "Table 1"),
        ("depth", "A", "vgg11", "Table 3, A"),
        ("depth", "B from A", "vgg13", "Table 3, B"),
        ("residual", "residual 20", "resnet20-cifar", "Table 6"),
        ("residual", "residual 56", "resnet56-cifar", "Table 6"),
    ],
)
def test_numbers_that_stand_among_the_published_results_are_the_same(key: str, arm: str, network: str, where: str) -> None:
    finding = EXPERIMENTS[key].finding
    rows = [row for row in results(network) if row.source == finding.source and row.where.startswith(where)]
    assert finding.values[arm] in [row.value for row in rows if row.metric != "top-5 error"]


def test_deeper_networks_take_over_all_that_a_has() -> None:
    depth = EXPERIMENTS["depth"]
    a = network(depth.arms["A"], 10)
    for arm in depth.starts:
        deep = network(replace(depth.arms[arm], seed=1), 10)
        assert sorted(take_over(deep, a.state_dict(), "a")) == sorted(a.state_dict())
        assert torch.equal(deep.get_parameter("conv3_2.weight"), a.get_parameter("conv3_2.weight"))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose queue waits: this process has the only slot."""
    monkeypatch.setenv("NETLIB_SLOTS", "cpu=1")
    made = Store(folder=tmp_path)
    made.create(Recipe("lenet5", "digits", epochs=1, loss="rbf"), device="cpu")
    return made


def test_a_trial_is_started_once_and_arms_are_shared(store: Store) -> None:
    first = start(store, EXPERIMENTS["first-layer"], seed=3, owner="ann")
    again = start(store, EXPERIMENTS["first-layer"], seed=3, owner="bob")
    assert {arm: run.id for arm, run in again.items()} == {arm: run.id for arm, run in first.items()}
    shared = start(store, EXPERIMENTS["lrn"], seed=3)
    assert shared["with LRN"].id == first["11×11 / 4"].id
    assert len(store.runs(status="queued")) == 3
    store.stop(first["7×7 / 2"].id)
    assert start(store, EXPERIMENTS["first-layer"], seed=3)["7×7 / 2"].id != first["7×7 / 2"].id


def test_warm_starts_name_the_run_of_their_own_trial(store: Store) -> None:
    depth = EXPERIMENTS["depth"]
    for seed in (0, 1):
        started = start(store, depth, seed=seed)
        assert {run.recipe.warm_start for arm, run in started.items() if arm in depth.starts} == {started["A"].id}
        assert started["E from scratch"].recipe.warm_start == ""
    found = runs(depth, store.runs())
    assert {arm: len(mine) for arm, mine in found.items()} == dict.fromkeys(depth.arms, 2)


def test_who_starts_from_weights_waits_until_they_are_learned(store: Store) -> None:
    started = start(store, EXPERIMENTS["depth"])
    slots = {"cpu": 10}
    first, second = store.claim(slots), store.claim(slots)
    assert first is not None and second is not None
    assert {first.id, second.id} == {started["A"].id, started["E from scratch"].id}
    assert store.claim(slots) is None
    store.end(first, "finished")
    after = [store.claim(slots) for _ in EXPERIMENTS["depth"].starts]
    assert {run.id for run in after if run} == {started[arm].id for arm in EXPERIMENTS["depth"].starts}


def finished(store: Store, recipe: Recipe, top1: float, steps: int = 3000) -> str:
    run = store.create(recipe, device="cpu")
    store.add(run.id, [Point("top1", step, step / 10, step / 100, top1) for step in range(1, steps + 1)])
    store.end(run, "finished")
    return run.id


def test_trials_are_the_newest_finished_runs_of_each_seed_with_all_their_points(store: Store) -> None:
    recipe = EXPERIMENTS["relu"].arms["ReLU"]
    finished(store, recipe, 0.1)
    newest = finished(store, replace(recipe, device="cpu"), 0.2)
    other = finished(store, replace(recipe, seed=7), 0.3)
    finished(store, replace(recipe, batch=32), 0.4)  # no trial of it
    store.create(recipe)  # waits
    found = trials(store, EXPERIMENTS["relu"])
    assert [(trial.seed, trial.run) for trial in found["ReLU"]] == [(0, newest), (7, other)]
    assert len(found["ReLU"][0].points["top1"].value) == 3000 and found["tanh"] == []


def test_kernels_are_those_of_the_last_snapshot(store: Store) -> None:
    run = store.create(EXPERIMENTS["kernel-limit"].arms["with the limit"], device="cpu")
    for step in (0, 9):
        store.record(run, Batch(snapshots=[Snapshot(step, {"kernels": np.full((4, 3, 7, 7), step, np.float16)})]))
    store.end(run, "finished")
    (trial,) = trials(store, EXPERIMENTS["kernel-limit"])["with the limit"]
    assert trial.kernels is not None and (trial.kernels == 9).all()

