"""The state of a view: in the URL for whoever gets the link, in the session for the next page.

A page calls `first` once for each of its values before it draws the widget, and `keep` after it. What the URL says
wins on the first run of a page; afterwards the widgets do, and the URL follows them.

A widget gets its value both ways, in the session's state and as its own default. What is put into the state reaches the browser only with
the run that put it there: a click before the browser has loaded the widget's code would find the widget at its default.
"""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import streamlit as st

from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

T = TypeVar("T", bound=str)
VISIT = "page_visit"  # in the session: the page and when it was opened
FOLLOWED = "followed_defaults"  # in the session: key of a widget -> the visit, and the default that it shows, None where a value was chosen


def first(name: str, default: str) -> str:
    """The value of `name` for a widget that has none yet: from the URL, else from the page before, else `default`."""
    return st.query_params.get(name) or st.session_state.get(f"kept_{name}") or default


def first_list(name: str, default: Sequence[str]) -> list[str]:
    """The same for a value that is a list: ?network=alexnet&network=vgg16."""
    return st.query_params.get_all(name) or st.session_state.get(f"kept_{name}s") or list(default)


def first_of(options: Sequence[T], name: str, default: T, format_func: Callable[[T], str] = str) -> T:
    """`first` among options; a value of the link that is none of them is said so and replaced.

    One that is kept from another page, where the same name has other values, is replaced without a word.
    """
    value = first(name, default)
    if value not in options and st.query_params.get(name):
        not_here(name, value, format_func(default))
    return next((option for option in options if option == value), default)


def not_here(name: str, value: str, shown: str) -> None:
    """Say that the link asks for what cannot be chosen here."""
    st.warning(f"The link asks for {escape(name)} “{escape(value)}”, which is not one of the choices here; showing {shown}.")


def written(name: str) -> list[str]:
    """The values of `name` that stand in the URL by now."""
    address = st.session_state.get("address")
    return list(st.query_params.get_all(name) if address is None else address.get(name, []))


def keep(name: str, value: str | list[str] | None, default: str | list[str] | None = None) -> None:
    """Put a value into the URL and keep it for the next page; nothing (None, "" or []) takes it out of the URL.

    A value that is the page's default anyway stays out of a URL that does not have it.
    """
    several = isinstance(value, list)
    st.session_state[f"kept_{name}s" if several else f"kept_{name}"] = value
    write(name, value, default)


def write(name: str, value: str | list[str] | None, default: str | list[str] | None = None) -> None:
    """Put a value into the URL alone: what no other page needs to know."""
    address = st.session_state.get("address")
    params: Any = st.query_params if address is None else address
    before = written(name)
    wanted = value if isinstance(value, list) else [value] if value else []
    if not wanted:
        params.pop(name, None)
    elif before != wanted and (before or value != default):
        params[name] = value if address is None else wanted


def follow(key: str, default: object, *, asked: object) -> bool:
    """Put a widget to its default, and to another default later, until a value is chosen; whether none is.

    `asked` is what the link says of it, which counts as chosen. What is left from the page before does not if it is the default here.
    """
    visit, now, taken = st.session_state.get(VISIT), st.session_state.get(key), st.session_state.setdefault(FOLLOWED, {})
    when, value = taken.get(key, ("never", None))
    free = now in (None, value) if when == visit else not asked and now in (None, default)
    if free or now is None:
        st.session_state[key] = default
    taken[key] = (visit, default if free else None)
    return free


@contextmanager
def address(page: str) -> Iterator[None]:
    """While a page runs inside, its values are gathered; at its end the browser's URL becomes theirs.

    It is replaced, not pushed: Back then leads to the page before, not through every click. Streamlit's own `st.query_params`,
    which `keep` uses where a page runs by itself, would push one entry for each value.
    """
    if st.session_state.get(VISIT, (None,))[0] != page:
        st.session_state[VISIT] = (page, monotonic_ns())
    st.session_state["address"] = {name: st.query_params.get_all(name) for name in st.query_params}
    try:
        yield
    finally:
        _show("address_bar", st.session_state.pop("address"))


def show_address(key: str) -> None:
    """Bring the browser's URL up to date before long work, at whose end only the page would do so; `key` is the work's own."""
    values = st.session_state.get("address")
    if values is not None:
        _show(f"address_bar_{key}", values)


def _show(key: str, values: Mapping[str, list[str]]) -> None:
    # With the run's time, for the browser to do it again: the menu empties the URL, also where the next page has the same values.
    _replace(key=key, data={"search": urlencode(values, doseq=True), "run": monotonic_ns()})


_replace = st.components.v2.component(
    "address_bar",
    html="<i hidden></i>\n",
    js="""
export default function ({ data }) {
  const url = new URL(window.location.href)
  url.search = data.search
  window.history.replaceState(window.history.state, "", url)
}
""",
)


def selectbox(
    label: str, options: Sequence[T], *, name: str, default: T, format_func: Callable[[T], str] = str, help: str | None = None
) -> T:
    """A selectbox whose choice is `name` in the URL; a value that is not among the options is said so and replaced."""
    key = f"view_{name}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = first_of(options, name, default, format_func)
    index = options.index(st.session_state[key])
    choice: T = st.selectbox(label, options, index, key=key, format_func=format_func, help=help)
    keep(name, choice, default)
    return choice


def one_of(label: str, options: Sequence[T], *, name: str, default: T, format_func: Callable[[T], str] = str) -> T:
    """A row of choices, one of which is always taken, kept as `name` in the URL.

    Until it is chosen it is the default, also where that changes.
    Radio buttons, because the chosen one of Streamlit's segmented control is too pale on a dark page.
    """
    key = f"view_{name}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = first_of(options, name, default, format_func)
    free = follow(key, default, asked=st.query_params.get(name))
    choice: T = st.radio(label, options, options.index(st.session_state[key]), key=key, format_func=format_func, horizontal=True)
    keep(name, None if free else choice, default)
    return choice


def slider(label: str, options: Sequence[T], *, name: str, default: T, help: str, unit: str = " %") -> T:
    """A slider over a few values, kept as `name` in the URL; a value that is none of them is said so and replaced by the default."""
    key = f"view_{name}"

    def write(option: T) -> str:
        return f"{option}{unit}"

    if st.session_state.get(key) not in options:
        st.session_state[key] = first_of(options, name, default, write)
    choice: T = st.select_slider(label, options, st.session_state[key], key=key, format_func=write, help=help)
    keep(name, choice, default)
    return choice
