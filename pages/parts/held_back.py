"""The pictures that were held back from training, for who looks through them all: which data a network gets, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from netlib.data import patches
from netlib.data.digits import digits
from netlib.models.bundled import BUNDLED

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from pages.parts.sight import Sight

LARGEST = 128  # pixels of a patch


class HeldBack(NamedTuple):
    """Pictures (N, C, H, W), uint8, and the numbers and names of their classes."""

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @property
    def words(self) -> str:
        return "digits" if self.name == "digits" else "photo patches"

    def picture(self, index: int) -> Image.Image:
        """One of them."""
        pixels = self.images[index].transpose(1, 2, 0)
        return Image.fromarray(np.ascontiguousarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]))

    def tensor(self, index: int, one: Sight) -> Tensor:
        """One of them as the network takes it. Shapes: -> (C, H, W)."""
        return one.preprocessing.tensor(self.picture(index))


def of(one: Sight, largest: int = LARGEST) -> HeldBack:
    """Of the data set that the network learned from; else patches for who sees colours and digits for who sees grey.

    Args:
        largest: pixels of a patch at most.
    """
    name = BUNDLED[one.name].data if one.name in BUNDLED else "digits" if one.preprocessing.grey else "patches"
    if name == "digits":
        found = digits()
        return HeldBack(name, found.test_images, found.test_labels, found.classes)
    return HeldBack(name, *patches.held_back(min(largest, max(one.preprocessing.size))), patches.CLASSES)
