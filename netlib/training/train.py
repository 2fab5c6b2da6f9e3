"""From a recipe to a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.analysis.store import default_input
from netlib.data.sets import data_set
from netlib.training.loop import Trainer
from netlib.training.network import network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlib.training.loop import Step
    from netlib.training.recipe import Recipe


def trainer(recipe: Recipe, *, device: str | None = None) -> Trainer:
    """The network and the data that `recipe` names, ready for the first step; on `device`, if not on the recipe's.

    Raises:
        NetlibError: what the recipe names does not exist, is not on this computer, or does not fit together.
    """
    data = data_set(recipe.data, default_input(recipe.network), margin=recipe.margin)
    return Trainer(network(recipe, len(data.classes)), data, recipe, device=device)


def train(recipe: Recipe) -> Iterator[Step]:
    """Train by `recipe`, a step at each turn of the iterator.

        >>> import netlib
        >>> for step in netlib.train(netlib.Recipe("lenet5-modern", "digits", steps=3)):
        ...     print(f"step {step.step} of {step.steps}: loss {step.loss.item():.1f}")
        step 1 of 3: loss 2.3
        step 2 of 3: loss 2.3
        step 3 of 3: loss 2.3

    `netlib.training.train.trainer(recipe)` is iterated in the same way, and has the trained network as its `model`.

    Raises:
        NetlibError: what the recipe names does not exist, is not on this computer, or does not fit together.
    """
    return iter(trainer(recipe))
