"""Starts workers without the wait: a process that has torch in memory forks one at each line, and gives its number.

A worker from here is a real one in all but the seconds that its imports take: a process of its own that runs the worker's command.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from netlib.training.runs import Store

ROOT = Path(__file__).parents[2]


class Nursery:
    def __init__(self) -> None:
        command = [sys.executable, __file__]
        settings = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(command, cwd=ROOT, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def worker(self, store: Store, every: float = 0.1) -> int:
        """The pid of a worker that takes the next run of the store, and saves a checkpoint every so many seconds."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{store.folder} {store.url} {every}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


class Deaf:
    """Takes what a recorder gathers, and forgets it."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


def _tend() -> None:
    from netlib.training import keeping, launcher
    from netlib.training.__main__ import main
    from netlib.training.recipe import Recipe
    from netlib.training.recording import Recorder
    from netlib.training.train import trainer

    assert keeping and launcher  # with the others here, they import all that a worker does
    warm = trainer(Recipe("lenet5-modern", "digits", steps=1, device="cpu"))  # the data are in memory from here on
    recorder = Recorder(warm, Deaf())
    for step in warm:
        recorder.take(step)

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who has ended is gone at once
    for line in sys.stdin:
        folder, url, every = line.split()
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            os.environ |= {"NETLIB_RUNS": folder, "NETLIB_DATABASE_URL": url, "NETLIB_CHECKPOINT": every, "NETLIB_SLOTS": "cpu=1"}
            sys.stdin.close()
            os._exit(main(["worker"]))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _tend()
