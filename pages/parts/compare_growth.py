"""The curves of the compared networks, one quantity at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures import curves
from pages.parts import view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.figures.curves import Network

ACROSS = {"share": "share of depth", "depth": "layers with weights"}
SCALES = {"linear": "linear", "log": "logarithmic"}


def growth(chosen: Sequence[Network], *, dark: bool) -> None:
    """The curves, one quantity at a time."""
    left, middle, right = st.columns([5, 4, 3])
    with left:
        curve = view.one_of("Curve", list(curves.CURVES), name="curve", default="params", format_func=curves.CURVES.__getitem__)
    with middle:
        across = view.one_of("Across", list(ACROSS), name="across", default="share", format_func=ACROSS.__getitem__)
    with right:
        scale = view.one_of("Scale", list(SCALES), name="scale", default="linear", format_func=SCALES.__getitem__)
    in_order = sorted(chosen, key=lambda network: network.index)
    told = curves.summary(in_order, curve)
    figure = curves.figure(in_order, curve, across=across, log=scale == "log", dark=dark)
    config = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": f"compare-{curve}"}}
    alt = f"{curves.CURVES[curve]}, one line a network. {told}"
    st.plotly_chart(figure, key=f"curve_{curve}_{across}_{scale}", alt=alt, config=config)
    st.caption(told)
