"""How a step changes the weights: the optimizer a recipe names, which weights it pulls towards 0, and limits on kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from netlib.training.recipe import Recipe


def optimizer(model: nn.Module, recipe: Recipe) -> Optimizer:
    """The recipe's optimizer over the model's parameters; its learning rate is set before each step."""
    groups = parameter_groups(model, recipe)
    fused: dict[str, Any] = {"fused": True} if first_kernels(model).is_cuda else {}  # one kernel for all parameters; it rounds differently
    if recipe.optimizer == "alexnet":
        return AlexNetRule(groups, recipe.momentum)
    if recipe.optimizer == "sgd":
        return SGD(groups, lr=0.0, momentum=recipe.momentum, nesterov=recipe.momentum > 0, **fused)
    return (Adam if recipe.optimizer == "adam" else AdamW)(groups, lr=0.0, **fused)


class AlexNetRule(Optimizer):
    """v ← momentum · v − weight_decay · ε · w − ε · gradient, then w ← w + v.

    torch.optim.SGD keeps the learning rate ε out of v: there, a rate that falls also shortens the steps that v remembers.

    Source: Krizhevsky et al. 2012, section 5.
    """

    def __init__(self, parameters: list[dict[str, Any]], momentum: float) -> None:
        super().__init__(parameters, {"lr": 0.0, "momentum": momentum, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            weights = [w for w in group["params"] if w.grad is not None]
            if not weights:
                continue
            for w in weights:
                if not self.state[w]:
                    self.state[w]["velocity"] = torch.zeros_like(w)
            velocities = [self.state[w]["velocity"] for w in weights]
            torch._foreach_mul_(velocities, group["momentum"])
            torch._foreach_add_(velocities, weights, alpha=-group["weight_decay"] * group["lr"])
            torch._foreach_add_(velocities, [w.grad for w in weights], alpha=-group["lr"])
            torch._foreach_add_(weights, velocities)


def parameter_groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """First kernels, other weights, and all that is a single number for each channel: each with its own weight decay."""
    first = first_kernels(model)
    weights = [p for p in model.parameters() if p.ndim > 1 and p is not first]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [
        {"params": [first], "weight_decay": recipe.first_decay},
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


def saved(optimizer: Optimizer) -> dict[str, Tensor]:
    """What the optimizer remembers of each parameter, as "number of the parameter/name" -> tensor."""
    state = optimizer.state_dict()["state"]
    return {f"{number}/{name}": value for number, entries in state.items() for name, value in entries.items() if value is not None}


def restore(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `saved` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split("/")
        state.setdefault(int(number), {})[name] = value.clone()
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


class Limits:
    """The recipe's limits on kernels, kept after each step."""

    def __init__(self, model: nn.Module, recipe: Recipe) -> None:
        convolutions = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d)] if recipe.kernel_rms else []
        self.limits = [(first_kernels(model), recipe.first_rms), *((kernels, recipe.kernel_rms) for kernels in convolutions)]

    def keep(self) -> None:
        for kernels, most in self.limits:
            limit(kernels, most)


@torch.no_grad()
def limit(kernels: Tensor, most: float) -> None:
    """Scale each kernel whose root mean square is more than `most` back to it, in place; 0 is no limit.

    Without a limit a few kernels outgrow all others.

    Source: Zeiler, Fergus 2014, section 3.1 (with a limit of 0.1 in every convolution).
    Shapes: (K, C, h, w).
    """
    if most > 0:
        rms = kernels.square().mean((1, 2, 3), keepdim=True).sqrt()
        kernels.mul_(most / rms.clamp_min(most))


def first_kernels(model: nn.Module) -> nn.Parameter:
    """The kernels of the first layer: in all networks that are trained here, the first parameter with more than one axis."""
    return next(p for p in model.parameters() if p.ndim > 1)
