"""The CNN Architecture Explorer: `streamlit run app.py`.

Only the server's start and end live here; the pages begin in pages/navigation.py. That the entry script does not stand
beside the pages/ folder is on purpose: see docs/decisions/entry-point.md.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

QUEUE_SECONDS = 5  # between two looks at the queue


def _warm() -> None:
    """Import what is slow while the first visitor reads; what is imported for good leaves the garbage collector."""
    import plotly.graph_objects  # noqa: F401
    import torch

    torch.set_num_threads(max(1, torch.get_num_threads() // 2))  # the other half serves the other visitors
    gc.collect()
    gc.freeze()


def _serve_queue() -> None:
    """Start the training runs that wait: those from before the server's start, and those behind a worker that died."""
    from netlib.errors import NetlibError
    from netlib.training.launcher import dispatch
    from netlib.training.runs import Store

    store = None
    while True:
        try:
            store = store or Store()
            dispatch(store)
            time.sleep(QUEUE_SECONDS)
        except NetlibError as error:
            logging.getLogger("explorer").warning("no training run can start: %s", error)
            time.sleep(60)


def _behind_the_pages() -> None:
    _warm()
    _serve_queue()


@asynccontextmanager
async def _lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    threading.Thread(target=_behind_the_pages, name="behind the pages", daemon=True).start()
    yield {}


def _on_script_error(error: Exception) -> bool:
    logging.getLogger("explorer").exception("a page failed", exc_info=error)
    st.error(
        "Something went wrong on this page. Reload it, or choose another network; the server's log says more.", title="Unexpected error"
    )
    return True


app = st.App("pages/navigation.py", lifespan=_lifespan, on_script_error=_on_script_error)
