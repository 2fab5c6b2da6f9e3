"""A large data set, brought to a network's shape once and kept in files from which pictures are read where they are looked at.

    <root>/prepared/<name>-<shape>-<fingerprint>/   train.bin, test.bin   pictures, one after the other, uint8
                                                    about.json            classes, labels, shape, mean, deviation, what was left out

A folder appears when it is whole. What a stopped preparation left is removed by a later one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import numpy as np

from netlib.data.split import Split, histogram, moments
from netlib.errors import InvalidInput, NetlibError
from netlib.models.fetching import LEFT_FREE, shown

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from netlib.data.split import Labels, Pictures

STALE = 24 * 3600  # seconds after which an unfinished folder is nobody's any more
PARTS = "train", "test"
FORMAT = "1"  # counts up when the files mean something else


@dataclass(frozen=True, slots=True)
class Part:
    """The pictures to learn from, or those held back, in pieces.

    Attributes:
        count: how many there are at most.
        pieces: pictures (n, C, H, W) and their labels (n,).
    """

    count: int
    pieces: Iterable[tuple[Pictures, Labels]]


def place(root: Path, name: str, shape: Sequence[int], files: Iterable[Path]) -> Path:
    """Where a set made of `files` at `shape` is kept; another file, or another date of one, is another place."""
    entries = sorted((str(path), *_stamp(path)) for path in files)
    fingerprint = hashlib.sha256(json.dumps([FORMAT, entries]).encode()).hexdigest()[:16]
    return root / "prepared" / f"{name.replace(':', '-')}-{'x'.join(map(str, shape))}-{fingerprint}"


def _stamp(path: Path) -> tuple[int, int]:
    """Size and date of a file; nothing of one that cannot be looked at: whoever opens it will tell."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def write(
    folder: Path, name: str, classes: Sequence[str], shape: Sequence[int], train: Part, test: Part, left_out: list[str]
) -> Generator[tuple[int, int], None, None]:
    """Write both parts: (pictures so far, pictures in all) after each piece. Closing the iterator stops it, and nothing is left.

    Args:
        left_out: filled by whoever makes the pieces.

    Raises:
        NetlibError: the disk has too little room, or cannot be written to.
        InvalidInput: a class has no picture left to learn from, or no picture is held back.
    """
    done, total = 0, train.count + test.count
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
        _check_room(folder, name, total * prod(shape))
        unfinished = Path(mkdtemp(dir=folder.parent, prefix=folder.name, suffix=".part"))
        try:
            labels: dict[str, list[int]] = {title: [] for title in PARTS}
            counts = np.zeros((shape[0], 256), np.int64)
            for title, part in zip(PARTS, (train, test), strict=True):
                with (unfinished / f"{title}.bin").open("wb") as file:
                    for images, numbers in part.pieces:
                        file.write(np.ascontiguousarray(images).data)
                        labels[title] += numbers.tolist()
                        if title == "train" and len(images):
                            counts += histogram(images)
                        done += len(images)
                        yield done, total
            _check_labels(name, classes, labels["train"], labels["test"])
            mean, std = moments(counts)
            about = {
                "name": name, "classes": classes, "shape": shape, "labels": labels, "mean": mean, "std": std, "left_out": left_out,
            }  # fmt: skip
            (unfinished / "about.json").write_text(json.dumps(about), encoding="utf-8")
            unfinished.chmod(0o755)  # a temporary folder is its owner's alone; whoever shares the data may read this one
            if not folder.is_dir():  # somebody else may have been faster
                unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        if folder.is_dir():
            return
        said = f"The pictures of {name} could not be written into {shown(folder.parent)} ({error.strerror}); make room there, or allow it."
        raise NetlibError(said) from error


def read(folder: Path) -> Split:
    """The split that was written there; pictures are read from the file where they are looked at."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    (train, train_labels), (test, test_labels) = (_part(folder / f"{title}.bin", about["labels"][title], about["shape"]) for title in PARTS)
    mean, std, left_out = (tuple(about[key]) for key in ("mean", "std", "left_out"))
    return Split(about["name"], tuple(about["classes"]), train, train_labels, test, test_labels, mean, std, left_out)


def _part(file: Path, labels: Sequence[int], shape: Sequence[int]) -> tuple[Pictures, Labels]:
    numbers = np.array(labels, np.int64)
    numbers.setflags(write=False)
    return np.memmap(file, np.uint8, "r", shape=(len(numbers), *shape)), numbers


def _check_room(folder: Path, name: str, needed: int) -> None:
    free = shutil.disk_usage(folder.parent).free
    if free < needed + LEFT_FREE:
        raise NetlibError(
            f"The pictures of {name} need {needed / 1e9:.1f} GB at this size, and the disk of {shown(folder.parent)} has "
            f"{free / 1e9:.1f} GB free; make room, or choose a network that takes smaller pictures."
        )


def _check_labels(name: str, classes: Sequence[str], train: Sequence[int], test: Sequence[int]) -> None:
    if empty := [title for number, title in enumerate(classes) if number not in set(train)]:
        raise InvalidInput(f"No picture of the class {empty[0]} of {name} could be opened; put some there that can.")
    if not test:
        raise InvalidInput(f"None of the held-back pictures of {name} could be opened; put some there that can.")


def _remove_stale(folder: Path) -> None:
    """Earlier forms of the same set at the same shape, and what stopped preparations left."""
    same = folder.name.rpartition("-")[0] + "-"
    for other in folder.parent.iterdir():
        unfinished = other.suffix == ".part"
        old = unfinished and time.time() - other.stat().st_mtime > STALE
        if old or (not unfinished and other.name.startswith(same) and other != folder):
            shutil.rmtree(other, ignore_errors=True)
