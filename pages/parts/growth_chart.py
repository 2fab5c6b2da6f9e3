"""The growth of the receptive field as a chart on which layers are picked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures.field_growth import covering, figure, summary
from pages.parts import field_cache, field_choice, view

if TYPE_CHECKING:
    from collections.abc import Sequence

CHART = "field_growth"


def growth_chart(shown: Sequence[tuple[int, str, str]]) -> None:
    """The section with its controls, for each (place on the page, network, selected layer)."""
    st.header("Growth by layer", anchor="growth")
    with st.container(horizontal=True, gap="medium"):
        across = {"depth": "Depth", "share": "Share of depth"}
        by = view.one_of("Across", list(across), name="growth", default="depth", format_func=across.__getitem__)
        log = view.one_of("Pixels", ["linear", "log"], name="pixels", default="linear", format_func=str.capitalize) == "log"
        ruler = field_choice.ruler()
    growths = [field_cache.growth(name) for _, name, _ in shown]
    chart = figure(
        growths, by=by, log=log, ruler=ruler, selected=[layer for *_, layer in shown], looks=[place for place, *_ in shown],
        dark=st.context.theme.type == "dark",
    )  # fmt: skip
    said = summary(growths)
    st.plotly_chart(
        chart, key=CHART, on_select=partial(_pick_layer, [name for _, name, _ in shown]), selection_mode="points", alt=said,
        config={"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "receptive-fields"}},
    )  # fmt: skip
    if ruler:
        st.markdown(covering(growths, ruler))
    st.caption("Click a point to look at its layer. Small points are narrower branches; a hollow one at the end sees the whole map.")
    st.caption(said)


def _pick_layer(names: Sequence[str]) -> None:
    """A point of the chart was clicked."""
    if points := st.session_state[CHART].selection.points:
        number, layer = points[0]["customdata"]
        st.session_state[field_choice.layer_key(names[number])] = layer
