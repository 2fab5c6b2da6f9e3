"""What the convolutions of one to four networks have learned: their kernels as pictures and in numbers.

A link holds all of it: ?network=alexnet&weights_1=random&layer_1=conv1&channel_1=17&sort=orientation&scale=network
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import units
from pages.parts import kernel_panel, layer_choice, sight, view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from pages.parts.kernel_panel import Chosen
    from pages.parts.layer_choice import Asked
    from pages.parts.sight import Sight

SORTS = {"index": "their number", "norm": "norm", "frequency": "frequency", "orientation": "orientation", "color": "colour"}
SCALES = {"shared": "shared by all networks", "network": "each network", "kernel": "each kernel"}
APART = 2  # times that the largest weights of two networks may differ and still be seen well on one scale
MOST_BESIDE = 2  # networks beside which a layer and a kernel have room in one row


def main() -> None:
    st.title("Kernels")
    st.markdown(
        "What does a network look for first? Kernels of a first layer that reads colours can be looked at as small pictures: mid grey "
        "is a weight of zero. Others read one grey picture or many maps; of each, the slice of the input channel that it weighs most is "
        "shown, red for positive and blue for negative weights. Select a kernel to see all of it."
    )
    asked = layer_choice.linked(sight.DEFAULT)
    sights = sight.choose(picture=False)
    layer_choice.forget([number for number in range(1, 5) if number not in [one.number for one in sights]])
    if not sights:
        return
    left, right = st.columns(2)
    with left:
        sorts = [sort for sort in SORTS if sort != "color" or any(one.graph.input_shape[0] == 3 for one in sights)]
        sort = view.one_of("Sort by", sorts, name="sort", default="norm", format_func=SORTS.__getitem__)
    layer_choice.step_buttons({one.name: kernel_panel.layers(one) for one in sights})
    columns = st.columns(len(sights), gap="medium")
    chosen = []
    for column, one in zip(columns, sights, strict=True):
        with column:
            if found := choose(one, asked.get(one.name, layer_choice.Asked()), sort, narrow=len(sights) > MOST_BESIDE):
                chosen.append((column, found))
    limits = [found.limit for _, found in chosen] or [0.0]
    limit = max(limits)
    with right:
        scales = [scale for scale in SCALES if scale != "shared" or len(sights) > 1]
        usual = "shared" if len(sights) > 1 and limit <= APART * min(limits) else "network"
        scale = view.one_of("Scale", scales, name="scale", default=usual, format_func=SCALES.__getitem__)
    alone = len(sights) == 1
    for column, found in chosen:
        with column:
            kernel_panel.panel(found, end(found, scale, limit), alone=alone)
            if found.sight.weights == "random":
                st.caption(":material/casino: These weights are random: what looks like a pattern was not learned.")
            if sort == "color" and found.found.weights.shape[1] != 3:
                st.caption("These kernels read no colours; they are sorted by their norm.")
    places = dict(zip([one.number for one in sights], st.columns(len(sights), gap="medium"), strict=True))
    for _, found in chosen:
        with places[found.sight.number]:
            kernel_panel.below(found, end(found, scale, limit), alone=alone)
    if scale == "shared" and len(chosen) > 1:
        st.caption(f"One scale for all networks: from −{units.value(limit)} to {units.value(limit)}, the largest weight that is shown.")
    if scale == "network" and len(chosen) > 1:
        st.caption(
            f"Each network has a scale of its own: their largest weights go from {units.value(min(limits))} to {units.value(limit)}"
            + (", and on one scale the smaller ones would be hard to see." if limit > APART * min(limits) else ".")
        )


def end(found: Chosen, scale: str, shared: float) -> float | None:
    """The weight at the end of the scale; None where each kernel has one of its own."""
    return {"shared": shared, "network": found.limit, "kernel": None}[scale]


def choose(one: Sight, asked: Asked, sort: str, *, narrow: bool) -> Chosen | None:
    """The network's heading, its layer and its kernel, under each other if `narrow`; None, with a sentence, where there is none."""
    st.header(one.title, anchor=False)
    options = kernel_panel.layers(one)
    if not options:
        st.info(f"{escape(one.title)} has no convolution, so there are no kernels to show.")
        return None

    def describe(layer: str) -> str:
        return f"{layer} · {units.window(one.graph[layer])}"  # as much as fits beside three other networks

    row = st.container(horizontal=not narrow)
    layer = layer_choice.layer(row, one.name, one.number, options, default=options[0], asked=asked.layer, describe=describe)
    try:
        with st.skeleton(height=320):
            found = kernel_panel.kernels(one, layer, sort)
    except NetlibError as error:
        st.warning(escape(str(error)))
        return None
    asked = asked.of(layer, options[0])
    kernel = layer_choice.channel(
        row, one.name, one.number, layer, len(found.weights), default=found.order[0], asked=asked.channel, label="Kernel"
    )
    return kernel_panel.Chosen(one, layer, kernel, found, asked.input)


main()
