"""The kernels of one layer of one network: the grid, the selected kernel enlarged with its numbers, the table of all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.figures import kernel_grid, units
from netlib.figures.mosaic import mosaic as grid
from pages.parts import layer_choice, links
from pages.parts.markdown import escape
from pages.parts.mosaic import mosaic, picked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from netlib.figures.kernel_grid import Tiles
    from netlib.interpret.kernels import KernelStatistics
    from pages.parts.sight import Sight

COLORS = ("red", "green", "blue")
ENLARGED = 18  # pixels that a weight of the selected kernel is wide, at least
TILE = 126  # pixels that a slice in one row is wide, at least
ALONE = 48  # pixels, where it reads one channel only
ROW = 3  # slices that stand in one row
MOST_ENLARGED = 12  # slices; more are shown as small as they are


@dataclass(frozen=True, slots=True, eq=False)
class Kernels:
    """The kernels of a layer (K, C, h, w), their statistics, their order, and the kernels of each tower in that order."""

    weights: NDArray[np.floating]
    statistics: Sequence[KernelStatistics]
    order: Sequence[int]
    towers: Sequence[Sequence[int]]
    present: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A layer of a network, with the kernel that is selected, and the input channel that the link asks for."""

    sight: Sight
    layer: str
    kernel: int
    found: Kernels
    asked_input: str = ""

    @property
    def limit(self) -> float:
        """The largest weight of the layer."""
        return float(abs(self.found.weights).max())


def layers(one: Sight) -> tuple[str, ...]:
    """The network's layers that have kernels."""
    from netlib.interpret import kernels  # imports torch

    return kernels.layers(one.graph)


def kernels(one: Sight, layer: str, sort: str) -> Kernels:
    """The kernels of a layer in an order; by norm where they have no colour to be sorted by."""
    return _kernels(one.key[:2], layer, sort, one)


@st.cache_resource(max_entries=48, show_spinner=False)
def _kernels(key: tuple[str, ...], layer: str, sort: str, _sight: Sight) -> Kernels:
    from netlib.interpret import kernels as k

    with _sight.model() as model:
        weights, present = k.kernels(model, layer), k.present(model, layer)
    order = k.order(weights, "norm" if sort == "color" and weights.shape[1] != 3 else sort).tolist()
    towers = [[index for index in order if index in tower] for tower in k.towers(_sight.graph, layer)]
    return Kernels(weights.numpy(), k.statistics(weights), order, towers, present.numpy())


def panel(chosen: Chosen, limit: float | None, *, alone: bool) -> None:
    """All kernels of the layer on the scale −limit … limit, or each on its own; towers side by side where the network is `alone`."""
    found = chosen.found
    dead = sum(kernel.dead for kernel in found.statistics)
    st.markdown(
        f"**{units.exact(len(found.weights))} kernels** of {_size(found.weights)}"
        + (f", {units.exact(dead)} of them dead" if dead else ", none of them dead")
        + (f", in {len(found.towers)} towers that do not read each other’s maps" if len(found.towers) > 1 else "")
        + "."
    )
    places = st.columns(len(found.towers), gap="medium") if alone else [st.container() for _ in found.towers]
    for number, (place, members) in enumerate(zip(places, found.towers, strict=True), start=1):
        with place:
            if len(found.towers) > 1:
                st.markdown(f"Tower {number}: kernels {min(members)} to {max(members)}")
            _grid(chosen, members, limit, number)


def below(chosen: Chosen, limit: float | None, *, alone: bool) -> None:
    """The selected kernel, the way to what it makes of a picture, and the table of all kernels of the layer."""
    selected(chosen, limit, alone=alone)
    query = links.of(chosen.sight, layer=chosen.layer, channel=str(chosen.kernel))
    links.link("What it makes of a picture", "features", query, icon=":material/visibility:")
    with st.expander(f"All {len(chosen.found.weights)} kernels of {escape(chosen.layer)} in numbers"):
        _table(chosen.found)


def _grid(chosen: Chosen, members: Sequence[int], limit: float | None, number: int) -> None:
    one, layer, found = chosen.sight, chosen.layer, chosen.found
    shown = kernel_grid.tiles(found.weights[list(members)], limit=limit)
    slices = [None] * len(members) if shown.slices is None else shown.slices.tolist()
    key = f"kernels_{one.name}_{number}"
    tower = f", tower {number}" if len(found.towers) > 1 else ""
    scale = _ends(limit) if limit is not None else "each kernel on its own scale"
    mosaic(
        grid(shown.tiles, palette=shown.palette or "signed"), key=key, low=shown.low.tolist(), high=shown.high.tolist(),
        names=[f"Kernel {index}" for index in members],
        labels=[kernel_grid.sentence(index, found.statistics[index], channel=c) for index, c in zip(members, slices, strict=True)],
        selected=members.index(chosen.kernel) if chosen.kernel in members else None,
        alt=f"The {len(members)} kernels of {layer} of {one.title}{tower}, {one.weights_title}.",
        caption=_caption(chosen, f"kernels{tower}, {scale}"), filename=f"{one.name}-{layer}-kernels{tower}",
        on_select=partial(_pick, key, one.name, layer, members),
    )  # fmt: skip


