"""The network that a recipe asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.models.build import build

if TYPE_CHECKING:
    from torch import nn

    from netlib.training.recipe import Recipe


def network(recipe: Recipe, classes: int) -> nn.Module:
    """The recipe's network with its initial weights and an output for each of `classes`, in train mode.

    Raises:
        UnknownNetwork, InvalidInput: what the recipe names does not exist, or does not fit together.
    """
    return build(recipe.network, seed=recipe.seed).train()
