"""Which held-back pictures a network finds like the chosen one, as AlexNet's Figure 4 has it, and which are like it pixel by pixel."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from netlib.figures import units
from netlib.figures.heat import enlarged
from netlib.figures.heat_words import class_words
from netlib.figures.words import listed
from pages.parts import held_back, on_request
from pages.parts.picture_wall import Panel, picture_wall
from pages.parts.saving import download
from pages.parts.work import work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from netlib.figures.heat import Picture
    from pages.parts.held_back import HeldBack
    from pages.parts.sight import Sight

    Group = tuple[str, Sequence[Panel]]

COUNT = 7
LARGEST = 64  # pixels of a patch: every picture is compared with every pixel
BATCH = 32


def nearest(sights: Sequence[Sight]) -> None:
    """The section: for each network the nearest pictures by its last hidden layer, then those by pixels, once for an input size."""
    st.header("Nearest pictures", anchor="nearest")
    st.markdown(
        "Two pictures are alike for a network when its last hidden layer answers alike (Krizhevsky, Sutskever and Hinton 2012, Figure 4). "
        "Last come the pictures that are nearest pixel by pixel: where they differ, a network goes by something else than colours and "
        "their places."
    )
    keys = {sight.number: ("features", *sight.key[:2]) for sight in sights}
    shown = on_request.wanted(
        "nearest",
        [(keys[sight.number], on_request.cheap(sight, 400)) for sight in sights],
        "Find the nearest pictures", icon=":material/search:",
        help="Every held-back picture goes through each network once; kept for all visitors.",
    )  # fmt: skip
    by_pixels: dict[tuple[str, bytes], Group] = {}  # by what is compared with what: networks of one input size share it
    for sight in sights:
        if keys[sight.number] not in shown:
            continue
        vectors = work(keys[sight.number], partial(_steps, sight), label=f"{sight.title} looks at the held-back {_data(sight).words}")
        if vectors is not None:
            by_pixels[_data(sight).words, sight.shown().tobytes()] = _shown(sight, vectors)
    if by_pixels:
        st.subheader("Pixel by pixel", anchor=False)
        picture_wall(list(by_pixels.values()), key="nearest_by_pixels", least=105, most=170, linked=False)


def _data(sight: Sight) -> HeldBack:
    return held_back.of(sight, LARGEST)


def _steps(sight: Sight) -> Iterator[tuple[float, str, NDArray[np.float32]]]:
    """The vectors of the last hidden layer of all held-back pictures, (N, F)."""
    import torch

    from netlib.interpret.similarity import features

    data = _data(sight)
    vectors: list[NDArray[np.float32]] = []
    count = len(data.images)
    for start in range(0, count, BATCH):
        inputs = torch.stack([data.tensor(index, sight) for index in range(start, min(start + BATCH, count))])  # (n, C, H, W)
        with sight.model() as model:
            vectors.extend(part.numpy() for part in features(model, inputs, batch=BATCH))
        done = min(start + BATCH, count)
        yield done / count, f"{done} of {count} pictures", np.concatenate(vectors)


@st.cache_data(max_entries=128, show_spinner=False)
def _nearest(key: tuple[str, ...], _sight: Sight, _vectors: NDArray[np.float32]) -> dict[str, tuple[list[int], list[float]]]:
    """By layer and by pixels: places in the data and distances; a picture that is the chosen one itself is left out."""
    import torch

    from netlib.interpret.similarity import closest, features, last_hidden

    with _sight.model() as model:
        (own,) = features(model, _sight.input()[None])
    held = _data(_sight).images
    size = held.shape[-1]
    seen = Image.fromarray(_sight.shown()).resize((size, size), Image.Resampling.BILINEAR)
    pixels = np.asarray(seen.convert("L") if held.shape[1] == 1 else seen, dtype=np.float32) / 255
    flat = torch.from_numpy(held.astype(np.float32) / 255).flatten(1)
    mine = torch.from_numpy(np.moveaxis(np.atleast_3d(pixels), 2, 0).copy()).flatten()
    others = (flat - mine).abs().amax(1) > 1.5 / 255  # (N,), not the picture itself
    places = others.nonzero()[:, 0]
    found: dict[str, tuple[list[int], list[float]]] = {}
    for name, one, many in ((last_hidden(_sight.graph), own[0], torch.from_numpy(_vectors)), ("pixels", mine, flat)):
        near = closest(one, many[places], COUNT)
        found[name] = (places[near.indices].tolist(), near.distances.tolist())
    return found


def _shown(sight: Sight, vectors: NDArray[np.float32]) -> Group:
    """The network's own row, and both rows to save; gives the row by pixels."""
    data = _data(sight)
    (layer, near), (_, alike) = _nearest(sight.key, sight, vectors).items()
    height, width = data.images.shape[-2:]
    groups = [_group(sight, f"By {layer}, the last hidden layer", *near), _group(sight, f"By pixels, {height}×{width}", *alike)]
    st.subheader(sight.title, anchor=False)
    picture_wall(groups[:1], key=f"nearest_{sight.number}", least=105, most=170, linked=False)
    method = f"nearest of the held-back {data.words} by layer (above) and by pixels (below), Euclidean distance"
    rows = [_row([panel.picture for panel in panels]) for _, panels in groups]
    download(
        partial(_stacked, rows), sight.caption(layer=layer, method=method), f"{sight.name} nearest",
        f"save_nearest_{sight.number}", label="Pictures",
    )  # fmt: skip
    return groups[1]


def _group(sight: Sight, by: str, places: Sequence[int], distances: Sequence[float]) -> Group:
    """A row: the picture, and those that are nearest."""
    data = _data(sight)
    labels = [data.classes[int(data.labels[place])] for place in places]
    panels = [Panel("The picture", sight.shown(), f"{sight.picture_title} as {sight.title} sees it.")]
    for place, label, distance in zip(places, labels, distances, strict=True):
        picture, words = np.array(data.picture(place).convert("RGB")), units.value(distance)
        panels.append(Panel(class_words(label), picture, f"{class_words(label)}, distance {words}", f"distance {words}"))
    return f"{by}: {_counted(labels)}", panels


def _counted(labels: Sequence[str]) -> str:
    return listed([f"{count} × {class_words(label)}" for label, count in Counter(labels).most_common()])


def _row(pictures: Sequence[Picture]) -> Picture:
    """Side by side, all 96 pixels high, the first apart."""
    tiles = [np.asarray(Image.fromarray(enlarged(picture, 96)).resize((96, 96))) for picture in pictures]
    gap = np.full((96, 4, 3), 255, dtype=np.uint8)
    return np.concatenate([tiles[0], *(part for tile in tiles[1:] for part in (gap, tile))], axis=1)


def _stacked(rows: Sequence[Any]) -> Picture:
    gap = np.full((8, rows[0].shape[1], 3), 255, dtype=np.uint8)
    return np.concatenate([rows[0], gap, rows[1]])
