"""The layer graphs in columns: they start side by side, and a layer chosen in one shows its stage in all.

In the URL, beside network=a&network=b: open_1 (blocks with a comma between) and layer_1 of the first network, open_2 and layer_2
of the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis.compare import MOST
from netlib.analysis.folding import FoldedGraph, all_modules, fold
from netlib.figures.graph_svg import graph_svg
from pages.parts import networks, view
from pages.parts.compare_html import badge
from pages.parts.layer_graph import happened, layer_graph
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.compare import Row
    from netlib.figures.curves import Network

HEIGHT = 620
OPENED, MARKED = "compare_opened", "compare_marked"  # in the session: network -> its open blocks, the layer last clicked in it
TEXTS = {"width": "Width", "all": "All", "hint": ""}  # the words of the bar, for narrow columns
HINT = "Click a layer to see its stage in every network. + opens a block; arrows walk along the edges, Ctrl-wheel and + − 0 zoom."


def clicked_row(chosen: Sequence[Network], rows: Sequence[Row]) -> int | None:
    """Number of the row whose stage holds the layer that was clicked in this run."""
    _restore(chosen)
    for column, network in enumerate(chosen):
        event = happened(_key(network))
        for number, row in enumerate(rows):
            cell = row.cells[column]
            if event.layer and cell and event.layer in cell.layers:
                st.session_state[MARKED][network.graph.name] = event.layer
                return number
    return None


def graphs(chosen: Sequence[Network], row: Row | None, *, dark: bool) -> None:
    """Draw the graphs, folded to their blocks; of a chosen row, the first layer is marked and brought into view."""
    st.caption(HINT)
    for number in set(range(MOST)) - {network.index for network in chosen}:
        _keep(number, frozenset(), None)
    for column, network, place in zip(range(len(chosen)), chosen, st.columns(len(chosen)), strict=True):
        cell = row.cells[column] if row else None
        with place:
            st.html(f"<strong>{badge(network, dark=dark)}</strong>")
            _graph(network, cell.layers if cell else ())


def _graph(network: Network, stage: Sequence[str]) -> None:
    graph = network.graph
    folded = _folded(network)
    marked = st.session_state[MARKED].get(graph.name) if stage else None
    _keep(network.index, folded.opened, marked if marked in stage else None)
    if stage and marked not in stage:
        marked = stage[0]
    layer_graph(
        graph_svg(graph, folded, costs=network.costs, title=network.title), key=_key(network), height=HEIGHT,
        label=networks.described(graph), filename=graph.name.replace("/", "-"),
        selected=folded.node_of(marked).id if marked else None,
        names={node.id: " ".join(node.layers[:12]) for node in folded.nodes}, texts=TEXTS,
    )  # fmt: skip


def _folded(network: Network) -> FoldedGraph:
    """The graph with the blocks open that the visitor opened; at first none."""
    opened: dict[str, frozenset[str]] = st.session_state[OPENED]
    key = happened(_key(network)).toggled
    if key:
        opened[network.graph.name] = opened.get(network.graph.name, frozenset()) ^ {key}
    return fold(network.graph, opened.get(network.graph.name, frozenset()))


def _restore(chosen: Sequence[Network]) -> None:
    """On the page's first run: what the link says is open and marked, as far as the networks have it."""
    if OPENED in st.session_state:
        return
    opened, marked = st.session_state.setdefault(OPENED, {}), st.session_state.setdefault(MARKED, {})
    for network in chosen:
        graph, number = network.graph, network.index + 1
        opened[graph.name] = all_modules(graph).intersection(st.query_params.get(f"open_{number}", "").split(","))
        layer = st.query_params.get(f"layer_{number}", "")
        if layer in graph:
            marked[graph.name] = layer
        elif layer:
            st.warning(f"The link asks for the layer “{escape(layer)}”, which {escape(network.title)} does not have; none is marked.")


def _keep(index: int, opened: frozenset[str], layer: str | None) -> None:
    """Of the network at that place: its open blocks and its marked layer, in the URL."""
    view.keep(f"open_{index + 1}", ",".join(sorted(opened)))
    view.keep(f"layer_{index + 1}", layer)


def _key(network: Network) -> str:
    return f"compare_graph_{network.graph.name}"
