"""A grid of tiles as one picture, as a component: hover reads a value, a click, Enter or the arrow keys select a tile.

The grid itself comes from `netlib.figures.mosaic`; the browser's part is assets/components/mosaic.js.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import streamlit as st

from netlib.figures import units
from netlib.figures.mosaic import DARK, Mosaic, Scaled, colors, framed
from pages.parts import saving

if TYPE_CHECKING:
    from collections.abc import Callable

    from netlib.analysis.graph import Pair

_FRONT = Path(__file__).parents[2] / "assets" / "components"
LEGEND_COLORS = 16
COMFORTABLE = 640  # px that a small picture is enlarged to, at most twofold

_HTML = """
<div class="mosaic">
  <div class="stage" role="application" tabindex="0">
    <div class="sheet"><img alt=""><svg aria-hidden="true"></svg><div class="titles" aria-hidden="true"></div></div>
  </div>
  <div class="foot"><p class="readout" role="status"></p><span class="legend" hidden></span></div>
</div>
"""
_PUSH_JS = """
// Hands the selected tile to the picture of the same channel.
export default function ({ data }) {
  (window.mosaicPushes ??= new Map()).set(data.channel, data)
  window.dispatchEvent(new Event(`mosaic:${data.channel}`))
}
"""

_component = st.components.v2.component(
    "mosaic",
    html=_HTML,
    css=(_FRONT / "mosaic.css").read_text("utf-8"),
    js=(_FRONT / "mosaic.js").read_text("utf-8"),
)
_push = st.components.v2.component("mosaic_push", html="<i hidden></i>\n", js=_PUSH_JS)


class Pick(NamedTuple):
    """A tile, by its place in the picture, and after a second click the pixel of it, of the map as it was before it was reduced."""

    tile: int
    unit: Pair | None


def mosaic(
    shown: Mosaic,
    *,
    key: str,
    names: Sequence[str],
    labels: Sequence[str],
    low: Sequence[float],
    high: Sequence[float],
    alt: str,
    caption: str,
    filename: str,
    selected: int | None = None,
    unit: Pair | None = None,
    on_select: Callable[[], None] | None = None,
    idle: str = "",
    legend: bool = True,
    units_too: bool = False,
    titled: bool = False,
    above: bool = False,
    width: int | None = None,
) -> None:
    """Show the grid; in the callback `on_select` the tile that was just selected is `picked(key)`.

    The picture goes to the browser only when it changes: the selection goes by itself. Below it stand the tile or the value under
    the pointer, the scale, and a button that saves the picture.

    Args:
        names: what a tile is, such as "Channel 17"; stands before row, column and value.
        labels: what is known of a tile, in one line; shown for the selected tile.
        low: the value at the lower end of the scale: one for each tile, or one for all.
        high: the value at the upper end.
        alt: what the picture shows, for those who do not see it.
        caption: stands under the picture that is saved.
        selected: place of the selected tile in the picture.
        unit: (row, column) of a unit in the selected tile, which is marked.
        idle: what is said while nothing is selected.
        legend: whether the scale is drawn; only where it is one for all tiles.
        units_too: whether a click into the selected tile selects a pixel of it.
        titled: whether the names stand in the corners of the tiles, or, with `above`, above the tiles, which then are one row.
        width: most pixels on the screen.
    """
    height, natural = shown.size
    one = len(low) == 1
    data: dict[str, Any] = {
        "picture": _url(shown), "size": [natural, height], "columns": shown.columns, "gap": shown.gap, "scale": shown.scale,
        "tile": shown.tile, "factor": shown.factor, "count": len(shown.boxes), "palette": _palette(shown.palette),
        "dark": _palette(shown.palette, dark=True) if shown.palette in DARK else None,
        "low": _short(low), "high": _short(high), "names": list(names), "labels": list(labels),
        "idle": idle or _idle(bool(on_select)), "units": units_too, "titled": titled, "above": above,
        "legend": _legend(shown.palette, low[0], high[0]) if legend and one else None,
        "width": width or max(natural, min(2 * natural, COMFORTABLE)), "channel": key, "alt": alt,
        "label": f"{alt} Arrow keys walk the tiles, Enter selects.",
    }  # fmt: skip
    with st.container(gap=None):
        _component(key=key, data=data, on_tile_change=on_select or _nothing)
        _push(key=f"{key}_push", data={"channel": key, "tile": selected, "unit": unit})
        saving.download(
            lambda: framed(shown, selected, names if titled and len(names) > 1 else (), above=above),
            _said(caption, names, selected), filename, key=f"{key}_png",
        )  # fmt: skip


class Ends(TypedDict):
    """The values at the ends of the scale, of one for all tiles or of one for each."""

    low: Sequence[float]
    high: Sequence[float]


def scale_of(scaled: Scaled) -> Ends:
    """`low` and `high` for `mosaic`."""
    end = 1 if scaled.one else len(scaled.low)
    return {"low": scaled.low[:end].tolist(), "high": scaled.high[:end].tolist()}


def picked(key: str) -> Pick | None:
    """What was just selected in the component, if that is what this run is about."""
    tile = (st.session_state.get(key) or {}).get("tile")
    if not tile:
        return None
    return Pick(int(tile[0]), (int(tile[1]), int(tile[2])) if len(tile) == 3 else None)


def _said(caption: str, names: Sequence[str], selected: int | None) -> str:
    """The caption of the saved picture, with a word for the frame in it."""
    if selected is None or len(names) == 1:
        return caption
    name = names[selected].rstrip(".")
    return f"{caption} · framed: {name[0].lower()}{name[1:]}"


def _idle(selectable: bool) -> str:
    read = "Move over the picture to read values"
    return f"{read}; a click or the arrow keys select a tile." if selectable else f"{read}."


@lru_cache(maxsize=32)
def _url(shown: Mosaic) -> str:
    return shown.data_url()


@lru_cache(maxsize=8)
def _palette(name: str, *, dark: bool = False) -> str | None:
    return base64.b64encode(colors(name, dark=dark).tobytes()).decode() if name else None


def _legend(palette: str, low: float, high: float) -> dict[str, Any]:
    def bar(dark: bool) -> list[str]:
        table = colors(palette or "grey", dark=dark)  # tiles in colours: each of red, green and blue goes from dark to bright
        at = [round(i * (len(table) - 1) / (LEGEND_COLORS - 1)) for i in range(LEGEND_COLORS)]
        return [f"rgb({r} {g} {b})" for r, g, b in table[at].tolist()]

    return {"colors": bar(False), "dark": bar(True), "low": units.value(low), "high": units.value(high)}


def _short(values: Sequence[float]) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def _nothing() -> None:
    """A trigger needs a callback to be delivered."""
