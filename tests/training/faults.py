"""What the tests of faults share: a run to disturb, all its numbers, and waiting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from netlib.training import checkpoint
from netlib.training.processes import identity
from netlib.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from netlib.training.runs import Store

# Everything that draws at random or remembers: augmentation, momentum, evaluations that the rate depends on.
RECIPE = Recipe("lenet5-modern", "digits", steps=400, batch=16, shift=2, schedule="plateau", patience=2, evaluate=25, device="cpu")
TIMED = ("images_per_second", "learning_rate")  # series whose points are where the clock says


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
