"""What is the same for a network: moved pictures, the same part, like pictures, and pictures made to please a unit or to match a layer.

A link holds all of it: ?network=zfnet-mini&picture=chelsea&about=invariance&kind=rotation
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from pages.parts import class_choice, layer_choice, on_request, sight, view
from pages.parts.correspondence_panel import correspondence
from pages.parts.invariance_panel import invariance
from pages.parts.inversion_panel import inversions
from pages.parts.markdown import escape
from pages.parts.maximization_panel import maximizations
from pages.parts.nearest_panel import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    about = view.one_of("Look at", list(ABOUT), name="about", default="invariance", format_func=ABOUT.__getitem__)
    on_request.forget(*(name for name in ABOUT if name != about))
    asked = layer_choice.linked(sight.DEFAULT)
    sights = sight.choose(picture=about not in ("correspondence", "maximization"))  # which has pictures of its own, and starts from none
    layer_choice.forget([number for number in range(1, 5) if number not in [one.number for one in sights]])
    if not sights:
        return
    try:
        section(about, sights, asked)
    except NetlibError as error:  # a network without any map, or without classes
        st.warning(escape(sight.told(error, sights)))


def section(about: str, sights: Sequence[sight.Sight], asked: Mapping[str, layer_choice.Asked]) -> None:
    """What is chosen to look at."""
    if about == "correspondence":
        correspondence(sights)
    elif about == "nearest":
        nearest(sights)
    elif about == "inversion":
        inversions(sights, asked)
    elif about == "maximization":
        maximizations(sights, asked)
    elif targets := class_choice.choose(sights):
        invariance(targets)


main()
