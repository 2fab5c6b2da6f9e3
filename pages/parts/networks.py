"""Choosing networks, and their graphs, costs and fields from a cache that all visitors share."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis import store
from netlib.analysis.cost import Costs, costs
from netlib.analysis.receptive_field import ReceptiveField, receptive_fields
from netlib.errors import UnknownNetwork
from netlib.figures.prose import graph_description
from netlib.models.registry import NETWORKS, PREFIX, spec, unknown
from pages.parts import view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netlib.analysis.graph import LayerGraph, Shape

DEFAULT = "alexnet"


def title(name: str) -> str:
    """A network's name as a heading writes it."""
    return spec(name).title if name in NETWORKS else f"{name.removeprefix(PREFIX)} (torchvision)"


def pick(label: str = "Network", *, name: str = "network", default: str = DEFAULT) -> str:
    """One network, of the registry or of torchvision; what the URL asks for wrongly is said in one sentence."""
    key = f"view_{name}"
    if key not in st.session_state:
        st.session_state[key] = _known(view.first(name, default), default)
    options = _options(st.session_state[key])
    index = options.index(st.session_state[key])
    choice: str = st.selectbox(
        label, options, index, key=key, format_func=title, help="Type to search. torchvision's networks are at the end of the list."
    )
    view.keep(name, choice, default)
    return choice


def pick_several(
    label: str = "Networks",
    *,
    name: str = "network",
    default: Sequence[str],
    most: int = 4,
    among: Sequence[str] | None = None,
    why: Callable[[str], str] = str,
    key: str = "",
) -> list[str]:
    """One to `most` networks, in the order in which they were chosen; `among` those, where not all will do: `why` says so of another."""
    key = key or f"view_{name}s"
    if key not in st.session_state:
        wanted = dict.fromkeys(view.first_list(name, default))
        known = [found for asked in wanted if (found := _known(asked, "")) and _fits(found, among, why)]
        if len(known) > most:
            st.warning(f"The link asks for {len(known)} networks; at most {most} fit side by side, so the first {most} are shown.")
        st.session_state[key] = known[:most] or list(default)
    options = list(among) if among is not None else _options(*st.session_state[key])
    chosen: list[str] = st.multiselect(
        label, options, st.session_state[key], key=key, format_func=title, max_selections=most, placeholder="Choose networks"
    )
    view.keep(name, chosen, list(default))
    return chosen


def graph(name: str, input_shape: Shape | None = None) -> LayerGraph:
    """A network's layers; torchvision's, and other input sizes, are traced, which is told while it lasts."""
    if name in NETWORKS and input_shape in (None, spec(name).input_shape):
        return store.graph(name)
    with st.spinner(f"Tracing {title(name)}…"):
        return store.graph(name, input_shape)


@lru_cache(maxsize=64)
def cost(graph: LayerGraph) -> Costs:
    """The costs of every layer."""
    return costs(graph)


@lru_cache(maxsize=64)
def fields(graph: LayerGraph) -> Mapping[str, ReceptiveField]:
    """The receptive field of every layer."""
    return receptive_fields(graph)


@lru_cache(maxsize=64)
def described(graph: LayerGraph) -> str:
    """The network in a few sentences, for those who do not see its drawing."""
    return graph_description(graph, cost(graph))


def every() -> list[str]:
    """The registry's networks, then torchvision's."""
    return _options()


@lru_cache(maxsize=1)
def _torchvision() -> tuple[str, ...]:
    """torchvision's networks, from a list that a test holds against torchvision itself: asking it takes seconds."""
    lines = (store.FOLDER.parent / "torchvision.txt").read_text(encoding="utf-8").split()
    return tuple(PREFIX + line for line in lines)


def _options(*chosen: str) -> list[str]:
    return list(dict.fromkeys([*NETWORKS, *_torchvision(), *chosen]))


def _fits(name: str, among: Sequence[str] | None, why: Callable[[str], str]) -> bool:
    """Whether a page can show the network; if not, one sentence on the page."""
    if among is None or name in among:
        return True
    st.warning(escape(why(name)))
    return False


def _known(name: str, default: str) -> str:
    """`name` if there is such a network, else `default`, with one sentence on the page."""
    if name in NETWORKS or name in _torchvision():
        return name
    error = UnknownNetwork(name, _torchvision()) if name.startswith(PREFIX) else unknown(name)
    st.warning(escape(str(error)) + (f" Showing {title(default)}." if default else ""))
    return default
