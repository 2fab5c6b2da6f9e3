"""How much a network's features change when the picture is moved, scaled or turned.

Source: Zeiler, Fergus 2014, section 4.1 and Figure 5: Euclidean distance between the feature vectors of the picture and its transformed
copy, at the first and at a late layer, and the probability of the true class.

A picture ends at its edge, and the paper does not say what it put beyond. Here it is the picture's own mean colour, so that nothing of
a new colour comes in; `fill` sets another. Pixels between pixels are bilinear.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from netlib.errors import InvalidInput
from netlib.interpret.scores import checked_image, checked_target, probabilities
from netlib.interpret.similarity import last_hidden
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor, nn

    from netlib.analysis.graph import LayerGraph


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of transformations.

    Attributes:
        title: as a heading writes it.
        unit: of its value.
        neutral: the value that changes nothing.
        values: those that a curve has unless others are given; of a translation they are for a picture 224 pixels high.
    """

    title: str
    unit: str
    neutral: float
    values: tuple[float, ...]


KINDS: Mapping[str, Kind] = MappingProxyType(  # the ranges of Figure 5
    {
        "translation": Kind("Vertical translation", "pixels down", 0.0, tuple(float(v) for v in range(-60, 61, 5))),
        "scale": Kind("Scale", "times as large", 1.0, tuple(1 + 0.05 * v for v in range(17))),
        "rotation": Kind("Rotation", "degrees counter-clockwise", 0.0, tuple(float(v) for v in range(0, 361, 15))),
    }
)
PAPERS_HEIGHT = 224


@dataclass(frozen=True, slots=True)
class Curves:
    """What is known of each transformation after a step; numbers not yet known are NaN.

    Attributes:
        kind: key of KINDS.
        values: (V,), how far each transformation goes.
        distances: layer -> (V,), Euclidean distance of its output to that of the picture itself.
        probability: (V,), of the target.
        done: how many of the V are known.
    """

    kind: str
    values: Tensor
    distances: Mapping[str, Tensor]
    probability: Tensor
    done: int


def invariance(
    model: nn.Module,
    image: Tensor,
    target: int,
    kind: str,
    *,
    layers: Sequence[str] | None = None,
    values: Sequence[float] | None = None,
    batch: int = 8,
    fill: float | Tensor | None = None,
) -> Iterator[Curves]:
    """The curves after each batch of transformations; the last is complete. The model is left as it was.

    Without `layers` they are the first and the last hidden one. The target's probability is that of class `target`.

    Shapes: image (C, H, W).

    Raises:
        InvalidInput: a kind or a value that there is not, or an image or a class that the network does not take; at the first step.
        UnknownLayer: no such layer.
    """
    steps = stepwise(model, checked_image(image).shape)
    checked_target(steps.graph, target)
    values = default_values(kind, image.shape[1]) if values is None else tuple(values)
    layers = default_layers(steps.graph) if layers is None else tuple(layers)
    if batch < 1 or not values:
        raise InvalidInput(f"At least one transformation, and one at a time, is needed, not {len(values)} and {batch}.")
    wanted = {*layers, steps.output}
    with undisturbed(model), torch.no_grad():
        original = steps.activations(image[None], wanted)
    distances = {layer: torch.full((len(values),), torch.nan) for layer in layers}
    probability = torch.full((len(values),), torch.nan)
    for start in range(0, len(values), batch):
        pictures = transformed(image, kind, values[start : start + batch], fill=fill)  # (n, C, H, W)
        part = slice(start, start + len(pictures))
        with undisturbed(model), torch.no_grad():
            found = steps.activations(pictures, wanted)
        for layer in layers:
            distances[layer][part] = (found[layer] - original[layer]).flatten(1).norm(dim=1).cpu()
        probability[part] = probabilities(steps.graph, found[steps.output])[:, target].cpu()
        known = {layer: distance.clone() for layer, distance in distances.items()}
        yield Curves(kind, torch.tensor(values), known, probability.clone(), part.stop)


def transformed(image: Tensor, kind: str, values: Sequence[float], *, fill: float | Tensor | None = None) -> Tensor:
    """The picture, transformed by each value around its middle; beyond its edge is `fill`, its own mean colour unless given.

    Shapes: (C, H, W) -> (V, C, H, W); fill a number or (C, 1, 1).

    Raises:
        InvalidInput: a kind that there is not, or a scale that is not above zero.
    """
    _checked(kind)
    if kind == "scale" and min(values) <= 0:
        raise InvalidInput(f"A picture can be scaled by factors above zero, not by {min(values)}.")
    height, width = checked_image(image).shape[1:]
    beyond = image.mean((1, 2), keepdim=True) if fill is None else torch.as_tensor(fill, dtype=image.dtype, device=image.device)
    amount = torch.tensor(list(values), dtype=torch.double)
    zero, one = torch.zeros_like(amount), torch.ones_like(amount)
    # Where a pixel comes from, in pixels around the middle, x to the right and y down: the inverse of where it goes.
    if kind == "translation":
        rows = [[one, zero, zero], [zero, one, -amount]]
    elif kind == "scale":
        rows = [[1 / amount, zero, zero], [zero, 1 / amount, zero]]
    else:
        cos, sin = torch.deg2rad(amount).cos(), torch.deg2rad(amount).sin()
        rows = [[cos, -sin, zero], [sin, cos, zero]]
    matrix = torch.stack([torch.stack(row, 1) for row in rows], 1)  # (V, 2, 3)
    y, x = torch.meshgrid(_around_middle(height), _around_middle(width), indexing="ij")
    places = torch.stack([x, y, torch.ones_like(x)], -1)  # (H, W, 3)
    source = torch.einsum("vij,hwj->vhwi", matrix, places) * torch.tensor([2 / width, 2 / height], dtype=torch.double)
    pictures = (image - beyond).expand(len(values), -1, -1, -1)
    moved = F.grid_sample(pictures, source.to(image), mode="bilinear", padding_mode="zeros", align_corners=False)
    return moved + beyond


def default_layers(graph: LayerGraph) -> tuple[str, ...]:
    """The first layer that computes, with its activation, and the last hidden one, as layers 1 and 7 of the paper.

    Raises:
        InvalidInput: the network has no classes, or no layer with weights.
    """
    first = next((layer for layer in graph if layer.params and layer.inputs), None)
    if first is None:
        raise InvalidInput(f"{graph.name} has no layer with weights; choose layers.")
    after = [graph[name] for name in graph.consumers[first.name]]
    while len(after) == 1 and after[0].category in ("normalization", "activation"):
        first, after = after[0], [graph[name] for name in graph.consumers[after[0].name]]
    return tuple(dict.fromkeys((first.name, last_hidden(graph))))


def default_values(kind: str, height: int) -> tuple[float, ...]:
    """The paper's values; of a translation as large a share of the picture's height, in whole pixels, each once.

    Raises:
        InvalidInput: a kind that there is not.
    """
    values = _checked(kind).values
    return tuple(sorted({own_value(kind, value, height) for value in values}))


def own_value(kind: str, value: float, height: int) -> float:
    """A value of KINDS for a picture `height` pixels high: of a translation as large a share of the height, in whole pixels."""
    return float(round(value * height / PAPERS_HEIGHT)) if kind == "translation" else value


def _checked(kind: str) -> Kind:
    if kind not in KINDS:
        raise InvalidInput(f"There is no transformation {kind!r}; choose one of: {', '.join(KINDS)}.")
    return KINDS[kind]


def _around_middle(size: int) -> Tensor:
    return torch.arange(size, dtype=torch.double) - (size - 1) / 2
