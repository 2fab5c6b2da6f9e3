"""What the tests of training share: a data set small enough to look through."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from netlib.data.split import Split, split
from netlib.training.runs import Store
from tests.training.faults import RECIPE, Outcome, gone
from tests.training.nursery import Nursery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def tiny() -> Split:
    """Twelve noisy 8×8 colour pictures of three classes: a bright top, a bright bottom, a red picture."""
    random = np.random.RandomState(0)
    images = random.randint(0, 60, (12, 3, 8, 8)).astype(np.uint8)
    labels = np.arange(12) % 3
    images[labels == 0, :, :4] += 150
    images[labels == 1, :, 4:] += 150
    images[labels == 2, 0] += 150
    return split("tiny", ("top", "bottom", "red"), (images[:9], labels[:9]), (images[9:], labels[9:]))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Gives the URL of a new, empty database of a real PostgreSQL server, which runs in a folder of its own without any port."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not found:
        pytest.skip("needs PostgreSQL's server in /usr/lib/postgresql, as Debian installs it")
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # not pytest's: the server's user may not enter it
    who: dict[str, object] = {"cwd": folder, "stdout": subprocess.DEVNULL}
    if os.getuid() == 0:  # the server refuses to be run by root
        user = pwd.getpwnam("postgres")
        shutil.chown(folder, user.pw_uid, user.pw_gid)
        who |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    initdb = [found[-1] / "initdb", "-D", "data", "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
    subprocess.run(initdb, check=True, **who)
    command = [found[-1] / "postgres", "-D", "data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL, **who)
    address = f"postgresql+psycopg://postgres@/{{}}?host={folder}"
    engine = create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT")
    count = 0

    def database() -> str:
        nonlocal count
        count += 1
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE runs{count}")
        return address.format(f"runs{count}")

    for _ in range(100):
        try:
            engine.connect().close()
            break
        except OperationalError:
            time.sleep(0.1)
    yield database
    engine.dispose()
    server.send_signal(signal.SIGINT)  # it does not wait for connections that tests have left open
    server.wait()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of runs, in a file and on a server."""
    return Store(folder=tmp_path) if request.param == "sqlite" else Store(request.getfixturevalue("postgres")(), tmp_path)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(scope="session")
def undisturbed(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What the run gives when nothing happens to it."""
    store = Store(folder=tmp_path_factory.mktemp("undisturbed"))
    id = store.create(RECIPE).id
    gone(nursery.worker(store, every=1000))
    return Outcome(store, id)
