"""The worker's pulse: a thread that says that it lives, hears that it shall stop, and sees to it that it does in time."""

from __future__ import annotations

import os
import signal
import socket
import threading
from time import monotonic
from typing import TYPE_CHECKING

from netlib.errors import StoreUnavailable
from netlib.training import checkpoint

if TYPE_CHECKING:
    from netlib.training.records import Run
    from netlib.training.runs import Store

SIGNALS = (signal.SIGTERM, signal.SIGINT)
LISTEN = 0.2  # seconds between two looks at what is wished
GRACE = 1.4  # seconds that the step in hand, the evaluation in hand and the checkpoint have, once a stop was heard


class Pulse:
    """From the first moment of a run to its last. Made in the main thread, where signals arrive.

    Attributes:
        why: empty, or the reason to stop as soon as the step in hand is done.
        lost: whether the run was given to another worker; nothing may be written any more.
    """

    def __init__(self, store: Store, run: Run) -> None:
        self.store, self.run = store, run
        self.why, self.lost = "", False
        self._over = threading.Event()
        # A handler of Python's own would wait for the step in hand; the byte that a signal leaves here does not.
        self._ear, mouth = self._line = socket.socketpair()
        self._ear.settimeout(LISTEN)
        mouth.setblocking(False)
        self._before = signal.set_wakeup_fd(mouth.fileno()), [signal.signal(number, lambda *_: None) for number in SIGNALS]
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """From here on the main thread alone ends the run."""
        self._over.set()
        self._thread.join()
        wakeup, handlers = self._before
        signal.set_wakeup_fd(wakeup)
        for number, handler in zip(SIGNALS, handlers, strict=True):
            signal.signal(number, handler)
        for end in self._line:
            end.close()

    def _live(self) -> None:
        stopping = 0.0
        while not self._over.is_set():
            self.why = self._signal() or self._wish() or self.why
            if self.why:
                stopping = stopping or monotonic()
                if monotonic() - stopping > GRACE:
                    self._cut()

    def _signal(self) -> str:
        try:
            number = self._ear.recv(1)[0]
        except TimeoutError:
            return ""
        return f"Stopped by {signal.Signals(number).name}" if number in SIGNALS else ""

    def _wish(self) -> str:
        try:
            wish = self.store.beat(self.run)
        except StoreUnavailable:  # for a while it can neither be heard nor seen; the process is there all the same
            return ""
        self.lost = wish is None
        return "Another worker has taken over" if self.lost else "Stopped on request" if wish == "stop" else ""

    def _cut(self) -> None:
        """End the process with the checkpoint that there is: what the main thread does now may take minutes."""
        if self._over.is_set():
            return
        last = checkpoint.newest(self.run.folder)
        at = f"its checkpoint of step {checkpoint.step(last)}" if last else "nothing kept, as it had no checkpoint yet"
        try:
            self.store.end(self.run, "stopped", f"{self.why}; what was in hand took longer than {GRACE:g} s, so the run ended with {at}.")
        except StoreUnavailable:
            pass  # it will be found to be interrupted
        finally:
            os._exit(0)
