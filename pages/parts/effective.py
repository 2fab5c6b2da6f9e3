"""Effective fields on demand, with learned weights where there are some."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from netlib.analysis.receptive_field import input_box
from netlib.analysis.store import default_input
from netlib.data.photos import PHOTOS
from netlib.figures.effective_heat import half_share, heat_picture
from pages.parts import networks, on_request, saving, shared_models, weights_picker
from pages.parts.field_photo import picture
from pages.parts.markdown import escape
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from netlib.analysis.graph import LayerGraph, Pair
    from pages.parts.weights_picker import ChosenWeights

HEAVY = 2_000_000_000  # MACs; above it fewer samples


def effective_fields(units: Sequence[tuple[str, LayerGraph, str, Pair]], photo: str) -> None:
    """The section with its button: one picture for each (network, graph, layer, unit), measured when the button is pressed."""
    st.header("Effective field", anchor="effective")
    st.markdown(
        "A unit can see all of its box, but not all of the box counts alike. The heat is the size of the unit’s gradient at each pixel, "
        "over random pictures. The weights are learned ones where the network has some here, else random ones, which spread it differently."
    )
    pictures = " or ".join(map(str, sorted({_samples(name) for name, *_ in units})))
    keys = [_key(name, layer, unit) for name, _, layer, unit in units]
    wanted = on_request.wanted(
        "effective", [(key, False) for key in keys], "Compute effective fields", icon=":material/blur_on:",
        help=f"Averaged over {pictures} random pictures. Seconds for a small network; a deep one may take a minute or two.",
    )  # fmt: skip
    if not wanted:
        return
    for column, (name, graph, layer, unit), key in zip(st.columns(len(units), gap="medium"), units, keys, strict=True):
        with column:
            st.markdown(f"**{networks.title(name)}**: {escape(layer)}, unit ({unit[0]}, {unit[1]})")
            if key in wanted:
                _effective(name, graph, layer, unit, photo)
            else:
                st.caption("Not measured yet for this unit: compute again.")
    st.caption("Dark: no effect; bright: the strongest in the picture; in between, the size of the gradient. Frame: the theoretical box.")


def _key(name: str, layer: str, unit: Pair) -> tuple[Hashable, ...]:
    """Of `work`."""
    return "effective field", name, weights_picker.by_default(name).id, layer, unit


def _effective(name: str, graph: LayerGraph, layer: str, unit: Pair, photo: str) -> None:
    title, weights, key = networks.title(name), weights_picker.by_default(name), _key(name, layer, unit)
    field = work(key, partial(_measure, name, weights, layer, unit), label=title)
    if field is None:
        return
    box, (channels, height, width) = input_box(graph, layer, unit), graph.input_shape
    share = half_share(field, box)
    middle = f"the central {100 * share:.0f} % of the field’s height and width, {100 * share**2:.0f} % of its area"
    said = f"Half of the squared gradient comes from {middle}."
    drawn = heat_picture(field, picture(photo, (height, width), channels == 1), box)
    with st.container(gap="xsmall"):
        st.image(
            drawn, width=560, output_format="PNG",
            alt=f"Effective field of unit {unit} of {layer} in {title} ({weights.title}), as heat over the photo. {said}",
        )  # fmt: skip
        caption = (
            f"{title} ({weights.title}) · {PHOTOS[photo].title} · layer {layer} · unit row {unit[0]}, column {unit[1]} · "
            f"effective receptive field: size of the gradient over {_samples(name)} random pictures, zero dark · frame: theoretical field"
        )
        saving.download(np.asarray(drawn), caption, f"{name}-{layer}-effective-field", key=f"effective_{name}_png")
    st.markdown(f"{said} {weights.title[0].upper()}{weights.title[1:]}.")


def _samples(name: str) -> int:
    """How many random pictures are averaged: fewer where one takes long."""
    return 8 if _heavy(name) else 32


def _heavy(name: str) -> bool:
    return networks.cost(networks.graph(name)).total.macs > HEAVY


def _measure(name: str, weights: ChosenWeights, layer: str, unit: Pair) -> Iterator[tuple[float, str, NDArray[np.floating]]]:
    """The field (H, W), 1 at its maximum, of more and more pictures: a step of `work` for each batch."""
    from netlib.interpret.effective_field import effective_field_batches  # torch is imported only when asked for

    count, (channels, height, width) = _samples(name), default_input(name)
    measured = partial(
        effective_field_batches, layer=layer, input_shape=(channels, height, width), unit=unit, samples=count,
        batch=1 if _heavy(name) else 4,
    )  # fmt: skip
    for done, field in shared_models.steps((name, weights.key), weights.build, measured):
        yield done / count, f"{done} of {count} pictures", field.numpy()
