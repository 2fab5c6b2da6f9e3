"""The Experiments page on a real store: before anybody ran one, while its runs wait, and with trials made by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from netlib.training.experiments import EXPERIMENTS
from netlib.training.measurements import Batch
from netlib.training.records import Point
from netlib.training.runs import Store
from tests.pages.page import open_page, said

if TYPE_CHECKING:
    from pathlib import Path

RELU = EXPERIMENTS["relu"]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("NETLIB_RUNS", str(tmp_path))
    monkeypatch.delenv("NETLIB_DATABASE_URL", raising=False)
    monkeypatch.setenv("NETLIB_SLOTS", "cpu=0")  # what is put into the queue stays there
    return Store(folder=tmp_path)


def trial(store: Store, arm: str, seed: int, quick: int) -> None:
    """A run of that arm whose batches are all right from step `quick` on, and all wrong before."""
    run = store.create(RELU.seeded(seed)[arm], device="cpu")
    steps = range(1, 151)
    points = [Point("top1", step, step / 100, step / 10, float(step >= quick)) for step in steps]
    store.begin(run, step=0, steps=150, versions={"torch": "2.13.0"})
    store.record(run, Batch(points=points), step=150, seconds=15.0, device_seconds=15.0)
    store.end(run, "finished")


def test_all_claims_are_there_before_anything_ran(store: Store) -> None:
    app = open_page("experiments", {})
    assert all(experiment.claim in said(app) for experiment in EXPERIMENTS.values())
    assert said(app).count("not tried yet") == len(EXPERIMENTS)
    app.button(key="open_relu").click().run()
    assert app.query_params["experiment"] == "relu"
    assert "Nobody has finished a trial here yet" in said(app) and RELU.reduced in said(app)
    assert RELU.finding.printed in said(app) and RELU.source in said(app)


def test_run_it_puts_a_run_for_each_arm_into_the_queue(store: Store) -> None:
    app = open_page("experiments", {"experiment": "relu"})
    app.button(key="experiment_run").click().run()
    assert sorted(run.recipe.changes for run in store.runs(status="queued")) == [("no-dropout",), ("tanh", "no-dropout")]
    assert app.button(key="experiment_run").label == "One more trial (seed 1)"
    app.button(key="experiment_stop").click().run()
    assert {run.status for run in store.runs()} == {"stopped"}
    assert "Two runs of it did not finish" in [box.label for box in app.expander] and not app.exception


def test_three_trials_give_a_verdict_worked_out_by_hand(store: Store) -> None:
    """The mean of 20 batches is down to 25 % error when 15 of them are right: 14 steps after the first right one."""
    for seed in range(3):
        trial(store, "ReLU", seed, quick=20 + seed)
        trial(store, "tanh", seed, quick=80 + seed)
    app = open_page("experiments", {"experiment": "relu"})
    assert "as published" in said(app)
    assert "ReLU 35 (34 to 36), tanh 95 (94 to 96), which is 2.71 times as much" in said(app)
    assert "three trials of each arm · seeds 0, 1 and 2 · cpu of" in said(app)
    assert "1 min 30 s of training in all · torch 2.13.0" in said(app)
    charts = [json.loads(chart.proto.spec)["data"][0]["x"] for chart in app.get("plotly_chart")]
    assert charts[:2] == [[6, 36], [35, 95]]


def test_an_experiment_that_does_not_exist_is_told(store: Store) -> None:
    app = open_page("experiments", {"experiment": "magic"})
    assert "“magic”, which is not one of the choices here" in said(app)
