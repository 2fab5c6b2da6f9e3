"""Pictures changed at random, a batch at a time, in ways that leave their class as it is.

Source: Krizhevsky et al. 2012, section 4.1, where crops, reflections and colour changes keep a network from learning by heart.
Shapes: (N, C, H, W) -> (N, C, H, W) everywhere; pictures from 0 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from netlib.training.recipe import Recipe


def augmented(x: Tensor, recipe: Recipe, random: Generator, *, close_up: bool = False) -> Tensor:
    """The batch after all that the recipe asks for; close-ups come out as (N, C, close_up, close_up)."""
    if recipe.shift:
        x = shifted(x, recipe.shift, recipe.border, random)
    if close_up:
        x = cropped(x, recipe.close_up, random)
        x = torch.where(_share(x, recipe.grey, random), x.mean(1, keepdim=True), x)
    if recipe.mirror:
        x = torch.where(_share(x, 0.5, random), x.flip(3), x)
    if recipe.tint:
        x = x * (1 + recipe.tint * (2 * torch.rand(len(x), x.shape[1], 1, 1, generator=random) - 1))
    return x


def shifted(x: Tensor, most: int, border: str, random: Generator) -> Tensor:
    """Each picture moved by its own number of pixels, −most to most along each axis."""
    return _cut(F.pad(x, (most, most, most, most), mode=border), x.shape[2], x.shape[3], random)


def cropped(x: Tensor, size: int, random: Generator) -> Tensor:
    """A square of `size` by `size` pixels out of each picture, at its own place: (N, C, H, W) -> (N, C, size, size)."""
    return _cut(x, size, size, random)


def _cut(x: Tensor, height: int, width: int, random: Generator) -> Tensor:
    n = len(x)
    top = torch.randint(0, x.shape[2] - height + 1, (n, 1), generator=random)
    left = torch.randint(0, x.shape[3] - width + 1, (n, 1), generator=random)
    rows, columns = top + torch.arange(height), left + torch.arange(width)  # (n, height), (n, width)
    return x[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()


def _share(x: Tensor, share: float, random: Generator) -> Tensor:
    """True for each picture with probability `share`."""
    return torch.rand(len(x), 1, 1, 1, generator=random) < share
