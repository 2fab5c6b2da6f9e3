"""What is the same for a network: moved pictures, the same part, like pictures, and pictures made to please a unit or to match a layer.

A link holds all of it: ?network=zfnet-mini&picture=chelsea&about=invariance&kind=rotation
"""

from __future__ import annotations

import streamlit as st

from pages.parts import class_choice, layer_choice, sight, view
from pages.parts.correspondence_panel import correspondence
from pages.parts.invariance_panel import invariance
from pages.parts.made_pictures import inversion_panel, maximization_panel
from pages.parts.nearest_panel import nearest

ABOUT = {
    "invariance": "Invariance",
    "correspondence": "Correspondence",
    "nearest": "Nearest pictures",
    "maximization": "Activation maximization",
    "inversion": "Feature inversion",
}


def main() -> None:
    st.title("Similarity & invariance")
    st.markdown("What may change in a picture without the network minding, what is alike for it, and what a picture is that it likes best?")
    asked = layer_choice.linked(sight.DEFAULT)
    sights = sight.choose()
    if not sights:
        return
    about = view.one_of("Look at", list(ABOUT), name="about", default="invariance", format_func=ABOUT.__getitem__)
    if about == "correspondence":
        correspondence(sights)
    elif about == "nearest":
        nearest(sights)
    elif about == "inversion":
        inversion_panel(sights, asked)
    else:
        targets = class_choice.choose(sights)
        if targets and about == "invariance":
            invariance(targets)
        elif targets:
            maximization_panel(targets, asked)


main()
