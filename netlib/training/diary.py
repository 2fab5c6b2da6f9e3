"""The worker's end of the store: what the recorder gathers is written at once, or kept until the database can be written again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from netlib.errors import NetlibError, StoreUnavailable
from netlib.training.measurements import Batch, now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlib.training.records import Evaluation, Point, Run, Snapshot
    from netlib.training.runs import Store

    T = TypeVar("T")

PATIENCE = 600.0  # seconds to wait for a locked database or for room on the disk
AGAIN = 0.1  # seconds between two tries


class RunLost(NetlibError):
    """The run was given to another worker; what this one knows is no longer asked for."""


class Diary:
    """A sink for the recorder.

    A locked database or a full disk does not stop the training: what cannot be written waits in memory, and `settle` waits until it
    is written. A checkpoint is saved only after that, so that no curve ever has a gap.

    Attributes:
        best: the highest top-1 so far, None before the first evaluation.
        improved: whether the last evaluation was the best; who saves the checkpoint resets it.
    """

    def __init__(self, store: Store, run: Run, best: float | None = None) -> None:
        self.store, self.run = store, run
        self.best, self.improved = best, False
        self.steps = 0
        self._batch = Batch()
        self._progress: dict[str, float] = {}

    def points(self, rows: Sequence[Point]) -> None:
        if rows:
            last = max(rows, key=lambda point: point.step)
            self._progress |= {"step": last.step, "steps": max(self.steps, last.step), "epoch": last.epoch, "seconds": last.seconds}
            self._progress["device_seconds"] = last.seconds * self.run.recipe.devices
            self._batch.points.extend(rows)
        self.write()

    def snapshot(self, snapshot: Snapshot) -> None:
        self._batch.snapshots.append(snapshot)

    def evaluation(self, step: int, evaluation: Evaluation) -> None:
        self._batch.evaluations.append((step, evaluation))
        if self.best is None or evaluation.top1 > self.best:
            self.best, self.improved = evaluation.top1, True
            self._progress["best"] = evaluation.top1
        self.write()

    def log(self, text: str) -> None:
        self._batch.lines.append((now(), text))
        self.write()

    def write(self) -> bool:
        """Try to write what waits; whether nothing waits any more.

        Raises:
            RunLost: the run is another's.
        """
        if self._batch:
            try:
                mine = self.store.record(self.run, self._batch, **self._progress)
            except StoreUnavailable:
                return False
            if not mine:
                raise RunLost(f"Run {self.run.id} was taken over by another worker.")
            self._batch = Batch()
        return True

    def settle(self, hurry: Callable[[], bool]) -> bool:
        """Wait until all is written, but not when there is a hurry; whether it is.

        Raises:
            StoreUnavailable: the database could not be written for ten minutes.
        """
        end = time.monotonic() + PATIENCE
        while not self.write():
            if hurry():
                return False
            if time.monotonic() > end:
                raise StoreUnavailable(f"The store of runs could not be written for {PATIENCE / 60:.0f} minutes, so the run gave up.")
            time.sleep(AGAIN)
        return True


def patiently(call: Callable[[], T], patience: float = PATIENCE) -> T:
    """The call's result, tried again while the store cannot be used."""
    end = time.monotonic() + patience
    while True:
        try:
            return call()
        except StoreUnavailable:
            if time.monotonic() > end:
                raise
            time.sleep(AGAIN)
