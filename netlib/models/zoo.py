"""torchvision's classification networks by name, without weights."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from netlib.errors import UnknownNetwork
from netlib.models.torchvision_cpu import torchvision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

PREFIX = "torchvision/"

# Their own initialization draws from scipy (slow; impossible on the meta device) and their auxiliary heads are for training.
OPTIONS: Mapping[str, Mapping[str, bool]] = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"aux_logits": False, "init_weights": False},
}


def torchvision_names() -> tuple[str, ...]:
    """Names of torchvision's classification networks, in alphabetical order."""
    return tuple(torchvision.models.list_models(module=torchvision.models))


def build_torchvision(name: str, **options: Any) -> nn.Module:
    """Build torchvision's classification network `name` without trained weights; works on the meta device too.

    `options` go to torchvision's function, such as num_classes=10.

    Raises:
        UnknownNetwork: torchvision has no classification network of that name; the message names the nearest ones.
    """
    names = torchvision_names()
    if name not in names:
        raise UnknownNetwork(PREFIX + name, [PREFIX + known for known in names])
    with _SmallTensorsOnCpu() if name.startswith("regnet") else nullcontext():
        network: nn.Module = torchvision.models.get_model(name, weights=None, **{**OPTIONS.get(name, {}), **options})
    return network


class _SmallTensorsOnCpu(TorchFunctionMode):
    """RegNets work their widths out with tensors and read the values back, which meta tensors do not have."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.arange, torch.tensor):
            kwargs = {"device": "cpu", **kwargs}
        return func(*args, **kwargs)
