"""Whether a map can be trusted: does it change with the network's weights, and does it order the pixels better than chance?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from netlib.figures import heat, heat_words, trust_curves
from netlib.figures.trust_curves import Curve
from pages.parts import trust_choice
from pages.parts.checked import CURVES, Checked
from pages.parts.picture_wall import Panel, picture_wall
from pages.parts.save_chart import save_chart
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from streamlit.delta_generator import DeltaGenerator

MOST = 6  # stops on the way down; each is the method's whole work again
STEPS = 32

_into_view = st.components.v2.component(
    "trust_into_view",
    html="<i hidden></i>\n",
    js="""
// Scrolls to the check that a button has just opened.
export default function ({ data, parentElement }) {
  if (data.scroll) (parentElement.host ?? parentElement).scrollIntoView({ block: "center" })
}
""",
)


@dataclass(frozen=True, slots=True)
class Stop:
    """The map with all layers from the output down to `layer` made random (None: none), and how like the first it is."""

    layer: str | None
    values: NDArray[Any]
    spearman: float
    ssim: float


def below(maps: Mapping[int, tuple[DeltaGenerator, Sequence[Checked]]]) -> None:
    """The check of the map that is asked for, in the place below the maps of its network.

    Args:
        maps: number of a network -> the place, and the maps that may be checked.
    """
    which = trust_choice.asked()
    found = [(place, one) for place, checkable in maps.values() for one in checkable if (one.sight.number, one.name) == which]
    for place, one in found:
        before = one.line()
        with place:
            trust_panel(one)
        if one.line() != before:
            st.rerun()  # the line stands below the map, which was drawn before


def trust_panel(checked: Checked) -> None:
    """The section: a strip of maps with ever more random weights, then the curves of deletion and insertion."""
    with st.container(border=True):
        with st.container(gap=None):
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.subheader(f"Trust check: {checked.title}, {checked.sight.title}", anchor="check", width="content")
                st.button("Close", icon=":material/close:", on_click=trust_choice.close, type="tertiary", key="close_check")
            _into_view(key="trust_into_view", data={"scroll": trust_choice.just_opened()})
        if checked.method is not None:
            _randomization(checked)
        _curves(checked)


def _caption(checked: Checked, test: str) -> str:
    """What stands under what is saved."""
    words = ", ".join(f"{name} {value}" for name, value in (checked.settings or {}).items())
    name = heat_words.class_words(checked.sight.classes[checked.target])
    return checked.sight.caption(method=f"trust check of {checked.title} for {name}: {test}", settings=words)


# ---------------------------------------------------------------- random weights


def _randomization(checked: Checked) -> None:
    st.markdown(
        "**Does it depend on the weights?** Layer by layer, from the output down, the weights are made random (Adebayo et al. 2018). "
        "A map that explains the network must change; one that stays does not show what was learned; it may be little more than edges. "
        "Each map has its own colours, up to its 99th percentile."
    )
    found = work(
        checked.randomized_key, partial(_stops, checked), label=f"{checked.title} of {checked.sight.title} with random weights",
        show=partial(_strip, checked, key=None),
    )  # fmt: skip
    if not found:
        return
    _strip(checked, found, key=f"trust_{checked.sight.number}")
    correlations = [stop.spearman for stop in found]
    st.markdown(trust_curves.randomized_words([stop.layer for stop in found], correlations))
    edges, like = _edges(checked)
    st.markdown(trust_curves.edge_words(like.spearman_absolute))
    stages = ", ".join(f"random down to {stop.layer}" for stop in found[1:])
    caption = f"{_caption(checked, 'random weights')}\nWeights as they are, {stages}, edges of the picture"
    download(
        partial(_row, checked, found, edges), caption, f"{checked.sight.name} {checked.name} randomized",
        f"save_randomized_{checked.sight.number}", label="Strip of maps",
    )  # fmt: skip


def _stops(checked: Checked) -> Iterator[tuple[float, str, list[Stop]]]:
    from netlib.interpret import trust

    found: list[Stop] = []
    of = len(trust.stops(checked.sight.graph, MOST)) + 1
    cascade = partial(
        trust.randomized, image=checked.sight.input(), target=checked.target, method=checked.method or "", most=MOST,
        **(checked.settings or {}),
    )  # fmt: skip
    for step in checked.sight.steps(cascade):
        like = step.similarity
        found = [*found, Stop(step.layer, heat.flattened(step.map.numpy()), like.spearman, like.ssim)]
        yield len(found) / of, f"{len(found) - 1} of {of - 1} stages", found


def _strip(checked: Checked, found: list[Stop], *, key: str | None) -> None:
    if key is None:
        with st.container(horizontal=True):
            for stop in found:
                st.image(_drawn(checked, stop.values), _heading(stop), width=150, output_format="PNG", alt=_heading(stop))
        return
    panels = []
    for stop in found:
        said = "" if stop.layer is None else trust_curves.similarity_text(stop.spearman, stop.ssim)
        alt = f"{_heading(stop)}: {said or 'the map itself'}"
        panels.append(Panel(_heading(stop), _drawn(checked, stop.values), alt, said))
    edges, like = _edges(checked)
    said = trust_curves.similarity_text(like.spearman_absolute, like.ssim)
    panels.append(Panel("Edges of the picture", heat.plain(edges, heat.signed_scale([edges])), f"Edges of the picture: {said}", said))
    picture_wall([("", panels)], key=key, least=120, most=220, label=checked.title)


def _heading(stop: Stop) -> str:
    return "Weights as they are" if stop.layer is None else f"Random down to {stop.layer}"


def _drawn(checked: Checked, values: NDArray[Any]) -> heat.Picture:
    return heat.over_photo(values, checked.sight.shown(), heat.signed_scale([values]), opacity=0.9)


def _edges(checked: Checked) -> tuple[NDArray[Any], Any]:
    """The edge detector's map, and how like it the map is."""
    import torch

    from netlib.interpret import trust

    edges = trust.sobel(checked.sight.input())
    return edges.numpy(), trust.similarity(torch.as_tensor(checked.values).float().abs(), edges)


