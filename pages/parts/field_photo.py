"""A photo with the box that one unit of a layer sees, and the layer's map on which the unit is picked, as a component.

The box follows pointer and arrow keys in the browser; a click, a tap or Enter selects. The browser's part is
assets/components/field_photo.js.
"""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.data import photos

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from netlib.analysis.graph import Pair
    from netlib.figures.field_map import FieldMap, Interval

_FRONT = Path(__file__).parents[2] / "assets" / "components"
# Room around the photo for what lies on padding, as a share of its side; a field that is longer leaves the view.
LEAST_ROOM, CORNER_ROOM, MIDDLE_ROOM = 0.04, 0.16, 0.75

_HTML = """
<div class="field-photo">
  <div class="views">
    <figure class="photo"></figure>
    <figure class="map"><div class="grid" role="application" tabindex="0"></div></figure>
  </div>
  <p class="readout" role="status"></p>
</div>
"""
_PUSH_JS = """
// Hands the selected unit to the photo of the same channel.
export default function ({ data }) {
  (window.fieldPhotoPushes ??= new Map()).set(data.channel, data.unit)
  window.dispatchEvent(new Event(`field-photo:${data.channel}`))
}
"""

_component = st.components.v2.component(
    "field_photo",
    html=_HTML,
    css=(_FRONT / "field_photo.css").read_text("utf-8"),
    js=(_FRONT / "field_photo.js").read_text("utf-8"),
)
_push = st.components.v2.component("field_photo_push", html="<i hidden></i>\n", js=_PUSH_JS)


def field_photo(
    fields: FieldMap, *, photo: str, grey: bool, unit: Pair, colors: tuple[str, str], key: str, on_select: Callable[[], None]
) -> None:
    """Show a bundled photo at the network's input size with what `unit` sees; a click changes the unit.

    In the callback `on_select` the new unit is `selected(key)`. The photo is sent to the browser only when it, the layer or the
    network changes: the unit goes by itself.

    Args:
        photo: a key of netlib.data.photos.PHOTOS.
        grey: for networks with one input channel.
        colors: of the box, on white and on black.
    """
    height, width = fields.size
    data: dict[str, Any] = {
        "photo": _data_url(photo, fields.picture, grey),
        "picture": fields.picture,
        "margin": _margin(fields),
        "rows": fields.rows,
        "columns": fields.columns,
        "channel": key,
        "sentence": fields.sentence,
        "title": f"{photos.PHOTOS[photo].title}, {fields.picture[0]}×{fields.picture[1]} px",
        "caption": f"{fields.layer}, {height}×{width} units" if fields.has_map else f"{fields.layer}, no map",
        "label": f"Map of {fields.layer}: {height} rows and {width} columns of units. Arrow keys move, Enter selects.",
        "colors": colors,
    }
    with st.container(gap=None):
        _component(key=key, data=data, on_unit_change=on_select)
        _push(key=f"{key}_push", data={"channel": key, "unit": unit})


def selected(key: str) -> Pair | None:
    """The unit that was just clicked in the component, if that is what this run is about."""
    unit = (st.session_state.get(key) or {}).get("unit")
    return (int(unit[0]), int(unit[1])) if unit else None


def picture(name: str, size: Pair, grey: bool) -> Image.Image:
    """The photo as the network gets it, in RGB also when grey."""
    found = photos.photo(name, size)
    return found.convert("L").convert("RGB") if grey else found


@lru_cache(maxsize=64)
def _data_url(name: str, size: Pair, grey: bool) -> str:
    file = io.BytesIO()
    if max(size) < 100:  # each pixel is seen
        picture(name, size, grey).save(file, "PNG", icc_profile=None)
        return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    picture(name, size, grey).save(file, "JPEG", quality=92)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _margin(fields: FieldMap) -> tuple[float, float]:
    """Room above and below, left and right: enough for the middle unit's field and a part of a corner unit's, within limits."""
    room = []
    for spans, middle, size in zip((fields.rows, fields.columns), fields.centre, fields.picture, strict=True):

        def needed(unit: int, spans: tuple[Interval, ...] = spans, size: int = size) -> float:
            start, stop, *_ = spans[unit]
            return max(-start, stop - size) / size + 0.02

        room.append(size * max(LEAST_ROOM, min(MIDDLE_ROOM, needed(middle)), min(CORNER_ROOM, max(needed(0), needed(-1)))))
    return room[0], room[1]
