"""When a run's checkpoints are saved: one now and then, one of each evaluation that was the best so far, and one at the end."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from netlib.errors import StoreUnavailable
from netlib.training import checkpoint
from netlib.training.diary import AGAIN, PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from netlib.training.diary import Diary
    from netlib.training.loop import Trainer
    from netlib.training.recording import Recorder

EVERY = 15.0  # seconds between two checkpoints; $NETLIB_CHECKPOINT
SHARE = 20  # and at least so many times as long as the last one took


class Keeper:
    """Saves the trainer's state into `folder`, after all that was measured up to there is in the store.

    Args:
        hurry: whether there is no time to wait for a locked database or for room on the disk.
    """

    def __init__(self, trainer: Trainer, recorder: Recorder, diary: Diary, folder: Path, hurry: Callable[[], bool]) -> None:
        self.trainer, self.recorder, self.diary, self.folder, self.hurry = trainer, recorder, diary, folder, hurry
        self.every = float(os.environ.get("NETLIB_CHECKPOINT") or EVERY)
        self.due = time.monotonic() + self.every
        self.trouble = ""

    def save_if_due(self) -> None:
        """Save if it is time; a disk that is full now may have room the next time."""
        if self.diary.improved or time.monotonic() > self.due:
            self._save("best" if self.diary.improved else "last")

    def save_at_the_end(self) -> bool:
        """Save the last state; whether that could be done before there was a hurry.

        Raises:
            StoreUnavailable: there was no room for ten minutes.
        """
        end = time.monotonic() + PATIENCE
        self.recorder.flush()
        while not (self._save("best") if self.diary.improved else True) or not self._save("last"):
            if self.hurry():
                return False
            if time.monotonic() > end:
                raise StoreUnavailable(f"{self.trouble} for {PATIENCE / 60:.0f} minutes; make room and resume the run.")
            time.sleep(AGAIN)
        return True

    def _save(self, which: str) -> bool:
        began = time.monotonic()
        self.recorder.flush()
        if not self.diary.settle(self.hurry):
            return False
        try:
            checkpoint.save(checkpoint.place(self.folder, which, self.trainer.step), self.trainer.state())
            checkpoint.keep(self.folder)
        except OSError as error:
            self._tell(f"The checkpoint of step {self.trainer.step} could not be saved ({error.strerror or error})")
            return False
        finally:
            now = time.monotonic()
            self.due = now + max(self.every, SHARE * (now - began))
        self.trouble = ""
        if which == "best":
            self.diary.improved = False
        return True

    def _tell(self, trouble: str) -> None:
        if not self.trouble:  # once, not at each try
            self.diary.log(f"{trouble}; it is tried again.")
        self.trouble = trouble
