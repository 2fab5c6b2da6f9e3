"""The store of runs, its queue and its claims, on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, update

from netlib.errors import InvalidInput, StoreUnavailable, UnknownRun
from netlib.training import queueing
from netlib.training.measurements import Batch, thinned
from netlib.training.processes import identity
from netlib.training.recipe import Recipe
from netlib.training.records import Evaluation, Mistake, Point, Snapshot
from netlib.training.runs import Store
from netlib.training.tables import RUNS

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = Recipe("lenet5-modern", "digits", epochs=1, device="cpu")
ONE = {"cpu": 1}


def curve(series: str, steps: range) -> list[Point]:
    return [Point(series, step, step / 10, step / 4, float(step % 7)) for step in steps]


def test_a_run_is_read_as_it_was_made(store: Store, tmp_path: Path) -> None:
    made = store.create(RECIPE, name="  a\nname\0 ", owner="ann", bytes=5_000_000_000, after="00000000")
    run = Store(store.url, tmp_path).get(made.id)
    assert run == made
    assert run.recipe == RECIPE and (run.name, run.owner, run.status) == ("a name", "ann", "queued")
    assert run.bytes == 5_000_000_000 and run.folder == tmp_path / run.id and not run.folder.exists()
    assert datetime.now(UTC) - run.created < timedelta(seconds=10)


def test_runs_are_found_by_what_they_are_the_newest_first(store: Store) -> None:
    ids = [store.create(replace(RECIPE, network=network), owner=owner).id for network, owner in
           (("lenet5", "ann"), ("lenet5-modern", "bob"), ("lenet5-modern", "ann"))]  # fmt: skip
    store.stop(ids[0])
    assert [run.id for run in store.runs()] == ids[::-1]
    assert [run.id for run in store.runs(owner="ann", network="lenet5-modern")] == [ids[2]]
    assert [run.id for run in store.runs(status="stopped", data="digits")] == [ids[0]]


def test_an_unknown_run_is_named(store: Store) -> None:
    for ask in (store.get, store.stop, store.resume, store.delete, store.checkpoint):
        with pytest.raises(UnknownRun, match=r"no run called '\.\./x'"):
            ask("../x")


def test_the_life_of_a_run(store: Store) -> None:
    id = store.create(RECIPE).id
    run = store.claim(ONE)
    assert run is not None and (run.id, run.status, run.device) == (id, "running", "cpu")
    assert store.begin(run, step=0, steps=20, versions={"torch": "2"})
    assert store.beat(run) == ""
    with pytest.raises(InvalidInput, match="running; stop it before"):
        store.delete(id)
    with pytest.raises(InvalidInput, match="running, so there is nothing to resume"):
        store.resume(id)
    store.stop(id)
    assert store.beat(run) == "stop"
    assert store.record(run, Batch(points=curve("loss", range(1, 6))), step=5, epoch=0.5, best=0.25)
    assert store.end(run, "stopped", "As asked.")
    now = store.get(id)
    assert (now.status, now.step, now.steps, now.best, now.message) == ("stopped", 5, 20, 0.25, "As asked.")

    store.resume(id)
    assert store.position(id) == 1
    again = store.claim(ONE)
    assert again is not None and again.id == id and again.token != run.token
    assert store.beat(again) == ""  # the wish to stop was of its life before
    assert store.beat(run) is None and not store.record(run, Batch(points=curve("loss", range(6, 9)))) and not store.end(run, "finished")
    assert store.points(id)["loss"].step.tolist() == [1, 2, 3, 4, 5]
    assert store.end(again, "finished")
    with pytest.raises(InvalidInput, match="finished, so there is nothing to resume"):
        store.resume(id)
    store.delete(id)
    assert store.runs() == [] and store.points(id) == {}


def test_what_was_measured_comes_back_and_what_came_after_a_checkpoint_is_forgotten(store: Store) -> None:
    id = store.create(RECIPE).id
    run = store.claim(ONE)
    assert run is not None
    kernels = np.random.RandomState(0).randn(2, 3, 5, 5).astype(np.float16)
    maps = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
    tested = Evaluation(float("nan"), 0.5, 1.0, np.arange(9).reshape(3, 3), (Mistake(7, 1, 2, 0.75),), 36)
    for steps in (range(1, 5), range(5, 9)):
        shot = Snapshot(steps[-1], {"conv1": kernels, "maps/conv1": maps})
        lines = [(datetime.now(UTC), f"at {steps[-1]}")]
        batch = Batch([*curve("loss", steps), *curve("test/loss", steps)], [shot], [(steps[-1], tested)], lines)
        assert store.record(run, batch) and store.record(run, batch)  # twice is as good as once
    assert store.series(id) == ["loss", "test/loss"]
    assert store.snapshots(id) == [4, 8] and store.snapshot(id, 5) == {}
    shot = store.snapshot(id, 8)
    assert np.array_equal(shot["conv1"], kernels) and np.array_equal(shot["maps/conv1"], maps) and shot["conv1"].dtype == np.float16
    [(_, _), (step, read)] = store.evaluations(id)
    assert step == 8 and np.isnan(read.loss) and (read.top1, read.top5, read.mistakes, read.images) == (0.5, 1.0, tested.mistakes, 36)
    assert np.array_equal(read.confusion, tested.confusion)
    points = store.points(id, ["loss"])["loss"]
    assert points.step.tolist() == list(range(1, 9)) and points.epoch[3] == 0.4 and points.seconds[3] == 1.0 and points.value[6] == 0
    assert store.points(id, ["loss"], after_step=5)["loss"].step.tolist() == [6, 7, 8]

    store.forget_after(id, 6)
    assert store.points(id)["test/loss"].step.tolist() == [1, 2, 3, 4, 5, 6]
    assert store.snapshots(id) == [4] and [step for step, _ in store.evaluations(id)] == [4]
    store.add(id, curve("loss", range(7, 10)))
    assert store.points(id, ["loss"])["loss"].step.tolist() == list(range(1, 10))
    assert "at 8" in store.log(id)


@given(st.lists(st.floats(-5, 5, width=16), min_size=1, max_size=300), st.integers(4, 40))
def test_thinning_keeps_the_ends_the_lowest_and_the_highest(values: list[float], most: int) -> None:
    array = np.array(values)
    kept = thinned(array, most)
    assert len(kept) <= max(most, 4) and sorted(set(kept)) == list(kept)
    assert kept[0] == 0 and kept[-1] == len(values) - 1
    assert array[kept].max() == max(values) and array[kept].min() == min(values)
    if len(values) <= most:
        assert len(kept) == len(values)


def test_a_dead_worker_is_told_from_a_slow_one(store: Store) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    rows = {"here, alive": {}, "here, ended": {"pid": ended.pid}, "here, its number given again": {"process": "an earlier/1"},
            "elsewhere, silent": {"host": "x"}, "elsewhere, heard": {"host": "x"}}  # fmt: skip
    ids = {}
    for name, values in rows.items():
        ids[name] = store.create(RECIPE, name=name, device="cpu").id
        heard = datetime.now(UTC) - timedelta(seconds=0 if name == "elsewhere, heard" else 3600)
        with create_engine(store.url).begin() as connection:
            connection.execute(update(RUNS).where(RUNS.c.id == ids[name]).values(heartbeat=heard, **values))
    store.create(RECIPE)
    assert store.startable({"cpu": 3}) == 0  # there are four on this machine as long as nobody has looked after them
    store.sweep()
    assert store.startable({"cpu": 3}) == 1
    assert {run.name for run in store.runs(status="interrupted")} == {
        "here, ended", "here, its number given again", "elsewhere, silent",
    }  # fmt: skip
    assert store.get(ids["here, ended"]).message.startswith("Its worker ended without a word after step 0")


def test_a_process_that_only_waits_for_its_parent_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    alive = identity(process.pid)
    assert alive and alive == identity(process.pid) != identity(1)
    process.kill()
    end = time.monotonic() + 10
    while identity(process.pid) and time.monotonic() < end:  # not waited for: it stays as a zombie
        time.sleep(0.01)
    assert identity(process.pid) == ""
    process.communicate()


def test_many_who_claim_at_once_get_each_run_once_and_no_more_than_there_are_slots(store: Store) -> None:
    ids = {store.create(RECIPE).id for _ in range(12)}
    claimed: list[str] = []
    together = threading.Barrier(6)

    def claim() -> None:
        mine = Store(store.url)
        together.wait()
        claimed.extend(run.id for _ in range(3) if (run := mine.claim({"cpu": 8})))

    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 8 and set(claimed) <= ids


def test_owners_take_turns(store: Store) -> None:
    # By hand: ann fills the queue before bob and cy come; each gets a turn before ann gets another.
    ids = {store.create(RECIPE, owner=name[0], name=name).id: name for name in ("a1", "a2", "a3", "b1", "c1", "b2")}
    assert [ids[run.id] for run in sorted(store.runs(), key=lambda run: store.position(run.id))] == ["a1", "b1", "c1", "a2", "b2", "a3"]
    order = []
    while run := store.claim(ONE):
        order.append(run.name)
        store.end(run, "finished")
        if run.name == "a1":
            store.create(RECIPE, owner="d", name="d1")  # who has had nothing yet comes before who has
    assert order == ["a1", "b1", "c1", "d1", "a2", "b2", "a3"]


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.integers(1, 4))
def test_while_an_owner_waits_no_other_is_two_runs_ahead(owners: list[str], slots: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    waiting = [_Waiting(str(i), owner, moment + timedelta(seconds=i)) for i, owner in enumerate(owners)]
    running: list[str] = []
    started: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    for turn in range(len(owners)):
        if len(running) == slots:
            running.pop(0)
        run = queueing.order(waiting, running, last)[0]
        waiting.remove(run)
        running.append(run.owner)
        started[run.owner] += 1
        last[run.owner] = moment + timedelta(hours=1 + turn)
        assert all(started[run.owner] - started[other.owner] <= 1 for other in waiting)


class _Waiting:
    def __init__(self, id: str, owner: str, created: datetime) -> None:
        self.id, self.owner, self.created = id, owner, created


def test_a_run_goes_to_a_free_device_that_its_recipe_means(store: Store) -> None:
    both = {"cpu": 1, "cuda:0": 1, "cuda:1": 1}
    names = ("auto", "cuda:1", "cpu", "cuda", "cpu")
    for wish in names:
        store.create(replace(RECIPE, device=wish), name=wish)
    got = []
    while run := store.claim(both):
        got.append((run.name, run.device))
    # "cuda" has to wait for one of the GPUs, and the second "cpu" for the first; "auto" takes a GPU where there is one.
    assert got == [("auto", "cuda:0"), ("cuda:1", "cuda:1"), ("cpu", "cpu")]


@pytest.mark.parametrize("text", ["cpu", "cpu=x", "gpu=1", "cuda=1", "cuda:a=2", "cpu=1,,"])
def test_slots_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("NETLIB_SLOTS", text)
    with pytest.raises(InvalidInput, match=r"write it as in cpu=1,cuda:0=2"):
        queueing.slots()


def test_a_locked_database_is_waited_for_and_then_told_in_a_sentence(store: Store) -> None:
    lock = "BEGIN EXCLUSIVE" if store.url.startswith("sqlite") else "BEGIN; LOCK TABLE runs IN EXCLUSIVE MODE"
    engine = create_engine(store.url, isolation_level="AUTOCOMMIT", connect_args={"check_same_thread": False} if "BEGIN E" in lock else {})
    with engine.connect() as other:
        other.exec_driver_sql(lock)
        hasty = Store(store.url, patience=0.05)
        with pytest.raises(StoreUnavailable, match=r"cannot be used now \(.*lock.*\); try again"):
            hasty.create(RECIPE)
        assert hasty.runs() == []  # reading goes on
        timer = threading.Timer(0.3, other.exec_driver_sql, ["ROLLBACK"])
        timer.start()
        assert store.create(RECIPE).status == "queued"
        timer.join()


@pytest.mark.parametrize("url", ["nonsense", "postgresql://127.0.0.1:1/x", "sqlite:////dev/null/runs.db"])
def test_a_store_that_cannot_be_opened(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="store of runs"):
        Store(url)
