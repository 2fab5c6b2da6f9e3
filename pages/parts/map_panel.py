"""What a network sees and says, and all feature maps of a layer as one picture."""

from __future__ import annotations

from functools import partial
from html import escape as html
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import feature_words, units
from pages.parts import look as looks
from pages.parts import saving, seen
from pages.parts.markdown import escape
from pages.parts.mosaic import mosaic, picked, scale_of

if TYPE_CHECKING:
    from pages.parts.look import Look
    from pages.parts.sight import Sight

SEEN = 150  # pixels that the picture is wide

ROW = (
    '<div style="display:flex;justify-content:space-between;gap:.75rem;padding:.12rem .5rem;margin:.15rem 0;border-radius:.25rem;'
    "font-size:.875rem;background:linear-gradient(90deg,rgba(64,132,244,.30) {share:.1f}%,rgba(128,128,128,.12) {share:.1f}%)\">"
    '<span>{name}</span><span style="white-space:nowrap;font-variant-numeric:tabular-nums">{text}</span></div>'
)


def seen_and_said(one: Sight) -> None:
    """The picture as the network sees it, and its five most probable classes beside it."""
    picture, words = st.columns([2, 3])
    with picture:
        shown = one.shown()
        factor = max(1, -(-SEEN // max(shown.shape)))
        with st.container(gap="xsmall"):
            st.image(
                shown.repeat(factor, 0).repeat(factor, 1), output_format="PNG", width="stretch",
                alt=f"{one.picture_title} as {one.title} sees it, {shown.shape[0]}×{shown.shape[1]} pixels.",
            )  # fmt: skip
            saving.download(shown, one.seen_caption(), f"{one.name}-sees", key=f"seen_{one.name}_png")
    with words:
        try:
            found = seen.predictions(one)
        except NetlibError as error:
            st.caption(escape(str(error)))
            return
        rows = [
            ROW.format(share=100 * one_of.probability, name=html(one.classes[one_of.index]), text=units.percent(one_of.probability))
            for one_of in found
        ]
        st.html("".join(rows))


def map_panel(look: Look, *, each: bool) -> None:
    """All channels of the layer, strongest first; a click selects a channel, a second one a unit of it."""
    one, maps = look.sight, look.maps
    shown, scaled = seen.map_grid(one, look.layer, each=each)
    height, width = maps.size
    what = f"{len(maps.values)} channels of {height}×{width}" if maps.size != (1, 1) else f"{len(maps.values)} units without a map"
    st.markdown(f"{what}, strongest first; {feature_words.summary(maps.statistics)}.")
    order = list(maps.order)
    key = f"maps_{one.name}"
    mosaic(
        shown, key=key, names=[f"Channel {channel}" for channel in order],
        labels=[feature_words.sentence(channel, maps.statistics[channel]) for channel in order], **scale_of(scaled),
        selected=order.index(look.channel), unit=None if maps.size == (1, 1) else look.unit, units_too=maps.size != (1, 1),
        alt=f"Feature maps of {look.layer} of {one.title} for {one.picture_title}, strongest first.",
        caption=one.caption(look.layer, method="feature maps, strongest first", settings=_scale(each)),
        filename=f"{one.name}-{look.layer}-maps", on_select=partial(_pick, key, look),
    )  # fmt: skip
    with st.expander(f"All {len(order)} channels of {escape(look.layer)} in numbers"):
        _table(look)


def _scale(each: bool) -> str:
    return "each channel on its own scale" if each else "all channels on one scale"


def _table(look: Look) -> None:
    number, share = st.column_config.NumberColumn(format="%.4g"), st.column_config.NumberColumn(format="%.1f")
    st.dataframe(
        pd.DataFrame(feature_words.rows(look.maps.statistics, look.maps.order)), hide_index=True, height=320,
        column_config={"Strongest": number, "Mean": number, "Zero, %": share, "Saturated, %": share},
        alt="Table of all channels with their statistics.",
    )  # fmt: skip


def _pick(key: str, look: Look) -> None:
    if found := picked(key):
        looks.select(look, found.tile, found.unit)
