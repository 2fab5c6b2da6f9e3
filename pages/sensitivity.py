"""Which part of the picture counts: occlusion by hand and as a map, attribution by several methods, and whether to trust them.

A link holds all of it: ?network=zfnet-mini&weights_1=trained&picture=chelsea&see=occlusion&size=25&step=5&fill=mean&at=50,50&layer_1=conv5
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from pages.parts import class_choice, layer_choice, occluder_choice, on_request, sight, view
from pages.parts.attribution_panel import attributions
from pages.parts.hand_occluder import hand_occluder
from pages.parts.markdown import escape
from pages.parts.occlusion_maps import note, occlusion_maps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SEE = {"occlusion": "Occlusion", "attribution": "Attribution"}


def main() -> None:
    st.title("Sensitivity")
    st.markdown("On which part of the picture does the answer hang? Cover it and see, or ask the gradient; then check the map.")
    asked = layer_choice.linked(sight.DEFAULT)
    sights = sight.choose()
    layer_choice.forget([number for number in range(1, 5) if number not in [one.number for one in sights]])
    if not sights:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        see = view.one_of("By", list(SEE), name="see", default="occlusion", format_func=SEE.__getitem__)
        targets = class_choice.choose(sights)
    if not targets:
        return
    on_request.forget(*(name for name in SEE if name != see))
    try:
        if see == "attribution":
            attributions(targets)
        else:
            occlusion(targets, asked)
    except NetlibError as error:  # a network without any map
        st.warning(escape(sight.told(error, sights)))


def occlusion(targets: Sequence[tuple[sight.Sight, int]], asked: Mapping[str, layer_choice.Asked]) -> None:
    """The occluder by hand, then the maps of all its places."""
    st.header("Under your hand", anchor="hand")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        square = occluder_choice.choose()
    hand_occluder(targets, square, partial(note, square))
    occlusion_maps(targets, square, asked)


main()
