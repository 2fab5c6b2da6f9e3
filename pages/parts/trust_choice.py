"""Which map is checked: `check` in the URL, such as 2:saliency for the second network's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import view

if TYPE_CHECKING:
    from collections.abc import Collection

KEPT = "trust_check"  # in the session: which map
PRESSED = "trust_check_pressed"  # in the session: the check was just asked for by a button, not by a link


def asked() -> tuple[int, str] | None:
    """The map to check: (number of the network, name of the map)."""
    if KEPT not in st.session_state:
        st.session_state[KEPT] = st.query_params.get("check", "")
    number, _, name = st.session_state[KEPT].partition(":")
    found = (int(number), name) if number.isdecimal() and name else None
    view.keep("check", st.session_state[KEPT] if found else None)
    return found


def open_(number: int, name: str) -> None:
    """Check a map, or end the check of the one that is checked."""
    wanted = f"{number}:{name}"
    st.session_state[KEPT] = "" if st.session_state.get(KEPT) == wanted else wanted
    st.session_state[PRESSED] = bool(st.session_state[KEPT])


def only(maps: Collection[tuple[int, str]]) -> None:
    """The maps that are chosen; the check of any other ends."""
    if asked() not in maps:
        st.session_state[KEPT] = ""
        view.keep("check", None)


def close() -> None:
    """End the check."""
    st.session_state[KEPT] = ""


def action(number: int, name: str) -> str:
    """What is written on a map's button."""
    return "Close trust check" if asked() == (number, name) else "Trust check"


def just_opened() -> bool:
    """Whether a button opened the check, since this was asked the last time."""
    return bool(st.session_state.pop(PRESSED, False))
