"""A picture made to excite one channel, one unit or one class as much as possible, step by step from noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.figures import units
from netlib.figures.heat import enlarged
from netlib.figures.heat_words import class_words
from pages.parts import layer_choice, links, on_request, regularizers
from pages.parts.markdown import escape
from pages.parts.picture_wall import Panel, picture_wall
from pages.parts.regularizers import CLIMB, LOOKS, THERE_AND_BACK
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from netlib.analysis.graph import Pair
    from netlib.interpret.maximization import Step
    from pages.parts.look import Look
    from pages.parts.sight import Sight

SECTION = "maximization"
WIDTH = 320


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be excited: a channel of a layer, one unit of it, or a class where the layer is the output."""

    sight: Sight
    layer: str
    channel: int
    unit: Pair | None = None

    @property
    def is_class(self) -> bool:
        return self.layer == _output(self.sight)

    @property
    def title(self) -> str:
        if self.is_class:
            return class_words(self.sight.classes[self.channel])
        unit = f", unit ({self.unit[0]}, {self.unit[1]})" if self.unit else ""
        return f"{self.layer}, channel {self.channel}{unit}"

    def key(self, settings: Mapping[str, Any]) -> tuple[Hashable, ...]:
        """Of the picture, for `work`."""
        return (SECTION, *self.sight.key[:2], self.layer, self.channel, self.unit, *settings.items())


def maximization_panel(look: Look) -> None:
    """The picture of what is looked at, with the usual regularizers; after a button where it takes long."""
    goal, settings = Goal(look.sight, look.layer, look.channel, None if look.strongest else look.unit), regularizers.usual(CLIMB)
    if _wanted([goal], settings) and _shown(goal, settings):
        st.caption(
            f"The picture above gives {units.value(look.value)}. Weight decay, total variation, blur and jitter keep this one smooth: "
            "without them it would be noise of high frequency."
        )


def maximizations(sights: Sequence[Sight], asked: Mapping[str, layer_choice.Asked]) -> None:
    """The section with its choices: one picture for each network, at first of the class."""
    st.header("Activation maximization", anchor="maximization")
    st.markdown(
        "From noise, the picture is changed step by step so that one unit, or one class, answers as strongly as it can. "
        "What keeps it a picture: decay (Simonyan et al. 2014), blur (Yosinski et al. 2015), total variation and jitter "
        "(Mahendran and Vedaldi 2015)."
    )
    settings = regularizers.choose(CLIMB)
    ask, plan = st.container(), []
    for column, sight in zip(st.columns(len(sights), gap="medium"), sights, strict=True):
        with column:
            plan.append((_goal(sight, asked.get(sight.name, layer_choice.Asked())), st.container()))
    with ask:
        shown = _wanted([goal for goal, _ in plan], settings)
    for goal, place in plan:
        with place:
            if goal.key(settings) in shown and _shown(goal, settings) and not goal.is_class:
                query = links.of(goal.sight, layer=goal.layer, channel=str(goal.channel))
                links.link("Everything about this channel", "unit", query, icon=":material/id_card:")


# ---------------------------------------------------------------- what is chosen


def _goal(sight: Sight, asked: layer_choice.Asked) -> Goal:
    st.subheader(sight.title, anchor=False)
    output, options = _output(sight), [layer.name for layer in sight.graph if layer.inputs and len(layer.shape) in (1, 3)]
    left, right = st.columns([3, 2])
    layer = layer_choice.layer(
        left, sight.name, sight.number, options, default=output, asked=asked.layer,
        describe=lambda name: f"{name} (the classes)" if name == output else name,
    )  # fmt: skip
    channel = layer_choice.channel(
        right, sight.name, sight.number, layer, sight.graph[layer].shape[0], default=(sight.true_class or 0) if layer == output else 0,
        asked=asked.channel, label="Class" if layer == output else "Channel",
    )  # fmt: skip
    if layer == output:
        right.caption(escape(class_words(sight.classes[channel])))
    return Goal(sight, layer, channel)


def _output(sight: Sight) -> str:
    return next(iter(sight.graph.outputs.values()))


def _wanted(goals: Sequence[Goal], settings: Mapping[str, Any]) -> list[tuple[Hashable, ...]]:
    passes = settings["steps"] * THERE_AND_BACK * len(goals)
    return on_request.wanted(
        SECTION,
        [(goal.key(settings), on_request.cheap(goal.sight, passes)) for goal in goals],
        "Make the picture" if len(goals) == 1 else "Make the pictures", icon=":material/auto_awesome:",
        help=f"{settings['steps']} steps, each forwards and backwards through the network. They are shown meanwhile and can be stopped.",
    )  # fmt: skip


# ---------------------------------------------------------------- what is made


def _shown(goal: Goal, settings: Mapping[str, Any]) -> bool:
    """Makes the picture and shows it; whether it is there."""
    sight = goal.sight
    label = f"{sight.title}, {goal.title}"
    made = work(goal.key(settings), partial(_climb, goal, settings), label=label, show=partial(_while_made, goal))
    if made is None:
        return False
    said = f"Activation {units.value(made.value)} after {made.step} steps."
    panel = Panel(goal.title, sight.preprocessing.shown(made.image), f"Picture made for {label}. {said}", said)
    picture_wall([("", [panel])], key=f"maximization_{sight.number}", least=150, most=WIDTH, linked=False)
    download(
        enlarged(panel.picture, WIDTH),
        sight.caption(method=f"activation maximization of {goal.title}", settings=regularizers.words(settings), picture=False),
        f"{sight.name} {goal.layer} {goal.channel} maximized", f"save_maximization_{sight.number}",
    )  # fmt: skip
    return True


def _climb(goal: Goal, settings: Mapping[str, Any]) -> Iterator[tuple[float, str, Step]]:
    from netlib.interpret.maximization import maximize

    steps = settings["steps"]
    climb = partial(
        maximize, layer=goal.layer, channel=goal.channel, unit=goal.unit, input_shape=goal.sight.graph.input_shape,
        every=steps // LOOKS, **settings,
    )  # fmt: skip
    for at in goal.sight.steps(climb):
        yield at.step / steps, f"step {at.step} of {steps}, activation {units.value(at.value)}", at


def _while_made(goal: Goal, at: Step) -> None:
    words = f"Step {at.step}: activation {units.value(at.value)}"
    st.image(enlarged(goal.sight.preprocessing.shown(at.image), WIDTH), words, width=WIDTH, output_format="PNG", alt=words)
