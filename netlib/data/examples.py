"""A few pictures of each class of a data set, to look at: nothing large is prepared for them, and of a folder only these are decoded."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from netlib.data import folders
from netlib.data.fitting import check, fitted
from netlib.data.sets import DATA_SETS, about, data_folder, data_set
from netlib.errors import InvalidInput, InvalidPicture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from netlib.data.fitting import Shape
    from netlib.data.split import Labels, Pictures

SEED = 0
DAMAGED = 50  # pictures of a class that cannot be opened, after which no other is tried
LARGEST = 128  # pixels along a side at which a bundled set is looked at as the network takes it, and so made only once


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Pictures to learn from, those of one class after those of another.

    Attributes:
        classes: all names of classes of the set; labels are numbers of these.

    Shapes: images (K, C, H, W), uint8; labels (K,), int64.
    """

    images: Pictures
    labels: Labels
    classes: tuple[str, ...]


def examples(name: str, shape: Shape, *, each: int = 8, most: int = 20) -> Examples:
    """Up to `each` training pictures of each of the first `most` classes, drawn with seed 0, at `shape` (C, H, W) as a network takes them.

    Raises:
        InvalidInput: there is no data set of that name, no picture has that shape, or no picture of a folder can be opened.
        MissingData: it is not on this computer, or damaged there.
    """
    check(shape, 0)
    if name.startswith(folders.PREFIX):
        return _of_folder(name, shape, each, most)
    row = about(name)
    as_it_comes = max(shape[1:]) > LARGEST or not row.bundled
    found = data_set(name, row.shape if row.shape and as_it_comes else shape)
    chosen = [number for numbers in _by_class(found.train_labels.tolist(), most) for number in numbers[:each]]
    images = fitted(found.train_images[chosen], shape, ink=DATA_SETS[name].ink)
    return Examples(images, found.train_labels[chosen], found.classes)


def _of_folder(name: str, shape: Shape, each: int, most: int) -> Examples:
    found = folders.listing(data_folder(), name)
    images, labels = [], []
    for label, numbers in enumerate(_by_class([label for _, label in found.train], most)):
        own = _opened((found.train[number][0] for number in numbers), shape, each)
        images += own
        labels += [label] * len(own)
    if not images:
        raise InvalidInput(f"None of the pictures of {name} could be opened; put some there that can.")
    return Examples(np.stack(images), np.array(labels, np.int64), found.classes)


def _opened(paths: Iterable[Path], shape: Shape, each: int) -> list[Pictures]:
    """The first `each` pictures that can be opened."""
    opened: list[Pictures] = []
    for path in islice(paths, each + DAMAGED):
        if len(opened) == each:
            break
        with suppress(InvalidPicture):
            opened.append(folders.picture(path, shape))
    return opened


def _by_class(labels: list[int], most: int) -> Iterator[list[int]]:
    """The places of each class's pictures, in an order that is drawn."""
    random = np.random.RandomState(SEED)
    every = np.array(labels)
    for label in range(min(most, max(labels) + 1)):
        yield random.permutation(np.flatnonzero(every == label)).tolist()
