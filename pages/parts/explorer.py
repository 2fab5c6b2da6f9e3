"""The layer graph of one network with its open blocks and its chosen layer, both kept in the URL."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis.folding import FoldedGraph, all_modules, around, fold
from netlib.figures import units
from netlib.figures.graph_svg import graph_svg
from pages.parts import networks, view
from pages.parts.layer_graph import happened, layer_graph
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.graph import LayerGraph
    from netlib.figures.graph_svg import ColorBy

KEY = "explorer"


def chosen_layer(graph: LayerGraph) -> str:
    """The layer that the visitor has chosen in the drawing, the table or the link; the first one with weights if none."""
    event = happened(KEY)
    if event.layer in graph:
        choose(event.layer)
    default = next((layer.name for layer in graph if layer.params), graph.layers[-1].name)
    name = st.session_state.get("chosen_layer") or view.first("layer", "")
    if name not in graph:
        if name and "chosen_layer" not in st.session_state:
            st.warning(f"{escape(graph.name)} has no layer called “{escape(name)}”, which the link asks for.")
        name = default
    st.session_state["chosen_layer"] = name
    view.keep("layer", name, default)
    return name


def choose(layer: str | None) -> None:
    """Make `layer` the chosen one, whoever asks."""
    st.session_state["chosen_layer"] = layer


def step(graph: LayerGraph, by: int) -> None:
    """Choose the layer `by` places further along the forward pass."""
    names = list(graph.by_name)
    choose(names[max(0, min(len(names) - 1, names.index(st.session_state["chosen_layer"]) + by))])


def opened_blocks(graph: LayerGraph) -> FoldedGraph:
    """The graph folded as the visitor has it, after the clicks of this run; with the buttons that open and close all."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Overview", on_click=_open, args=(graph, None), icon=":material/unfold_less:", help="Open as much as stays readable")
        st.button("Close all", on_click=_open, args=(graph, frozenset()), icon=":material/collapse_all:")
        st.button("Open all", on_click=_open_all, args=(graph,), icon=":material/expand_all:")
        if "view_detail" not in st.session_state:
            st.session_state["view_detail"] = view.first("detail", "") == "1"
        detail = st.toggle(
            "Every layer by itself",
            st.session_state["view_detail"],
            key="view_detail",
            help="Draw batch norm, activation and dropout as boxes of their own",
        )
    view.keep("detail", "1" if detail else None)
    opened = _opened(graph)
    toggled = happened(KEY).toggled
    if toggled:
        current = opened if opened is not None else _folded(graph, None, detail).opened
        opened = current ^ {toggled}
        _open(graph, opened)
    view.keep("open", None if opened is None else ",".join(sorted(opened)) or "none")
    return _folded(graph, opened, detail)


def explorer(graph: LayerGraph, folded: FoldedGraph, *, color_by: ColorBy, layer: str, height: int = 640) -> str:
    """Draw the graph; returns the standalone SVG."""
    svg = _svg(graph, folded.opened, folded.detail, color_by)
    layer_graph(
        svg, key=KEY, label=f"Layer graph of {networks.title(graph.name)}", selected=folded.node_of(layer).id, height=height,
        filename=graph.name.replace("/", "-"), names={node.id: _search_words(graph, node.layers[:12]) for node in folded.nodes},
    )  # fmt: skip
    return svg


def _search_words(graph: LayerGraph, layers: Sequence[str]) -> str:
    """What the search finds a box by, beside its own label: the names, kinds and windows of its layers."""
    words = dict.fromkeys(layers)
    for layer in map(graph.__getitem__, layers):
        words[units.kind(layer.kind)] = None
        if layer.window:
            height, width = layer.window.kernel
            words |= dict.fromkeys((f"{height}×{width}", f"{height}x{width}"))
    return " ".join(words)


def _opened(graph: LayerGraph) -> frozenset[str] | None:
    """The keys of the open blocks for this network; None for the default."""
    kept = st.session_state.get("opened_blocks")
    if kept is None or kept[0] != graph.name:
        text = view.first("open", "") if kept is None else ""
        kept = (graph.name, None if not text else frozenset() if text == "none" else frozenset(text.split(",")) & all_modules(graph))
        if kept[1] is None and st.query_params.get("layer") in graph:  # a link to a layer inside a block shows the layer
            usual = _folded(graph, None, False)
            if usual.node_of(st.query_params["layer"]).kind == "block":
                kept = (graph.name, usual.opened | around(graph, st.query_params["layer"]))
        st.session_state["opened_blocks"] = kept
    opened: frozenset[str] | None = kept[1]
    return opened


def _open_all(graph: LayerGraph) -> None:
    _open(graph, all_modules(graph))


@lru_cache(maxsize=64)
def _folded(graph: LayerGraph, opened: frozenset[str] | None, detail: bool) -> FoldedGraph:
    return fold(graph, opened, detail=detail)


@lru_cache(maxsize=64)
def _svg(graph: LayerGraph, opened: frozenset[str], detail: bool, color_by: ColorBy) -> str:
    folded = _folded(graph, opened, detail)
    return graph_svg(graph, folded, costs=networks.cost(graph), color_by=color_by, title=networks.title(graph.name))


def _open(graph: LayerGraph, keys: frozenset[str] | None) -> None:
    st.session_state["opened_blocks"] = (graph.name, keys)
