"""Which worker has which run. Every change of a run's status is one statement that names the status it had before.

    queued ──claim──> running ──> finished
      ^  │               │
      │  └──stop──┐      ├──stop──> stopped      by its user, with a checkpoint
      │           v      ├────────> failed       its message says why
      └──resume── stopped└─killed─> interrupted

Only the worker that claimed a run writes to it, by the token it got then: one that was thought dead finds its run taken away.
"""

from __future__ import annotations

import os
from dataclasses import fields
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select, update

from netlib.errors import UnknownRun
from netlib.training import queueing
from netlib.training.measurements import Measurements, forget, now, write
from netlib.training.processes import host, identity
from netlib.training.recipe import Recipe
from netlib.training.records import Run
from netlib.training.tables import RUNS, reading, transaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import ColumnElement, Connection, Row

    from netlib.training.measurements import Batch

BEAT = 5.0  # seconds between two heartbeats
DEAD = 60.0  # seconds without one after which a worker that cannot be asked after, as on another machine, counts as dead


class Claims(Measurements):
    """The part of the store that workers use. Its methods say whether the run still is the worker's; if not, nothing was written."""

    folder: Path

    def claim(self, slots: Mapping[str, int]) -> Run | None:
        """Take the run whose turn it is and for which a device of this machine has a free slot."""
        self.sweep()
        with transaction(self._engine, alone=True) as connection:
            for run, device in self._startable(connection, slots):
                if change(connection, is_(run.id, "queued"), **taken(device)):
                    return self._run(row(connection, run.id))
        return None

    def startable(self, slots: Mapping[str, int]) -> int:
        """How many of the runs that wait could start on this machine now."""
        with transaction(reading(self._engine)) as connection:
            return len(self._startable(connection, slots))

    def begin(self, run: Run, *, step: int, steps: int, versions: Mapping[str, str]) -> bool:
        """Say at which step the run begins or goes on, and forget what was measured after it."""
        with transaction(self._engine) as connection:
            mine = change(connection, _own(run), step=step, steps=steps, versions=dict(versions), heartbeat=now())
            if mine:
                forget(connection, run.id, step)
            return mine

    def record(self, run: Run, batch: Batch, **progress: Any) -> bool:
        """Write a batch and how far the run is: both or neither."""
        with transaction(self._engine) as connection:
            mine = change(connection, _own(run), heartbeat=now(), **progress)
            if mine:
                write(connection, run.id, batch)
            return mine

    def beat(self, run: Run) -> str | None:
        """Give a sign of life if one is due. What is wished of the worker ("" or "stop"); None when the run is no longer its own."""
        with transaction(reading(self._engine)) as connection:
            found = connection.execute(select(RUNS.c.wish, RUNS.c.heartbeat).where(_own(run))).first()
        if found and (now() - found.heartbeat).total_seconds() > BEAT:
            with transaction(self._engine) as connection:
                change(connection, _own(run), heartbeat=now())
        return found.wish if found else None

    def end(self, run: Run, status: str, message: str = "") -> bool:
        """Say how the run ended, and why."""
        with transaction(self._engine) as connection:
            return change(connection, _own(run), status=status, message=message, ended=now(), heartbeat=now(), wish="")

    def sweep(self) -> list[str]:
        """Mark the runs whose worker has died as interrupted; their ids."""
        with transaction(reading(self._engine)) as connection:
            dead = [found for found in connection.execute(select(RUNS).where(RUNS.c.status == "running")) if not _alive(found)]
        if dead:
            with transaction(self._engine) as connection:
                for found in dead:
                    message = f"Its worker ended without a word after step {found.step}; resume it to go on from its last checkpoint."
                    change(connection, _own(found), status="interrupted", ended=found.heartbeat, message=message)
        return [found.id for found in dead]

    def _startable(self, connection: Connection, slots: Mapping[str, int]) -> list[tuple[Run, str]]:
        busy = list(connection.scalars(select(RUNS.c.device).where(RUNS.c.status == "running", RUNS.c.host == host())))
        unfinished = set(connection.scalars(select(RUNS.c.id).where(RUNS.c.status.in_(("queued", "running")))))
        found = []
        for run in self._queue(connection):
            if run.recipe.warm_start in unfinished:
                continue  # the weights that it starts from are still being learned
            if device := queueing.free(run.recipe.device, slots, busy):
                busy.append(device)
                found.append((run, device))
        return found

    def _queue(self, connection: Connection) -> list[Run]:
        queued = connection.execute(select(RUNS).where(RUNS.c.status == "queued")).all()
        running = connection.scalars(select(RUNS.c.owner).where(RUNS.c.status == "running")).all()
        last = select(RUNS.c.owner, func.max(RUNS.c.started).label("last")).where(RUNS.c.started.is_not(None)).group_by(RUNS.c.owner)
        return queueing.order(map(self._run, queued), running, {found.owner: found.last for found in connection.execute(last)})

    def _run(self, found: Row[Any]) -> Run:
        values = {f.name: found._mapping[f.name] for f in fields(Run) if f.name != "folder"}
        return Run(**values | {"recipe": Recipe.from_dict(found.recipe), "folder": self.folder / found.id})


def row(connection: Connection, id: str) -> Row[Any]:
    """
    Raises:
        UnknownRun: there is no run of this id.
    """
    found = connection.execute(select(RUNS).where(RUNS.c.id == id)).first()
    if found is None:
        raise UnknownRun(id)
    return found


def change(connection: Connection, which: ColumnElement[bool], **values: Any) -> bool:
    """Whether there was such a run to change."""
    return connection.execute(update(RUNS).where(which).values(values)).rowcount > 0


def is_(id: str, *statuses: str) -> ColumnElement[bool]:
    return and_(RUNS.c.id == id, RUNS.c.status.in_(statuses))


def taken(device: str) -> dict[str, Any]:
    """What a run's row says once this process has it."""
    pid, moment = os.getpid(), now()
    return {
        "status": "running", "device": device, "host": host(), "pid": pid, "process": identity(pid) or "", "token": token_hex(8),
        "started": moment, "heartbeat": moment, "ended": None, "wish": "", "message": "",
    }  # fmt: skip


def _own(run: Run | Row[Any]) -> ColumnElement[bool]:
    return and_(is_(run.id, "running"), RUNS.c.token == run.token)


def _alive(found: Row[Any]) -> bool:
    process = identity(found.pid) if found.host == host() else None
    return process == found.process if process is not None else (now() - found.heartbeat).total_seconds() < DEAD
