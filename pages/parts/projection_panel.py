"""One unit projected back to the picture: by deconvnet, gradient and guided backpropagation, cut to what the unit sees."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import crops, units
from netlib.figures.mosaic import mosaic as grid
from pages.parts import saving, seen
from pages.parts.markdown import escape
from pages.parts.mosaic import mosaic, picked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netlib.analysis.receptive_field import Box
    from netlib.interpret.backwards import Method
    from pages.parts.look import Look

TITLES = {"deconvnet": "Deconvnet", "gradient": "Gradient", "guided": "Guided"}
RULES = (
    "Three methods differ in one rule, at the ReLU. With *a* what came up to it and *s* the signal that comes down: "
    "**deconvnet** lets *s* through where *s* > 0, the **gradient** where *a* > 0, **guided** backpropagation where both are. "
    "The deconvnet’s paper is silent on LRN and other nonlinearities: there it passes *s* unchanged, the other two differentiate. "
    "The deconvnet’s signal starts as the unit’s activation, that of the other two as 1: how far their values go is not comparable."
)
WHOLE = 220  # pixels of the picture's longer side, at least
TILE = 150  # pixels that a crop is wide, at least
KEY = "view_method"
RECTIFIED = ("relu", "relu6")


def projections(look: Look, method: Method, columns: int) -> None:
    """What the unit sees of the picture, and its projection by each method; the chosen one is framed, a click chooses another."""
    one, box = look.sight, look.box
    said = escape(f"{look.words[0].upper()}{look.words[1:]} of {look.layer}: {units.value(look.value)}. ") + _sees(look)
    if silent(look):
        st.markdown(said)
        return
    with st.skeleton(height=200):
        found, refusals = _found(look)
    if refusals:
        st.warning(escape(" ".join(refusals)))
    pictures = [one.shown(), *map(crops.signed, found.values())]
    tiles = crops.stacked([crops.crop(picture, box) for picture in pictures])
    limits = [float(np.abs(signal).max()) for signal in found.values()]
    scale = max(1, -(-TILE // max(tiles.shape[1:3])))
    methods = list(found)
    names = ["The picture", *(TITLES[name] for name in methods)]
    key = f"projections_{one.name}"
    mosaic(
        grid(tiles, columns=columns, gap=6, scale=scale), key=key, names=names,
        labels=["The picture, as far as the unit sees it", *map(_label, methods, limits)], titled=True,
        low=[0, *(-limit for limit in limits)], high=[255, *limits], selected=1 + methods.index(method) if method in methods else None,
        alt=f"What {look.words} of {look.layer} of {one.title} sees of {one.picture_title}, and its projections: {', '.join(methods)}.",
        caption=look.caption(
            "the picture as far as the unit sees it, and its projections",
            "; ".join(f"{name} {span(limit)}" for name, limit in zip(found, limits, strict=True)) + "; zero is grey",
        ),
        filename=look.file("projections"), on_select=partial(_pick, key, methods),
    )  # fmt: skip
    # Below, for pictures that stand beside each other to begin at one height.
    st.markdown(said)
    if not any(layer.kind in RECTIFIED for layer in one.graph):
        st.caption(f"{escape(one.title)} has no ReLU: its gradient and its guided backpropagation are the same.")


def silent(look: Look) -> bool:
    """Whether the unit does not answer to the picture; if so, that is said, and what to choose instead."""
    if look.value:
        return False
    better = look.maps.order[0]
    other = f"channel {better}, the strongest here," if look.maps.values[better].max() > 0 else "another layer or picture"
    if not look.strongest and look.maps.values[look.channel].max() > 0:
        other = f"the channel’s strongest unit (an empty field “Unit”) or {other}"
    st.info(
        f"The unit is silent here: its activation is 0, so nothing comes down from it. Choose {other.rstrip(',')} to see one that answers.",
        icon=":material/volume_off:",
    )  # fmt: skip
    return True


def _found(look: Look) -> tuple[dict[Method, NDArray[np.floating]], list[str]]:
    """The projections, and why a method has none; said once if it is the same for several."""
    found: dict[Method, NDArray[np.floating]] = {}
    refusals: dict[str, None] = {}
    for name in seen.METHODS:
        try:
            found[name] = seen.projection(look.sight, look.layer, look.channel, look.unit, name)
        except NetlibError as error:
            refusals[str(error)] = None
    return found, list(refusals)


def whole(look: Look) -> None:
    """The whole picture with the box of the unit."""
    one = look.sight
    picture = crops.framed(one.shown(), look.box, least=WHOLE)
    with st.container(gap="xsmall"):
        st.image(
            picture, output_format="PNG", width="stretch", alt=f"{one.picture_title} with the part that {look.words} of {look.layer} sees."
        )
        caption = look.caption(settings=f"framed: the {look.box.height}×{look.box.width} px that the unit sees")
        saving.download(picture, caption, look.file("sees"), key=f"whole_{one.name}_png")


def _sees(look: Look) -> str:
    box = look.box
    if look.maps.size == (1, 1):
        return f"It sees {box.height}×{box.width} px."
    rows, columns = (f"{start} to {stop - 1}".replace("-", "−") for start, stop in ((box.top, box.bottom), (box.left, box.right)))
    said = f"It sees rows {rows}, columns {columns}: {box.height}×{box.width} px."
    outside = beyond(box, look.sight.graph.input_shape[-2:])
    return f"{said} {outside[0].upper()}{outside[1:]}." if outside else said


def beyond(box: Box, size: Sequence[int]) -> str:
    """What is said of a box that reaches beyond a picture of that size; else nothing."""
    height, width = size
    inside = box.top >= 0 and box.left >= 0 and box.bottom <= height and box.right <= width
    return "" if inside else f"what lies beyond the {height}×{width} picture is padding"


def span(limit: float) -> str:
    """The values of a signal in words, by the largest of them."""
    return f"from −{units.value(limit)} to {units.value(limit)}" if limit else "zero everywhere"


def _label(name: str, limit: float) -> str:
    if not limit:
        return f"{TITLES[name]}: nothing comes down to the picture"
    return f"{TITLES[name]}: from −{units.value(limit)} (dark) to {units.value(limit)} (bright), zero grey"


def _pick(key: str, methods: Sequence[Method]) -> None:
    found = picked(key)
    if found and found.tile:  # the first tile is the picture
        st.session_state[KEY] = methods[found.tile - 1]
