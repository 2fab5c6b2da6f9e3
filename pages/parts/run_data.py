"""The held-back pictures of a run, as its network saw them, and the names of their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.analysis.store import default_input
from netlib.data.sets import data_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from netlib.training.recipe import Recipe


def held_back(recipe: Recipe, numbers: Sequence[int]) -> NDArray[np.uint8]:
    """The pictures of these numbers, the part around the middle of each that is as large as the network's input: (N, C, H, W).

    Raises:
        MissingData: they are not on this computer, as when the run was made elsewhere.
    """
    shape = default_input(recipe.network)
    found = data_set(recipe.data, shape, margin=recipe.margin).test_images[list(numbers)]
    before = round(recipe.margin / 2)
    return found[:, :, before : before + shape[1], before : before + shape[2]]


def classes(recipe: Recipe) -> tuple[str, ...]:
    """
    Raises:
        MissingData: the data are not on this computer.
    """
    return data_set(recipe.data, default_input(recipe.network), margin=recipe.margin).classes
