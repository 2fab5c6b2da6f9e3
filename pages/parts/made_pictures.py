"""Pictures that are made: one that a unit answers to most, and one that a layer cannot tell from the chosen picture.

Both are found by gradients from noise; without regularizers they would be noise to our eyes, so each is named and can be set.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from netlib.figures import units
from netlib.figures.heat import enlarged
from netlib.figures.heat_words import class_words
from pages.parts import layer_choice, links, on_request, view
from pages.parts.markdown import escape
from pages.parts.picture_wall import Panel, picture_wall
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from streamlit.delta_generator import DeltaGenerator

    from netlib.interpret import inversion, maximization
    from pages.parts.sight import Sight

# Sliders: name in the URL -> label, values, the usual one, unit, help.
SLIDERS: Mapping[str, tuple[str, tuple[str, ...], str, str, str]] = {
    "climb": ("Steps", ("64", "128", "256", "512"), "128", "", "Up the gradient."),
    "decay": ("Decay", ("0", "0.03", "0.1", "0.3"), "0.1", "", "Pulls each pixel to the mean colour."),
    "variation": ("Total variation", ("0", "0.01", "0.02", "0.05", "0.1"), "0.02", "", "Price of neighbours that differ."),
    "jitter": ("Jitter", ("0", "1", "2", "4", "8"), "2", " px", "Random shift before each step."),
    "blur": ("Blur", ("0", "0.3", "0.5", "0.8"), "0.5", " px", "After every eighth step."),
    "descent": ("Steps", ("100", "200", "400", "800"), "200", "", "Of Adam."),
    "alpha": ("α-norm", ("0", "0.00001", "0.0001", "0.001"), "0.0001", "", "Price of values that are far out."),
    "smooth": ("Total variation", ("0", "0.001", "0.01", "0.03", "0.1"), "0.03", "", "Price of neighbours that differ."),
}
CLIMB, DESCENT = ("climb", "decay", "variation", "jitter", "blur"), ("descent", "alpha", "smooth")
SENT = {"climb": "steps", "descent": "steps", "alpha": "alpha_weight", "smooth": "variation_weight"}  # as netlib calls them
WHOLE = ("climb", "descent", "jitter")
LADDER: Mapping[str, str] = {"through": "some on the way through", "one": "one"}
RUNGS = 4
THERE_AND_BACK = 3.0  # forward passes that one forward and one backward pass take
LOOKS = 16  # pictures shown on the way


def maximization_panel(targets: Sequence[tuple[Sight, int]], asked: Mapping[str, layer_choice.Asked]) -> None:
    """The section: one made picture for each network."""
    st.header("Activation maximization", anchor="maximization")
    st.markdown(
        "From noise, the picture is changed step by step so that one unit, or one class, answers as strongly as it can. "
        "What keeps it a picture: decay (Simonyan et al. 2014), blur (Yosinski et al. 2015), total variation and jitter "
        "(Mahendran and Vedaldi 2015)."
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        settings = {SENT.get(name, name): _number(name) for name in CLIMB}
    plan = []
    for column, (sight, target) in zip(st.columns(len(targets), gap="medium"), targets, strict=True):
        with column:
            plan.append((sight, *_unit(sight, target, asked.get(sight.name, layer_choice.Asked())), st.container()))
    keys = [("maximization", *sight.key[:2], layer, channel, *settings.items()) for sight, layer, channel, _ in plan]
    passes = settings["steps"] * THERE_AND_BACK * len(plan)
    shown = _wanted("maximization", [(key, sight) for key, (sight, *_) in zip(keys, plan, strict=True)], passes, "Make the pictures")
    words = ", ".join(f"{name} {value:g}" for name, value in settings.items())
    for key, (sight, layer, channel, place) in zip(keys, plan, strict=True):
        if key not in shown:
            continue
        with place:
            title = _title(sight, layer, channel)
            made = work(
                key, partial(_climb, sight, layer, channel, settings), label=f"{sight.title}, {title}",
                show=partial(_while_made, sight, "activation"),
            )  # fmt: skip
            if made is not None:
                said = f"Activation {units.value(made.value)} after {made.step} steps."
                panel = Panel(title, sight.preprocessing.shown(made.image), f"Picture made for {sight.title}, {title}. {said}", said)
                picture_wall([("", [panel])], key=f"maximization_{sight.number}", least=150, most=320, linked=False)
                caption = f"{sight.title} ({sight.weights_title}) · {title} · activation maximization · {words}, seed 0"
                download(
                    partial(_large, sight, made.image), caption, f"{sight.name} {layer} {channel} maximized",
                    f"save_maximization_{sight.number}",
                )  # fmt: skip
                if layer != next(iter(sight.graph.outputs.values())):
                    query = links.of(sight, layer=layer, channel=str(channel))
                    links.link("Everything about this channel", "unit", query, icon=":material/id_card:")


def inversion_panel(sights: Sequence[Sight], asked: Mapping[str, layer_choice.Asked]) -> None:
    """The section: for each network the picture beside one that its layer cannot tell from it."""
    st.header("Feature inversion", anchor="inversion")
    st.markdown(
        "From noise, a picture is sought whose features in a layer are those of the chosen one: what it shows, the layer has kept; what it "
        "lost, the layer no longer knows (Mahendran and Vedaldi 2015). What keeps it a picture: the α-norm, α = 6, and total variation. "
        "Features may match nearly in full though the picture looks like noise: early layers keep almost all of it, but from a deep layer "
        "many pictures have the same features, and the search ends at any of them."
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        settings = {SENT.get(name, name): _number(name) for name in DESCENT}
    through = view.one_of("Layers", list(LADDER), name="layers", default="through", format_func=LADDER.__getitem__) == "through"
    plan: list[tuple[Sight, Sequence[str], DeltaGenerator]] = []
    ask = st.container()
    for sight in sights:
        st.subheader(sight.title, anchor=False)
        chosen = on_the_way(sight) if through else [_one_layer(sight, asked.get(sight.name, layer_choice.Asked()))]
        plan.append((sight, chosen, st.container()))
    pairs = [(sight, layer) for sight, layers, _ in plan for layer in layers]
    keys = {(sight.number, layer): ("inversion", *sight.key, layer, *settings.items()) for sight, layer in pairs}
    with ask:
        passes = settings["steps"] * THERE_AND_BACK * len(pairs)
        shown = _wanted("inversion", [(keys[sight.number, layer], sight) for sight, layer in pairs], passes, "Invert the features")
    words = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in settings.items())
    for sight, layers, place in plan:
        with place:
            made = []
            for layer in layers:
                if keys[sight.number, layer] in shown:
                    step = work(
                        keys[sight.number, layer], partial(_descend, sight, layer, settings), label=f"{sight.title}, {layer}",
                        show=partial(_while_made, sight, "error"),
                    )  # fmt: skip
                    made += [(layer, step)] if step is not None else []
            if made:
                _inverted(sight, made, f"{words}, seed 0")


def _inverted(sight: Sight, made: Sequence[tuple[str, inversion.Step]], words: str) -> None:
    """What the network sees, and what each layer has kept of it."""
    panels = [Panel("What it sees", sight.shown(), f"{sight.picture_title} as {sight.title} sees it.")]
    for layer, step in made:
        said = f"{units.percent(max(0.0, 1 - step.error))} of the features’ squared size matched after {step.step} steps."
        panels.append(Panel(f"From {layer}", sight.preprocessing.shown(step.image), f"Picture made from {layer}. {said}", said))
    picture_wall([("", panels)], key=f"inversion_{sight.number}", least=150, most=320, label=sight.title)
    layers = ", ".join(layer for layer, _ in made)
    download(
        partial(_side_by_side, [panel.picture for panel in panels]),
        sight.caption(layer=layers, method="what it sees, and feature inversion of each layer", settings=words),
        f"{sight.name} inverted", f"save_inversion_{sight.number}",
    )  # fmt: skip


# ---------------------------------------------------------------- what is chosen


def _number(name: str) -> Any:
    """A slider's value, a whole number or not."""
    label, options, default, unit, help_ = SLIDERS[name]
    chosen = view.slider(label, options, name=name, default=default, unit=unit, help=help_)
    return int(chosen) if name in WHOLE else float(chosen)


