"""A data set of pictures in two parts: one to learn from, one that is held back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pictures = NDArray[np.uint8]  # (N, C, H, W)
    Labels = NDArray[np.int64]  # (N,)
    Counts = NDArray[np.int64]  # (C, 256)

AT_A_TIME = 256  # pictures whose values are counted at once


@dataclass(frozen=True, slots=True)
class Split:
    """Pictures and the numbers of their classes; the arrays are read-only, so that all who ask may share them; those of a large
    set stay in a file and are read where they are looked at (np.memmap).

    Attributes:
        name: of the data set, "digits" or "folder:birds".
        classes: the name of each class, by its number.
        mean, std: of the training pictures, a number for each channel, on a scale where 255 is 1: what a network is given is
            (picture / 255 − mean) / std.
        left_out: files that could not be opened as pictures, each with the reason.

    Shapes: images (N, C, H, W), uint8; labels (N,), int64.
    """

    name: str
    classes: tuple[str, ...]
    train_images: Pictures
    train_labels: Labels
    test_images: Pictures
    test_labels: Labels
    mean: tuple[float, ...]
    std: tuple[float, ...]
    left_out: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W) of each picture."""
        return self.train_images.shape[1:]


def split(
    name: str, classes: tuple[str, ...], train: tuple[Pictures, Labels], test: tuple[Pictures, Labels]
) -> Split:
    """The split with its mean and standard deviation, and its arrays made read-only.

    Raises:
        InvalidInput: pictures and labels are not equally many, or the two parts differ in shape.
    """
    for part, (images, labels) in (("training", train), ("test", test)):
        if len(images) != len(labels):
            raise InvalidInput(f"The {part} part of {name} has {len(images)} pictures and {len(labels)} labels; give one label for each.")
    if train[0].shape[1:] != test[0].shape[1:]:
        raise InvalidInput(f"The pictures of {name} are {train[0].shape[1:]} and {test[0].shape[1:]} in its two parts; give one size.")
    for array in (*train, *test):
        array.setflags(write=False)
    mean, std = moments(histogram(train[0]))
    return Split(name, classes, *train, *test, mean=mean, std=std)


def histogram(images: Pictures) -> Counts:
    """How often each of the 256 values occurs in each channel; exact, and without a copy of the pictures in floats.

    Shapes: (N, C, H, W) -> (C, 256), int64.
    """
    found = np.zeros((images.shape[1], 256), np.int64)
    for start in range(0, len(images), AT_A_TIME):
        part = images[start : start + AT_A_TIME]
        found += [np.bincount(part[:, channel].ravel(), minlength=256) for channel in range(len(found))]
    return found


def moments(counts: Counts) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of values / 255 in each channel, to four places. Shapes: (C, 256) -> (C), (C)."""
    scale = np.arange(256) / 255
    shares = [channel / channel.sum() for channel in counts]
    means = [float(share @ scale) for share in shares]
    deviations = [float(share @ (scale - mean) ** 2) ** 0.5 for share, mean in zip(shares, means, strict=True)]
    return tuple(round(mean, 4) for mean in means), tuple(round(deviation, 4) for deviation in deviations)
