"""Effective fields on demand: measured with random weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis.receptive_field import input_box
from netlib.analysis.store import default_input
from netlib.errors import NetlibError
from netlib.figures.effective_heat import half_share, heat_picture
from pages.parts import field_choice, networks
from pages.parts.field_photo import picture
from pages.parts.markdown import escape
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from netlib.analysis.graph import LayerGraph, Pair

SEED = 0
HEAVY = 2_000_000_000  # MACs; above it fewer samples


def effective_fields(units: Sequence[tuple[str, LayerGraph, str, Pair]], photo: str) -> None:
    """The section with its button: one picture for each (network, graph, layer, unit), measured when the button is pressed."""
    st.header("Effective field", anchor="effective")
    st.markdown(
        "A unit can see all of its box, but not all of the box counts alike. The heat is the size of the unit’s gradient at each pixel, "
        f"over random pictures. The weights here are random too (seed {SEED}): in a trained network the effect is spread differently."
    )
    wanted: set[tuple[str, str, Pair]] = st.session_state.setdefault("effective_wanted", set())
    keys = [(name, layer, unit) for name, _, layer, unit in units]
    pictures = " or ".join(map(str, sorted({_samples(name) for name, *_ in units})))
    st.button(
        "Compute effective fields", icon=":material/blur_on:", disabled=wanted.issuperset(keys), on_click=wanted.update, args=(keys,),
        help=f"Averaged over {pictures} random pictures. Seconds for a small network; a deep one may take a minute or two.",
    )  # fmt: skip
    if not wanted.intersection(keys):
        return
    for column, (name, graph, layer, unit) in zip(st.columns(len(units), gap="medium"), units, strict=True):
        with column:
            st.markdown(f"**{networks.title(name)}**: {escape(layer)}, unit ({unit[0]}, {unit[1]})")
            if (name, layer, unit) in wanted:
                stop = partial(wanted.discard, (name, layer, unit))
                _effective(name, graph, layer, unit, photo, stop)
            else:
                st.caption("Not measured yet for this unit: compute again.")
    st.caption("Dark: no effect; bright: the strongest in the picture; in between, the size of the gradient. Frame: the theoretical box.")


def _effective(name: str, graph: LayerGraph, layer: str, unit: Pair, photo: str, stop: Callable[[], None]) -> None:
    title = networks.title(name)
    try:
        modules = _modules(name)
        path = _module(graph, layer, modules)
    except NetlibError as error:
        st.warning(escape(str(error)))
        return
    if path is None:
        nearest = _nearest(graph, layer, modules)
        st.warning(f"{escape(layer)} is an operation between the modules of {title}, where no gradient is taken; choose a module’s output.")
        if nearest:
            st.button(f"Select {escape(nearest)}", key=f"nearest_{name}", on_click=_select, args=(name, nearest))
        return
    field = work(("effective field", name, path, unit), partial(_measure, name, path, unit), label=title, on_stop=stop)
    if field is None:
        return
    box, (channels, height, width) = input_box(graph, layer, unit), graph.input_shape
    share = half_share(field, box)
    middle = f"the central {100 * share:.0f} % of the field’s height and width, {100 * share**2:.0f} % of its area"
    said = f"Half of the squared gradient comes from {middle}."
    st.image(
        heat_picture(field, picture(photo, (height, width), channels == 1), box), width=560, output_format="PNG",
        alt=f"Effective field of unit {unit} of {layer} in {title}, as heat over the photo. {said}",
    )  # fmt: skip
    st.markdown(said)


def _select(name: str, layer: str) -> None:
    st.session_state[field_choice.layer_key(name)] = layer


def _samples(name: str) -> int:
    """How many random pictures are averaged: fewer where one takes long."""
    return 8 if _heavy(name) else 32


def _heavy(name: str) -> bool:
    return networks.cost(networks.graph(name)).total.macs > HEAVY


def _measure(name: str, path: str, unit: Pair) -> Iterator[tuple[float, str, NDArray[np.floating]]]:
    """The field (H, W), 1 at its maximum, of more and more pictures: a step of `work` for each batch.

    The network is built for this call alone: a module must not serve two threads at once.
    """
    from netlib.interpret.effective_field import effective_field_batches  # torch is imported only when asked for
    from netlib.models.build import build

    count, (channels, height, width) = _samples(name), default_input(name)
    model, batch = build(name, seed=SEED), 1 if _heavy(name) else 4
    for done, field in effective_field_batches(
        model, path, input_shape=(channels, height, width), unit=unit, samples=count, batch=batch
    ):
        yield done / count, f"{done} of {count} pictures", field.numpy()


@st.cache_data(max_entries=64, show_spinner=False)
def _modules(name: str) -> frozenset[str]:
    from netlib.models.build import build

    return frozenset(path for path, _ in build(name, meta=True).named_modules())


def _module(graph: LayerGraph, layer: str, modules: frozenset[str]) -> str | None:
    """Path of the module whose output is the layer: its own, or that of the block it ends. The last use of a module counts."""
    path = layer.partition("@")[0]
    if path in modules:
        uses = [name for name in graph.by_name if name.partition("@")[0] == path]
        return path if uses[-1] == layer else None
    block = layer.rpartition(".")[0]
    inside = [name for name in graph.by_name if name.startswith(f"{block}.")]
    return block if block in modules and inside and inside[-1] == layer else None


def _nearest(graph: LayerGraph, layer: str, modules: frozenset[str]) -> str | None:
    """The layer next in the forward pass, after or before, that is a module's output."""
    names = list(graph.by_name)
    at = names.index(layer)
    around = sorted(range(len(names)), key=lambda i: (abs(i - at), i < at))
    return next((names[i] for i in around if graph[names[i]].inputs and _module(graph, names[i], modules)), None)
