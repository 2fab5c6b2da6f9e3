"""The layer graphs in columns: they start side by side, and a layer chosen in one shows its stage in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis.folding import FoldedGraph, fold
from netlib.figures.graph_svg import graph_svg
from pages.parts import networks
from pages.parts.compare_html import badge
from pages.parts.layer_graph import happened, layer_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.compare import Row
    from netlib.figures.curves import Network

HEIGHT = 620
TEXTS = {"width": "Width", "all": "All", "hint": ""}  # the words of the bar, for narrow columns
HINT = "Click a layer to see its stage in every network. + opens a block; arrows walk along the edges, Ctrl-wheel and + − 0 zoom."


def clicked_row(chosen: Sequence[Network], rows: Sequence[Row]) -> int | None:
    """Number of the row whose stage holds the layer that was clicked in this run."""
    for column, network in enumerate(chosen):
        event = happened(_key(network))
        for number, row in enumerate(rows):
            cell = row.cells[column]
            if event.layer and cell and event.layer in cell.layers:
                _marked()[network.graph.name] = event.layer
                return number
    return None


def graphs(chosen: Sequence[Network], row: Row | None, *, dark: bool) -> None:
    """Draw the graphs, folded to their blocks; of a chosen row, the first layer is marked and brought into view."""
    st.caption(HINT)
    for column, network, place in zip(range(len(chosen)), chosen, st.columns(len(chosen)), strict=True):
        cell = row.cells[column] if row else None
        with place:
            st.html(f"<strong>{badge(network, dark=dark)}</strong>")
            _graph(network, cell.layers if cell else ())


def _graph(network: Network, stage: Sequence[str]) -> None:
    graph = network.graph
    folded = _folded(network)
    marked = _marked().get(graph.name)
    if stage and marked not in stage:
        marked = stage[0]
    layer_graph(
        graph_svg(graph, folded, costs=network.costs, title=network.title), key=_key(network), height=HEIGHT,
        label=networks.described(graph), filename=graph.name.replace("/", "-"),
        selected=folded.node_of(marked).id if stage and marked else None,
        names={node.id: " ".join(node.layers[:12]) for node in folded.nodes}, texts=TEXTS,
    )  # fmt: skip


def _folded(network: Network) -> FoldedGraph:
    """The graph with the blocks open that the visitor opened; at first none."""
    opened: dict[str, frozenset[str]] = st.session_state.setdefault("compare_opened", {})
    key = happened(_key(network)).toggled
    if key:
        opened[network.graph.name] = opened.get(network.graph.name, frozenset()) ^ {key}
    return fold(network.graph, opened.get(network.graph.name, frozenset()))


def _marked() -> dict[str, str]:
    """Network -> the layer last clicked in its graph."""
    marked: dict[str, str] = st.session_state.setdefault("compare_marked", {})
    return marked


def _key(network: Network) -> str:
    return f"compare_graph_{network.graph.name}"
