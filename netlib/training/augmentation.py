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


def augmented(x: Tensor, recipe: Recipe, random: Generator) -> Tensor:
    """The batch after all that the recipe asks for."""
    if recipe.shift:
        x = shifted(x, recipe.shift, recipe.border, random)
    if recipe.mirror:
        x = torch.where(_share(x, 0.5, random), x.flip(3), x)
    if recipe.turn:
        x = turned(x, random)
    if recipe.tint:
        x = x * (1 + recipe.tint * (2 * torch.rand(len(x), x.shape[1], 1, 1, generator=random) - 1))
    if recipe.grey:
        x = torch.where(_share(x, recipe.grey, random), x.mean(1, keepdim=True), x)
    return x


def shifted(x: Tensor, most: int, border: str, random: Generator) -> Tensor:
    """Each picture moved by its own number of pixels, −most to most along each axis."""
    n, _, height, width = x.shape
    padded = F.pad(x, (most, most, most, most), mode=border)
    top, left = torch.randint(0, 2 * most + 1, (2, n, 1), generator=random)  # (n, 1) each
    rows, columns = top + torch.arange(height), left + torch.arange(width)  # (n, H), (n, W)
    return padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()


def turned(x: Tensor, random: Generator) -> Tensor:
    """Each picture turned by 0, 90, 180 or 270 degrees; pictures must be square."""
    turns = torch.randint(0, 4, (len(x), 1, 1, 1), generator=random)
    x = torch.where(turns >= 2, x.flip(2, 3), x)
    return torch.where(turns % 2 == 1, x.transpose(2, 3).flip(2), x)


def _share(x: Tensor, share: float, random: Generator) -> Tensor:
    """True for each picture with probability `share`."""
    return torch.rand(len(x), 1, 1, 1, generator=random) < share
