"""From a wish to a process: puts runs into the queue and starts workers, which outlive whoever started them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from netlib.analysis.store import default_input
from netlib.data.sets import about, available, data_set
from netlib.errors import InvalidInput
from netlib.training import queueing
from netlib.training.memory import fits, memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlib.training.recipe import Recipe
    from netlib.training.records import Run
    from netlib.training.runs import Store

ROOT = Path(__file__).parents[2]

_started: list[subprocess.Popen[bytes]] = []  # workers of this process that have not ended, as far as it knows


def launch(store: Store, recipe: Recipe, *, name: str = "", owner: str = "", after: str = "") -> Run:
    """Put a run into the queue, and start it if a device is free.

    Raises:
        InvalidInput: this machine has no such device, or its memory is too small; the message has the estimate.
        NetlibError: the recipe names something that is not there.
    """
    _, needed = checked(recipe)
    run = store.create(recipe, name=name, owner=owner, bytes=needed, after=after)
    dispatch(store)
    return store.get(run.id)


def resume(store: Store, id: str) -> Run:
    """Put a run that ended before its time back into the queue, and start it if a device is free.

    Raises:
        UnknownRun, InvalidInput: there is no such run, or nothing is left to do.
    """
    store.resume(id)
    dispatch(store)
    return store.get(id)


def checked(recipe: Recipe) -> tuple[str, int]:
    """The device of this machine on which the recipe can run, and the bytes that it needs there.

    Raises:
        InvalidInput: there is no such device, or its memory is too small, or the recipe asks for several.
        UnknownNetwork, MissingData: what the recipe names is not there.
    """
    if recipe.devices > 1:
        from netlib.training.distributed import place  # with torch

        if place()[1] != recipe.devices:
            number, command = recipe.devices, f"torchrun --nproc-per-node {recipe.devices} -m netlib.training run"
            raise InvalidInput(f"A run here has one device, and {number} were asked for; for several, start it in a terminal: {command} ….")
    shape = default_input(recipe.network)
    if not available(recipe.data):
        data_set(recipe.data, shape)  # says what is missing
    slots = queueing.slots()
    able = queueing.devices(recipe.device, slots)
    if not able:
        raise InvalidInput(f"A run on {recipe.device} was asked for, and runs here may use {', '.join(slots)}; choose one of them.")
    estimate = memory(recipe, about(recipe.data).classes)
    reasons = [fits(estimate, device) for device in able]
    if all(reasons):
        raise InvalidInput(reasons[0])
    return able[reasons.index(None)], estimate.total


def dispatch(store: Store, slots: Mapping[str, int] | None = None) -> int:
    """Start as many workers as there are runs that can start; how many. Each takes the run whose turn it is then, or finds none and ends.

    A server calls this when it starts and now and then; a worker that has ended its run calls it for the next.
    """
    slots = slots or queueing.slots()
    store.sweep()
    at_work = {run.pid for run in store.runs(status="running")}
    on_the_way = sum(worker.returncode is None and worker.pid not in at_work for worker in _started)
    number = max(0, store.startable(slots) - on_the_way)
    for _ in range(number):
        _start(store, slots)
    return number


def _start(store: Store, slots: Mapping[str, int]) -> None:
    """A worker in a session of its own: what ends this process, its terminal or its server does not reach it."""
    settings = {
        "NETLIB_RUNS": str(store.folder),
        "NETLIB_DATABASE_URL": store.url,
        "NETLIB_SLOTS": ",".join(f"{device}={number}" for device, number in slots.items()),
    }
    store.folder.mkdir(parents=True, exist_ok=True)
    with (store.folder / "workers.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "netlib.training", "worker"], cwd=ROOT, env=os.environ | settings,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    _started.append(worker)
    threading.Thread(target=_wait_for, args=[worker], daemon=True).start()


def _wait_for(worker: subprocess.Popen[bytes]) -> None:
    worker.wait()  # or it would stay in the system's table of processes
    _started.remove(worker)
