"""The feature maps of a layer for one picture, what can be said of each, and what the network says at the end.

A unit counts as saturated by the kind of its layer: where the activation is so flat that no gradient comes back.
K, H, W: channels, height, width of the layer's maps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from netlib.errors import InvalidInput
from netlib.interpret.scores import checked_image, class_scores, probabilities
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed
from netlib.models.layers import ScaledTanh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from netlib.analysis.graph import Layer

NEAR = 0.99  # of the way from the middle to a limit that is only approached
# Kind of layer -> (lower, upper) limit at which its units are saturated; what is never reached is infinite.
_TANH = NEAR * ScaledTanh.A
LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "tanh": (-NEAR, NEAR),
        "scaled_tanh": (-_TANH, _TANH),  # LeNet-5's: ±1.7159
        "sigmoid": ((1 - NEAR) / 2, (1 + NEAR) / 2),
        "hardsigmoid": (0.0, 1.0),  # these reach their limits
        "relu6": (-math.inf, 6.0),
    }
)
ORDERS = "strongest", "index"


@dataclass(frozen=True, slots=True)
class ChannelStatistics:
    """One channel of a layer, for one picture.

    Attributes:
        max, mean: over its map.
        share_zero: of its units, those that are exactly zero.
        share_saturated: of its units, those at the limits of the layer's activation; 0 where it has none.
        dead: all its units are exactly zero: behind a ReLU, it says nothing about this picture.
    """

    max: float
    mean: float
    share_zero: float
    share_saturated: float
    dead: bool


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one class.

    Attributes:
        index: of the class.
        probability: as `netlib.interpret.scores.probabilities` has it.
        score: the output before it became a probability; of LeNet-5 the negative distance to the class's code.
    """

    index: int
    probability: float
    score: float


def feature_maps(model: nn.Module, image: Tensor, layer: str) -> Tensor:
    """The output of any layer for one picture, channel by channel. The model is left as it was.

    Shapes: image (C, H, W) -> (K, H', W'); a vector of F numbers gives (F, 1, 1).

    Raises:
        UnknownLayer: no such layer.
        InvalidInput: the layer gives a sequence, which has no maps.
    """
    steps = stepwise(model, checked_image(image).shape)
    with undisturbed(model), torch.no_grad():
        output = steps.activations(image[None], {layer})[layer][0]
    if output.dim() not in (1, 3):
        shape = "×".join(map(str, output.shape))
        raise InvalidInput(f"{layer} of {steps.graph.name} gives {shape} numbers, which are no maps; choose a layer with maps or a vector.")
    return output if output.dim() == 3 else output[:, None, None]


def statistics(maps: Tensor, layer: Layer | str) -> list[ChannelStatistics]:
    """Each channel in numbers. `layer` is the graph's layer that made the maps, or its kind. Shapes: maps (K, H, W)."""
    low, high = _limits(layer)
    flat = maps.flatten(1)
    zero = (flat == 0).float().mean(1)
    saturated = ((flat <= low) | (flat >= high)).float().mean(1)
    rows = zip(flat.amax(1).tolist(), flat.mean(1).tolist(), zero.tolist(), saturated.tolist(), strict=True)
    return [ChannelStatistics(*row, dead=row[2] == 1) for row in rows]


def order(maps: Tensor, by: str = "strongest") -> Tensor:
    """Indices of the channels, those with the largest unit first, or as they are. Shapes: maps (K, H, W) -> (K,), whole numbers.

    Raises:
        InvalidInput: an order that there is not.
    """
    if by not in ORDERS:
        raise InvalidInput(f"Feature maps cannot be sorted by {by!r}; choose one of: {', '.join(ORDERS)}.")
    if by == "index":
        return torch.arange(len(maps))
    return maps.flatten(1).amax(1).argsort(descending=True, stable=True)


def predictions(model: nn.Module, image: Tensor, count: int = 5) -> list[Prediction]:
    """The `count` most probable classes, most probable first. The model is left as it was.

    Shapes: image (C, H, W).

    Raises:
        InvalidInput: the network has no classes, or fewer than one is asked for.
    """
    if count < 1:
        raise InvalidInput(f"At least one prediction must be asked for, not {count}.")
    steps = stepwise(model, checked_image(image).shape)
    with undisturbed(model), torch.no_grad():
        output = steps.activations(image[None], {steps.output})[steps.output]
    scores, shares = class_scores(steps.graph, output)[0], probabilities(steps.graph, output)[0]
    best = scores.argsort(descending=True, stable=True)[:count].tolist()
    return [Prediction(index, float(shares[index]), float(scores[index])) for index in best]


def _limits(layer: Layer | str) -> tuple[float, float]:
    kind = layer if isinstance(layer, str) else layer.kind
    options: Mapping[str, Any] = {} if isinstance(layer, str) else layer.options
    if kind == "hardtanh":
        return options.get("min_val", -1.0), options.get("max_val", 1.0)
    if kind == "clamp":
        return options.get("min", -math.inf), options.get("max", math.inf)
    return LIMITS.get(kind, (-math.inf, math.inf))
