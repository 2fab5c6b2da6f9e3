"""From a registry key to an nn.Module."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import torch

from netlib.errors import InvalidInput
from netlib.models import bundled, imagenet
from netlib.models.registry import PREFIX, spec
from netlib.models.weights import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

SOURCES = {"trained": bundled.state_dict, "imagenet": imagenet.state_dict}
ONE_AT_A_TIME = Lock()  # torch draws parameters from one generator of the whole process: two builds would share a seed's numbers


def build(
    name: str,
    *,
    weights: Mapping[str, Tensor] | Literal["trained", "imagenet"] | None = None,
    meta: bool = False,
    seed: int = 0,
    **options: Any,
) -> nn.Module:
    """Build a network of the registry, or "torchvision/…", in eval mode.

    `weights` is a state dict to load, "trained" for those that come with the project, or "imagenet" for torchvision's, from this
    computer; without it the parameters are drawn from `seed`, and the caller's random state is left as it was. With `meta` the
    parameters live on the meta device: shapes, but no memory. `options` go to the function that builds it, such as num_classes=10;
    `options_of` tells which there are.

    Raises:
        UnknownNetwork: the registry has no such name.
        InvalidInput: `weights` names no source.
        MissingWeights: no weights of it come from that source, or they are not on this computer; the message says what to do.
        WeightsMismatch: the state dict does not fit; the message lists what is missing, unexpected or mis-shaped.
    """
    if isinstance(weights, str):
        if weights not in SOURCES:
            raise InvalidInput(f"There are no weights called {weights!r}; choose {' or '.join(map(repr, SOURCES))}, or give a state dict.")
        weights = SOURCES[weights](name)
    if meta:
        with torch.device("meta"):
            module = _module(name, options)
    else:
        with ONE_AT_A_TIME, torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = _module(name, options)
    if weights is not None:
        load(module, weights, name)
    return module.eval()


def options_of(name: str) -> frozenset[str]:
    """The options that `build` takes for a network.

    Raises:
        UnknownNetwork: the registry has no such name.
    """
    return frozenset({"num_classes"} if name.startswith(PREFIX) else signature(_builder(name)).parameters)


def _module(name: str, options: Mapping[str, Any]) -> nn.Module:
    if name.startswith(PREFIX):
        from netlib.models.zoo import build_torchvision  # takes seconds to import, and only these need it

        return build_torchvision(name.removeprefix(PREFIX), **options)
    return _builder(name)(**{**spec(name).options, **options})


def _builder(name: str) -> Callable[..., nn.Module]:
    path, function = spec(name).builder.split(":")
    return getattr(import_module(path), function)
