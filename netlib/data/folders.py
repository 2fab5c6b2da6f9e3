"""Data sets out of folders of pictures: a folder for each class, as torchvision's ImageFolder has them.

    <root>/folders/<name>/<class>/…                              one picture in five of each class is held back, drawn with seed 0
    <root>/folders/<name>/train/<class>/… and test/<class>/…     or "val" for "test": as it is

A picture that cannot be opened is left out, and told of.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from netlib.data.fitting import fitted_photo
from netlib.data.pictures import MOST_BYTES, SUFFIXES, open_picture
from netlib.data.stored import Part, place, write
from netlib.errors import InvalidInput, InvalidPicture, MissingData
from netlib.models.fetching import shown

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from netlib.data.fitting import Shape
    from netlib.data.split import Labels, Pictures

PREFIX = "folder:"
FOLDER = "folders"
PLAIN = re.compile(r"\w[\w .-]{0,63}")  # no separator, and no point at the beginning: a name leads nowhere else
HELD_BACK = ("test", "val")
SHARE = 0.2
SEED = 0
AT_A_TIME = 8  # pictures between two chances to stop


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds.

    Attributes:
        train, test: file and number of its class.
        drawn: whether the test part was drawn from one folder, not given as one.
    """

    folder: Path
    classes: tuple[str, ...]
    train: tuple[tuple[Path, int], ...]
    test: tuple[tuple[Path, int], ...]
    drawn: bool


def names(root: Path) -> tuple[str, ...]:
    """The data sets that lie below `root`: "folder:birds", …"""
    folder = root / FOLDER
    found = [entry.name for entry in os.scandir(folder) if entry.is_dir() and PLAIN.fullmatch(entry.name)] if folder.is_dir() else []
    return tuple(PREFIX + name for name in sorted(found))


def listing(root: Path, name: str) -> Listing:
    """The files of the data set `name`, "folder:birds".

    Raises:
        MissingData: there is no such folder.
        InvalidInput: it does not hold folders of classes with pictures in them.
    """
    plain = name.removeprefix(PREFIX)
    folder = root / FOLDER / plain
    if not PLAIN.fullmatch(plain) or not folder.is_dir():
        raise MissingData(f"There is no folder {plain!r} in {shown(root / FOLDER)}; put one there with a folder of pictures a class.")
    given = next((folder / part for part in HELD_BACK if (folder / part).is_dir()), None)
    learned = folder / "train" if given and (folder / "train").is_dir() else folder
    classes = _classes(learned)
    samples = _samples(learned, classes)
    drawn = given is None or learned == folder
    _check(learned, classes, samples, least=2 if drawn else 1)
    if given is None or drawn:
        return Listing(folder, classes, *_drawn(samples, len(classes)), drawn=True)
    if unknown := set(_classes(given)) - set(classes):
        raise InvalidInput(f"The class {min(unknown)} in {shown(given)} is not in train beside it; give both parts the same classes.")
    if not (test := _samples(given, classes)):
        raise InvalidInput(f"{shown(given)} holds no pictures; put some into the folders of its classes.")
    return Listing(folder, classes, samples, test, drawn=False)


def prepare(root: Path, name: str, shape: Shape) -> Generator[tuple[int, int], None, Path]:
    """Decode all pictures, at `shape`, into the files of `netlib.data.stored`, unless it has been done: (pictures so far, in all).

    Returns: the folder to read.

    Raises: as `listing` and `stored.write`.
    """
    found = listing(root, name)
    folder = place(root, name, shape, [path for path, _ in (*found.train, *found.test)])
    if not folder.is_dir():
        left_out: list[str] = []
        train, test = (Part(len(samples), _pieces(found.folder, samples, shape, left_out)) for samples in (found.train, found.test))
        yield from write(folder, name, found.classes, shape, train, test, left_out)
    return folder


def picture(path: Path, shape: Shape) -> Pictures:
    """One file's picture. Shapes: -> `shape`, (C, H, W), uint8.

    Raises:
        InvalidPicture: it cannot be opened safely.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidPicture(f"This file cannot be read ({error.strerror}).") from error
    return fitted_photo(open_picture(data), shape)


def _pieces(folder: Path, samples: Sequence[tuple[Path, int]], shape: Shape, left_out: list[str]) -> Iterator[tuple[Pictures, Labels]]:
    for start in range(0, len(samples), AT_A_TIME):
        images, labels = [], []
        for path, label in samples[start : start + AT_A_TIME]:
            try:
                images.append(picture(path, shape))
                labels.append(label)
            except InvalidPicture as error:
                left_out.append(f"{path.relative_to(folder).as_posix()}: {error}")
        yield np.stack(images) if images else np.empty((0, *shape), np.uint8), np.array(labels, np.int64)


def _classes(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith(".")))


def _samples(folder: Path, classes: Sequence[str]) -> tuple[tuple[Path, int], ...]:
    """The pictures of a folder, file and number of the class, in torchvision's order."""
    from netlib.models.torchvision_cpu import torchvision

    def wanted(path: str) -> bool:
        return not os.path.basename(path).startswith(".") and path.rpartition(".")[2].lower() in SUFFIXES

    numbers = {title: number for number, title in enumerate(classes)}
    found = torchvision.datasets.folder.make_dataset(folder, numbers, is_valid_file=wanted, allow_empty=True) if numbers else []
    return tuple((Path(path), label) for path, label in found)


def _check(folder: Path, classes: Sequence[str], samples: Sequence[tuple[Path, int]], least: int) -> None:
    if len(classes) < 2:
        raise InvalidInput(f"{shown(folder)} has {len(classes)} folders of classes; give it two or more, each with its pictures.")
    counts = np.bincount([label for _, label in samples], minlength=len(classes))
    if counts.min() < least:
        few = classes[int(counts.argmin())]
        raise InvalidInput(f"The class {few} in {shown(folder)} holds too few pictures, {counts.min()}; put {least} or more there.")


def _drawn(samples: Sequence[tuple[Path, int]], classes: int) -> tuple[tuple[tuple[Path, int], ...], tuple[tuple[Path, int], ...]]:
    """What to learn from, and what is held back: of each class the same share, one picture at least."""
    random = np.random.RandomState(SEED)  # this generator's numbers are frozen for all times
    held: set[int] = set()
    labels = np.array([label for _, label in samples])
    for label in range(classes):
        own = np.flatnonzero(labels == label)
        held.update(random.permutation(own)[: max(1, round(SHARE * len(own)))].tolist())
    parts = [[sample for number, sample in enumerate(samples) if (number in held) == wanted] for wanted in (False, True)]
    return tuple(parts[0]), tuple(parts[1])
