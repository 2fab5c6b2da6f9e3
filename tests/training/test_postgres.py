"""What only a database server can do to a worker: end its connections, lock its tables, be shared with a file-based store's world."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from netlib.errors import StoreUnavailable
from netlib.training.processes import identity
from netlib.training.runs import Store
from tests.training.faults import RECIPE, Outcome, gone, under_way

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.training.nursery import Nursery

OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def test_lost_connections_and_locked_tables_lose_nothing(
    postgres: Callable[[], str], nursery: Nursery, undisturbed: Outcome, tmp_path: Path
) -> None:
    store = Store(postgres(), tmp_path)
    id = store.create(RECIPE).id
    pid = nursery.worker(store)
    under_way(store, id, 20)
    engine = create_engine(store.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as other:
        for _ in range(5):
            other.exec_driver_sql(OTHERS)
            time.sleep(0.1)
        other.exec_driver_sql("BEGIN; LOCK TABLE blocks IN EXCLUSIVE MODE")
        time.sleep(1.5)
        other.exec_driver_sql("ROLLBACK")
    engine.dispose()
    assert identity(pid)
    gone(pid)
    assert Outcome(store, id) == undisturbed
    assert not list(tmp_path.glob("*.db")), "a store on a server keeps no file of its own"


def test_a_password_is_not_told(postgres: Callable[[], str]) -> None:
    url = postgres().replace("postgres@", "postgres:hush@").replace("/runs", "/missing")
    with pytest.raises(StoreUnavailable, match="does not exist") as caught:
        Store(url)
    assert "hush" not in str(caught.value)
