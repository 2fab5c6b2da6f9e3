"""What is computed at once, and what waits for a press of a button: a page opens quickly, and a link to cheap pictures shows them.

Costly pictures that are shown are named in the URL, a word a section: ?made=maximization. Who opens such a link need not press.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import networks, view, work

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from pages.parts.sight import Sight

    Key = tuple[Hashable, ...]

AT_ONCE = 20_000_000_000  # MACs: about a second on a laptop's core
WANTED = "wanted_work"  # in the session: keys of what was asked for
OPENED = "wanted_sections"  # in the session: the sections whose link has been read
NAME = "made"


def cheap(sight: Sight, passes: float) -> bool:
    """Whether so many forward passes of the network take no longer than one likes to wait for an open page."""
    return networks.cost(sight.graph).total.macs * passes <= AT_ONCE


def wanted(section: str, keys: Iterable[tuple[Key, bool]], label: str, *, help: str, icon: str) -> list[Key]:
    """Those of the keys of `work` that are to be shown: what is cheap or known, or asked for by the link; others after a press.

    Args:
        section: the word for it in the URL.
        keys: with each, whether it is cheap.
    """
    given = list(keys)
    asked: set[Key] = st.session_state.setdefault(WANTED, set())
    opened: set[str] = st.session_state.setdefault(OPENED, set())
    if section not in opened and section in st.query_params.get_all(NAME):
        asked.update(key for key, _ in given)
    opened.add(section)
    costly = [key for key, cheap_ in given if not cheap_]
    open_ = [key for key in costly if key not in asked and not work.known(key)]
    if any(not work.known(key) for key in costly):  # pressed, it stays till all is there: what is gone stands until the run ends
        st.button(
            label, icon=icon, type="primary", help=help, on_click=asked.update, args=(open_,), key=f"ask_{section}", disabled=not open_
        )
    _note(section, len(open_) < len(costly))
    return [key for key, _ in given if key not in open_]


def forget(*sections: str) -> None:
    """Take sections that are not on the page out of the URL."""
    for section in sections:
        _note(section, False)


def _note(section: str, shown: bool) -> None:
    others = [name for name in view.written(NAME) if name != section]
    view.keep(NAME, [*others, section] if shown else others)
