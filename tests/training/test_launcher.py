"""Runs as a server starts them and as a terminal does: real processes, from the wish to the end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netlib.errors import InvalidInput, MissingData, UnknownNetwork
from netlib.training import launcher
from netlib.training.processes import identity
from netlib.training.recipe import Recipe
from netlib.training.runs import Store

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
SHORT = Recipe("lenet5-modern", "digits", steps=5, device="cpu")
LONG = Recipe("lenet5-modern", "digits", steps=19_000, batch=8, device="cpu")


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"NETLIB_RUNS": str(tmp_path), "NETLIB_SLOTS": "cpu=1", "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NETLIB_DATABASE_URL", raising=False)


def until(true: Callable[[], object], within: float = 90) -> None:
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def processes(folder: Path) -> list[int]:
    """Every process of this machine that works for the runs in this folder, but for this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"NETLIB_RUNS={folder}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:  # it has ended meanwhile, or is another user's
            pass
    return [pid for pid in found if pid != os.getpid() and identity(pid)]


SERVER = f"""
import time
from itertools import pairwise
from netlib.training.launcher import launch
from netlib.training.recipe import Recipe
from netlib.training.runs import Store
for name, recipe in (("ann's first", {LONG!r}), ("ann's second", {SHORT!r}), ("bob's", {SHORT!r})):
    launch(Store(), recipe, owner=name[:3], name=name)
print("launched", flush=True)
time.sleep(1000)
"""


def test_runs_outlive_their_server_and_take_turns_until_nobody_is_left(tmp_path: Path) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True)
    assert server.stdout and server.stdout.readline() == b"launched\n"
    store = Store()
    second, first = store.runs(owner="ann")
    [other] = store.runs(owner="bob")
    until(lambda: store.get(first.id).step > 0)
    os.killpg(server.pid, signal.SIGKILL)  # all of its group, as the end of a terminal or a service does
    server.communicate()

    store, first = Store(), store.get(first.id)  # as the next server does
    assert first.status == "running" and os.getsid(first.pid) == first.pid != server.pid
    assert [store.position(run.id) for run in (first, other, second)] == [0, 1, 2]
    assert launcher.dispatch(store) == 0  # no slot is free
    until(lambda: store.get(first.id).step > first.step)
    store.stop(first.id)
    until(lambda: not identity(first.pid), within=2)

    until(lambda: len(store.runs(status="finished")) == 2)
    done = [store.get(run.id) for run in (first, other, second)]
    assert [(run.status, run.step) for run in done[1:]] == [("finished", 5)] * 2 and done[0].status == "stopped"
    assert all(one.ended <= next.started for one, next in pairwise(done)), "two at a time, or out of turn"
    until(lambda: processes(tmp_path) == [], within=20)
    assert (tmp_path / "workers.log").read_text() == ""


def test_what_cannot_run_here_is_refused_before_it_waits() -> None:
    store = Store()
    wrong = {
        (UnknownNetwork, "no network called 'lenet'"): Recipe("lenet", "digits", steps=1),
        (InvalidInput, "A run on cuda:7 was asked for, and runs here may use cpu"): Recipe("lenet5", "digits", steps=1, device="cuda:7"),
        (InvalidInput, "one device, and 2 were asked for"): Recipe("lenet5", "digits", steps=1, device="cpu", devices=2),
        (InvalidInput, r"needs about [\d.]+ GB of memory, .* cpu has [\d.]+ [GM]B left; take a smaller batch"): Recipe(
            "vgg16", "digits", steps=1, batch=1_000_000, device="cpu"
        ),
    }
    for (error, message), recipe in wrong.items():
        with pytest.raises(error, match=message):
            launcher.launch(store, recipe)
    assert store.runs() == []


def test_data_that_are_not_there_are_asked_for_before_the_run_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NETLIB_DATA", str(tmp_path))
    with pytest.raises(MissingData, match="CIFAR-10"):
        launcher.launch(Store(), Recipe("resnet20-cifar", "cifar10", steps=1))


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "netlib.training", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_run_from_a_terminal_stops_at_ctrl_c_goes_on_and_is_in_the_same_store(tmp_path: Path) -> None:
    store = Store()
    terminal = command("run", "--network", "lenet5-modern", "--data", "digits", "--steps", "3000", "--batch", "8", "--device", "cpu",
                       "--milestones", "0.25,0.5", "--schedule", "step", "--mirror", "--name", "by hand")  # fmt: skip
    until(lambda: [run for run in store.runs() if run.step > 10])
    terminal.send_signal(signal.SIGINT)
    out, bar = terminal.communicate()
    [run] = store.runs()
    assert terminal.returncode == 1 and run.status == "stopped" and run.name == "by hand"
    assert run.recipe == Recipe(
        "lenet5-modern", "digits", steps=3000, batch=8, device="cpu", milestones=(0.25, 0.5), schedule="step", mirror=True
    )
    assert f"{run.id} stopped after step {run.step} of 3000" in out and f"python -m netlib.training resume {run.id}" in out
    assert re.search(rf"{run.id}: .*/3000 .*loss=\d", bar)

    again = command("resume", run.id)
    until(lambda: store.get(run.id).step > run.step)
    out, _ = command("list").communicate()
    assert re.match(rf"{run.id}  running +\d+ of 3000 .*lenet5-modern on digits  by hand", out)
    assert command("stop", run.id).wait() == 0
    again.communicate()
    assert again.returncode == 1 and store.get(run.id).status == "stopped"
    assert f"Resumed after step {run.step}" in store.log(run.id)
    missing = command("resume", "nonsense")
    assert missing.communicate()[1].startswith("There is no run called 'nonsense'") and missing.returncode == 2
    assert processes(tmp_path) == []
