"""What each layer of one to four networks makes of a picture: feature maps, one unit projected back, its strongest patches.

A link holds all of it: ?network=zfnet-mini&weights_1=trained&picture=chelsea&layer_1=relu3&channel_1=17&unit_1=3,4&method=guided&step_1=2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import film_panel, layer_choice, links, look, map_panel, nine_panel, projection_panel, seen, sight, view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlib.interpret.backwards import Method
    from pages.parts.look import Look

SCALES = {"each": "each channel its own", "layer": "one for all channels of a layer"}


def main() -> None:
    st.title("Features")
    st.markdown(
        "What does each layer make of the picture, and which part of the picture makes a unit answer? A click on a map, or the arrow keys, "
        "select a channel; a second click selects a unit of it. The sections below follow."
    )
    asked = layer_choice.linked(sight.DEFAULT)
    sights = sight.choose()
    layer_choice.forget([number for number in range(1, 5) if number not in [one.number for one in sights]])
    if not sights:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        scale = view.one_of("Scale of the maps", list(SCALES), name="scale", default="each", format_func=SCALES.__getitem__)
        layer_choice.step_buttons({one.name: seen.layers(one.graph)[0] for one in sights})
    chosen: list[Look | None] = []
    for column, one in zip(st.columns(len(sights), gap="medium"), sights, strict=True):
        with column:
            st.header(one.title, anchor=False)
            map_panel.seen_and_said(one)
            chosen.append(look.choose(one, asked.get(one.name, layer_choice.Asked())))
            if chosen[-1]:
                map_panel.map_panel(chosen[-1], each=scale == "each")

    st.header("What makes the unit answer", anchor="projection")
    st.markdown(
        "A signal that starts at the unit alone, everything else being zero, is sent back down to the picture: through pooling by its "
        f"switches, through the filters transposed. {projection_panel.RULES}"
    )
    method = view.one_of("Method", list(seen.METHODS), name="method", default="deconvnet", format_func=projection_panel.TITLES.__getitem__)
    few = 4 if len(sights) == 1 else 2
    side_by_side(chosen, lambda found: projected(found, method, few))

    st.header("Step by step", anchor="film")
    st.markdown("The same way down as a film: the signal as it stands at each layer. Red is positive, blue negative.")
    side_by_side(chosen, lambda found: film_panel.film_panel(found, method))

    st.header("The nine strongest patches", anchor="top-nine")
    st.markdown(
        "Where else does the channel answer? Of all pictures of a data set, the nine patches that excite it most, each cut to exactly what "
        "its unit sees, and the projection of that unit beside it."
    )
    side_by_side(chosen, lambda found: nine_panel.nine_panel(found, method))


def projected(found: Look, method: Method, columns: int) -> None:
    """The unit's projections, and the way to its own page."""
    projection_panel.projections(found, method, columns)
    unit = {} if found.strongest else {"unit": f"{found.unit[0]},{found.unit[1]}"}
    query = links.of(found.sight, layer=found.layer, channel=str(found.channel), **unit)
    links.link("Everything about this unit", "unit", {**query, "method": method}, icon=":material/id_card:")


def side_by_side(chosen: Sequence[Look | None], draw: Callable[[Look], None]) -> None:
    """A column for each network, empty where nothing can be drawn."""
    for column, found in zip(st.columns(len(chosen), gap="medium"), chosen, strict=True):
        with column:
            if found:
                if len(chosen) > 1:
                    st.markdown(f"**{found.sight.title}**")
                draw(found)


main()
