"""ImageNet weights fetched on request, for all visitors: each file once, in a thread of its own, with a bar and a button to stop.

A download goes on while visitors click around; whoever looks at it sees how far it is, and anybody who does may stop it.
"""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.models import imagenet
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 2
LOOK = 0.7  # seconds between two looks


@dataclass(slots=True, eq=False)
class _Download:
    network: str
    done: int = 0
    total: int = 0
    started: bool = False
    error: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


_downloads: dict[str, _Download] = {}  # by file: going on, or failed and not yet seen
_places = threading.Semaphore(AT_ONCE)


def offer(network: str, instead: Callable[[], None]) -> None:
    """Say that the network's weights are not on this computer, with a button that fetches them and one that does `instead`; or how far."""
    weights = imagenet.weights_of(network)
    if weights is None:
        return
    going_on = _downloads.get(weights.file)
    if going_on is not None and not going_on.ended.is_set():
        _watch(going_on)
        return
    if going_on is not None and going_on.error:
        st.error(escape(going_on.error))
    else:
        st.info(escape(imagenet.absent(network)))
    with st.container(horizontal=True):
        st.button(
            f"Download {weights.bytes / 1e6:,.0f} MB", icon=":material/download:", key=f"download_{network}", on_click=start,
            args=(network,), help=f"{weights.file} from {weights.url.split('/')[2]}; kept for all who use this server.",
        )  # fmt: skip
        st.button("Use random weights", icon=":material/casino:", key=f"random_{network}", on_click=instead)


def start(network: str) -> None:
    """Begin to fetch the network's weights, unless that goes on already."""
    weights = imagenet.weights_of(network)
    if weights is None:
        return
    going_on = _downloads.get(weights.file)
    if going_on is None or going_on.ended.is_set():
        download = _downloads[weights.file] = _Download(network, total=weights.bytes)
        threading.Thread(target=_run, args=(download,), name="download", daemon=True).start()


@st.fragment(run_every=LOOK)
def _watch(download: _Download) -> None:
    if download.ended.is_set():
        st.rerun()
    share, words = download.done / max(1, download.total), f"{download.done / 1e6:,.0f} of {download.total / 1e6:,.0f} MB"
    st.progress(min(1.0, share), words if download.started else "Waits for another download…")
    st.button("Stop", on_click=_stop, args=(download,), icon=":material/stop_circle:", key=f"stop_download_{download.network}")


def _stop(download: _Download) -> None:
    download.stop.set()
    download.ended.wait(2 * LOOK)


def _run(download: _Download) -> None:
    try:
        while not _places.acquire(timeout=LOOK):
            if download.stop.is_set():
                return
        try:
            download.started = True
            with closing(imagenet.download(download.network)) as steps:
                for download.done, download.total in steps:
                    if download.stop.is_set():
                        return
        finally:
            _places.release()
    except NetlibError as error:
        download.error = str(error)
    finally:
        download.ended.set()
