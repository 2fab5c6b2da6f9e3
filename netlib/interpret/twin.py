"""A second object for the same network on the same numbers: what is hung on it, or changed in it, never reaches the first."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, TypeVar

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

Network = TypeVar("Network", bound=nn.Module)


def twin(model: Network, *, own_numbers: bool = False) -> Network:
    """`model` once more, in eval mode and frozen: modules of its own over the same memory, so that it costs next to none.

    With `own_numbers` its parameters and buffers are copied too, for who wants to change them. A method that hangs hooks on
    a network hangs them on a twin: however it ends, and whoever else uses the model meanwhile, the model never had them.
    """
    shared: dict[int, Tensor] = {}
    for parameter in model.parameters():
        shared[id(parameter)] = nn.Parameter(parameter.detach().clone() if own_numbers else parameter.detach(), requires_grad=False)
    for buffer in model.buffers():
        shared[id(buffer)] = buffer.detach().clone() if own_numbers else buffer.detach()
    return deepcopy(model, dict(shared)).eval()
