"""Invariance, as ZFNet's Figure 5 has it: how far features and probability go when the picture is moved, scaled or turned."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from netlib.figures import invariance_curves as figures
from netlib.figures import units
from netlib.figures.heat_words import class_words
from pages.parts import on_request, view
from pages.parts.picture_wall import Panel, picture_wall
from pages.parts.save_chart import save_numbers, save_picture
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from netlib.figures.heat import Picture
    from netlib.interpret.invariance import Curves
    from pages.parts.sight import Sight

KINDS: Mapping[str, str] = {"translation": "Translation", "scale": "Scale", "rotation": "Rotation"}
PASSES = 26  # values of a curve, and the picture itself
TILES = 7
ENDS = ("first", "last hidden")  # the layers that are compared
CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "invariance"}}


def invariance(targets: Sequence[tuple[Sight, int]]) -> None:
    """The section: curves of all networks on the same axes, and the pictures that they were shown."""
    st.header("Invariance", anchor="invariance")
    st.markdown(
        "The picture is moved down, enlarged or turned. How far do the features go from those of the picture itself, in the first layer "
        "and in the last hidden one, and does the class survive (Zeiler and Fergus 2014, Figure 5)?"
    )
    kind = view.one_of("Transformation", list(KINDS), name="kind", default="translation", format_func=KINDS.__getitem__)
    keys = {sight.number: ("invariance", *sight.key, target, kind) for sight, target in targets}
    shown = on_request.wanted(
        "invariance",
        [(keys[sight.number], on_request.cheap(sight, PASSES)) for sight, _ in targets],
        "Compute the curves", icon=":material/rotate_right:", help=f"About {PASSES} forward passes of each network.",
    )  # fmt: skip
    found: list[tuple[Sight, int, Curves]] = []
    for sight, target in targets:
        if keys[sight.number] in shown:
            curves = work(keys[sight.number], partial(_steps, sight, target, kind), label=f"{KINDS[kind]} in {sight.title}")
            if curves is not None:
                found.append((sight, target, curves))
    if found:
        _charts(kind, found)
        _strip(kind, found)


def _steps(sight: Sight, target: int, kind: str) -> Iterator[tuple[float, str, Curves]]:
    from netlib.interpret.invariance import invariance as curves

    for found in sight.steps(partial(curves, image=sight.input(), target=target, kind=kind)):
        yield found.done / len(found.values), f"{found.done} of {len(found.values)} pictures", found


def _charts(kind: str, found: Sequence[tuple[Sight, int, Curves]]) -> None:
    from netlib.interpret.invariance import KINDS as KNOWN

    unit, neutral, dark = KNOWN[kind].unit, KNOWN[kind].neutral, st.context.theme.type == "dark"

    def lines(which: int) -> list[figures.Line]:
        return [
            figures.Line(f"{sight.title}, {list(curves.distances)[which]}", sight.number - 1, curves.values.tolist(),
                         list(curves.distances.values())[which].tolist(), _side(sight))
            for sight, _, curves in found
        ]  # fmt: skip

    answers = [
        figures.Line(sight.title, sight.number - 1, curves.values.tolist(), curves.probability.tolist(), _side(sight))
        for sight, _, curves in found
    ]
    shares = figures.in_shares(unit, [_side(sight) for sight, *_ in found])
    said = [
        figures.invariance_words(
            sight.title, curves.values, curves.probability, neutral, unit, sight.classes[target], _side(sight) if shares else 0
        )
        for sight, target, curves in found
    ]
    about = "Distance to the features of the picture itself."
    charts: Sequence[tuple[str, Any, int | None, str]] = (  # heading, chart, which layer, what is seen
        ("First layer", partial(figures.distances, lines(0), unit), 0, about),
        ("Last hidden layer", partial(figures.distances, lines(-1), unit), -1, about),
        ("Probability", partial(figures.probabilities, answers, unit), None, " ".join(said)),
    )
    for column, (heading, draw, which, about) in zip(st.columns(3, gap="medium"), charts, strict=True):
        with column:
            st.markdown(f"**{heading}**")
            st.plotly_chart(draw(dark=dark), key=f"invariance_{kind}_{heading}", alt=f"{heading}. {about}", config=CONFIG)
            words = caption(kind, found, which, f"{heading}. {about}")
            save_picture(draw, words, f"invariance {kind} {heading}", f"save_{kind}_{heading}")
    st.markdown("  \n".join(said))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "Each distance is drawn as a share of its largest, because every layer has a unit of its own; the number is in the hover."
            + (" The networks see pictures of different heights, so each moves it by the same share of its own." if shares else ""),
            width="content",
        )
        save_numbers(
            partial(numbers, kind, found), f"invariance {kind}", f"save_{kind}_csv", help="Save the numbers of all three charts as CSV."
        )


def _side(sight: Sight) -> int:
    """Pixels that the picture is high for the network."""
    return sight.graph.input_shape[-2]


def caption(kind: str, found: Sequence[tuple[Sight, int, Curves]], which: int | None, said: str) -> str:
    """A line for each network, with the one of its layers that is drawn, then what is seen."""
    lines = [
        sight.caption(
            None if which is None else list(curves.distances)[which], method=f"invariance: {KINDS[kind].lower()}",
            settings=class_words(sight.classes[target]),
        )
        for sight, target, curves in found
    ]  # fmt: skip
    return "\n".join([*lines, said])


def numbers(kind: str, found: Sequence[tuple[Sight, int, Curves]]) -> list[dict[str, Any]]:
    """A row for each network and each transformed picture."""
    from netlib.interpret.invariance import KINDS as KNOWN

    return [
        {
            "network": sight.title, "weights": sight.weights_title, "picture": sight.picture_title, "class": sight.classes[target],
            "picture height": _side(sight), KNOWN[kind].unit: float(curves.values[i]), "probability": float(curves.probability[i]),
            **{f"{which} layer": layer for which, layer in zip(ENDS, curves.distances, strict=True)},
            **{f"{which} distance": float(far[i]) for which, far in zip(ENDS, curves.distances.values(), strict=True)},
        }
        for sight, target, curves in found for i in range(len(curves.values))
    ]  # fmt: skip


def _strip(kind: str, found: Sequence[tuple[Sight, int, Curves]]) -> None:
    """Some of the pictures as the first network sees them, with what each network says of its own."""
    from netlib.interpret.invariance import KINDS as KNOWN

    sight, _, first = found[0]
    several = figures.in_shares(KNOWN[kind].unit, [_side(one) for one, *_ in found])
    answers = _answers(kind, found, several)
    amounts = [amount for amount, _ in answers[sight.number]]
    pictures = transformed(sight, kind, [float(first.values[place]) for place in some(kind, _side(sight), first.values)])
    panels = []
    for step, (amount, picture) in enumerate(zip(amounts, pictures, strict=True)):
        said = "; ".join(f"{one.title} {_answer(*answers[one.number][step], amount)}" for one, *_ in found)
        panels.append(Panel(amount, picture, f"{sight.picture_title}, {amount}. {said}", said))
    picture_wall([("The class in some of the pictures", panels)], key=f"invariance_strip_{kind}", least=120, most=190, linked=False)
    lines = [sight.caption(method=f"{KINDS[kind].lower()} of what it sees", settings=", ".join(amounts))]
    for one, target, _ in found:
        said = ", ".join(_answer(*answer, amount) for answer, amount in zip(answers[one.number], amounts, strict=True))
        lines.append(f"Probability of {class_words(one.classes[target])} in {one.title} ({one.weights_title}): {said}")
    download(partial(_row, pictures), "\n".join(lines), f"{sight.name} {kind}", f"save_invariance_{kind}", label="Strip of pictures")


def some(kind: str, height: int, values: Tensor) -> list[int]:
    """Places among a network's values that are alike for networks of any height: some of the paper's, each as it is at that height."""
    from netlib.interpret.invariance import KINDS as KNOWN
    from netlib.interpret.invariance import own_value

    papers = KNOWN[kind].values
    chosen = [papers[round(step * (len(papers) - 1) / (TILES - 1))] for step in range(TILES)]
    return [int((values - own_value(kind, value, height)).abs().argmin()) for value in chosen]


def _answers(kind: str, found: Sequence[tuple[Sight, int, Curves]], several: bool) -> dict[int, list[tuple[str, str]]]:
    """Number of each network -> what each picture of the strip is for it, and the probability that it gives it."""
    from netlib.interpret.invariance import KINDS as KNOWN

    places = [some(kind, _side(sight), curves.values) for sight, _, curves in found]
    chances = [float(curves.probability[place]) for (*_, curves), chosen in zip(found, places, strict=True) for place in chosen]
    shares = iter(units.percents(chances))
    return {
        sight.number: [
            (figures.value_words(float(curves.values[place]), KNOWN[kind].unit, _side(sight) if several else 0), next(shares))
            for place in chosen
        ]
        for (sight, _, curves), chosen in zip(found, places, strict=True)
    }


def _answer(amount: str, share: str, shown: str) -> str:
    """The probability, and what it is of where that is not what is shown."""
    return share if amount == shown else f"{share} ({amount})"


def transformed(sight: Sight, kind: str, values: Sequence[float]) -> list[Picture]:
    """What the network sees of the picture for each value, (H, W, 3)."""
    from netlib.interpret.invariance import transformed as change

    return [sight.preprocessing.shown(one) for one in change(sight.input(), kind, values)]


def _row(pictures: Sequence[Picture]) -> Picture:
    gap = np.full((pictures[0].shape[0], 3, 3), 255, dtype=np.uint8)
    return np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1)
