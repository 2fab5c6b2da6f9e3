"""What the tests share: a running app, a browser, and which tests a machine can run at all."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import BrowserContext, Page

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
START_SECONDS = 60
PAGE_SECONDS = 60


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium on this machine. Without one the test is skipped, or fails when CI=true."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = f"needs Chromium: on the PATH as {' or '.join(NAMES)}, or at the path that CHROMIUM gives"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the app, started as a user starts it on a computer without a network and without weights of torchvision's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    address = f"http://127.0.0.1:{port}"
    folder = tmp_path_factory.mktemp("server")
    log, nobody = folder / "log.txt", "http://127.0.0.1:9"
    offline = {**os.environ, "https_proxy": nobody, "http_proxy": nobody, "TORCH_HOME": str(folder), "NETLIB_WEIGHTS": str(folder)}
    offline["NETLIB_RUNS"] = str(folder / "runs")
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env=offline, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _wait_until_healthy(address, process, log)
            yield address
        finally:
            process.terminate()
            process.wait()
            _stop_runs(folder / "runs")


def _stop_runs(folder: Path) -> None:
    """A run outlives its server, also that of a test that failed; nobody would stop it."""
    from netlib.training.runs import Store

    if folder.is_dir():
        store = Store(f"sqlite:///{folder}/runs.db", folder)
        for run in store.runs():
            store.stop(run.id)


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"streamlit run app.py was not healthy after {START_SECONDS} s:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Chromium with a profile of its own, the same everywhere: window, language, time zone, no animation."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=chromium, headless=True, args=QUIET,
            viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC",
            reduced_motion="reduce", color_scheme="light",
        )  # fmt: skip
        yield context
        context.close()


@pytest.fixture
def page(browser: BrowserContext, server: str) -> Iterator[Page]:
    """A tab of its own. At the end of the test it is held that nothing was asked of another host, and nothing failed."""
    tab = browser.new_page()
    tab.set_default_timeout(PAGE_SECONDS * 1000)
    strangers: list[str] = []
    failures: list[str] = []
    tab.on("request", lambda request: None if request.url.startswith((server, "data:", "blob:")) else strangers.append(request.url))
    # On a deep link Streamlit's page first tries /<page>/_stcore/…; those answers are expected.
    tab.on("response", lambda r: failures.append(f"{r.status} {r.url}") if r.status >= 400 and "/_stcore/" not in r.url else None)
    tab.on("pageerror", lambda error: failures.append(str(error)))
    yield tab
    tab.close()
    assert not strangers, "the app asked another host"
    assert not failures


@pytest.fixture
def settled() -> Callable[[Page], Page]:
    """Waits until a page has run to its end and nothing is loading; an exception on it fails the test."""

    def wait(page: Page) -> Page:
        page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', state="attached")
        page.wait_for_function("!document.querySelector('[data-testid=stSkeleton],[data-testid=stSpinner]')")
        crashes = page.locator('[data-testid="stException"]').or_(page.get_by_text("Unexpected error"))  # the second is app.py's
        assert crashes.count() == 0, crashes.all_inner_texts()
        return page

    return wait


@pytest.fixture
def visit(page: Page, server: str, settled: Callable[[Page], Page]) -> Callable[[str], Page]:
    """Opens an address of the app, such as "/compare?models=vgg16", and waits until it is settled."""

    def go(path: str) -> Page:
        page.goto(server + path)
        return settled(page)

    return go
