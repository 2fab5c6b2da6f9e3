"""The store of runs: one database that servers, workers and terminals share, and a folder of checkpoints for each run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from netlib.errors import InvalidInput
from netlib.training import checkpoint
from netlib.training.claims import Claims, change, is_, row, taken
from netlib.training.measurements import now
from netlib.training.records import Run
from netlib.training.tables import RUNS, TABLES, opened, reading, transaction

if TYPE_CHECKING:
    from netlib.training.recipe import Recipe

__all__ = ["Run", "Store", "folder"]


def folder() -> Path:
    """Where runs are kept: $NETLIB_RUNS, or runs/ in the project's folder."""
    return Path(os.environ.get("NETLIB_RUNS") or Path(__file__).parents[2] / "runs").absolute()


def url() -> str:
    """The database of the runs: $NETLIB_DATABASE_URL, or the file runs.db in their folder."""
    return os.environ.get("NETLIB_DATABASE_URL") or f"sqlite:///{folder() / 'runs.db'}"


class Store(Claims):
    """All runs. Threads may share a store; any of its methods may raise StoreUnavailable, and has then changed nothing.

    Args:
        url, folder: where it is; by default where the environment says.
        patience: seconds to wait for a locked database.
    """

    def __init__(self, url: str | None = None, folder: Path | None = None, *, patience: float = 10.0) -> None:
        self.folder = folder.absolute() if folder else _folder()
        self.url = url or (f"sqlite:///{self.folder / 'runs.db'}" if folder else _url())
        self._engine = opened(self.url, patience)

    def create(self, recipe: Recipe, *, name: str = "", owner: str = "", bytes: int = 0, after: str = "", device: str = "") -> Run:
        """A new run: at the end of its owner's queue or, given a device, in the hands of this process at once."""
        id = token_hex(4)
        values = {
            "id": id, "name": _line(name), "owner": _line(owner), "network": recipe.network, "data": recipe.data,
            "recipe": recipe.as_dict(), "status": "queued", "created": now(), "bytes": bytes, "after": after,
        } | (taken(device) if device else {})  # fmt: skip
        with transaction(self._engine) as connection:
            connection.execute(insert(RUNS), values)
            return self._run(row(connection, id))

    def get(self, id: str) -> Run:
        """The run of this id.

        Raises:
            UnknownRun: there is none.
        """
        with transaction(reading(self._engine)) as connection:
            return self._run(row(connection, id))

    def runs(
        self, *, owner: str | None = None, status: str | None = None, network: str | None = None, data: str | None = None
    ) -> list[Run]:
        """All runs for which this holds, the newest first."""
        wanted = {"owner": owner, "status": status, "network": network, "data": data}
        query = select(RUNS).where(*(RUNS.c[name] == value for name, value in wanted.items() if value is not None))
        with transaction(reading(self._engine)) as connection:
            return [self._run(found) for found in connection.execute(query.order_by(RUNS.c.created.desc(), RUNS.c.id))]

    def position(self, id: str) -> int:
        """The run's place in the queue, from 1 on; 0 when it does not wait."""
        with transaction(reading(self._engine)) as connection:
            return next((place for place, run in enumerate(self._queue(connection), 1) if run.id == id), 0)

    def stop(self, id: str) -> None:
        """Take the run out of the queue, or ask its worker to stop; one that has ended stays as it is."""
        with transaction(self._engine) as connection:
            row(connection, id)
            change(connection, is_(id, "queued"), status="stopped", ended=now(), message="Stopped while it waited in the queue.")
            change(connection, is_(id, "running"), wish="stop")

    def resume(self, id: str, *, device: str = "") -> Run:
        """Put a run that ended before its time back into the queue or, given a device, into the hands of this process.

        It goes on from its last checkpoint.

        Raises:
            InvalidInput: it has not ended, or has nothing left to do.
        """
        with transaction(self._engine) as connection:
            status = row(connection, id).status
            values = {"status": "queued", "ended": None, "message": ""} | (taken(device) if device else {})
            if not change(connection, is_(id, "stopped", "failed", "interrupted"), **values):
                raise InvalidInput(f"Run {id} is {status}, so there is nothing to resume; duplicate it to train anew.")
            return self._run(row(connection, id))

    def delete(self, id: str) -> None:
        """Delete the run, all that it measured and its checkpoints.

        Raises:
            InvalidInput: it is running.
        """
        with transaction(self._engine) as connection:
            found = self._run(row(connection, id))
            if found.status == "running":
                raise InvalidInput(f"Run {id} is running; stop it before you delete it.")
            for table in reversed(TABLES.sorted_tables):
                key: Any = table.c.id if table is RUNS else table.c.run
                connection.execute(delete(table).where(key == id))
        shutil.rmtree(found.folder, ignore_errors=True)

    def checkpoint(self, id: str, which: str = "last") -> Path | None:
        """The run's "last" checkpoint, or its "best"; None while there is none."""
        return checkpoint.newest(self.get(id).folder, which)


_folder, _url = folder, url  # the arguments of Store have the same names


def _line(text: str) -> str:
    """A user's text as one line of at most 120 characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:120].strip()
