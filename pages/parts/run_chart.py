"""The curves of a run as a component: drawn in the browser, so that a zoom survives the points that arrive each second.

The browser's part is assets/components/run_chart.js.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures.run_live import x_title
from pages.parts import saving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.figures.run_live import Panel

_FRONT = Path(__file__).parents[2] / "assets" / "components"
HEIGHT = 150  # pixels of a panel

_HTML = """
<div class="chart" role="application" tabindex="0">
  <div class="panels"></div>
  <div class="foot">
    <p class="where" role="status"></p><button class="reset" hidden>Show all of it</button><button class="save">SVG</button>
  </div>
</div>
"""
_component = st.components.v2.component(
    "run_chart",
    html=_HTML,
    css=(_FRONT / "run_chart.css").read_text("utf-8"),
    js=(_FRONT / "run_chart.js").read_text("utf-8"),
)


def run_chart(panels: Sequence[Panel], across: str, *, key: str, alt: str, caption: str, filename: str, height: int = HEIGHT) -> None:
    """Draw the panels below each other.

    Args:
        across: what the horizontal axis is, a key of ACROSS.
        alt: what the curves say, for those who do not see them.
        caption: stands under the picture that is saved.
    """
    data = {
        "panels": [panel.as_dict() for panel in panels], "across": across, "x_title": x_title(across), "height": height, "alt": alt,
        "caption": caption, "filename": saving.file_name(filename, ending="svg"), "key": key,
        "idle": "Point at the curves to read values; drag over a part to zoom, double click for all of it.",
    }  # fmt: skip
    _component(key=key, data=data)
