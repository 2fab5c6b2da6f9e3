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
from tests.training.nursery import Nursery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Everything that draws at random or remembers: augmentation, momentum, evaluations that the rate depends on.
RECIPE = Recipe("lenet5-modern", "digits", steps=200, batch=16, shift=2, schedule="plateau", patience=2, evaluate=40, device="cpu")
LONG = Recipe("lenet5-modern", "digits", steps=19_000, batch=8, device="cpu")
TIMED = ("images_per_second", "learning_rate")  # series whose points are where the clock says


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(scope="module")
def undisturbed(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What the run gives when nothing happens to it."""
    store = Store(folder=tmp_path_factory.mktemp("undisturbed"))
    id = store.create(RECIPE).id
    gone(nursery.worker(store, every=1000))
    return Outcome(store, id)


class Outcome:
    """All numbers of a finished run: every point of every series, evaluations, what the network looked like, and its weights."""

    def __init__(self, store: Store, id: str) -> None:
        run = store.get(id)
        assert (run.status, run.step, run.message) == ("finished", RECIPE.steps, "")
        last = store.checkpoint(id)
        assert last is not None
        self.tensors = {name: tensor.numpy().tobytes() for name, tensor in checkpoint.load(last).tensors.items()}
        curves = store.points(id, most=10**9)
        self.curves = {name: (c.step.tolist(), c.value.tolist()) for name, c in curves.items() if name not in TIMED}
        self.evaluations = [(step, e.loss, e.top1, e.confusion.tolist(), e.mistakes) for step, e in store.evaluations(id)]
        self.snapshots = {step: {name: a.tobytes() for name, a in store.snapshot(id, step).items()} for step in store.snapshots(id)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and vars(self) == vars(other)

    __hash__ = None


def gone(pid: int, within: float = 60) -> float:
    """Waits until a process has ended; the seconds that took."""
    began = time.monotonic()
    while identity(pid):
        assert time.monotonic() - began < within, f"process {pid} still lives after {within} s"
        time.sleep(0.01)
    return time.monotonic() - began


def until(true: Callable[[], object], within: float = 60) -> None:
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def at_work(store: Store, id: str, pid: int) -> None:
    until(lambda: store.get(id).pid == pid)


def under_way(store: Store, id: str, step: int) -> None:
    until(lambda: store.get(id).step >= step)


def test_killed_at_many_moments_it_ends_with_the_same_numbers(nursery: Nursery, undisturbed: Outcome, tmp_path: Path) -> None:
    store = Store(folder=tmp_path)
    id = store.create(RECIPE).id
    moments = random.Random(0)
    steps = []
    for _ in range(12):
        pid = nursery.worker(store)
        at_work(store, id, pid)
        time.sleep(moments.uniform(0, 0.9))
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
