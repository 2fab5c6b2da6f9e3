"""What an experiment takes out of a network, or puts in: each change on the built network, in place."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

from netlib.errors import InvalidInput
from netlib.models.layers import TableConv2d

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Kind = type[nn.Module] | tuple[type[nn.Module], ...]

CONVOLUTIONS = nn.Conv2d, TableConv2d
# Changes that the function that builds the network makes itself: its options.
OPTIONS: dict[str, dict[str, bool]] = {"aux-heads": {"aux_heads": True}, "no-reduction": {"reductions": False}}


def change(model: nn.Module, name: str, changes: Iterable[str]) -> None:
    """Make the changes in `model`, the network called `name`.

    Raises:
        InvalidInput: there is nothing in it to change.
    """
    for what in changes:
        if what not in OPTIONS and not CHANGES[what](model):
            raise InvalidInput(f"The change {what} was asked for, and {name} has {NEEDS[what]}; choose another change or network.")


def _tanh(model: nn.Module) -> int:
    """A hyperbolic tangent for every ReLU. Source: Krizhevsky et al. 2012, Figure 1."""
    return _replace(model, nn.ReLU, lambda _: nn.Tanh())


def _no_lrn(model: nn.Module) -> int:
    return _replace(model, nn.LocalResponseNorm, _nothing)


def _no_dropout(model: nn.Module) -> int:
    return _replace(model, DROPOUT, _nothing)


def _no_overlap(model: nn.Module) -> int:
    """2×2 windows side by side for 3×3 windows two apart: maps of the same size. Source: Krizhevsky et al. 2012, section 3.4."""

    def side_by_side(pool: nn.Module) -> nn.Module | None:
        assert isinstance(pool, nn.MaxPool2d)
        overlaps = pool.kernel_size in (3, (3, 3)) and pool.stride in (2, (2, 2))
        return nn.MaxPool2d(2, ceil_mode=pool.padding in (1, (1, 1))) if overlaps else None

    return _replace(model, nn.MaxPool2d, side_by_side)


def _no_batch_norm(model: nn.Module) -> int:
    """Convolutions that left the bias to batch normalization get one, which starts at 0."""
    leaves = _leaves(model)
    for layer, after in pairwise(leaves):
        if isinstance(after, nn.BatchNorm2d) and isinstance(layer, nn.Conv2d) and layer.bias is None:
            layer.bias = nn.Parameter(torch.zeros(layer.out_channels, device=layer.weight.device))
    return _replace(model, nn.BatchNorm2d, _nothing)


def _batch_norm(model: nn.Module) -> int:
    """Batch normalization after every convolution that has none, but for one that gives the classes' scores.

    Source: Ioffe, Szegedy 2015, section 3.2.
    """
    leaves = [leaf for leaf in _leaves(model) if next(leaf.parameters(), None) is not None]
    has_one = {id(layer) for layer, after in pairwise(leaves) if isinstance(after, nn.BatchNorm2d)}

    def normalized(layer: nn.Module) -> nn.Module | None:
        assert isinstance(layer, CONVOLUTIONS)
        if id(layer) in has_one or layer is leaves[-1]:
            return None
        with torch.device(layer.weight.device):
            return nn.Sequential(OrderedDict(conv=layer, bn=nn.BatchNorm2d(layer.out_channels)))

    return _replace(model, CONVOLUTIONS, normalized)


def _leaves(model: nn.Module) -> list[nn.Module]:
    """The layers, in the order in which the network's file names them: that in which they compute."""
    return [module for module in model.modules() if not next(module.children(), None) and not isinstance(module, nn.Sequential)]


def _nothing(layer: nn.Module) -> nn.Module:
    return nn.Sequential()  # empty: no layer at all


def _replace(model: nn.Module, kind: Kind, make: Callable[[nn.Module], nn.Module | None]) -> int:
    """Put what `make` makes in the place of each layer of `kind`, unless it makes nothing; how many were replaced."""
    places = [(parent, name, child) for parent in model.modules() for name, child in parent.named_children() if isinstance(child, kind)]
    made = [(parent, name, new) for parent, name, child in places if (new := make(child)) is not None]
    for parent, name, new in made:
        setattr(parent, name, new)
    return len(made)


DROPOUT = nn.Dropout, nn.Dropout2d
CHANGES: dict[str, Callable[[nn.Module], int]] = {
    "tanh": _tanh, "no-lrn": _no_lrn, "no-overlap": _no_overlap, "no-dropout": _no_dropout, "no-batch-norm": _no_batch_norm,
    "batch-norm": _batch_norm,
}  # fmt: skip
NEEDS = {
    "tanh": "no ReLU", "no-lrn": "no local response normalization", "no-overlap": "no 3×3 max pool of stride 2",
    "no-dropout": "no dropout", "no-batch-norm": "no batch normalization", "batch-norm": "no convolution without batch normalization",
    "aux-heads": "no auxiliary heads to switch on", "no-reduction": "no 1×1 reductions that can be left out",
}  # fmt: skip
