"""Attribution by several methods on the same picture, in one signed colour scale: which pixels speak for the class, which against it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.figures import heat, heat_words
from netlib.figures.color_bar import bar, with_bar
from netlib.figures.words import listed
from pages.parts import on_request, trust_panel, view
from pages.parts.markdown import escape
from pages.parts.picture_wall import Field, Panel, acted, picture_wall
from pages.parts.saving import download
from pages.parts.trust_panel import Checked
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from netlib.figures.heat import Scale
    from pages.parts.sight import Sight

DEFAULT = ("saliency", "integrated_gradients", "smoothgrad", "guided_backprop", "grad_cam")
GRAD_CAM = "grad_cam"
SUMMARY = "A layer’s maps, each weighted by the mean gradient of the class over it; only what speaks for the class."
SOURCE = "Selvaraju et al. 2017, section 3"
SCALES: Mapping[str, str] = {"own": "each map its own", "method": "one a method"}
BACKDROPS: Mapping[str, str] = {"photo": "over the photo", "plain": "alone"}
THERE_AND_BACK = 3.0  # forward passes that one forward and one backward pass take
STEPS, SAMPLES, NOISES = ("16", "48", "96"), ("8", "24", "64"), ("5", "10", "15", "25")


@dataclass(frozen=True, slots=True)
class Made:
    """One method's map of one network, (H, W), with what it was made of."""

    sight: Sight
    target: int
    method: str
    settings: Mapping[str, Any]
    values: NDArray[Any]

    def checked(self) -> Checked:
        """The map as the trust check takes it."""
        key = _key(self.sight, self.target, self.method, self.settings)
        return Checked(self.sight, self.target, self.method, title(self.method), self.values, key, self.method, self.settings)


def attributions(targets: Sequence[tuple[Sight, int]]) -> list[Made]:
    """The section with its choices; gives the maps that are there."""
    st.header("Attribution", anchor="attribution")
    st.markdown("How much does each pixel speak for the class? Orange speaks for it, purple against it; where the photo shows, neither.")
    methods = _methods([sight for sight, _ in targets])
    if not methods:
        st.info("Choose a method above to see which pixels count.", icon=":material/gradient:")
        return []
    refused = {(sight.number, method): _refused(sight.key[:2], method, sight) for method in methods for sight, _ in targets}
    if any(refused.values()):
        st.warning(escape(" ".join(_refusals(refused, [sight for sight, _ in targets], methods))))
    plan = [
        (sight, target, method, _settings(sight, method))
        for method in methods for sight, target in targets if not refused[sight.number, method]
    ]  # fmt: skip
    keys = {(sight.number, method): _key(sight, target, method, settings) for sight, target, method, settings in plan}
    shown = on_request.wanted(
        "attribution",
        [(keys[sight.number, method], on_request.cheap(sight, _passes(settings))) for sight, _, method, settings in plan],
        "Compute the attributions", icon=":material/gradient:",
        help="Each method goes forwards and backwards through the network, some many times.",
    )  # fmt: skip
    made = []
    for sight, target, method, settings in plan:
        which = keys[sight.number, method]
        if which not in shown:
            continue
        found = work(
            which, partial(_steps, sight, target, method, settings), label=f"{title(method)} of {sight.title}",
            show=partial(_while_computed, sight, method),
        )  # fmt: skip
        if found is not None:
            made.append(Made(sight, target, method, settings, heat.flattened(found.numpy())))
    if made:
        _shown(made)
    if drawn := [method for method in methods if any(one.method == method for one in made)]:
        _rules(drawn)
    return made


@st.cache_data(max_entries=256, show_spinner=False)
def _refused(key: tuple[str, ...], method: str, _sight: Sight) -> str:
    """Why the method does not apply to the network, without the network's name; "" where it does."""
    from netlib.interpret.attribution import refusal

    if method == GRAD_CAM:
        return ""
    with _sight.model() as model:
        return (refusal(model, _sight.graph.input_shape, method) or "").partition(": ")[2]


def _refusals(refused: Mapping[tuple[int, str], str], sights: Sequence[Sight], methods: Sequence[str]) -> list[str]:
    """A sentence for each method and reason, with all networks that it keeps the method from."""
    said = []
    for method in methods:
        for reason in dict.fromkeys(filter(None, (refused[sight.number, method] for sight in sights))):
            names = listed([sight.title for sight in sights if refused[sight.number, method] == reason])
            said.append(f"{title(method)} does not apply to {names}: {reason}")
    return said


def title(method: str) -> str:
    """A method's name as a heading writes it."""
    return _about(method)[0]


def _about(method: str) -> tuple[str, str, str]:
    """Title, rule and source."""
    if method == GRAD_CAM:
        return "Grad-CAM", SUMMARY, SOURCE
    from netlib.interpret.attribution import METHODS

    found = METHODS[method]
    return found.title, found.summary, found.source


# ---------------------------------------------------------------- what is chosen


