"""The nine patches of a data set that excite a channel most, and the projections of their units."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import crops, units
from netlib.figures.mosaic import mosaic as grid
from pages.parts import held_back, networks, on_request, seen, view
from pages.parts.markdown import escape
from pages.parts.mosaic import mosaic, picked
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from netlib.analysis.receptive_field import Box
    from netlib.interpret.backwards import Method
    from netlib.interpret.strongest import Strongest
    from pages.parts.look import Look
    from pages.parts.sight import Sight

COUNT = 9
MOST = 1.5e12  # multiply-accumulates of a sweep
BATCH = 32
STEP = 40e9  # multiply-accumulates between two words of how far it is
TILE = 64  # pixels that a patch is wide, at least
NINE = "nine"  # in the URL and in the session


def nine_panel(look: Look, method: Method) -> None:
    """The patches and their projections, found in one sweep for all channels of the layer; asked for first where it takes long."""
    one = look.sight
    pictures = _count(one)
    key = ("top-9", *one.key[:2], look.layer)
    shown = on_request.wanted(
        f"{NINE}_{one.number}",
        [(key, on_request.cheap(one, pictures))],
        f"Look through {pictures} pictures", icon=":material/manage_search:",
        help=f"{units.macs(int(_macs(one, pictures)))}; a minute or two on a laptop. It can be stopped, and what is found is kept for all.",
    )  # fmt: skip
    if not shown:
        return
    found = work(key, partial(_sweep, one, look.layer, pictures), label=f"Top-9 of {one.title}", show=partial(_so_far, look))
    if found is None:
        return
    if not float(found.values[look.channel, 0]) > 0 and one.graph[look.layer].kind in seen.ACTIVATIONS[:2]:
        st.caption(f"Channel {look.channel} is silent on all {pictures} pictures of {_about(one, pictures)}.")
        return
    try:
        with st.skeleton(height=260):
            cut, signals = _pictures(key, look.channel, method, look, found)
    except NetlibError as error:
        st.warning(escape(str(error)))
        return
    _draw(look, method, found, cut, signals, _about(one, pictures))


def _draw(look: Look, method: Method, found: Strongest, cut: NDArray[np.uint8], signals: NDArray[np.uint8], about: str) -> None:
    one, channel = look.sight, look.channel
    scale = max(1, -(-TILE // max(cut.shape[1:3])))
    labels = _labels(look, found)
    chosen = _enlarged(look, len(labels))
    for column, tiles, what, words in zip(
        st.columns(2), (cut, signals), ("patches", method), ("patches", f"their projections, {method}"), strict=True
    ):
        with column:
            key = f"nine_{what}_{one.name}" if what == "patches" else f"nine_projections_{one.name}"
            mosaic(
                grid(tiles, columns=3, gap=3, scale=scale), key=key, names=[f"{i + 1}." for i in range(len(tiles))], labels=labels,
                low=[0] if what == "patches" else [-1], high=[255] if what == "patches" else [1], selected=chosen, legend=False,
                alt=f"The nine strongest patches of channel {channel} of {look.layer} of {one.title}: {words}.",
                caption=one.caption(look.layer, channel, f"top-9 over {about}: {words}", picture=False),
                filename=look.file(f"top-9-{what}"), idle=words[0].upper() + words[1:], on_select=partial(_pick, key, one.name),
            )  # fmt: skip
    st.caption(f"Over {about}; each projection on a scale of its own, zero grey.")


def _enlarged(look: Look, count: int) -> int | None:
    """The patch that was selected, or that the link selects: in the URL as its rank, nine_1=3 for the third of the first network."""
    key, name = f"{NINE}_{look.sight.name}", f"{NINE}_{look.sight.number}"
    if key not in st.session_state:
        rank = st.query_params.get(name, "")
        st.session_state[key] = int(rank) - 1 if rank.isdecimal() and 1 <= int(rank) <= count else None
        if rank and st.session_state[key] is None:
            view.not_here(name, rank, "all of them")
    chosen: int | None = st.session_state[key]
    view.keep(name, None if chosen is None else str(chosen + 1))
    return chosen


def _pick(key: str, name: str) -> None:
    if found := picked(key):
        st.session_state[f"{NINE}_{name}"] = found.tile


def _labels(look: Look, found: Strongest) -> list[str]:
    one, channel = look.sight, look.channel
    data, chosen = held_back.of(one), _chosen(one, _count(one))
    rows = [
        (value, chosen[picture])
        for value, picture in zip(found.values[channel].tolist(), found.pictures[channel].tolist(), strict=True)
        if picture >= 0
    ]
    return [
        f"{i}. {data.classes[int(data.labels[picture])]}, picture {picture}: {units.value(value)}"
        for i, (value, picture) in enumerate(rows, start=1)
    ]


# ---------------------------------------------------------------- the data


def _macs(one: Sight, pictures: int) -> float:
    return float(networks.cost(one.graph).total.macs) * pictures


def _count(one: Sight) -> int:
    """How many pictures are looked through: all that are held back, but of a large network fewer."""
    each = max(1, networks.cost(one.graph).total.macs)
    return int(min(len(held_back.of(one).images), max(BATCH, MOST // each)))


def _about(one: Sight, pictures: int) -> str:
    data = held_back.of(one)
    every = pictures == len(data.images)
    return f"the {pictures} {data.words} held back from training" if every else f"{pictures} of the held-back {data.words}"


# ---------------------------------------------------------------- the work


def _chosen(one: Sight, pictures: int) -> list[int]:
    """Which pictures: spread over all of them, where they are not all."""
    every = len(held_back.of(one).images)
    return [i * every // pictures for i in range(pictures)]


def _sweep(one: Sight, layer: str, pictures: int) -> Iterator[tuple[float, str, Strongest]]:
    import torch

    from netlib.interpret.strongest import strongest

    data, chosen = held_back.of(one), _chosen(one, pictures)
    size = max(1, min(BATCH, int(STEP // _macs(one, 1))))
    batches = (torch.stack([data.tensor(i, one) for i in chosen[at : at + size]]) for at in range(0, pictures, size))
    for found in one.steps(partial(strongest, batches=batches, layer=layer, count=COUNT)):
        yield found.seen / pictures, f"{found.seen} of {pictures} pictures", found


def _so_far(look: Look, found: Strongest) -> None:
    st.image(
        grid(_patches(look, found)[0], columns=3, gap=3).picture, width=240, output_format="PNG",
        alt=f"The strongest patches of channel {look.channel} so far.",
    )  # fmt: skip


def _patches(look: Look, found: Strongest) -> tuple[NDArray[np.uint8], list[tuple[Tensor, tuple[int, int], Box]]]:
    one, channel = look.sight, look.channel
    rows = zip(*(part[channel].tolist() for part in (found.pictures, found.rows, found.columns)), strict=True)
    data, chosen = held_back.of(one), _chosen(one, _count(one))
    units_ = [(data.tensor(chosen[picture], one), (row, column)) for picture, row, column in rows if picture >= 0]
    whole = [(x, unit, seen.box(one.graph, look.layer, unit)) for x, unit in units_]
    return crops.stacked([crops.crop(one.preprocessing.shown(x), box) for x, _, box in whole]), whole


@st.cache_resource(max_entries=64, show_spinner=False)
def _pictures(
    key: tuple[str, ...], channel: int, method: Method, _look: Look, _found: Strongest
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    import torch

    from netlib.interpret.projection import Unit, project

    shown, whole = _patches(_look, _found)
    images = torch.stack([x for x, _, _ in whole])  # (9, C, H, W)
    units_ = [Unit(i, channel, *unit) for i, (_, unit, _) in enumerate(whole)]
    with _look.sight.model() as model:
        signals = project(model, images, _look.layer, units_, method=method).numpy()
    projected = [crops.crop(crops.signed(signal), box) for signal, (_, _, box) in zip(signals, whole, strict=True)]
    return shown, crops.stacked(projected)
