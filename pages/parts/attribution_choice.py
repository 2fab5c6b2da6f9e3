"""Which methods of attribution are shown, with which settings, and which of them do not apply to a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.figures.words import listed
from pages.parts import view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pages.parts.sight import Sight

DEFAULT = ("saliency", "integrated_gradients", "smoothgrad", "guided_backprop", "grad_cam")
GRAD_CAM = "grad_cam"
KEY, KEPT_DEFAULT, KEPT_ENDS = "view_methods", "kept_default_methods", "kept_default_ends"  # in the session
SUMMARY = "A layer’s maps, each weighted by the mean gradient of the class over it; only what speaks for the class."
SOURCE = "Selvaraju et al. 2017, section 3"
SCALES: Mapping[str, str] = {"method": "one a method", "own": "each map its own"}
BACKDROPS: Mapping[str, str] = {"photo": "over the photo", "plain": "alone"}
STEPS, SAMPLES, NOISES = ("16", "48", "96"), ("8", "24", "64"), ("5", "10", "15", "25")


def title(method: str) -> str:
    """A method's name as a heading writes it."""
    return about(method)[0]


def about(method: str) -> tuple[str, str, str]:
    """Title, rule and source."""
    if method == GRAD_CAM:
        return "Grad-CAM", SUMMARY, SOURCE
    from netlib.interpret.attribution import METHODS

    found = METHODS[method]
    return found.title, found.summary, found.source


@st.cache_data(max_entries=256, show_spinner=False)
def refusals(key: tuple[str, ...], _sight: Sight) -> dict[str, str]:
    """The methods that do not apply to the network, each with the reason, which names the layer but not the network."""
    from netlib.interpret.attribution import METHODS, refusal

    with _sight.model() as model:
        said = {method: refusal(model, _sight.graph.input_shape, method) for method in METHODS}
    return {method: reason.partition(": ")[2] for method, reason in said.items() if reason}


def choose(sights: Sequence[Sight], refused: Mapping[int, Mapping[str, str]]) -> list[str]:
    """The methods, their settings and colours; at first those that apply to a network that is chosen."""
    from netlib.interpret.attribution import METHODS

    options = [*METHODS, GRAD_CAM]
    default = [name for name in DEFAULT if any(name not in reasons for reasons in refused.values())]
    _first_methods(options, default)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        chosen: list[str] = st.multiselect(
            "Methods", options, st.session_state[KEY], key=KEY, format_func=title, placeholder="Choose methods"
        )
        with st.popover("Settings", icon=":material/tune:"):
            view.slider("Steps of integrated gradients", STEPS, name="steps", default="48", unit="", help="Points on the way.")
            view.slider("Pictures of SmoothGrad", SAMPLES, name="samples", default="24", unit="", help="Noisy copies, averaged over.")
            view.slider("Noise of SmoothGrad", NOISES, name="noise", default="15", help="Its deviation, in % of the picture’s range.")
    view.keep("method", chosen, default)
    for line in _not_applicable(sights, refused, chosen):
        st.caption(escape(line))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        _ends(sights)
        view.one_of("Drawn", list(BACKDROPS), name="drawn", default="photo", format_func=BACKDROPS.__getitem__)
    if {GRAD_CAM, "guided_grad_cam"} & set(chosen):
        for column, sight in zip(st.columns(max(1, len(sights)), gap="medium"), sights, strict=False):
            with column:
                _cam_layer(sight)
    return chosen


def _first_methods(options: Sequence[str], default: list[str]) -> None:
    """What is ticked at first: what the link asks for, else the default, which follows the networks until a choice is made."""
    before = st.session_state.get(KEPT_DEFAULT)
    if KEY in st.session_state and st.session_state[KEY] != before:
        return
    wanted = default if KEY in st.session_state else view.first_list("method", default)
    known = [name for name in dict.fromkeys(wanted) if name in options] or default
    for name in dict.fromkeys(wanted):
        if name not in options:
            view.not_here("method", name, ", ".join(map(title, known)))
    st.session_state[KEY], st.session_state[KEPT_DEFAULT] = known, default


def _ends(sights: Sequence[Sight]) -> None:
    """Where the colours end: at first alike for networks that see as many pixels, because fewer pixels have larger gradients each."""
    if len(sights) < 2:  # each method has one map
        view.keep("ends", None)
        return
    default = "method" if len({sight.graph.input_shape[-2:] for sight in sights}) == 1 else "own"
    before, key = st.session_state.get(KEPT_ENDS), "view_ends"
    if before and st.session_state.get(key) == before:
        st.session_state[key] = default  # which follows the networks until another is chosen
    st.session_state[KEPT_ENDS] = default
    view.one_of("End of the colours", list(SCALES), name="ends", default=default, format_func=SCALES.__getitem__)


def _not_applicable(sights: Sequence[Sight], refused: Mapping[int, Mapping[str, str]], chosen: Sequence[str]) -> list[str]:
    """A sentence for each reason, of the methods that are not chosen: those that are say it in their place."""
    found: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for sight in sights:
        reasons = {method: reason for method, reason in refused[sight.number].items() if method not in chosen}
        for reason in dict.fromkeys(reasons.values()):
            methods = tuple(title(method) for method, why in reasons.items() if why == reason)
            found.setdefault((methods, reason), []).append(sight.title)
    return [f"Not applicable to {listed(names)}: {listed(methods)}. {reason}" for (methods, reason), names in found.items()]


def _cam_layer(sight: Sight) -> None:
    from netlib.interpret.grad_cam import default_layer, layers

    key, name = f"view_cam_{sight.name}", f"cam_{sight.number}"
    options, default = layers(sight.graph), default_layer(sight.graph)
    if st.session_state.get(key) not in options:
        asked = st.query_params.get(name, default)
        if asked not in options:
            st.warning(f"Grad-CAM cannot weigh the layer “{escape(asked)}” that the link asks for; showing {escape(default)}.")
            asked = default
        st.session_state[key] = asked
    choice = st.select_slider(
        f"Grad-CAM’s layer in {sight.title}", options, st.session_state[key], key=key,
        help="Early layers have fine maps that know little of the class; the last map knows it best, and is coarse.",
    )  # fmt: skip
    view.keep(name, choice, default)


def settings(sight: Sight, method: str) -> dict[str, Any]:
    state = st.session_state
    if method == "integrated_gradients":
        return {"steps": int(state["view_steps"])}
    if method == "smoothgrad":
        return {"samples": int(state["view_samples"]), "noise": int(state["view_noise"]) / 100}
    return {"layer": state[f"view_cam_{sight.name}"]} if method in (GRAD_CAM, "guided_grad_cam") else {}
