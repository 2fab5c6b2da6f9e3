"""An occluder that is dragged over the picture by hand, with what each network says meanwhile; its place is `at` in the URL.

The browser's part is assets/components/hand_occluder.js. It asks anew as soon as it has its answer, so a slow network follows slowly
and none falls behind; each answer runs this fragment alone.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import units
from netlib.figures.heat_words import classes_to_show, covered_words
from pages.parts import view
from pages.parts.markdown import escape
from pages.parts.picture_wall import data_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from netlib.interpret.occlusion import Occluder
    from pages.parts.occluder_choice import Square
    from pages.parts.sight import Sight

KEY = "hand_occluder"
PLACE = "kept_hand"  # in the session: where it stands, as shares of height and width
NAME, MIDDLE = "at", "50,50"
LABEL = "{title}: an occluder to move. Arrow keys move it by a quarter of its side, with Shift by a pixel."
MOST_KEPT = 4  # as many as a page shows; each keeps its network

_FRONT = Path(__file__).parents[2] / "assets" / "components"
_PUSH_JS = """
// Hands the answer to the component of the same channel.
export default function ({ data }) {
  (window.handOccluderPushes ??= new Map()).set(data.channel, data)
  window.dispatchEvent(new Event(`hand-occluder:${data.channel}`))
}
"""
_component = st.components.v2.component(
    "hand_occluder",
    html='<div class="hand-occluder"></div>\n',
    css=(_FRONT / "hand_occluder.css").read_text("utf-8"),
    js=(_FRONT / "hand_occluder.js").read_text("utf-8"),
)
_push = st.components.v2.component("hand_occluder_push", html="<i hidden></i>\n", js=_PUSH_JS)
_guard = threading.Lock()
_occluders: OrderedDict[int, tuple[tuple[str, ...], Occluder]] = OrderedDict()  # id of a model -> the picture that it has seen


@st.fragment
def hand_occluder(targets: Sequence[tuple[Sight, int]], square: Square, note: Callable[[Sight, int, float], str] | None = None) -> None:
    """The pictures with the occluder over them, and below each the most probable classes without and with it.

    Args:
        note: what else is to be said of a network whose class has that probability with the occluder; "" for nothing.
    """
    moved: dict[str, Any] = st.session_state.setdefault(f"{KEY}_moved", {"final": True, "number": 0})
    at = st.session_state[PLACE] = st.session_state.get(PLACE) or _linked()
    if moved["final"]:
        view.keep(NAME, text(at), MIDDLE)
    pictures, results = [], []
    for sight, target in targets:
        try:
            results.append(_result(sight, target, square, at, note))
        except NetlibError as error:
            st.warning(escape(str(error)))
            continue
        shown = sight.shown()
        alt = f"{sight.picture_title} as {sight.title} sees it, with an occluder over a part of it."
        pictures.append(
            {
                "title": sight.title, "src": data_url(shown), "size": shown.shape[:2], "alt": alt,
                "fill": square.color(sight.preprocessing),
            }
        )  # fmt: skip
    if not pictures:
        return
    data = {"pictures": pictures, "share": square.size / 100, "channel": KEY, "label": LABEL, "name": NAME}
    with st.container(gap=None):
        _component(key=KEY, data=data, on_moved_change=_moved)
        _push(key=f"{KEY}_push", data={"channel": KEY, "at": at, "number": moved["number"], "results": results})


def put(place: tuple[float, float]) -> None:
    """Put the occluder around a place, as a click into a map does."""
    st.session_state[PLACE] = place
    moved = st.session_state.get(f"{KEY}_moved", {"number": 0})
    st.session_state[f"{KEY}_moved"] = {"final": True, "number": moved["number"] + 1}


def parse(written: str) -> tuple[float, float] | None:
    """A place out of "37.5,50", % of height and width; None for anything else."""
    match = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*,\s*(\d{1,3}(?:\.\d+)?)\s*", written)
    if not match or max(float(match[1]), float(match[2])) > 100:
        return None
    return float(match[1]) / 100, float(match[2]) / 100


def _linked() -> tuple[float, float]:
    """The place that the link asks for; where it is none, that is said, and the middle taken."""
    written = view.first(NAME, MIDDLE)
    found = parse(written)
    if found is None:
        view.not_here(NAME, written, f"{MIDDLE}, the middle; write the height and the width in %")
    return found or (0.5, 0.5)


def text(place: tuple[float, float]) -> str:
    """(0.375, 0.5) -> "37.5,50", as the browser writes it too."""
    return ",".join(f"{round(1000 * share) / 10:g}" for share in place)


def _moved() -> None:
    """The occluder was moved in the browser."""
    moved = (st.session_state.get(KEY) or {}).get("moved")
    if moved:
        st.session_state[f"{KEY}_moved"] = moved
        row, column = moved["at"]
        st.session_state[PLACE] = (min(1.0, max(0.0, float(row))), min(1.0, max(0.0, float(column))))


def _result(
    sight: Sight, target: int, square: Square, at: tuple[float, float], note: Callable[[Sight, int, float], str] | None
) -> dict[str, Any]:
    before, after = _answer(sight.key, square.size, square.fill, at, sight, square)
    said = covered_words(before, after, target, sight.classes)
    more = note(sight, target, float(after[target])) if note else ""
    rows = [
        {
            "name": sight.classes[index], "before": float(before[index]), "after": float(after[index]), "chosen": index == target,
            "text": f"{units.percent(float(before[index]))} → {units.percent(float(after[index]))}",
        }
        for index in classes_to_show(before, after, target)
    ]  # fmt: skip
    return {"said": f"{said} {more}".rstrip(), "rows": rows}


@st.cache_data(max_entries=512, show_spinner=False)
def _answer(
    key: tuple[str, ...], size: int, fill: str, at: tuple[float, float], _sight: Sight, _square: Square
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Probabilities without and with the occluder, (K,) each.

    Kept, so that a click elsewhere on the page need not wait for a network that is just computing a map.
    """
    with _sight.model() as model:
        occluder = _seen(_sight, model)
        height, width = _sight.graph.input_shape[-2:]
        covered, _ = occluder.covered([[_square.box(at, (height, width))]], _square.value(_sight.preprocessing))
        return occluder.clean.double().numpy(), covered[0].double().numpy()


def _seen(sight: Sight, model: nn.Module) -> Occluder:
    """The model, which is lent to this thread, with the picture it has seen: kept, because the hand's next place is asked at once."""
    from netlib.interpret.occlusion import Occluder

    with _guard:
        key, found = _occluders.pop(id(model), ((), None))
    if found is None or key != sight.key or found.model is not model:
        found = Occluder(model, sight.input())
    with _guard:
        _occluders[id(model)] = (sight.key, found)
        while len(_occluders) > MOST_KEPT:
            _occluders.popitem(last=False)
    return found
