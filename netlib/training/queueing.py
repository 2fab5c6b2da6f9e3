"""Whose turn it is: the queue's order, and which device a run may have. Plain functions of plain data; the store asks them."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from netlib.training.runs import Run


def slots() -> dict[str, int]:
    """How many runs each device of this machine takes at once: $NETLIB_SLOTS, such as "cpu=1,cuda:0=2", or one on each.

    Raises:
        InvalidInput: the variable says something else.
    """
    if text := os.environ.get("NETLIB_SLOTS"):
        return parsed(text)
    from torch import cuda  # only here, so that the store can be read without torch

    return {"cpu": 1} | {f"cuda:{number}": 1 for number in range(cuda.device_count())}


def parsed(text: str) -> dict[str, int]:
    """
    >>> parsed("cpu=1, cuda:0=2")
    {'cpu': 1, 'cuda:0': 2}
    """
    found = {}
    for part in text.split(","):
        device, _, number = part.strip().partition("=")
        if not number.isdecimal() or not (device == "cpu" or (device[:5] == "cuda:" and device[5:].isdecimal())):
            raise InvalidInput(f"NETLIB_SLOTS is {text!r}, which cannot be read at {part.strip()!r}; write it as in cpu=1,cuda:0=2.")
        found[device] = int(number)
    return found


def devices(wish: str, known: Iterable[str]) -> list[str]:
    """Which of the known devices a recipe's wish means: "auto" is a GPU where there is one, "cuda" any GPU.

    >>> devices("auto", ["cpu", "cuda:0", "cuda:1"]), devices("auto", ["cpu"]), devices("cuda:1", ["cpu"])
    (['cuda:0', 'cuda:1'], ['cpu'], [])
    """
    known = list(known)
    gpus = [device for device in known if device.startswith("cuda")]
    return {"auto": gpus or [device for device in known if device == "cpu"], "cuda": gpus}.get(wish, [wish] if wish in known else [])


def free(wish: str, slots: Mapping[str, int], busy: Iterable[str]) -> str | None:
    """The device with most free slots among those that the wish means; None while all are taken."""
    taken = Counter(busy)
    left = {device: slots[device] - taken[device] for device in devices(wish, slots)}
    best = max(left, key=lambda device: left[device], default=None)
    return best if best is not None and left[best] > 0 else None


def order(queued: Iterable[Run], running: Iterable[str], last: Mapping[str, datetime]) -> list[Run]:
    """The queue, first come first: owners take turns, and each owner's runs go by age.

    Args:
        queued: the runs that wait.
        running: the owner of each run that is under way.
        last: when each owner had a run started last; who never had comes first.
    """
    turn = Counter(running)  # an owner's runs under way come before all of his that wait
    placed = []
    for run in sorted(queued, key=lambda run: (run.created, run.id)):
        turn[run.owner] += 1
        since = last[run.owner].timestamp() if run.owner in last else 0.0
        placed.append((turn[run.owner], since, run.created, run.id, run))
    return [run for *_, run in sorted(placed, key=lambda place: place[:-1])]