def _layers(sight: Sight) -> list[str]:
    """The layers whose output is a map or a vector."""
    return [layer.name for layer in sight.graph if layer.inputs and len(layer.shape) in (1, 3)]


def _unit(sight: Sight, target: int, asked: layer_choice.Asked) -> tuple[str, int]:
    """The layer and the channel that are maximized; at first the output's chosen class."""
    st.subheader(sight.title, anchor=False)
    output = next(iter(sight.graph.outputs.values()))
    left, right = st.columns([3, 2])
    layer = layer_choice.layer(
        left, sight.name, sight.number, _layers(sight), default=output, asked=asked.layer,
        describe=lambda name: f"{name} (the classes)" if name == output else name,
    )  # fmt: skip
    count = sight.graph[layer].shape[0]
    channel = layer_choice.channel(
        right, sight.name, sight.number, layer, count, default=target if layer == output else 0, asked=asked.channel,
        label="Class" if layer == output else "Channel",
    )  # fmt: skip
    if layer == output:
        right.caption(escape(class_words(sight.classes[channel])))
    return layer, channel


def _one_layer(sight: Sight, asked: layer_choice.Asked) -> str:
    from netlib.interpret.grad_cam import default_layer

    default = default_layer(sight.graph)
    return layer_choice.layer(
        st.container(), sight.name, sight.number, _layers(sight), default=default, asked=asked.layer, describe=str
    )  # fmt: skip


