"""Attribution by several methods on the same picture, in one signed colour scale: which pixels speak for the class, which against it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.figures import heat, heat_words
from netlib.figures.color_bar import bar, with_bar
from pages.parts import attribution_choice, on_request, trust_choice, trust_panel
from pages.parts.attribution_choice import GRAD_CAM, about, title
from pages.parts.checked import Checked
from pages.parts.markdown import escape
from pages.parts.picture_wall import Field, Instead, Panel, acted, picture_wall
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from streamlit.delta_generator import DeltaGenerator
    from torch import Tensor

    from netlib.figures.heat import Scale
    from pages.parts.sight import Sight

THERE_AND_BACK = 3.0  # forward passes that one forward and one backward pass take


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


def attributions(targets: Sequence[tuple[Sight, int]]) -> None:
    """The section with its choices, its maps, and below a network's maps the check of one of them."""
    st.header("Attribution", anchor="attribution")
    st.markdown("How much does each pixel speak for the class? Orange speaks for it, purple against it; where the photo shows, neither.")
    sights = [sight for sight, _ in targets]
    refused = {sight.number: attribution_choice.refusals(sight.key[:2], sight) for sight in sights}
    methods = attribution_choice.choose(sights, refused)
    if not methods:
        trust_choice.only(())
        st.info("Choose a method above to see which pixels count.", icon=":material/gradient:")
        return
    plan = [
        (sight, target, method, attribution_choice.settings(sight, method))
        for method in methods for sight, target in targets if method not in refused[sight.number]
    ]  # fmt: skip
    keys = {(sight.number, method): _key(sight, target, method, settings) for sight, target, method, settings in plan}
    trust_choice.only(keys)
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
    places = {sight.number: _shown(sight, methods, made, refused[sight.number]) for sight in sights}
    if made:
        _save(made)
    if drawn := [method for method in methods if any(one.method == method for one in made)]:
        _rules(drawn)
    trust_panel.below({number: (place, [one.checked() for one in made if one.sight.number == number]) for number, place in places.items()})


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


def _shown(sight: Sight, methods: Sequence[str], made: Sequence[Made], refused: Mapping[str, str]) -> DeltaGenerator:
    """A network's row of maps, with the reason where a method does not apply; gives the place below it."""
    maps = {one.method: one for one in made if one.sight is sight}
    panels = [
        _panel(maps[method], _scale(maps[method], made)) if method in maps
        else Instead(title(method), f"Not applicable: {refused[method]}")
        for method in methods if method in maps or method in refused
    ]  # fmt: skip
    if panels:
        key = f"attribution_wall_{sight.number}"
        picture_wall([(sight.title, panels)], key=key, least=200, most=340, on_act=partial(_check, key))
    return st.container()


def _save(made: Sequence[Made]) -> None:
    several = len({one.sight.number for one in made}) > 1
    with st.popover("Save", icon=":material/download:"):
        for one in made:
            words = f"{title(one.method)}{f', {one.sight.title}' if several else ''}"
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
    said = f"{said} {one.checked().line()}".rstrip()
    name = heat_words.class_words(one.sight.classes[one.target])
    return Panel(
        title(one.method), picture(one, scale), f"{title(one.method)} of {one.sight.title} for {name}. {said}", said,
        bar=bar(scale, f"for {name}"), field=Field(one.values), action=trust_choice.action(one.sight.number, one.method),
        name=f"{one.sight.number}:{one.method}",
    )  # fmt: skip


def _scale(one: Made, made: Sequence[Made]) -> Scale:
    if st.session_state.get("view_ends") == "own":
        return heat.signed_scale([one.values])
    return heat.signed_scale([other.values for other in made if other.method == one.method])


def _saved(one: Made, scale: Scale) -> heat.Picture:
    return with_bar(heat.enlarged(picture(one, scale)), bar(scale, f"for {one.sight.classes[one.target]}"))


def _rules(methods: Sequence[str]) -> None:
    """What each method does, in a line, and where it comes from."""
    lines = [f"- **{escape(name)}**: {escape(rule)} *{escape(source)}*" for name, rule, source in map(about, methods)]
    st.markdown("\n".join(["What each method does:", "", *lines]))
    st.caption("The score explained is the class’s own, before the softmax. The channels’ values are added up. White or the photo is zero.")


def _check(name: str) -> None:
    if which := acted(name):
        number, _, method = which.partition(":")
        trust_choice.open_(int(number), method)
