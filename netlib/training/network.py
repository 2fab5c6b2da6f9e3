"""The network that a recipe asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from netlib.errors import InvalidInput
from netlib.models.build import ONE_AT_A_TIME, build, options_of
from netlib.models.layers import RBF
from netlib.training.changes import DROPOUT, NEEDS, OPTIONS, change
from netlib.training.initialization import initialize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from netlib.training.recipe import Recipe

HEADLESS = "dcgan-generator", "dcgan-discriminator"  # the networks that do not tell classes apart


def network(recipe: Recipe, classes: int, *, meta: bool = False) -> nn.Module:
    """The recipe's network with an output for each of `classes`, its changes and its initial weights, in train mode.

    With `meta` it has shapes, and no weights.

    Raises:
        UnknownNetwork, UnknownRun: there is none of that name.
        InvalidInput: what the recipe asks for does not fit the network, or the number of classes does not.
    """
    model = build(recipe.network, seed=recipe.seed, meta=meta, **_options(recipe, classes))
    has_codes = any(isinstance(module, RBF) for module in model.modules())
    if has_codes != (recipe.loss == "rbf"):
        says, wanted = ("distances to codes", "rbf") if has_codes else ("one logit for each class", "cross-entropy")
        raise InvalidInput(f"{recipe.network} gives {says}, and the loss {recipe.loss} was asked for; choose {wanted}.")
    change(model, recipe.network, recipe.changes)
    if recipe.dropout is not None:
        _set_dropout(model, recipe)
    if recipe.initialization and not meta:
        with ONE_AT_A_TIME, torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            initialize(model, recipe.initialization, recipe.network)
    if recipe.warm_start and not meta:
        take_over(model, _weights_of(recipe.warm_start), recipe.warm_start)
    return model.train()


def take_over(model: nn.Module, weights: Mapping[str, Tensor], run: str) -> list[str]:
    """Copy those entries of `weights` that the model has under the same name and shape; which ones.

    VGG's deeper configurations start so from A (Simonyan, Zisserman 2014, section 3.1). The paper takes over the first four convolutions
    and the fully connected layers; here it is all that A has under the same name.

    Raises:
        InvalidInput: there is none.
    """
    own = model.state_dict()
    same = [name for name, tensor in weights.items() if name in own and own[name].shape == tensor.shape]
    if not same:
        raise InvalidInput(f"Run {run} has no layer in common with this network; choose the run of a network of the same family.")
    with torch.no_grad():
        for name in same:
            own[name].copy_(weights[name])
    return same


def _weights_of(run: str) -> dict[str, Tensor]:
    """The best weights of a run of the store, or its last.

    Raises:
        UnknownRun: there is no such run.
        InvalidInput: it has no checkpoint yet.
    """
    from netlib.training import checkpoint  # the store brings its database with it, which other recipes do not need
    from netlib.training.runs import Store

    store = Store()
    path = store.checkpoint(run, "best") or store.checkpoint(run, "last")
    if path is None:
        raise InvalidInput(f"Run {run}, which this one is to start from, has no checkpoint yet; wait until it has one.")
    tensors = checkpoint.load(path).tensors
    return {name.removeprefix("model/"): tensor for name, tensor in tensors.items() if name.startswith("model/")}


def _options(recipe: Recipe, classes: int) -> dict[str, Any]:
    """What the function that builds the network is given."""
    known, name = options_of(recipe.network), recipe.network
    options: dict[str, Any] = {}
    if "num_classes" in known:
        options["num_classes"] = classes
    elif name in HEADLESS:
        raise InvalidInput(f"{name} does not tell classes apart, so it cannot be trained to; choose another network.")
    elif classes != 10:
        raise InvalidInput(f"{name} has codes for 10 classes, and {recipe.data} has {classes}; choose other data or another network.")
    for what in recipe.changes:
        wanted = OPTIONS.get(what, {})
        if wanted.keys() - known:
            raise InvalidInput(f"The change {what} was asked for, and {name} has {NEEDS[what]}; choose googlenet-mini.")
        options |= wanted
    return options


def _set_dropout(model: nn.Module, recipe: Recipe) -> None:
    layers = [module for module in model.modules() if isinstance(module, DROPOUT)]
    if not layers:
        raise InvalidInput(f"Dropout of {recipe.dropout:g} was asked for, and {recipe.network} has no dropout layers; leave it out.")
    for layer in layers:
        layer.p = recipe.dropout or 0.0
