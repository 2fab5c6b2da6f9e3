"""All data sets by name: what they are, whether they are on this computer, how to get them, and their pictures as a network takes them.

    >>> from netlib.data.sets import DATA_SETS, data_set, how
    >>> DATA_SETS["mnist"].train
    60000
    >>> data_set("digits", (1, 32, 32)).train_images.shape
    (1297, 1, 32, 32)
    >>> how("mnist", (1, 32, 32))
    "The pictures are 28 × 28, grey; a black border of 2 pixels makes them 32 × 32, as in LeNet-5's paper."

What is bundled needs no download. The others are read from `data_folder()`, in the layout of torchvision's data sets: whoever has them
already points NETLIB_DATA there.
"""

from __future__ import annotations

import os
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from netlib.data import fitting, folders, stored
from netlib.data.archives import ARCHIVES
from netlib.data.catalogue import DATA_SETS, NAMES, DataSet
from netlib.data.digits import digits
from netlib.data.fitting import check, fitted
from netlib.data.patches import patches
from netlib.data.split import split
from netlib.errors import InvalidInput
from netlib.models.fetching import shown

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from netlib.data.fitting import Shape
    from netlib.data.split import Labels, Pictures, Split

__all__ = ["DATA_SETS", "NAMES", "DataSet", "about", "available", "data_folder", "data_set", "download", "folder_names", "how", "prepare"]

IN_MEMORY = 600_000_000  # bytes of pictures; a larger set is kept in a file
PATCHES = 8, 128  # the smallest and largest side at which patches are cut
AT_A_TIME = 500  # pictures brought to a network's shape at once


def data_folder() -> Path:
    """Where data are kept: the folder that NETLIB_DATA names, or one in the user's cache."""
    named = os.environ.get("NETLIB_DATA")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named).expanduser() if named else cache / "netlib" / "data"


def folder_names() -> tuple[str, ...]:
    """The class folders in `data_folder()`/folders, as names of data sets: "folder:birds", …"""
    return folders.names(data_folder())


def about(name: str) -> DataSet:
    """The row of any data set; the files of a folder are counted for it.

    Raises:
        InvalidInput: there is no data set of that name, or its folder does not hold folders of classes.
        MissingData: there is no folder of that name.
    """
    if not name.startswith(folders.PREFIX):
        _check_name(name)
        return DATA_SETS[name]
    found = folders.listing(data_folder(), name)
    held_back = f"one picture in five of each class, drawn with seed {folders.SEED}" if found.drawn else "the folder beside train"
    return DataSet(
        name, name.removeprefix(folders.PREFIX), len(found.classes), None, len(found.train), len(found.test), held_back,
        f"The pictures in {shown(found.folder)}", "as whoever put them there has it",
    )  # fmt: skip


def available(name: str) -> bool:
    """Whether the data set can be read without a download.

    Raises: InvalidInput: there is no data set of that name.
    """
    _check_name(name)
    return name in folder_names() or (name in DATA_SETS and (DATA_SETS[name].bundled or ARCHIVES[name].there(data_folder())))


def download(name: str) -> Iterator[tuple[int, int]]:
    """Fetch a data set into `data_folder()`: (bytes so far, bytes in all) after each piece. Closing the iterator stops it.

    Raises:
        InvalidInput: there is no data set of that name, or it is not one to download.
        MissingData: the download failed; the message says which file belongs where.
    """
    _check_name(name)
    if name not in ARCHIVES:
        raise InvalidInput(f"{name} is not downloaded: what is bundled comes with its package, and folders are put there by hand.")
    return ARCHIVES[name].download(data_folder())


def data_set(name: str, shape: Shape, *, margin: int = 0) -> Split:
    """The data set with pictures of `shape`, (C, H, W), as a network takes them, and `margin` pixels higher and wider than that.

    `how` says what is done to them. A set that is large at this shape is written into a file first, once: see `prepare`.

    Raises:
        InvalidInput: there is no data set of that name, or no picture has that shape.
        MissingData: it is not on this computer, or damaged there; the message says which file belongs where.
        NetlibError: the package that carries the pictures is not installed, or the disk has too little room.
    """
    steps = prepare(name, shape, margin=margin)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            folder: Path | None = end.value
            return stored.read(folder) if folder else _in_memory(name, tuple(shape), margin, data_folder())


