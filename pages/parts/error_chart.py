"""The bubble chart of published errors with its choices, the network that was clicked, and the same as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.analysis import published
from netlib.figures import history
from netlib.models.registry import NETWORKS
from pages.parts import cards, view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from netlib.figures.history import Point

ACROSS = {"params": "Parameters", "macs": "MACs", "year": "Year"}
RUNS = {"authors": "the authors", "all": "also torchvision"}
PHONE = 640  # pixels; below it Streamlit stacks its columns, and the names that need room go


@st.fragment
def error_chart(*, dark: bool) -> None:
    """Draw it; the choices are `over` and `printed` in the URL."""
    with st.container(horizontal=True, gap="medium"):
        across = view.one_of("Horizontal axis", list(ACROSS), name="over", default="params", format_func=ACROSS.__getitem__)
        runs = view.one_of("Error printed by", list(RUNS), name="printed", default="authors", format_func=RUNS.__getitem__)
    points = [point for point in history.imagenet_points() if runs == "all" or point.by_authors]
    figure = history.bubbles(points, across, dark=dark)
    _hide_on_phones(figure)
    with st.container(key="bubbles"):
        event = st.plotly_chart(
            figure, key=f"bubbles_{across}_{runs}", on_select="rerun", selection_mode="points",
            config={"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "networks"}},
            alt=history.bubbles_summary(points, across),
        )  # fmt: skip
    st.caption(
        f"The area of a bubble is its {history.AXES[across][2]}; one MAC is one multiply-accumulate, and FLOPs are 2 × MACs. "
        "Errors are of one network on ImageNet’s validation set, but were not measured alike (ten or twelve crops, densely over the whole "
        "picture, one crop): point at a bubble for its protocol, and read nothing into a few tenths of a percent."
    )
    chosen = [picked["customdata"] for picked in event["selection"]["points"] if picked.get("customdata")]
    if chosen:
        _chosen(chosen[0] if isinstance(chosen[0], str) else chosen[0][0])
    else:
        st.caption(":material/touch_app: Click a bubble to go to that network.")
    with st.expander("The same as a table"):
        _table(points)


def _hide_on_phones(figure: go.Figure) -> None:
    """The figure says how many of its annotations fit a narrow screen; the others give way there."""
    crowded = range(figure.layout.meta, len(figure.layout.annotations))
    rules = ", ".join(f".st-key-bubbles .annotation[data-index='{index}']" for index in crowded)
    st.html(f"<style>@media (max-width: {PHONE}px) {{ {rules} {{ display: none }} }}</style>")


def _chosen(name: str) -> None:
    spec = NETWORKS[name]
    with st.container(border=True):
        st.markdown(f"**{spec.title}** · {cards.in_numbers(name)}  \n{escape(spec.summary)}")
        with st.container(horizontal=True):
            cards.link(f"Open {spec.title}", "architecture", [name], icon=":material/account_tree:")
            if name != "alexnet":
                cards.link("Beside AlexNet", "compare", ["alexnet", name], icon=":material/compare_arrows:")


def _table(points: Sequence[Point]) -> None:
    rows = [
        {
            "Network": point.spec.title,
            "Year": point.spec.paper.year,
            "Top-5 error, %": point.result.value,
            "Protocol": point.result.protocol,
            "Data": point.result.data,
            "Parameters": point.params,
            "MACs": point.macs,
            "Source": f"{published.sources()[point.result.source]['title']} ({point.result.where})",
        }
        for point in points
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, key="error_table",
        column_config={heading: st.column_config.NumberColumn(format="localized") for heading in ("Parameters", "MACs")},
        alt="Table of the networks in the chart with year, error, protocol, parameters, MACs and source.",
    )  # fmt: skip
