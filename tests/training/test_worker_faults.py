"""Whatever happens to a worker, its disk or its database: the run ends with the numbers of one to which nothing happened."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from netlib.training import checkpoint
from netlib.training.processes import identity
from netlib.training.recipe import Recipe
from netlib.training.runs import Store
from tests.training.faults import RECIPE, Outcome, at_work, gone, under_way, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.training.nursery import Nursery

LONG = Recipe("lenet5-modern", "digits", steps=19_000, batch=8, device="cpu")


def test_killed_at_many_moments_it_ends_with_the_same_numbers(nursery: Nursery, undisturbed: Outcome, tmp_path: Path) -> None:
    store = Store(folder=tmp_path)
    id = store.create(RECIPE).id
    moments = random.Random(0)
    steps = [0]
    for turn in range(12):
        pid = nursery.worker(store, every=moments.choice([0.05, 0.7]))  # killed soon after a checkpoint, and long after it
        at_work(store, id, pid)
        if turn % 3:  # else it may be killed before its first step
            until(lambda before=steps[-1], pid=pid: store.get(id).step > before or not identity(pid))
        time.sleep(moments.uniform(0, 0.2))
        if not identity(pid):
            break
        os.kill(pid, signal.SIGKILL)
        gone(pid)
        assert store.sweep() == [id] and store.get(id).status == "interrupted"
        store.resume(id)
        steps.append(store.get(id).step)
    gone(nursery.worker(store))
    assert Outcome(store, id) == undisturbed
    assert len(set(steps)) >= 4, f"killed after steps {steps}: not at many different ones"
    kept = {path.name[:4] for path in checkpoint.files(tmp_path / id)}
    assert kept == {"last", "best"} and len(checkpoint.files(tmp_path / id)) <= 3


def test_a_full_disk_is_waited_for_and_loses_nothing(nursery: Nursery, undisturbed: Outcome, tmp_path: Path) -> None:
    store = Store(folder=tmp_path)
    id = store.create(RECIPE).id
    pid = nursery.worker(store)
    under_way(store, id, 40)
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))  # files can grow no more, as on a full disk
    time.sleep(0.5)
    step = store.get(id).step
    time.sleep(1)
    assert store.get(id).step == step < RECIPE.steps and identity(pid)  # nothing can be written, and it has not given up
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    gone(pid)
    assert Outcome(store, id) == undisturbed


def test_a_locked_database_is_waited_for_and_loses_nothing(nursery: Nursery, undisturbed: Outcome, tmp_path: Path) -> None:
    store = Store(folder=tmp_path)
    id = store.create(RECIPE).id
    pid = nursery.worker(store)
    under_way(store, id, 40)
    with closing(sqlite3.connect(tmp_path / "runs.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(2)
        assert identity(pid)
    gone(pid)
    assert Outcome(store, id) == undisturbed


@pytest.mark.parametrize("how", ["asked", "SIGTERM"])
def test_a_stop_ends_it_within_two_seconds_with_a_checkpoint(nursery: Nursery, tmp_path: Path, how: str) -> None:
    store = Store(folder=tmp_path)
    id = store.create(LONG).id
    pid = nursery.worker(store, every=1000)
    under_way(store, id, 20)
    store.stop(id) if how == "asked" else os.kill(pid, signal.SIGTERM)
    assert gone(pid) < 2
    run = store.get(id)
    last = store.checkpoint(id)
    assert run.status == "stopped" and last is not None
    assert checkpoint.load(last).values["step"] == run.step == store.points(id)["loss"].step[-1]
    why = "Stopped on request" if how == "asked" else "Stopped by SIGTERM"
    assert run.message == f"{why} after step {run.step} of {run.steps}, with a checkpoint of step {run.step}."


def test_a_stop_does_not_wait_for_a_step_that_takes_long(nursery: Nursery, tmp_path: Path) -> None:
    store = Store(folder=tmp_path)
    id = store.create(Recipe("resnet20-cifar", "digits", steps=10, batch=1000, device="cpu")).id
    pid = nursery.worker(store)
    until(lambda: "Started" in store.log(id))
    time.sleep(0.3)  # it is in its first step
    store.stop(id)
    assert gone(pid) < 2
    run = store.get(id)
    assert (run.status, run.step) == ("stopped", 0)
    assert run.message.startswith("Stopped on request; what was in hand took longer than") and "no checkpoint yet" in run.message


def test_a_run_that_is_taken_away_is_left_alone(nursery: Nursery, tmp_path: Path) -> None:
    # As after a network that was away for long: the worker was thought dead, and another has the run.
    store = Store(folder=tmp_path)
    id = store.create(LONG).id
    pid = nursery.worker(store, every=1000)
    under_way(store, id, 5)
    with closing(sqlite3.connect(tmp_path / "runs.db", timeout=10)) as database, database:
        database.execute("UPDATE runs SET status = 'interrupted'")
    store.resume(id, device="cpu")
    mine, measured = store.get(id), store.points(id)["loss"].step
    gone(pid, within=5)
    assert store.get(id) == mine and mine.pid == os.getpid()
    assert store.points(id)["loss"].step.tolist() == measured.tolist() and store.checkpoint(id) is None


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(nursery: Nursery, undisturbed: Outcome, tmp_path: Path) -> None:
    store = Store(folder=tmp_path)
    id = store.create(RECIPE).id
    pid = nursery.worker(store, every=0.05)
    until(lambda: len(checkpoint.files(tmp_path / id, "last")) == 2)
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    newest = checkpoint.files(tmp_path / id)[0]
    newest.write_bytes(newest.read_bytes()[:1000])
    store.sweep()
    store.resume(id)
    gone(nursery.worker(store))
    assert f"{newest.name} is no checkpoint of a run, or is damaged" in store.log(id)
    assert Outcome(store, id) == undisturbed


def test_a_run_that_cannot_be_trained_says_why(nursery: Nursery, tmp_path: Path) -> None:
    store = Store(folder=tmp_path)
    id = store.create(Recipe("lenet5-modern", "digits", steps=2, device="cpu", warm_start="ffffffff")).id
    gone(nursery.worker(store))
    run = store.get(id)
    assert run.status == "failed" and "ffffffff" in run.message
    assert store.claim({"cpu": 1}) is None  # it is not tried again by itself
