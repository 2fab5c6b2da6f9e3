"""Correspondence, as ZFNet's Table 1 has it: the same part is hidden in several pictures; does the network answer alike?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from netlib.data.same_parts import SETS, pictures, seen_box
from netlib.errors import NetlibError
from netlib.figures import part_bars
from netlib.figures.part_bars import RANDOM, Row
from pages.parts import on_request, view
from pages.parts.markdown import escape
from pages.parts.picture_wall import Panel, picture_wall
from pages.parts.save_chart import save_chart
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlib.analysis.receptive_field import Box
    from netlib.figures.heat import Picture
    from netlib.interpret.correspondence import Correspondence
    from pages.parts.sight import Sight

DRAWS = 8  # of random boxes
EDGE = (230, 60, 60)


def correspondence(sights: Sequence[Sight]) -> None:
    """The section: the pictures with their parts, and how alike each network answers when one of them is hidden."""
    st.header("Correspondence", anchor="correspondence")
    st.markdown(
        "The same part is hidden in five pictures. If a layer ties the part of one picture to that of another, its features change in the "
        "same direction: Δ, the mean Hamming distance between the signs of the changes, is small, and smaller than for random boxes "
        "(Zeiler and Fergus 2014, Table 1). The five are views of one photo, chosen here; no other picture plays a part."
    )
    grey = all(sight.graph.input_shape[0] == 1 for sight in sights)
    name = view.selectbox("Pictures", list(SETS), name="parts", default="eight" if grey else "cat", format_func=lambda one: SETS[one].title)
    try:
        _views(sights[0], name)
    except NetlibError as error:
        st.warning(escape(str(error)))
        return
    keys = {sight.number: ("correspondence", *sight.key[:2], name) for sight in sights}
    passes = 5.0 * 2 * (len(SETS[name].parts) + DRAWS) * 2
    shown = on_request.wanted(
        "correspondence",
        [(keys[sight.number], on_request.cheap(sight, passes)) for sight in sights],
        "Hide the parts", icon=":material/join_inner:", help="Each part, and random boxes as large, are hidden in all five pictures.",
    )  # fmt: skip
    rows: list[Row] = []
    for sight in sights:
        if keys[sight.number] in shown:
            found = work(keys[sight.number], partial(_steps, sight, name), label=f"Correspondence in {sight.title}")
            rows += found or []
    if not rows:
        return
    said = " ".join(map(part_bars.words, rows))
    st.plotly_chart(
        part_bars.figure(rows, dark=st.context.theme.type == "dark"), key="part_bars", alt=said,
        config={"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "correspondence"}},
    )  # fmt: skip
    used = [sight for sight in sights if any(row.index == sight.number - 1 for row in rows)]
    save_chart(
        partial(part_bars.figure, rows), partial(_numbers, used, rows, name),
        "\n".join([*(one.caption(method=_method(name), picture=False) for one in used), f"Whiskers: deviation over the pairs. {said}"]),
        f"correspondence {name}", "save_part_bars",
    )  # fmt: skip
    st.markdown("  \n".join(escape(part_bars.words(row)) for row in rows))
    st.dataframe(part_bars.table(rows), hide_index=True, alt="The bars as a table: Δ and its deviation over the pairs of pictures.")


def _method(name: str) -> str:
    """Said in captions."""
    return f"correspondence: parts of {SETS[name].title[0].lower()}{SETS[name].title[1:]} hidden by the mean colour"


def _numbers(sights: Sequence[Sight], rows: Sequence[Row], name: str) -> list[dict[str, Any]]:
    """A row for each network, layer and part."""
    weights = {sight.number - 1: sight.weights_title for sight in sights}
    return [
        {
            "network": row.title, "weights": weights[row.index], "pictures": SETS[name].title, "layer": row.layer, "part": part,
            "mean Hamming distance": mean, "deviation": deviation,
        }
        for row in rows for part, (mean, deviation) in row.distances.items()
    ]  # fmt: skip


def _views(sight: Sight, name: str) -> None:
    """The pictures as the first network sees them, the parts outlined."""
    panels = []
    for number, (image, parts) in enumerate(pictures(name), start=1):
        height, width = image.height, image.width
        picture = np.array(sight.preprocessing.fitted(image).convert("RGB"))
        large = picture.repeat(max(1, 256 // max(picture.shape[:2])), 0).repeat(max(1, 256 // max(picture.shape[:2])), 1)
        factor = large.shape[0] // picture.shape[0]
        for box in parts.values():
            _outline(large, seen_box(sight.preprocessing, (height, width), box), factor)
        panels.append(Panel(f"Picture {number}", large, f"Picture {number} with {', '.join(parts)} outlined."))
    picture_wall([("", panels)], key=f"parts_{name}", least=120, most=220, linked=False, label=SETS[name].title)
    row = partial(np.concatenate, [panel.picture for panel in panels], axis=1)
    caption = sight.caption(method=f"{SETS[name].title} as it sees them", settings=f"boxes: {', '.join(SETS[name].parts)}", picture=False)
    download(row, caption, f"parts {name}", f"save_parts_{name}", label="Pictures")


def _outline(picture: Picture, box: Box, factor: int) -> None:
    """Draw a box, given in pixels of the picture before it was enlarged, into the picture."""
    top, left, bottom, right = (factor * at for at in (box.top, box.left, box.bottom, box.right))
    width = max(2, picture.shape[0] // 128)
    for rows, columns in (
        (slice(top, top + width), slice(left, right)), (slice(max(0, bottom - width), bottom), slice(left, right)),
        (slice(top, bottom), slice(left, left + width)), (slice(top, bottom), slice(max(0, right - width), right)),
    ):  # fmt: skip
        picture[rows, columns] = EDGE


def _steps(sight: Sight, name: str) -> Iterator[tuple[float, str, list[Row]]]:
    import torch

    from netlib.interpret.correspondence import correspondence as measure
    from netlib.interpret.correspondence import random_boxes
    from netlib.interpret.grad_cam import default_layer
    from netlib.interpret.similarity import last_hidden

    given = pictures(name)
    images = torch.stack([sight.preprocessing.tensor(image) for image, _ in given])  # (N, C, H, W)
    boxes = {
        part: [seen_box(sight.preprocessing, (image.height, image.width), parts[part]) for image, parts in given]
        for part in SETS[name].parts
    }
    height, width = sight.graph.input_shape[-2:]
    layers = (default_layer(sight.graph), last_hidden(sight.graph))  # as the paper's layers 5 and 7
    rows: list[Row] = []

    def measured(places: Sequence[Box], layer: str) -> Correspondence:
        with sight.model() as model:  # for one measurement at a time
            return measure(model, images, places, layer)

    for layer in layers:
        found = {}
        for part, places in boxes.items():
            one = measured(places, layer)
            found[part] = (one.mean, one.deviation)
        every = list(boxes.values())
        pairs = []
        for seed in range(DRAWS):
            pairs.append(measured(random_boxes(every[seed % len(every)], (height, width), seed), layer).pairs)
            yield (len(rows) + (seed + 1) / DRAWS) / len(layers), layer, rows
        found[RANDOM] = _pooled(torch.stack(pairs))
        rows = [*rows, Row(sight.title, layer, sight.number - 1, found)]
    yield 1.0, "done", rows


def _pooled(pairs: object) -> tuple[float, float]:
    """Mean and deviation over the pairs of pictures of all draws; pairs: (draws, N, N)."""
    values = np.asarray(pairs)
    upper = values[:, *np.triu_indices(values.shape[-1], 1)]
    return float(upper.mean()), float(upper.std())
