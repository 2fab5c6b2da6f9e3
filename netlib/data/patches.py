"""Which photo is this patch from? A colour data set out of ten photos that scikit-image and scikit-learn carry in their packages.

A photo is divided into cells, four along its shorter side. A quarter of the cells, spread over the photo, is held back. Square
windows of three sizes are cut out of a cell, never across its border, and scaled to one size: no pixel of a held-back patch is
in any patch to learn from.
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
CLASSES = tuple(FILES)
CELLS = 4  # along the shorter side of a photo
HELD_BACK = 4  # one cell of so many
# Side of a window as a share of the cell's shorter side -> windows along each axis of a cell, to learn from and held back.
WINDOWS = {0.6: (4, 2), 0.76: (3, 2), 0.98: (2, 1)}


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
    if not 8 <= size <= 128:
        raise InvalidInput(f"Patches of {size} × {size} pixels were asked for; choose a size from 8 to 128.")
    parts: dict[bool, tuple[list[Pictures], list[int]]] = {False: ([], []), True: ([], [])}
    for label, name in enumerate(CLASSES):
        picture = _photo(name)
        for patch in windows(label, (picture.height, picture.width)):
            images, labels = parts[patch.held_back]
            images.append(cut(picture, patch.box, size))
            labels.append(label)
    learned, held = (_arrays(*part) for part in parts.values())
    return split("patches", CLASSES, learned, held)


def windows(label: int, size: Pair) -> Iterator[Patch]:
    """Every patch of a photo of `size` (height, width), cell by cell."""
    rows, columns = (round(CELLS * side / min(size)) for side in size)
    for row in range(rows):
        for column in range(columns):
            cell = Box(
                row * size[0] // rows, column * size[1] // columns, (row + 1) * size[0] // rows, (column + 1) * size[1] // columns
            )
            held_back = (row + 2 * column) % HELD_BACK == 1
            for box in _windows(cell, held_back):
                yield Patch(label, box, held_back)


def cut(picture: Image.Image, box: Box, size: int) -> Pictures:
    """The window of the photo, scaled; nothing outside the window is read.

    Shapes: -> (3, size, size), uint8.
    """
    window = picture.crop((box.left, box.top, box.right, box.bottom))
    return np.asarray(window.resize((size, size), Image.Resampling.LANCZOS)).transpose(2, 0, 1)


def _windows(cell: Box, held_back: bool) -> Iterator[Box]:
    height, width = cell.bottom - cell.top, cell.right - cell.left
    for share, counts in WINDOWS.items():
        side = int(share * min(height, width))
        count = counts[held_back]
        for top in _starts(height - side, count):
            for left in _starts(width - side, count):
                yield Box(cell.top + top, cell.left + left, cell.top + top + side, cell.left + left + side)


def _starts(room: int, count: int) -> list[int]:
    """`count` places from one end of the room to the other, or its middle."""
    return [room // 2] if count == 1 else [room * place // (count - 1) for place in range(count)]


def _arrays(images: list[Pictures], labels: list[int]) -> tuple[Pictures, Labels]:
    return np.stack(images), np.array(labels, dtype=np.int64)


def _photo(name: str) -> Image.Image:
    package, file = FILES[name]
    found = find_spec(package)
    if found is None or found.origin is None:
        raise NetlibError(f"A photo of the patches comes with {package}, which is not installed; run: pip install -r requirements.txt.")
    path = Path(found.origin).parent / file
    if not path.is_file():
        raise NetlibError(f"{package} is installed, but its photo {path.name} is missing; run: pip install --force-reinstall -r requirements.txt.")
    with Image.open(path) as opened:
        return opened.convert("RGB")
