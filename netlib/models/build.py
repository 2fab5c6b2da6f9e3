"""From a registry key to an nn.Module."""

from __future__ import annotations

from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING

import torch

from netlib.models.registry import PREFIX, spec
from netlib.models.weights import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn


def build(name: str, *, weights: Mapping[str, Tensor] | None = None, meta: bool = False, seed: int = 0) -> nn.Module:
    """Build a network of the registry, or "torchvision/…", in eval mode.

    `weights` is a state dict to load; without it the parameters are drawn from `seed`, and the caller's random
    state is left as it was. With `meta` the parameters live on the meta device: shapes, but no memory.

    Raises:
        UnknownNetwork: the registry has no such name.
        WeightsMismatch: the state dict does not fit; the message lists what is missing, unexpected or mis-shaped.
    """
    with torch.random.fork_rng(enabled=not meta, devices=[]), torch.device("meta") if meta else nullcontext():
        if not meta:
            torch.manual_seed(seed)
        if name.startswith(PREFIX):
            from netlib.models.zoo import build_torchvision  # takes seconds to import, and only these need it

            module = build_torchvision(name.removeprefix(PREFIX))
        else:
            row = spec(name)
            path, function = row.builder.split(":")
            module = getattr(import_module(path), function)(**row.options)
    if weights is not None:
        load(module, weights, name)
    return module.eval()
