"""A pad to draw a digit on, as a component: pen, finger or mouse, with buttons to undo and to clear.

The browser's part is assets/components/draw_pad.js. What comes from it is read as a stranger's file is.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from netlib.data.pictures import open_picture
from netlib.errors import InvalidPicture

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

_FRONT = Path(__file__).parents[2] / "assets" / "components"
SIDE = 64  # pixels of the picture that is sent
MOST_LETTERS = 30_000  # of it as text
_HEAD = "data:image/png;base64,"

_HTML = """
<div class="draw-pad">
  <canvas role="img" tabindex="0"></canvas>
  <div class="bar"><button data-do="undo">Undo</button><button data-do="clear">Clear</button><span role="status"></span></div>
</div>
"""

_component = st.components.v2.component(
    "draw_pad", html=_HTML, css=(_FRONT / "draw_pad.css").read_text("utf-8"), js=(_FRONT / "draw_pad.js").read_text("utf-8")
)


def draw_pad(*, key: str, on_clear: Callable[[], object]) -> Image.Image | None:
    """The pad, and what is drawn on it: bright strokes on black, 64×64; None for a fresh pad, and for one that was cleared.

    Raises:
        InvalidPicture: what was sent is no drawing.
    """
    label = "Pad to draw a digit on, with mouse, pen or finger. Ctrl+Z takes the last stroke back, Delete clears."
    result = _component(key=key, data={"side": SIDE, "label": label}, on_drawing_change=lambda: None)
    if result.drawing == "":
        on_clear()
    return read(result.drawing)


def read(sent: object) -> Image.Image | None:
    """The drawing that the browser sent; None for an empty one.

    Raises:
        InvalidPicture: it is no picture of that size.
    """
    if not sent:
        return None
    wrong = InvalidPicture(f"What came from the pad is no drawing of {SIDE} × {SIDE} pixels; clear it and draw again.")
    if not isinstance(sent, str) or len(sent) > MOST_LETTERS or not sent.startswith(_HEAD):
        raise wrong
    try:
        picture = open_picture(base64.b64decode(sent.removeprefix(_HEAD), validate=True))
    except (binascii.Error, InvalidPicture):
        raise wrong from None
    if picture.size != (SIDE, SIDE):
        raise wrong
    return picture
