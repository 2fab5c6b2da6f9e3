"""What a recipe does to a batch of pictures; each change by itself is in netlib.data.augmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.data.augmentation import cropped, greyed, mirrored, shifted, tinted

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from netlib.training.recipe import Recipe


def augmented(x: Tensor, recipe: Recipe, random: Generator, *, close_up: bool = False) -> Tensor:
    """The batch after all that the recipe asks for; close-ups come out as (N, C, close_up, close_up)."""
    if recipe.shift:
        x = shifted(x, recipe.shift, recipe.border, random)
    if close_up:
        x = greyed(cropped(x, recipe.close_up, random), recipe.grey, random)
    if recipe.mirror:
        x = mirrored(x, random)
    if recipe.tint:
        x = tinted(x, recipe.tint, random)
    return x
