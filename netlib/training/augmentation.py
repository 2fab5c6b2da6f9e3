"""What a recipe does to pictures on their way to the network; each change by itself is in netlib.data.augmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.data.augmentation import cropped, fancy, five_crops, greyed, middle, mirrored, resized_crops, shifted, ten_crops, tinted

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from netlib.analysis.graph import Pair
    from netlib.training.recipe import Recipe


def augmented(
    x: Tensor, recipe: Recipe, random: Generator, *, colours: tuple[Tensor, Tensor] | None = None, close_up: bool = False
) -> Tensor:
    """The batch after all that the recipe asks for; close-ups come out as (N, C, close_up, close_up).

    Shapes: (N, C, H + margin, W + margin) -> (N, C, H, W); colours as netlib.data.augmentation.pca gives them, for `recipe.pca`.
    """
    if recipe.jitter:
        x = resized_crops(x, inner(x, recipe), recipe.jitter, random)
    elif recipe.margin:
        x = cropped(x, inner(x, recipe), random)
    if recipe.shift:
        x = shifted(x, recipe.shift, recipe.border, random)
    if close_up:
        x = greyed(cropped(x, recipe.close_up, random), recipe.grey, random)
    if recipe.mirror:
        x = mirrored(x, random)
    if recipe.tint:
        x = tinted(x, recipe.tint, random)
    if recipe.pca and colours:
        x = fancy(x, *colours, recipe.pca, random)
    return x


def views(x: Tensor, recipe: Recipe) -> Tensor:
    """The parts of held-back pictures that the network is asked about.

    Shapes: (N, C, H + margin, W + margin) -> (crops, N, C, H, W).
    """
    if recipe.crops == 10:
        return ten_crops(x, inner(x, recipe))
    return five_crops(x, inner(x, recipe)) if recipe.crops == 5 else middle(x, inner(x, recipe))[None]


def inner(x: Tensor, recipe: Recipe) -> Pair:
    """(H, W) without the margin."""
    return x.shape[2] - recipe.margin, x.shape[3] - recipe.margin