def _row(checked: Checked, found: list[Stop], edges: NDArray[Any]) -> heat.Picture:
    """The strip as one picture, the maps side by side on white."""
    tiles = [heat.enlarged(_drawn(checked, stop.values), 220) for stop in found]
    tiles.append(heat.enlarged(heat.plain(edges, heat.signed_scale([edges])), 220))
    gap = np.full((tiles[0].shape[0], 10, 3), 255, dtype=np.uint8)
    return np.concatenate([part for tile in tiles for part in (tile, gap)][:-1], axis=1)


# ---------------------------------------------------------------- deletion and insertion


def _curves(checked: Checked) -> None:
    st.markdown(
        "**Does it order the pixels?** The pixels that the map calls strongest are taken out first (deletion), or put into a blurred "
        "picture first (insertion). With a good map the probability falls fast, and rises fast (Petsiuk et al. 2018)."
    )
    found = work(
        checked.curves_key, partial(_measured, checked), label=f"Deletion and insertion in {checked.sight.title}",
    )  # fmt: skip
    if not found:
        return
    curves = (found[CURVES[0]], found[CURVES[1]], found[CURVES[2]], found[CURVES[3]])
    said = trust_curves.curve_words(*curves)
    st.plotly_chart(
        trust_curves.figure(*curves, dark=st.context.theme.type == "dark"), key=f"trust_curves_{checked.sight.number}",
        alt=said, config={"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "deletion-and-insertion"}},
    )  # fmt: skip
    save_chart(
        partial(trust_curves.figure, *curves), partial(_numbers, checked, found),
        f"{_caption(checked, 'deletion and insertion')}\n{said}", f"{checked.sight.name} {checked.name} deletion and insertion",
        f"save_curves_{checked.sight.number}",
    )  # fmt: skip
    st.markdown(said)


def _numbers(checked: Checked, found: Mapping[str, Curve]) -> list[dict[str, Any]]:
    """A row for each share of the pixels."""
    sight = checked.sight
    return [
        {
            "network": sight.title, "weights": sight.weights_title, "picture": sight.picture_title, "map": checked.title,
            "class": sight.classes[checked.target], "share of pixels": share,
            **{name: found[name].probabilities[i] for name in CURVES},
        }
        for i, share in enumerate(found[CURVES[0]].fractions)
    ]  # fmt: skip


def _measured(checked: Checked) -> Iterator[tuple[float, str, dict[str, Curve]]]:
    import torch

    from netlib.interpret import trust

    image = checked.sight.input()
    own = torch.as_tensor(np.ascontiguousarray(checked.values)).float()
    ways: list[Callable[[Any], Any]] = [
        partial(how, image=image, target=checked.target, map=order, steps=STEPS)
        for order in (own, trust.random_map(image)) for how in (trust.deletion, trust.insertion)
    ]  # fmt: skip
    found: dict[str, Curve] = {}
    for number, (name, way) in enumerate(zip(CURVES, ways, strict=True), start=1):
        with checked.sight.model() as model:  # for one curve at a time
            curve = way(model)
        found = {**found, name: Curve(curve.fractions.tolist(), curve.probabilities.tolist(), float(curve.area))}
        yield number / len(CURVES), f"{name} done", found
