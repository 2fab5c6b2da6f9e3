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


@dataclass(frozen=True, slots=True)
class Split:
    """Pictures and the numbers of their classes; the arrays are read-only, so that all who ask may share them.

    Attributes:
        name: of the data set, "digits" or "patches".
        classes: the name of each class, by its number.
        mean, std: of the training pictures, a number for each channel, on a scale where 255 is 1: what a network is given is
            (picture / 255 − mean) / std.

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
    moments = [_moments(train[0][:, channel]) for channel in range(train[0].shape[1])]
    return Split(name, classes, *train, *test, mean=tuple(mean for mean, _ in moments), std=tuple(std for _, std in moments))


def _moments(values: Pictures) -> tuple[float, float]:
    """Mean and standard deviation of values / 255, from how often each of the 256 values occurs: no copy of the pictures in floats."""
    shares = np.bincount(values.ravel(), minlength=256) / values.size
    scale = np.arange(256) / 255
    mean = float(shares @ scale)
    return round(mean, 4), round(float(shares @ (scale - mean) ** 2) ** 0.5, 4)
