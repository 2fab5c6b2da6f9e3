"""What is computed at once, and what waits for a press of a button: a page opens quickly, and a link to cheap pictures shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import networks, work

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from pages.parts.sight import Sight

    Key = tuple[Hashable, ...]

AT_ONCE = 20_000_000_000  # MACs: about a second on a laptop's core
WANTED = "wanted_work"  # in the session: keys of what was asked for


def cheap(sight: Sight, passes: float) -> bool:
    """Whether so many forward passes of the network take no longer than one likes to wait for an open page."""
    return networks.cost(sight.graph).total.macs * passes <= AT_ONCE


def wanted(keys: Iterable[tuple[Key, bool]], label: str, *, help: str, icon: str) -> list[Key]:
    """Those of the keys of `work` that are to be shown: what is cheap or known; the others after a press of the button.

    Args:
        keys: with each, whether it is cheap.
    """
    asked: set[Key] = st.session_state.setdefault(WANTED, set())
    given = list(keys)
    open_ = [key for key, cheap_ in given if not cheap_ and key not in asked and not work.known(key)]
    if open_:
        st.button(label, icon=icon, type="primary", help=help, on_click=asked.update, args=(open_,), key=f"ask_{label}")
    return [key for key, _ in given if key not in open_]
