"""The store of runs, one for all visitors of this server."""

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


def there() -> bool:
    """Whether there is a store already: who only looks for runs makes none."""
    url = runs.url()
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).is_file()


@st.cache_resource(show_spinner=False)
def _store(url: str, folder: str) -> Store:
    return Store(url, Path(folder))
