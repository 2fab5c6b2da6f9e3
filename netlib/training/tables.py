"""The tables of the store of runs, and how a database is opened: SQLite in a file, or PostgreSQL by its URL.

A curve is kept in blocks: all points of one series that were committed together are one row, their numbers packed side by side. A
row a point would be hundreds of rows a second, and millions in a run of an hour.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import DatabaseError
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.types import TypeDecorator

from netlib.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TABLES = sa.MetaData()


class Utc(TypeDecorator[datetime]):
    """A moment, kept in UTC without saying so, because SQLite cannot say it."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


def _of_run() -> sa.Column[str]:
    return sa.Column("run", sa.String(16), sa.ForeignKey("runs.id"), primary_key=True)


RUNS = sa.Table(
    "runs", TABLES,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("recipe", sa.JSON, nullable=False),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("wish", sa.String(16), nullable=False, default=""),  # "stop", asked of the worker
    sa.Column("token", sa.String(32), nullable=False, default=""),  # whose run it is: a new one each time a worker takes it
    sa.Column("created", Utc, nullable=False),
    sa.Column("started", Utc),
    sa.Column("ended", Utc),
    sa.Column("heartbeat", Utc),
    sa.Column("host", sa.Text, nullable=False, default=""),
    sa.Column("pid", sa.Integer, nullable=False, default=0),
    sa.Column("process", sa.Text, nullable=False, default=""),  # tells the worker from a later process that was given its pid
    sa.Column("device", sa.String(16), nullable=False, default=""),
    sa.Column("versions", sa.JSON, nullable=False, default=dict),
    sa.Column("step", sa.Integer, nullable=False, default=0),
    sa.Column("steps", sa.Integer, nullable=False, default=0),
    sa.Column("epoch", sa.Double, nullable=False, default=0.0),
    sa.Column("best", sa.Double),
    sa.Column("seconds", sa.Double, nullable=False, default=0.0),
    sa.Column("device_seconds", sa.Double, nullable=False, default=0.0),
    sa.Column("bytes", sa.BigInteger, nullable=False, default=0),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("after", sa.String(16), nullable=False, default=""),
)  # fmt: skip

BLOCKS = sa.Table(
    "blocks", TABLES,
    _of_run(),
    sa.Column("series", sa.String(200), primary_key=True),
    sa.Column("first", sa.Integer, primary_key=True),  # steps of its first and last point
    sa.Column("last", sa.Integer, nullable=False),
    sa.Column("numbers", sa.LargeBinary, nullable=False),  # (points, 4) float64: step, epoch, seconds, value
)  # fmt: skip

EVALUATIONS = sa.Table(
    "evaluations", TABLES,
    _of_run(),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("loss", sa.Double),  # NULL for one that is no number: SQLite has no other
    sa.Column("top1", sa.Double, nullable=False),
    sa.Column("top5", sa.Double, nullable=False),
    sa.Column("images", sa.Integer, nullable=False),
    sa.Column("confusion", sa.LargeBinary, nullable=False),  # (K, K) int64
    sa.Column("mistakes", sa.LargeBinary, nullable=False),  # (M, 4) float64: index, label, said, probability
)  # fmt: skip

SNAPSHOTS = sa.Table(
    "snapshots", TABLES,
    _of_run(),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("arrays", sa.LargeBinary, nullable=False),  # as numpy.savez writes them
)  # fmt: skip

LINES = sa.Table(
    "log_lines", TABLES,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("run", sa.String(16), sa.ForeignKey("runs.id"), nullable=False, index=True),
    sa.Column("time", Utc, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)  # fmt: skip


def opened(url: str, patience: float) -> sa.Engine:
    """The database at `url`, its tables made if need be; who finds it locked waits for up to `patience` seconds.

    Raises:
        StoreUnavailable: it cannot be opened.
    """
    try:
        if make_url(url).get_backend_name() == "sqlite":
            if file := make_url(url).database:
                Path(file).parent.mkdir(parents=True, exist_ok=True)
            engine = sa.create_engine(url, connect_args={"timeout": patience})
            sa.event.listen(engine, "connect", _set_up)
            sa.event.listen(engine, "begin", _begin)
        else:
            locks = f"-c lock_timeout={max(1, round(patience * 1000))}"
            engine = sa.create_engine(url, pool_pre_ping=True, connect_args={"options": locks, "connect_timeout": 10})
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise StoreUnavailable(f"The store of runs cannot be opened ({error}); see NETLIB_DATABASE_URL and NETLIB_RUNS.") from error
    with transaction(reading(engine)) as connection:
        there = sa.inspect(connection).has_table(LINES.name)
    if not there:
        with transaction(engine, alone=True) as connection:
            TABLES.create_all(connection)
    return engine


@contextmanager
def transaction(engine: sa.Engine, *, alone: bool = False) -> Iterator[sa.Connection]:
    """All or nothing; of those that ask to be `alone`, only one runs at a time (in SQLite, of all that write).

    Raises:
        StoreUnavailable: it could not be carried out, and changed nothing.
    """
    try:
        with engine.begin() as connection:
            if alone and connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('runs'))")
            yield connection
    except (DBAPIError, DatabaseError) as error:  # the second while a connection is set up
        where = engine.url.render_as_string(hide_password=True)
        why = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise StoreUnavailable(f"The store of runs at {where} cannot be used now ({why}); try again.") from error


def reading(engine: sa.Engine) -> sa.Engine:
    """The same database, for transactions that only read: they wait for nobody."""
    return engine.execution_options(reading=True)


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows; one whose key is there already takes its place, so that doing it twice is as good as once."""
    if rows:
        insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
        values = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
        connection.execute(insert.on_conflict_do_update(index_elements=table.primary_key, set_=values), rows)


def _set_up(connection: Any, record: object) -> None:
    # The driver would start transactions by itself, and too late. WAL lets all read while one writes; each commit is on the disk
    # when it returns (synchronous is FULL by default), so that a checkpoint is never ahead of the curves.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: sa.Connection) -> None:
    # A transaction that reads first and then wants to write would be refused at once, without waiting for the other writer.
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE")
