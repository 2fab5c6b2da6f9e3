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
from pages.parts.save_chart import save_chart
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
                         list(curves.distances.values())[which].tolist())
            for sight, _, curves in found
        ]  # fmt: skip

    answers = [
        figures.Line(sight.title, sight.number - 1, curves.values.tolist(), curves.probability.tolist()) for sight, _, curves in found
    ]
    said = [
        figures.invariance_words(sight.title, curves.values, curves.probability, neutral, unit, sight.classes[target])
        for sight, target, curves in found
    ]
    charts = (
        ("First layer", partial(figures.distances, lines(0), unit)),
        ("Last hidden layer", partial(figures.distances, lines(-1), unit)),
        ("Probability", partial(figures.probabilities, answers, unit)),
    )
    for column, (heading, draw) in zip(st.columns(3, gap="medium"), charts, strict=True):
        with column:
            about = " ".join(said) if heading == "Probability" else "Distance to the features of the picture itself."
            st.markdown(f"**{heading}**")
            st.plotly_chart(draw(dark=dark), key=f"invariance_{kind}_{heading}", alt=f"{heading}. {about}", config=CONFIG)
            caption = _caption(kind, found, f"{heading}. {about}")
            save_chart(draw, partial(_numbers, kind, found), caption, f"invariance {kind} {heading}", f"save_{kind}_{heading}")
    st.markdown("  \n".join(said))
    st.caption("Each distance is drawn as a share of its largest, because every layer has a unit of its own; the number is in the hover.")


def _caption(kind: str, found: Sequence[tuple[Sight, int, Curves]], said: str) -> str:
    """A line for each network, then what is seen."""
    lines = [
        sight.caption(", ".join(curves.distances), method=f"invariance: {KINDS[kind].lower()}", settings=class_words(sight.classes[target]))
        for sight, target, curves in found
    ]
    return "\n".join([*lines, said])


def _numbers(kind: str, found: Sequence[tuple[Sight, int, Curves]]) -> list[dict[str, Any]]:
    """A row for each network and each transformed picture."""
    from netlib.interpret.invariance import KINDS as KNOWN

    return [
        {
            "network": sight.title, "weights": sight.weights_title, "picture": sight.picture_title, "class": sight.classes[target],
            KNOWN[kind].unit: float(curves.values[i]), "probability": float(curves.probability[i]),
            **{f"{which} layer": layer for which, layer in zip(ENDS, curves.distances, strict=True)},
            **{f"{which} distance": float(far[i]) for which, far in zip(ENDS, curves.distances.values(), strict=True)},
        }
        for sight, target, curves in found for i in range(len(curves.values))
    ]  # fmt: skip


def _strip(kind: str, found: Sequence[tuple[Sight, int, Curves]]) -> None:
    """Some of the pictures, with what each network says of them."""
    sight, _, curves = found[0]
    chosen = sorted(set(np.linspace(0, len(curves.values) - 1, TILES).round().astype(int).tolist()))
    pictures = transformed(sight, kind, [float(curves.values[index]) for index in chosen])
    panels = []
    for index, picture in zip(chosen, pictures, strict=True):
        words = _words(kind, float(curves.values[index]))
        said = ", ".join(f"{one.title} {units.percent(float(other.probability[index]))}" for one, _, other in found)
        panels.append(Panel(words, picture, f"{sight.picture_title}, {words}. {said}", said))
    picture_wall([("The class in some of the pictures", panels)], key=f"invariance_strip_{kind}", least=120, most=190, linked=False)
    amounts = ", ".join(panel.title for panel in panels)
    caption = sight.caption(method=f"{KINDS[kind].lower()} of what it sees", settings=amounts)
    answers = [
        f"Probability of {class_words(one.classes[target])} in {one.title} ({one.weights_title}): "
        + ", ".join(units.percent(float(curves.probability[index])) for index in chosen)
        for one, target, curves in found
    ]
    download(
        partial(_row, pictures), "\n".join([caption, *answers]),
        f"{sight.name} {kind}", f"save_invariance_{kind}", label="Strip of pictures",
    )  # fmt: skip


def transformed(sight: Sight, kind: str, values: Sequence[float]) -> list[Picture]:
    """What the network sees of the picture for each value, (H, W, 3)."""
    from netlib.interpret.invariance import transformed as change

    return [sight.preprocessing.shown(one) for one in change(sight.input(), kind, values)]


def _words(kind: str, value: float) -> str:
    from netlib.interpret.invariance import KINDS as KNOWN

    return figures.value_words(value, KNOWN[kind].unit)


def _row(pictures: Sequence[Picture]) -> Picture:
    gap = np.full((pictures[0].shape[0], 3, 3), 255, dtype=np.uint8)
    return np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1)