def on_the_way(sight: Sight) -> list[str]:
    """Layers from the first activation with a map to the last, equally far from each other."""
    from netlib.interpret.grad_cam import default_layer, layers

    options, last = layers(sight.graph), default_layer(sight.graph)
    active = [name for name in options if sight.graph[name].category == "activation"] or list(options)
    end = active.index(last) if last in active else len(active) - 1
    places = {round(step * end / (RUNGS - 1)) for step in range(RUNGS)}
    return [active[place] for place in sorted(places)]


def _title(sight: Sight, layer: str, channel: int) -> str:
    if layer == next(iter(sight.graph.outputs.values())):
        return class_words(sight.classes[channel])
    return f"{layer}, channel {channel}"


def _wanted(section: str, keys: Sequence[tuple[tuple[Any, ...], Sight]], passes: float, label: str) -> list[tuple[Any, ...]]:
    return on_request.wanted(
        section, [(key, on_request.cheap(sight, passes)) for key, sight in keys], label, icon=":material/auto_awesome:",
        help="Hundreds of steps, each forwards and backwards through the network; shown meanwhile.",
    )  # fmt: skip


# ---------------------------------------------------------------- what is computed


def _climb(sight: Sight, layer: str, channel: int, settings: Mapping[str, Any]) -> Iterator[tuple[float, str, maximization.Step]]:
    from netlib.interpret.maximization import maximize

    steps = settings["steps"]
    climb = partial(maximize, layer=layer, channel=channel, input_shape=sight.graph.input_shape, every=steps // LOOKS, **settings)
    for at in sight.steps(climb):
        yield at.step / steps, f"step {at.step} of {steps}, activation {units.value(at.value)}", at


def _descend(sight: Sight, layer: str, settings: Mapping[str, Any]) -> Iterator[tuple[float, str, inversion.Step]]:
    from netlib.interpret.inversion import invert

    steps = settings["steps"]
    for at in sight.steps(partial(invert, image=sight.input(), layer=layer, every=steps // LOOKS, **settings)):
        yield at.step / steps, f"step {at.step} of {steps}, error {units.value(at.error)}", at


# ---------------------------------------------------------------- what is shown


def _while_made(sight: Sight, what: str, at: Any) -> None:
    number = at.value if what == "activation" else at.error
    words = f"Step {at.step}: {what} {units.value(number)}"
    st.image(_large(sight, at.image), words, width=320, output_format="PNG", alt=words)


def _large(sight: Sight, image: Any) -> Any:
    return enlarged(sight.preprocessing.shown(image), 320)


def _side_by_side(pictures: Sequence[Any]) -> Any:
    gap = np.full((pictures[0].shape[0], 2, 3), 255, dtype=np.uint8)
    return enlarged(np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1), 960)
