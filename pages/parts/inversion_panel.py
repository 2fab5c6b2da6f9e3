"""Pictures that a layer cannot tell from the chosen one, found step by step from noise: what the layer has kept of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from netlib.figures import units
from netlib.figures.heat import enlarged
from netlib.figures.words import listed
from pages.parts import layer_choice, on_request, regularizers, view
from pages.parts.markdown import escape
from pages.parts.picture_wall import Panel, picture_wall
from pages.parts.regularizers import DESCENT, LOOKS, THERE_AND_BACK
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from netlib.figures.heat import Picture
    from netlib.interpret.inversion import Step
    from pages.parts.sight import Sight

SECTION = "inversion"
LADDER: Mapping[str, str] = {"through": "some on the way through", "one": "one"}
RUNGS = 4


def inversions(sights: Sequence[Sight], asked: Mapping[str, layer_choice.Asked]) -> None:
    """The section: for each network the picture beside one that its layer cannot tell from it."""
    st.header("Feature inversion", anchor="inversion")
    st.markdown(
        "From noise, a picture is sought whose features in a layer are those of the chosen one: what it shows, the layer has kept; what it "
        "lost, the layer no longer knows (Mahendran and Vedaldi 2015). What keeps it a picture: the α-norm, α = 6, and total variation. "
        "Features may match nearly in full though the picture looks like noise: early layers keep almost all of it, but from a deep layer "
        "many pictures have the same features, and the search ends at any of them."
    )
    settings = regularizers.choose(DESCENT)
    through = view.one_of("Layers", list(LADDER), name="layers", default="through", format_func=LADDER.__getitem__) == "through"
    ask, plan = st.container(), []
    for sight in sights:
        st.subheader(sight.title, anchor=False)
        layers = on_the_way(sight) if through else [_one_layer(sight, asked.get(sight.name, layer_choice.Asked()))]
        plan.append((sight, layers, st.container()))
    passes = settings["steps"] * THERE_AND_BACK * sum(len(layers) for _, layers, _ in plan)
    with ask:
        shown = on_request.wanted(
            SECTION,
            [(_key(sight, layer, settings), on_request.cheap(sight, passes)) for sight, layers, _ in plan for layer in layers],
            "Invert the features", icon=":material/auto_awesome:",
            help=f"{settings['steps']} steps, each forwards and backwards. They are shown meanwhile and can be stopped.",
        )  # fmt: skip
    for sight, layers, place in plan:
        with place:
            there = [layer for layer in layers if _key(sight, layer, settings) in shown]
            if not there:
                st.caption(f"From {escape(listed(layers))}.")
            made = {layer: _made(sight, layer, settings) for layer in there}
            if found := {layer: step for layer, step in made.items() if step is not None}:
                _shown(sight, found, regularizers.words(settings))


def on_the_way(sight: Sight) -> list[str]:
    """Layers from the first activation with a map to the last, equally far from each other."""
    from netlib.interpret.grad_cam import default_layer, layers

    options, last = layers(sight.graph), default_layer(sight.graph)
    active = [name for name in options if sight.graph[name].category == "activation"] or list(options)
    end = active.index(last) if last in active else len(active) - 1
    places = {round(step * end / (RUNGS - 1)) for step in range(RUNGS)}
    return [active[place] for place in sorted(places)]


def _one_layer(sight: Sight, asked: layer_choice.Asked) -> str:
    from netlib.interpret.grad_cam import default_layer

    options = [layer.name for layer in sight.graph if layer.inputs and len(layer.shape) in (1, 3)]
    default = default_layer(sight.graph)
    return layer_choice.layer(st.container(), sight.name, sight.number, options, default=default, asked=asked.layer, describe=str)


def _key(sight: Sight, layer: str, settings: Mapping[str, Any]) -> tuple[Hashable, ...]:
    return (SECTION, *sight.key, layer, *settings.items())


# ---------------------------------------------------------------- what is made


def _made(sight: Sight, layer: str, settings: Mapping[str, Any]) -> Step | None:
    return work(
        _key(sight, layer, settings), partial(_descend, sight, layer, settings), label=f"{sight.title}, {layer}",
        show=partial(_while_made, sight),
    )  # fmt: skip


def _descend(sight: Sight, layer: str, settings: Mapping[str, Any]) -> Iterator[tuple[float, str, Step]]:
    from netlib.interpret.inversion import invert

    steps = settings["steps"]
    for at in sight.steps(partial(invert, image=sight.input(), layer=layer, every=steps // LOOKS, **settings)):
        yield at.step / steps, f"step {at.step} of {steps}, error {units.value(at.error)}", at


def _while_made(sight: Sight, at: Step) -> None:
    words = f"Step {at.step}: error {units.value(at.error)}"
    st.image(enlarged(sight.preprocessing.shown(at.image), 320), words, width=320, output_format="PNG", alt=words)


def _shown(sight: Sight, made: Mapping[str, Step], words: str) -> None:
    """What the network sees, and what each layer has kept of it."""
    panels = [Panel("What it sees", sight.shown(), f"{sight.picture_title} as {sight.title} sees it.")]
    for layer, step in made.items():
        said = f"{units.percent(max(0.0, 1 - step.error))} of the features’ squared size matched after {step.step} steps."
        panels.append(Panel(f"From {layer}", sight.preprocessing.shown(step.image), f"Picture made from {layer}. {said}", said))
    picture_wall([("", panels)], key=f"inversion_{sight.number}", least=150, most=320, label=sight.title)
    download(
        partial(_side_by_side, [panel.picture for panel in panels]),
        sight.caption(layer=", ".join(made), method="what it sees, and feature inversion of each layer", settings=words),
        f"{sight.name} inverted", f"save_inversion_{sight.number}",
    )  # fmt: skip


def _side_by_side(pictures: Sequence[Picture]) -> Picture:
    gap = np.full((pictures[0].shape[0], 2, 3), 255, dtype=np.uint8)
    return enlarged(np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1), 960)
