"""Which photo is this patch from? A colour data set out of ten photos that scikit-image and scikit-learn carry in their packages.

A photo is divided into cells, five along its shorter side. One cell in five is held back, a knight's move from the next, so that
all parts of a photo are tested. Square windows of several sizes are cut, those to test with inside a held-back cell, those to learn
from wherever they touch none: no pixel of a held-back patch is in any patch to learn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from netlib.analysis.receptive_field import Box
from netlib.data.split import split
from netlib.errors import InvalidInput, NetlibError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlib.analysis.graph import Pair
    from netlib.data.split import Labels, Pictures, Split

# Class -> package and file. Sources and terms: the docstrings of skimage.data, and sklearn's datasets/images/README.txt.
FILES = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "cat": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "deep field": ("skimage", "data/hubble_deep_field.jpg"),
    "retina": ("skimage", "data/retina.jpg"),
    "tissue": ("skimage", "data/ihc.png"),
    "motorcycle": ("skimage", "data/motorcycle_left.png"),
    "pagoda": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
}
PIP = {"skimage": "scikit-image", "sklearn": "scikit-learn"}
CLASSES = tuple(FILES)
CELLS = 5  # along the shorter side of a photo
HELD_BACK = 5  # one cell of so many
LEARNED = (0.8, 1.0, 1.2)  # sides of the windows to learn from, in cells; they start at every fifth of a cell
TESTED = {0.8: 2, 1.0: 1}  # sides of the windows held back, in cells -> how many along each axis of a cell
STARTS = 5


@dataclass(frozen=True, slots=True)
class Patch:
    """Where a patch comes from.

    Attributes:
        label: number of its class, that is of its photo.
        box: its window, in pixels of the photo.
        held_back: whether it is one of those to test with.
    """

    label: int
    box: Box
    held_back: bool


@lru_cache(maxsize=2)
def patches(size: int = 64) -> Split:
    """The patches of all photos, each scaled to `size` × `size`.

    Shapes: images (N, 3, size, size), uint8; labels (N,), int64.

    Raises:
        InvalidInput: `size` is less than 8 or more than 128.
        NetlibError: scikit-image or scikit-learn, or a photo in it, is not installed.
    """
    _checked(size)
    parts: dict[bool, tuple[list[Pictures], list[int]]] = {False: ([], []), True: ([], [])}
    for label, name in enumerate(CLASSES):
        picture = _photo(name)
        for patch in windows(label, (picture.height, picture.width)):
            images, labels = parts[patch.held_back]
            images.append(cut(picture, patch.box, size))
            labels.append(label)
    learned, held = (_arrays(*part) for part in parts.values())
    return split("patches", CLASSES, learned, held)


@lru_cache(maxsize=4)
def held_back(size: int = 64) -> tuple[Pictures, Labels]:
    """The held-back pictures and labels of `patches(size)` alone: who only looks need not wait until the many others are cut.

    Shapes: images (N, 3, size, size), uint8; labels (N,), int64; read-only.

    Raises: as `patches`.
    """
    _checked(size)
    images, labels = [], []
    for label, name in enumerate(CLASSES):
        picture = _photo(name)
        for patch in windows(label, (picture.height, picture.width)):
            if patch.held_back:
                images.append(cut(picture, patch.box, size))
                labels.append(label)
    found = _arrays(images, labels)
    for array in found:
        array.setflags(write=False)
    return found


def windows(label: int, size: Pair) -> Iterator[Patch]:
    """Every patch of a photo of `size` (height, width): those to learn from, then those held back."""
    cell = min(size) / CELLS
    held = list(held_back_cells(size))
    for share in LEARNED:
        side = int(share * cell)
        for top in _starts(size[0] - side, round(STARTS * size[0] / cell)):
            for left in _starts(size[1] - side, round(STARTS * size[1] / cell)):
                box = Box(top, left, top + side, left + side)
                if not any(_touch(box, other) for other in held):
                    yield Patch(label, box, False)
    for around in held:
        for share, count in TESTED.items():
            side = int(share * cell)
            for top in _starts(around.height - side, count):
                for left in _starts(around.width - side, count):
                    yield Patch(label, Box(around.top + top, around.left + left, around.top + top + side, around.left + left + side), True)


def held_back_cells(size: Pair) -> Iterator[Box]:
    """The cells of a photo of `size` (height, width) that nothing is learned from."""
    rows, columns = (int(CELLS * side / min(size)) for side in size)
    for row in range(rows):
        for column in range(columns):
            if (2 * row + column) % HELD_BACK == 1:
                top, bottom = row * size[0] // rows, (row + 1) * size[0] // rows
                left, right = column * size[1] // columns, (column + 1) * size[1] // columns
                yield Box(top, left, bottom, right)


def cut(picture: Image.Image, box: Box, size: int) -> Pictures:
    """The window of the photo, scaled; nothing outside the window is read.

    Shapes: -> (3, size, size), uint8.
    """
    window = picture.crop((box.left, box.top, box.right, box.bottom))
    return np.asarray(window.resize((size, size), Image.Resampling.LANCZOS)).transpose(2, 0, 1)


def _checked(size: int) -> None:
    if not 8 <= size <= 128:
        raise InvalidInput(f"Patches of {size} × {size} pixels were asked for; choose a size from 8 to 128.")


def _touch(one: Box, other: Box) -> bool:
    return one.top < other.bottom and other.top < one.bottom and one.left < other.right and other.left < one.right


def _starts(room: int, count: int) -> list[int]:
    """`count` places from one end of the room to the other, or its middle."""
    return [room // 2] if count == 1 else [room * place // (count - 1) for place in range(count)]


def _arrays(images: list[Pictures], labels: list[int]) -> tuple[Pictures, Labels]:
    return np.stack(images), np.array(labels, dtype=np.int64)


def _photo(name: str) -> Image.Image:
    package, file = FILES[name]
    title = PIP[package]
    found = find_spec(package)
    if found is None or found.origin is None:
        raise NetlibError(f"A photo of the patches comes with {title}, which is not installed; run: pip install -r requirements.txt.")
    path = Path(found.origin).parent / file
    if not path.is_file():
        raise NetlibError(f"{title} is installed, but its photo {path.name} is missing; run: pip install --force-reinstall {title}.")
    with Image.open(path) as opened:
        return opened.convert("RGB")
