"""The layer graph as a component: click and keyboard, pan, zoom, search, opening of blocks, downloads.

The drawing itself comes from `netlib.figures.graph_svg`; the browser's part is assets/components/layer_graph.js.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.figures.graph_svg import SHAPE_CSS, theme_css

if TYPE_CHECKING:
    from collections.abc import Mapping

_FRONT = Path(__file__).parents[2] / "assets" / "components"

_HTML = """
<div class="layer-graph">
  <div class="bar">
    <input type="search"><span class="found" aria-live="polite"></span><span class="space"></span>
    <button data-do="zoomOut">−</button><button data-do="zoomIn">+</button>
    <button data-do="width" data-text></button><button data-do="all" data-text></button>
    <button data-do="full"><svg width="14" height="14" viewBox="0 0 14 14"><path d="M1 5V1h4M9 1h4v4M13 9v4H9M5 13H1V9"/></svg></button>
    <button data-do="svg" data-text></button><button data-do="png" data-text></button>
  </div>
  <div class="stage">
    <div class="view"></div><div class="overview" aria-hidden="true"><canvas class="map"></canvas><div class="lens"></div></div>
    <div class="tip" role="status" hidden></div>
  </div>
  <div class="foot"><div class="legend"></div><div class="hint"></div></div>
</div>
"""

_PUSH_JS = """
// Hands the page's selection to the drawing of the same channel.
export default function ({ data }) {
  (window.layerGraphPushes ??= new Map()).set(data.channel, data)
  window.dispatchEvent(new Event(`layer-graph:${data.channel}`))
}
"""

_graph = st.components.v2.component(
    "layer_graph",
    html=_HTML,
    css="\n".join([SHAPE_CSS, theme_css(), theme_css(dark=True, scope=".dark "), (_FRONT / "layer_graph.css").read_text("utf-8")]),
    js=(_FRONT / "layer_graph.js").read_text("utf-8"),
)
_push = st.components.v2.component("layer_graph_push", html="<i hidden></i>\n", js=_PUSH_JS)


@dataclass(frozen=True, slots=True)
class GraphEvent:
    """What the user did in the drawing; each is None in every run but the one the action caused.

    Attributes:
        selected: id of the node (netlib.analysis.folding.Node.id).
        layer: name of the node's first layer.
        toggled: key of the block to open or close.
    """

    selected: str | None = None
    layer: str | None = None
    toggled: str | None = None


def happened(key: str) -> GraphEvent:
    """The event of this run, before the drawing itself is reached: a page can read it above everything that depends on it."""
    state = st.session_state.get(key) or {}
    picked = state.get("selected") or {}
    return GraphEvent(picked.get("node"), picked.get("layer"), state.get("toggled"))


def layer_graph(
    svg: str,
    *,
    key: str,
    names: Mapping[str, str] | None = None,
    label: str = "",
    selected: str | None = None,
    filename: str = "layer-graph",
    height: int = 640,
    texts: Mapping[str, str] | None = None,
) -> GraphEvent:
    """Show a drawing of `graph_svg(..., standalone=True)` and tell what the user did.

    The drawing is sent to the browser only when it changes; keep it free of the selection and pass that as `selected`.

    Args:
        key: one per drawing on the page.
        names: node id -> more words that the search finds it by.
        label: what a screen reader calls the drawing.
        selected: id of the node the page has selected; a change of it marks the node and scrolls to it.
        filename: of the downloads, without its ending; the view is kept while it stays the same.
        height: of the window, in pixels.
        texts: translations of the labels, by the names at the top of layer_graph.js.
    """
    data: dict[str, Any] = {
        "svg": svg, "names": dict(names or {}), "label": label, "filename": filename, "height": height,
        "texts": dict(texts or {}), "channel": key,
    }  # fmt: skip
    with st.container(gap=None):
        _graph(key=key, data=data, on_selected_change=_nothing, on_toggled_change=_nothing)
        event = happened(key)
        _push(key=f"{key}-push", data={"channel": key, **_pushed(key, selected, event)})
    return event


def _pushed(key: str, selected: str | None, event: GraphEvent) -> dict[str, Any]:
    """The selection to show and its version, which grows only when something else than the drawing changed it."""
    state = st.session_state.setdefault(f"{key}-pushed", {"selected": None, "version": 0})
    if event.selected is not None:
        state["selected"] = event.selected  # the drawing shows it already
    elif selected != state["selected"]:
        state.update(selected=selected, version=state["version"] + 1)
    return dict(state)


def _nothing() -> None:
    """Triggers need a callback to be delivered; what they did is read with `happened`."""
