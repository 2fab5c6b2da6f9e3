"""The store of runs, one for all visitors of this server; what waits in its queue is started with the server."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from netlib.training import runs
from netlib.training.runs import Store


def store() -> Store:
    """The store that the environment names.

    Raises:
        StoreUnavailable: it cannot be opened.
    """
    return _store(runs.url(), str(runs.folder()))


@st.cache_resource(show_spinner=False)
def _store(url: str, folder: str) -> Store:
    from netlib.training.launcher import dispatch  # with torch

    made = Store(url, Path(folder))
    dispatch(made)
    return made