def _methods(sights: Sequence[Sight]) -> list[str]:
    """The methods, their settings and colours."""
    from netlib.interpret.attribution import METHODS

    options, key = [*METHODS, GRAD_CAM], "view_methods"
    if key not in st.session_state:
        wanted = view.first_list("method", DEFAULT)
        known = [name for name in dict.fromkeys(wanted) if name in options] or list(DEFAULT)
        for name in dict.fromkeys(st.query_params.get_all("method")):
            if name not in options:
                view.not_here("method", name, ", ".join(map(title, known)))
        st.session_state[key] = known
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        chosen: list[str] = st.multiselect(
            "Methods", options, st.session_state[key], key=key, format_func=title, placeholder="Choose methods"
        )
        with st.popover("Settings", icon=":material/tune:"):
            view.slider("Steps of integrated gradients", STEPS, name="steps", default="48", unit="", help="Points on the way.")
            view.slider("Pictures of SmoothGrad", SAMPLES, name="samples", default="24", unit="", help="Noisy copies, averaged over.")
            view.slider("Noise of SmoothGrad", NOISES, name="noise", default="15", help="Its deviation, in % of the picture’s range.")
    view.keep("method", chosen, list(DEFAULT))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        view.one_of("End of the colours", list(SCALES), name="ends", default="own", format_func=SCALES.__getitem__)
        view.one_of("Drawn", list(BACKDROPS), name="drawn", default="photo", format_func=BACKDROPS.__getitem__)
    if {GRAD_CAM, "guided_grad_cam"} & set(chosen):
        for column, sight in zip(st.columns(max(1, len(sights)), gap="medium"), sights, strict=False):
            with column:
                _cam_layer(sight)
    return chosen


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


def _settings(sight: Sight, method: str) -> dict[str, Any]:
    state = st.session_state
    if method == "integrated_gradients":
        return {"steps": int(state["view_steps"])}
    if method == "smoothgrad":
        return {"samples": int(state["view_samples"]), "noise": int(state["view_noise"]) / 100}
    return {"layer": state[f"view_cam_{sight.name}"]} if method in (GRAD_CAM, "guided_grad_cam") else {}


def _passes(settings: Mapping[str, Any]) -> float:
    return THERE_AND_BACK * settings.get("steps", settings.get("samples", 1))


def _key(sight: Sight, target: int, method: str, settings: Mapping[str, Any]) -> tuple[Hashable, ...]:
    return ("attribution", *sight.key, target, method, *settings.items())


# ---------------------------------------------------------------- what is computed


def _steps(sight: Sight, target: int, method: str, settings: Mapping[str, Any]) -> Iterator[tuple[float, str, Tensor]]:
    from netlib.interpret.attribution import attribution_steps
    from netlib.interpret.grad_cam import enlarged, grad_cam

    if method == GRAD_CAM:
        height, width = sight.graph.input_shape[-2:]
        with sight.model() as model:
            found = grad_cam(model, sight.input(), target, settings["layer"])
        yield 1.0, "", enlarged(found, (height, width))
        return
    for share, found in sight.steps(partial(attribution_steps, image=sight.input(), target=target, method=method, **settings)):
        yield share, f"{100 * share:.0f} %", found


def _while_computed(sight: Sight, method: str, found: Tensor) -> None:
    values = heat.flattened(found.numpy())
    picture = heat.over_photo(values, sight.shown(), heat.signed_scale([values]))
    st.image(heat.enlarged(picture), title(method), width=300, output_format="PNG", alt=f"{title(method)} so far.")


# ---------------------------------------------------------------- what is shown


def _shown(made: Sequence[Made]) -> None:
    """A row for each network, its methods side by side."""
    sights = list(dict.fromkeys(one.sight for one in made))
    groups = [(sight.title, [_panel(one, _scale(one, made)) for one in made if one.sight is sight]) for sight in sights]
    picture_wall(groups, key="attribution_wall", least=200, most=340, on_act=partial(_check, "attribution_wall"))
    with st.popover("Save", icon=":material/download:"):
        for one in made:
            words = f"{title(one.method)}{f', {one.sight.title}' if len(sights) > 1 else ''}"
            download(
                partial(_saved, one, _scale(one, made)), caption(one), f"{one.sight.name} {one.method}",
                f"save_{one.method}_{one.sight.number}", label=words,
            )  # fmt: skip


def picture(one: Made, scale: Scale) -> heat.Picture:
    """The map as it is drawn on the page now."""
    if st.session_state.get("view_drawn") == "plain":
        return heat.plain(one.values, scale)
    return heat.over_photo(one.values, one.sight.shown(), scale, opacity=0.9)


def caption(one: Made) -> str:
    """What stands under the map when it is taken away."""
    settings = ", ".join(f"{name} {value}" for name, value in one.settings.items())
    name = one.sight.classes[one.target]
    return one.sight.caption(method=f"{title(one.method)} for {name}", settings=settings)


def _panel(one: Made, scale: Scale) -> Panel:
    said = heat_words.attribution_words(one.values, signed=one.method != GRAD_CAM)
    name = heat_words.class_words(one.sight.classes[one.target])
    return Panel(
        title(one.method), picture(one, scale), f"{title(one.method)} of {one.sight.title} for {name}. {said}", said,
        bar=bar(scale, f"for {name}"), field=Field(one.values), action="Trust check", name=f"{one.sight.number}:{one.method}",
    )  # fmt: skip


def _scale(one: Made, made: Sequence[Made]) -> Scale:
    if st.session_state.get("view_ends") == "method":
        return heat.signed_scale([other.values for other in made if other.method == one.method])
    return heat.signed_scale([one.values])


def _saved(one: Made, scale: Scale) -> heat.Picture:
    return with_bar(heat.enlarged(picture(one, scale)), bar(scale, f"for {one.sight.classes[one.target]}"))


def _rules(methods: Sequence[str]) -> None:
    """What each method does, in a line, and where it comes from."""
    lines = [f"- **{escape(name)}**: {escape(rule)} *{escape(source)}*" for name, rule, source in map(_about, methods)]
    st.markdown("\n".join(["What each method does:", "", *lines]))
    st.caption("The score explained is the class’s own, before the softmax. The channels’ values are added up. White or the photo is zero.")


def _check(name: str) -> None:
    if which := acted(name):
        number, _, method = which.partition(":")
        trust_panel.open_(int(number), method)
