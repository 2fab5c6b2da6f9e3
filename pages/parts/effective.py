"""Effective fields on demand: measured with random weights, kept for all visitors, two at a time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from netlib.analysis.receptive_field import input_box
from netlib.analysis.store import default_input
from netlib.errors import NetlibError
from netlib.figures.effective_heat import half_share, heat_picture
from pages.parts import field_choice, networks
from pages.parts.field_photo import picture
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from netlib.analysis.graph import LayerGraph, Pair

SEED = 0
HEAVY = 2_000_000_000  # MACs; above it fewer samples
AT_ONCE = 2  # a deep network at 224×224 takes about 1 GB while it is measured
MOST_KEPT = 64
_kept: dict[tuple[str, str, Pair], NDArray[np.floating]] = {}  # (network, module, unit) -> field, for all visitors
_queue: list[object] = []  # those who measure, AT_ONCE of them, and behind them those who wait


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
        field = _measured(name, path, unit, stop) if path else None
    except NetlibError as error:
        st.warning(escape(str(error)))
        return
    if field is None:
        nearest = _nearest(graph, layer, modules)
        st.warning(f"{escape(layer)} is an operation between the modules of {title}, where no gradient is taken; choose a module’s output.")
        if nearest:
            st.button(f"Select {escape(nearest)}", key=f"nearest_{name}", on_click=_select, args=(name, nearest))
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


def _measured(name: str, path: str, unit: Pair, stop: Callable[[], None]) -> NDArray[np.floating]:
    """(H, W), 1 at its maximum; with a bar and a button to stop while it is measured."""
    key = (name, path, unit)
    if key not in _kept:
        place = st.empty()
        with place.container():
            bar = st.progress(0.0, f"{networks.title(name)} is being built…")
            st.button("Stop", on_click=stop, icon=":material/stop_circle:", key=f"stop_{name}")
            found = _measure(name, path, unit, bar.progress)
        place.empty()
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = found
    return _kept[key]


def _measure(name: str, path: str, unit: Pair, tell: Callable[[float, str], object]) -> NDArray[np.floating]:
    """The field; `tell` hears how far it is, and ends it by raising, as Streamlit does when the visitor left or clicked.

    The network is built for this call alone: a module must not serve two threads at once.
    """
    from netlib.interpret.effective_field import effective_field_batches  # torch is imported only when asked for
    from netlib.models.build import build

    title, count, (channels, height, width) = networks.title(name), _samples(name), default_input(name)
    with _turn(lambda ahead: tell(0.0, f"{ahead} measurements are ahead of {title}; it starts by itself.")):
        tell(0.0, f"{title} is being built…")
        model, batch, found = build(name, seed=SEED), 1 if _heavy(name) else 4, np.zeros((height, width))
        for done, field in effective_field_batches(
            model, path, input_shape=(channels, height, width), unit=unit, samples=count, batch=batch
        ):
            tell(done / count, f"{title}: {done} of {count} pictures")
            found = field.numpy()
    return found


@contextmanager
def _turn(wait: Callable[[int], object]) -> Iterator[None]:
    """A place among those who measure at once; until it is free, `wait` hears how many are ahead, the measuring ones too."""
    ticket = object()
    _queue.append(ticket)
    try:
        while (ahead := _queue.index(ticket)) >= AT_ONCE:
            wait(ahead)
            time.sleep(0.3)
        yield
    finally:
        _queue.remove(ticket)


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
