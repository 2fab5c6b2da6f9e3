"""Weights to start from, drawn by other rules than the network's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

GAUSSIAN = 0.01  # standard deviation of AlexNet's weights
# AlexNet's layers whose biases start at 1, so that its ReLUs get positive inputs early.
ONES = frozenset({"conv2", "conv4", "conv5", "fc6", "fc7"})


def initialize(model: nn.Module, rule: str, name: str) -> None:
    """Draw the weights of all convolutions and fully connected layers of `model`, the network called `name`, anew; biases start at 0.

    "gaussian": N(0, 0.01²), and in AlexNet's forms some biases at 1 (Krizhevsky et al. 2012, section 5). "xavier": uniform, of variance
    2 / (fan-in + fan-out) (Glorot, Bengio 2010). "he": normal, of variance 2 / fan-in (He et al. 2015). "pytorch": its defaults, biases
    too. What normalization learns stays as it is.
    """
    for path, layer in model.named_modules():
        if not isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            continue
        if rule == "pytorch":
            layer.reset_parameters()
            continue
        RULES[rule](layer.weight)
        if layer.bias is not None:
            ones = rule == "gaussian" and name.startswith("alexnet") and path in ONES
            nn.init.constant_(layer.bias, float(ones))


def _gaussian(weight: Tensor) -> Tensor:
    return nn.init.normal_(weight, std=GAUSSIAN)


def _he(weight: Tensor) -> Tensor:
    return nn.init.kaiming_normal_(weight, nonlinearity="relu")


RULES: dict[str, Callable[[Tensor], Tensor]] = {"gaussian": _gaussian, "xavier": nn.init.xavier_uniform_, "he": _he}
