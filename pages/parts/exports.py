"""What can be taken away from the Architecture page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures import tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from netlib.analysis.cost import Costs
    from netlib.analysis.graph import LayerGraph


def exports(graph: LayerGraph, costs: Costs, rows: Sequence[Mapping[str, Any]], *, svg: str, dot: str) -> None:
    """Download buttons for the drawing, the table and the numbers, and the lines of Python that make them."""
    stem = graph.name.replace("/", "-")
    files = (
        ("Drawing, SVG", f"{stem}.svg", svg, "image/svg+xml"),
        ("Drawing, DOT", f"{stem}.dot", dot, "text/vnd.graphviz"),
        ("Layer table, CSV", f"{stem}.csv", tables.to_csv(rows), "text/csv"),
        ("Layer table, JSON", f"{stem}.json", tables.to_json(graph, rows, costs), "application/json"),
        ("Layer table, LaTeX", f"{stem}.tex", tables.to_latex(graph, rows, costs), "text/x-tex"),
    )
    with st.container(horizontal=True):
        for label, file_name, data, mime in files:
            st.download_button(label, data, file_name, mime, icon=":material/download:", on_click="ignore", key=f"download_{file_name}")
    st.caption("A PNG of the drawing, as it is on the screen, comes from the button above the graph.")
    st.markdown("**The same in Python**")
    st.code(tables.python_lines(graph.name, graph.input_shape), language="python")
