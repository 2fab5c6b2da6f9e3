"""The input a network is shown with: its own, or another that the visitor asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis.store import default_input
from pages.parts import view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from netlib.analysis.graph import Shape

LARGEST = 2048  # pixels a side, and channels: beyond it nothing is learned and numbers only overflow the page
KEY, OF = "view_input", "view_input_of"  # in the session: the text, and the network that it was written for


def pick(network: str) -> Shape:
    """(C, H, W) from one text field, kept in the URL as input=3x224x224; what cannot be read is said and the default shown."""
    own = default_input(network)
    if KEY not in st.session_state:
        asked = st.query_params.get("input", "")
        st.session_state[KEY] = asked if asked and parse(asked) else _text(own)
        if asked and not parse(asked):
            st.warning(
                f"The link asks for the input “{escape(asked)}”; an input is channels × height × width such as {_text(own)}, "
                "so that is shown."
            )
    elif st.session_state[OF] != network:  # one network's input says nothing about another's
        st.session_state[KEY] = _text(own)
    st.session_state[OF] = network
    text: str = st.text_input(
        "Input: channels × height × width",
        st.session_state[KEY],
        key=KEY,
        help=f"The network's own input is {_text(own)}. Another size, or a picture that is not square, recomputes every number.",
    )
    shape = parse(text)
    if shape is None:
        st.warning(
            f"“{escape(text)}” is no input size. Write channels × height × width, each from 1 to {LARGEST}, such as {_text(own)}; "
            "that is shown meanwhile."
        )
        shape = own
    view.keep("input", None if shape == own else "x".join(map(str, shape)))
    return shape


def parse(text: str) -> Shape | None:
    """Three whole numbers from 1 to LARGEST out of "3x224x224" or "3 × 224 × 224"; None for anything else."""
    match = re.fullmatch(r"\s*(\d{1,4})\s*[x×*,]\s*(\d{1,4})\s*[x×*,]\s*(\d{1,4})\s*", text)
    if not match:
        return None
    shape = tuple(int(part) for part in match.groups())
    return shape if all(1 <= size <= LARGEST for size in shape) else None


def _text(shape: Shape) -> str:
    return " × ".join(map(str, shape))
