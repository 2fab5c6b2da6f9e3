"""The state of a view: in the URL for whoever gets the link, in the session for the next page.

A page calls `first` once for each of its values before it draws the widget, and `keep` after it. What the URL says
wins on the first run of a page; afterwards the widgets do, and the URL follows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T", bound=str)


def first(name: str, default: str) -> str:
    """The value of `name` for a widget that has none yet: from the URL, else from the page before, else `default`."""
    return st.query_params.get(name) or st.session_state.get(f"kept_{name}") or default


def first_list(name: str, default: Sequence[str]) -> list[str]:
    """The same for a value that is a list: ?network=alexnet&network=vgg16."""
    return st.query_params.get_all(name) or st.session_state.get(f"kept_{name}s") or list(default)


def keep(name: str, value: str | list[str] | None, default: str | list[str] | None = None) -> None:
    """Put a value into the URL and keep it for the next page; nothing (None, "" or []) takes it out of the URL.

    A value that is the page's default anyway stays out of a URL that does not have it: each change of the URL is one more
    press of the browser's Back.
    """
    several = isinstance(value, list)
    st.session_state[f"kept_{name}s" if several else f"kept_{name}"] = value
    written = st.query_params.get_all(name) if several else st.query_params.get(name)
    if not value:
        if name in st.query_params:
            del st.query_params[name]
    elif written != value and (written or value != default):
        st.query_params[name] = value


def selectbox(
    label: str, options: Sequence[T], *, name: str, default: T, format_func: Callable[[T], str] = str, help: str | None = None
) -> T:
    """A selectbox whose choice is `name` in the URL; a value that is not among the options is said so and replaced."""
    key = f"view_{name}"
    if st.session_state.get(key) not in options:
        value = first(name, default)
        if value not in options:
            st.warning(f"The link asks for {name} “{escape(value)}”, which is not one of the choices here; showing {format_func(default)}.")
            value = default
        st.session_state[key] = value
    choice: T = st.selectbox(label, options, key=key, format_func=format_func, help=help)
    keep(name, choice, default)
    return choice


def one_of(label: str, options: Sequence[T], *, name: str, default: T, format_func: Callable[[T], str] = str) -> T:
    """A row of choices, one of which is always taken, kept as `name` in the URL.

    Radio buttons, because the chosen one of Streamlit's segmented control is too pale on a dark page.
    """
    key = f"view_{name}"
    if st.session_state.get(key) not in options:
        value = first(name, default)
        st.session_state[key] = value if value in options else default
    choice: T = st.radio(label, options, key=key, format_func=format_func, horizontal=True)
    keep(name, choice, default)
    return choice