def prepare(name: str, shape: Shape, *, margin: int = 0) -> Generator[tuple[int, int], None, Path | None]:
    """What `data_set` does at its first call, for a large set or a folder, step by step: (pictures so far, pictures in all).

    It ends at once where there is nothing to do. Closing the iterator stops it, and nothing is left.

    Returns: the folder in which `stored` keeps the set at this shape; None where it is small and kept in memory.

    Raises: as `data_set`.
    """
    _check_name(name)
    check(shape, margin)
    root, whole = data_folder(), _whole(shape, margin)
    if name.startswith(folders.PREFIX):
        return (yield from folders.prepare(root, name, whole))
    row, files = DATA_SETS[name], []
    if name in ARCHIVES:
        ARCHIVES[name].unpack(root)
        files = ARCHIVES[name].paths(root)
    if (row.train + row.test) * prod(whole) <= IN_MEMORY:
        return None
    folder = stored.place(root, name, (*shape, margin), files)
    if not folder.is_dir():
        classes, *parts = _read(name, whole, root)
        train, test = (stored.Part(len(labels), _pieces(images, labels, shape, margin, row.ink)) for images, labels in parts)
        yield from stored.write(folder, name, classes, whole, train, test, [])
    return folder


def how(name: str, shape: Shape) -> str:
    """One sentence: what is done to the pictures of a data set before a network that takes `shape` sees them.

    Raises: InvalidInput: there is no data set of that name, or no picture has that shape.
    """
    _check_name(name)
    check(shape, 0)
    if name.startswith(folders.PREFIX):
        return fitting.how(None, shape)
    given = (3, *[_cut_at(shape)] * 2) if name == "patches" else DATA_SETS[name].shape
    return fitting.how(given, shape, ink=DATA_SETS[name].ink)


@lru_cache(maxsize=2)
def _in_memory(name: str, shape: Shape, margin: int, root: Path) -> Split:
    whole, ink = _whole(shape, margin), DATA_SETS[name].ink
    if name not in ARCHIVES:
        found = _bundled(name, whole)
        if found.shape == whole and not (ink and margin):  # nothing is to be done
            return found
    classes, *parts = _read(name, whole, root)
    train, test = (_filled(np.empty((len(labels), *whole), np.uint8), images, labels, shape, margin, ink) for images, labels in parts)
    return split(name, classes, train, test)


def _filled(out: Pictures, images: Pictures, labels: Labels, shape: Shape, margin: int, ink: bool) -> tuple[Pictures, Labels]:
    done = 0
    for piece, _ in _pieces(images, labels, shape, margin, ink):
        out[done : done + len(piece)] = piece
        done += len(piece)
    return out, labels


def _pieces(images: Pictures, labels: Labels, shape: Shape, margin: int, ink: bool) -> Iterator[tuple[Pictures, Labels]]:
    for start in range(0, len(images), AT_A_TIME):
        part = slice(start, start + AT_A_TIME)
        yield fitted(images[part], shape, margin=margin, ink=ink), labels[part]


def _read(name: str, whole: Shape, root: Path) -> tuple[tuple[str, ...], tuple[Pictures, Labels], tuple[Pictures, Labels]]:
    """Class names and both parts as they come, before they are brought to a shape."""
    if name in ARCHIVES:
        from netlib.data.torchvision_sets import read

        return read(name, root)
    found = _bundled(name, whole)
    return found.classes, (found.train_images, found.train_labels), (found.test_images, found.test_labels)


def _bundled(name: str, whole: Shape) -> Split:
    return digits() if name == "digits" else patches(_cut_at(whole))


def _cut_at(whole: Shape) -> int:
    """The side at which patches are cut for pictures of that shape."""
    return min(max(*whole[1:], PATCHES[0]), PATCHES[1])


def _whole(shape: Shape, margin: int) -> Shape:
    return shape[0], shape[1] + margin, shape[2] + margin


def _check_name(name: str) -> None:
    if name not in DATA_SETS and not name.startswith(folders.PREFIX):
        known = ", ".join((*NAMES, *folder_names()))
        raise InvalidInput(f"There is no data set called {name!r}; choose one of: {known}.")
