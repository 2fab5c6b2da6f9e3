"""Pictures of one photo side by side, a row a network, as a component: a place pointed at is marked in all of them, and read.

The browser's part is assets/components/picture_wall.js.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from netlib.figures.color_bar import Bar
    from netlib.figures.heat import Picture

_FRONT = Path(__file__).parents[2] / "assets" / "components"
MOST_READ = 128  # numbers along the longer side of a field
PIXELATED = 150  # pixels of the longer side; below it each pixel is seen, so the picture is sent without loss

_component = st.components.v2.component(
    "picture_wall",
    html='<div class="picture-wall"></div>\n',
    css=(_FRONT / "picture_wall.css").read_text("utf-8"),
    js=(_FRONT / "picture_wall.js").read_text("utf-8"),
)


@dataclass(frozen=True, slots=True)
class Cells:
    """What can be read in a picture: a text for each of rows × columns places, and the pixels (start, stop) it is about."""

    rows: Sequence[tuple[int, int]]
    columns: Sequence[tuple[int, int]]
    texts: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Field:
    """Numbers that can be read in a picture, each to three digits or a 30,000th of the largest: (H, W)."""

    values: NDArray[np.floating]

    def sent(self) -> dict[str, Any]:
        """For the browser, 16 bits a number; of a large field every second or third row and column."""
        step = -(-max(self.values.shape) // MOST_READ)
        values = np.asarray(self.values, dtype=float)[::step, ::step]
        largest = float(np.abs(values).max(initial=0)) or 1.0
        data = np.rint(values / largest * 32767).astype("<i2")
        return {"data": base64.b64encode(data.tobytes()).decode(), "size": values.shape, "largest": largest}


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture (H, W, 3) with what stands above and below it.

    Attributes:
        legend: (colour, name) for each line.
        action: what is written on a button below it, "" for none; pressed, it gives `name`.
    """

    title: str
    picture: Picture
    alt: str
    caption: str = ""
    bar: Bar | None = None
    legend: Sequence[tuple[str, str]] = ()
    cells: Cells | None = None
    field: Field | None = None
    action: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Instead:
    """What is said in the place of a picture that there cannot be."""

    title: str
    text: str


def picture_wall(
    groups: Sequence[tuple[str, Sequence[Panel | Instead]]],
    *,
    key: str,
    label: str = "",
    least: int = 210,
    most: int = 420,
    linked: bool = True,
    on_pick: Callable[[], None] | None = None,
    on_act: Callable[[], None] | None = None,
) -> None:
    """Show rows of (title, pictures).

    Args:
        label: what the pictures are of, for buttons in rows without a title.
        least: pixels a picture is wide at least before the row breaks; `most` at most.
        linked: whether all pictures show the same place of the photo, so that one pointer serves all.
        on_pick: called after a click or Enter; the place is then `picked(key)`.
        on_act: called when a picture's button was pressed; its name is then `acted(key)`.
    """
    data: dict[str, Any] = {
        "groups": [{"title": title, "panels": [_panel(panel) for panel in panels]} for title, panels in groups],
        "label": label,
        "least": least,
        "most": most,
        "linked": linked,
        "picks": on_pick is not None,
        "hint": "Point at a place to read it.",
        "help": "Arrow keys read the map place by place" + (", Enter puts the occluder there." if on_pick else "."),
    }
    _component(key=key, data=data, on_picked_change=on_pick or _nothing, on_acted_change=on_act or _nothing)


def picked(key: str) -> tuple[float, float] | None:
    """The place that was just clicked, as shares of height and width."""
    place = (st.session_state.get(key) or {}).get("picked")
    return (float(place[0]), float(place[1])) if place else None


def acted(key: str) -> str | None:
    """The name of the picture whose button was just pressed."""
    name = (st.session_state.get(key) or {}).get("acted")
    return str(name) if name is not None else None


def data_url(picture: Picture) -> str:
    """A picture for the browser: PNG where each pixel is seen, else JPEG."""
    file = io.BytesIO()
    if max(picture.shape[:2]) < PIXELATED:
        Image.fromarray(picture).save(file, "PNG")
        return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    Image.fromarray(picture).save(file, "JPEG", quality=92)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _panel(panel: Panel | Instead) -> dict[str, Any]:
    if isinstance(panel, Instead):
        return {"title": panel.title, "instead": panel.text}
    cells = panel.cells and {"rows": panel.cells.rows, "columns": panel.cells.columns, "texts": panel.cells.texts}
    return {
        "title": panel.title,
        "src": data_url(panel.picture),
        "size": panel.picture.shape[:2],
        "alt": panel.alt,
        "caption": panel.caption,
        "bar": panel.bar and {"stops": panel.bar.stops, "ticks": panel.bar.ticks, "label": panel.bar.label},
        "legend": [{"color": color, "name": name} for color, name in panel.legend],
        "cells": cells,
        "field": panel.field and panel.field.sent(),
        "action": panel.action,
        "name": panel.name,
    }


def _nothing() -> None:
    """What is sent without a listener changes nothing."""
