"""How one network is built: its layer graph, every number with its formula, where the cost sits, what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import streamlit as st

from netlib.errors import NetlibError, TraceError
from netlib.figures import breakdown
from netlib.figures.graph_dot import graph_dot
from netlib.figures.node_text import NUMBERS
from netlib.figures.tables import layer_rows
from netlib.models.registry import NETWORKS
from pages.parts import input_size, networks, view
from pages.parts.explorer import choose, chosen_layer, explorer, opened_blocks, step
from pages.parts.exports import exports
from pages.parts.inspector import layer_card, node_card
from pages.parts.layer_table import layer_table
from pages.parts.markdown import escape
from pages.parts.published_table import layer_facts, published_table
from pages.parts.totals import totals

if TYPE_CHECKING:
    from netlib.figures.graph_svg import ColorBy

COLORS = cast("dict[ColorBy, str]", {"category": "kind of layer", **NUMBERS})

st.title("Architecture")
left, middle, right = st.columns([3, 2, 2], vertical_alignment="bottom")
with left:
    name = networks.pick()
with middle:
    shape = input_size.pick(name)
with right:
    color_by = view.selectbox("Colour by", list(COLORS), name="color", default="category", format_func=COLORS.__getitem__)

try:
    graph = networks.graph(name, shape)
except TraceError as error:
    st.error(escape(str(error)), title="This network cannot be drawn to its end")
    if error.graph is None or len(error.graph) < 2:
        st.info("Choose another network or go back to its own input size; the links and the other pages still work.")
        st.stop()
    st.info("Below is what comes before that layer, with its numbers.", icon=":material/content_cut:")
    graph = error.graph
except NetlibError as error:
    st.error(escape(str(error)))
    st.stop()

costs, fields = networks.cost(graph), networks.fields(graph)
dark = st.context.theme.type == "dark"

if name in NETWORKS:
    spec = NETWORKS[name]
    by = escape(f"{spec.paper.short_authors}, {spec.paper.venue}")
    st.markdown(f"**{escape(spec.title)}** — {escape(spec.summary)} [{by}]({spec.paper.url}).")
layer = chosen_layer(graph)
totals(graph, costs)

drawing, inspector = st.columns([5, 3], gap="medium")
with drawing:
    folded = opened_blocks(graph)
    svg = explorer(graph, folded, color_by=color_by, layer=layer)
with inspector:
    with st.container(horizontal=True):
        st.button(
            "Previous",
            on_click=step,
            args=(graph, -1),
            icon=":material/arrow_upward:",
            shortcut="Alt+ArrowUp",
            help="The layer before, in the order of the forward pass",
        )
        st.button(
            "Next", on_click=step, args=(graph, 1), icon=":material/arrow_downward:", shortcut="Alt+ArrowDown", help="The layer after"
        )
    with st.container(height=680, border=False):
        node_card(graph, costs, folded.node_of(layer), layer, choose)
        layer_card(graph, costs, fields, layer)
        layer_facts(graph, layer)

rows = layer_rows(graph, costs, fields)
table_tab, shares_tab, published_tab, drawing_tab, export_tab = st.tabs(
    ["Layer table", "Where the cost sits", "Published and computed", "Graphviz drawing", "Take away"],
    on_change="rerun",
    key="architecture_tabs",
)
if table_tab.open:
    with table_tab:
        st.caption(
            "Click a column to sort, a row to choose the layer in the drawing. MACs are multiply-accumulates for one picture, "
            "FLOPs = 2 × MACs; kept bytes are what training holds until the backward pass."
        )
        layer_table(rows, key="layers", selected=layer, on_pick=choose)
if shares_tab.open:
    with shares_tab:
        by = view.one_of("Split by", ["kind", "stage", "layer"], name="split", default="kind")
        figure = (
            breakdown.by_layer(graph, costs, selected=layer, dark=dark)
            if by == "layer"
            else breakdown.shares(graph, costs, by=by, dark=dark)
        )
        told = breakdown.summary(graph, costs, by="kind" if by == "layer" else by)
        st.plotly_chart(figure, key=f"breakdown_{by}", alt=told, config={"displaylogo": False, "toImageButtonOptions": {"format": "svg"}})
        st.caption(told)
if published_tab.open:
    with published_tab:
        published_table(graph)
if drawing_tab.open:
    with drawing_tab:
        st.caption("The same graph, colours and folding, laid out by Graphviz; for notebooks, and to change by hand as DOT.")
        st.graphviz_chart(graph_dot(graph, folded, costs=costs, color_by=color_by, dark=dark), width="content")
if export_tab.open:
    with export_tab:
        exports(graph, costs, rows, svg=svg, dot=graph_dot(graph, folded, costs=costs, color_by=color_by).source)
st.caption(networks.described(graph))
