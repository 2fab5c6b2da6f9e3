"""Everything about one unit of one network: what it sees, what it looks for, what excites it.

A link holds all of it: ?network=zfnet-mini&weights_1=trained&picture=chelsea&layer_1=relu3&channel_1=17&unit_1=3,4&method=guided
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import (
    film_panel,
    layer_choice,
    look,
    maximization_panel,
    nine_panel,
    projection_panel,
    seen,
    sight,
    unit_facts,
    view,
)

if TYPE_CHECKING:
    from pages.parts.look import Look

DEFAULT = sight.DEFAULT[:1]


def main() -> None:
    st.title("Unit")
    st.markdown("Everything about one unit of one network. Its address is a link to it.")
    asked = layer_choice.linked(DEFAULT)
    sights = sight.choose(most=1, default=DEFAULT)
    if not sights:
        return
    one = sights[0]
    wanted = asked.get(one.name, layer_choice.Asked())
    layer_choice.step_buttons({one.name: seen.layers(one.graph)[0]})
    found = look.choose(one, wanted)
    if found is None:
        return
    st.header(f"{found.words[0].upper()}{found.words[1:]} of {found.layer}", anchor=False)
    left, middle, right = st.columns([3, 2, 2], gap="medium")
    with left:
        unit_facts.facts(found)
    with middle:
        st.markdown("**What it sees**")
        projection_panel.whole(found)
    with right:
        st.markdown("**The channel’s map**")
        unit_facts.own_map(found)
    unit_facts.kernel(found, wanted)
    projected(found)

    st.header("A picture made for it", anchor="maximization")
    maximization_panel.maximization_panel(found)
    unit_facts.links(found)


def projected(found: Look) -> None:
    """The sections that depend on the method."""
    st.header("What makes it answer", anchor="projection")
    st.markdown(projection_panel.RULES)
    method = view.one_of("Method", list(seen.METHODS), name="method", default="deconvnet", format_func=projection_panel.TITLES.__getitem__)
    projection_panel.projections(found, method, 4)
    with st.expander("Step by step"):
        film_panel.film_panel(found, method)
    st.header("The nine strongest patches", anchor="top-nine")
    nine_panel.nine_panel(found, method)


main()