def selected(chosen: Chosen, limit: float | None, *, alone: bool) -> None:
    """The selected kernel enlarged, and in numbers: these beside it where the network stands `alone` on the page."""
    if not alone:
        st.markdown(f"**{escape(chosen.sight.title)}**")
    st.subheader(f"Kernel {chosen.kernel}", anchor=False)
    if alone:
        left, right = st.columns(2, gap="medium")
    else:
        left, right = st.container(), st.expander("Its numbers", expanded=bool(chosen.asked_input))
    with left:
        _pictures(chosen, limit)
    with right:
        _numbers(chosen)


def _pictures(chosen: Chosen, limit: float | None) -> None:
    """The kernel in its colours if it reads three channels, and by input channel."""
    one, layer, index, found = chosen.sight, chosen.layer, chosen.kernel, chosen.found
    kernel = found.weights[index]
    colored, sliced = st.columns([26, 74], vertical_alignment="bottom") if len(kernel) == 3 else (None, st.container())
    if colored:
        with colored:
            _enlarged(chosen, kernel_grid.tiles(kernel[None], limit=limit), ["All three"], "color", "in its colours")
    with sliced:
        names = [_channel(one, layer, c, len(kernel)) for c in range(len(kernel))]
        _enlarged(chosen, kernel_grid.slices(kernel, limit=limit), names, "slices", "by input channel")
    absent = int((~found.present[index]).sum())
    if absent:
        st.caption(f"{absent} of the {len(kernel)} input channels are not read: the paper’s table leaves them out.")


def _numbers(chosen: Chosen) -> None:
    """The weights for one of the input channels."""
    one, layer, kernel = chosen.sight, chosen.layer, chosen.found.weights[chosen.kernel]

    def describe(channel: int) -> str:
        return _channel(one, layer, channel, len(kernel))

    channel = layer_choice.input_channel(one.name, one.number, layer, len(kernel), asked=chosen.asked_input, describe=describe)
    table = pd.DataFrame(kernel[channel])
    written = table.style.format(lambda weight: f"{weight:.4f}".replace("-", "−"))
    st.dataframe(written, alt=f"The weights of kernel {chosen.kernel} for {describe(channel).lower()}.")


def _enlarged(chosen: Chosen, shown: Tiles, names: Sequence[str], what: str, words: str) -> None:
    one, index = chosen.sight, chosen.kernel
    scale = max(1, -(-ENLARGED * 3 // max(shown.tiles.shape[1:3]))) if len(names) > MOST_ENLARGED else ENLARGED
    if len(names) <= ROW:
        scale = max(scale, -(-TILE // max(shown.tiles.shape[1:3])))
    if len(chosen.found.weights[index]) == 1:
        scale = ALONE
    drawn = grid(shown.tiles, palette=shown.palette or "signed", scale=scale, gap=4, columns=len(names) if len(names) <= ROW else None)
    mosaic(
        drawn, key=f"kernel_{what}_{one.name}", width=drawn.size[1], legend=what != "color", idle=" ",
        titled=what == "color" or 1 < len(names) <= ROW, above=True,
        names=names, labels=[f"{name} of kernel {index}" if len(names) > 1 else f"Kernel {index}" for name in names],
        low=shown.low.tolist(), high=shown.high.tolist(),
        alt=f"Kernel {index} of {chosen.layer} of {one.title}, {words}.",
        caption=_caption(chosen, f"kernel {index} {words}, {_ends(float(shown.high[0]))}"),
        filename=f"{one.name}-{chosen.layer}-kernel-{index}-{what}",
    )  # fmt: skip


def _table(found: Kernels) -> None:
    columns = {
        "Norm": st.column_config.NumberColumn(format="%.4f"),
        "Sparsity": st.column_config.NumberColumn(format="%.2f", help="Hoyer’s: 0 when all weights are equal, 1 when one holds all."),
        "Cycles per pixel": st.column_config.NumberColumn(format="%.3f", help="Where its spectrum is strongest; 0 for a blob."),
        "Orientation, °": st.column_config.NumberColumn(format="%.0f", help="Of its stripes or its edge; 0 horizontal, 90 vertical."),
        "Colour, %": st.column_config.NumberColumn(format="%.0f", help="Share of its energy off the grey axis."),
        "Dead": st.column_config.CheckboxColumn(help="Its norm is below 1 % of the layer’s median."),
    }
    table = pd.DataFrame(kernel_grid.rows(found.statistics, found.order)).dropna(axis=1, how="all")
    st.dataframe(table, hide_index=True, height=320, column_config=columns, alt="Table of all kernels with their statistics.")


def _pick(key: str, network: str, layer: str, members: Sequence[int]) -> None:
    if found := picked(key):
        st.session_state[layer_choice.channel_key(network, layer)] = members[found.tile]


def _channel(one: Sight, layer: str, channel: int, count: int) -> str:
    if count == 3 and one.graph[layer].inputs[0] == one.graph.inputs[0].name:
        return COLORS[channel].capitalize()
    return f"Input channel {channel}"


def _size(weights: NDArray[np.floating]) -> str:
    _, channels, height, width = weights.shape
    return f"{height}×{width}, each over {channels} input channel{'s' if channels > 1 else ''}"


def _ends(limit: float) -> str:
    return f"weights from −{units.value(limit)} to {units.value(limit)}"


def _caption(chosen: Chosen, settings: str) -> str:
    one = chosen.sight
    return f"{one.title} ({one.weights_title}) · layer {chosen.layer} · {settings}"
