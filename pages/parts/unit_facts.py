"""One unit in numbers, its channel's map, the kernel that makes it, and where else it can be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import feature_words, units
from netlib.figures.mosaic import fitting
from netlib.figures.mosaic import mosaic as grid
from pages.parts import kernel_panel, layer_choice, networks, seen
from pages.parts import links as to
from pages.parts.markdown import escape
from pages.parts.mosaic import mosaic, picked, scale_of

if TYPE_CHECKING:
    from netlib.analysis.graph import LayerGraph
    from pages.parts.layer_choice import Asked
    from pages.parts.look import Look

CONVOLUTIONS = ("conv2d", "table_conv2d", "conv_transpose2d")


def facts(look: Look) -> None:
    """A table of two columns."""
    one, layer = look.sight, look.sight.graph[look.layer]
    found, place = look.maps.statistics[look.channel], look.maps.order.index(look.channel) + 1
    field = networks.fields(one.graph)[look.layer]
    made_by = kernel_layer(one.graph, look.layer)
    box, map_words = look.box, feature_words.sentence(look.channel, found).partition(": ")[2]
    rows = {
        "Network": f"{one.title}, {one.weights_title}",
        "Layer": f"{look.layer}, {units.kind(layer.kind)}, {units.shape(layer.shape)}",
        "Sees": f"{box.height}×{box.width} px of {one.graph.input_shape[1]}×{one.graph.input_shape[2]}"
        + (f", at steps of {field.stride[0]}" if field.aligned and look.maps.size != (1, 1) else ""),
        "On padding": units.percent(box.padding_share),
        "Its value here": units.value(look.value),
        "Its channel here": f"{map_words}; number {place} of {len(look.maps.order)}, strongest first",
        "Made by": f"kernel {look.channel} of {made_by}" if made_by else "no convolution of its own",
    }
    lines = [f"| **{name}** | {escape(text)} |" for name, text in rows.items()]
    st.markdown("\n".join([lines[0], "|---|---|", *lines[1:]]))


def own_map(look: Look) -> None:
    """The map of the channel, large; a click selects a unit."""
    one = look.sight
    scaled = fitting(look.maps.values[look.channel][None], each=True)
    key = f"own_map_{one.name}"
    mosaic(
        grid(scaled.steps, palette=scaled.palette), key=key, names=[f"Channel {look.channel}"],
        labels=[f"{look.words[0].upper()}{look.words[1:]}: {units.value(look.value)}"], **scale_of(scaled), selected=0,
        unit=None if look.maps.size == (1, 1) else look.unit, units_too=True,
        alt=f"The map of channel {look.channel} of {look.layer} for {one.picture_title}; {look.words} is marked.",
        caption=look.caption("feature map"), filename=look.file("map"), on_select=lambda: _pick(key, look),
    )  # fmt: skip


def kernel(look: Look, asked: Asked) -> None:
    """The kernel that makes the channel; nothing where no convolution does."""
    layer = kernel_layer(look.sight.graph, look.layer)
    if layer is None:
        layer_choice.forget([look.sight.number], "input")
        return
    try:
        with st.skeleton(height=200):
            found = kernel_panel.kernels(look.sight, layer, "index")
    except NetlibError as error:
        st.warning(escape(str(error)))
        return
    wanted = asked.of(look.layer, seen.layers(look.sight.graph)[1]).input
    kernel_panel.selected(kernel_panel.Chosen(look.sight, layer, look.channel, found, wanted), None, alone=True)


def kernel_layer(graph: LayerGraph, layer: str) -> str | None:
    """The convolution that makes the channels of a layer: itself, or the one below if nothing between mixes or moves them."""
    at = graph[layer]
    channels = at.shape[0]
    while at.kind not in CONVOLUTIONS:
        if len(at.inputs) != 1 or len(at.shape) != 3 or at.shape[0] != channels or at.kind in ("input", "concat", "permute"):
            return None
        at = graph[at.inputs[0]]
    return at.name if at.shape[0] == channels and at.params else None


def links(look: Look) -> None:
    """To the other pages, and the address of this one with every value in it."""
    one = look.sight
    unit = {} if look.strongest else {"unit": f"{look.unit[0]},{look.unit[1]}"}
    query = to.of(one, layer=look.layer, channel=str(look.channel), **unit)
    with st.container(horizontal=True):
        to.link(f"All channels of {escape(look.layer)}", "features", query, icon=":material/visibility:")
        if layer := kernel_layer(one.graph, look.layer):
            kernels = to.of(one, layer=layer, channel=str(look.channel))
            to.link(f"All kernels of {escape(layer)}", "kernels", kernels, icon=":material/grid_view:")
        with st.popover("Link to this unit", icon=":material/link:"):
            address = (st.context.url or "").partition("?")[0]
            st.code(f"{address}?{urlencode({**query, 'method': st.session_state.get('view_method', seen.METHODS[0])})}", language=None)


def _pick(key: str, look: Look) -> None:
    found = picked(key)
    if found and found.unit:
        name, layer = look.sight.name, look.layer
        st.session_state[layer_choice.unit_key(name, layer)] = f"{found.unit[0]}, {found.unit[1]}"
