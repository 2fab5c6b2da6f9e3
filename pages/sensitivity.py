"""Which part of the picture counts: occlusion by hand and as a map, attribution by several methods, and whether to trust them."""

from __future__ import annotations

import streamlit as st

from pages.parts import class_choice, occluder_choice, sight
from pages.parts.hand_occluder import hand_occluder


def main() -> None:
    st.title("Sensitivity")
    sights = sight.choose()
    targets = class_choice.choose(sights)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        square = occluder_choice.choose()
    hand_occluder(targets, square)


main()
