"""Which pictures of a data set a network finds like a given one, and which are like it pixel by pixel.

Source: Krizhevsky et al. 2012, section 6.1 and Figure 4: Euclidean distance between the vectors of the last hidden layer. What it finds
is, pixel by pixel, "generally not close in L2", which is why the distance of the pixels stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from netlib.errors import InvalidInput
from netlib.interpret.scores import classifier
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from netlib.analysis.graph import LayerGraph


@dataclass(frozen=True, slots=True)
class Nearest:
    """Pictures of the data, nearest first.

    Attributes:
        indices: (count,), their places in the data.
        distances: (count,), Euclidean.
    """

    indices: Tensor
    distances: Tensor


def features(model: nn.Module, pictures: Tensor, layer: str | None = None, *, batch: int = 64) -> Iterator[Tensor]:
    """The outputs of `layer` (the last hidden one) as vectors, batch by batch, for who shows how far it is or keeps them.

    Shapes: pictures (N, C, H, W) -> (n, F) at each step, N in all.

    The model is left as it was.

    Raises, at the first step:
        UnknownLayer: no such layer.
        InvalidInput: pictures that the network does not take.
    """
    steps = stepwise(model, pictures.shape[1:])
    layer = layer or last_hidden(steps.graph)
    for part in pictures.split(batch):
        with undisturbed(model), torch.no_grad():
            vectors = steps.activations(part, {layer})[layer].flatten(1)  # (n, F)
        yield vectors


def closest(vector: Tensor, vectors: Tensor, count: int = 6) -> Nearest:
    """The `count` vectors nearest to one; all when there are fewer. Of equally near ones the earlier come first.

    Shapes: vector (F,), vectors (N, F).

    Raises:
        InvalidInput: vectors of another length, or fewer than one is asked for.
    """
    if vectors.dim() != 2 or vectors.shape[1:] != vector.shape:
        raise InvalidInput(f"Vectors of {vectors.shape[-1]} numbers cannot be compared with one of {vector.shape[0]}; use the same layer.")
    if count < 1:
        raise InvalidInput(f"At least one nearest picture must be asked for, not {count}.")
    distances = (vectors - vector).norm(dim=1)
    order = distances.argsort(stable=True)[:count]
    return Nearest(order, distances[order])


def last_hidden(graph: LayerGraph) -> str:
    """The layer that the classes are made of: what comes into the last layer with weights (or LeNet-5's codes).

    A dropout between them, which changes nothing once the network has learned, is passed over: of AlexNet it is relu7.

    Raises:
        InvalidInput: the network has no classes, or no layer with weights.
    """
    layer = classifier(graph)
    while not layer.params and layer.kind != "rbf":
        if not layer.inputs:
            raise InvalidInput(f"{graph.name} has no layer with weights, so there is no last hidden layer; choose a layer.")
        layer = graph[layer.inputs[0]]
    before = graph[layer.inputs[0]]
    while before.kind == "dropout":
        before = graph[before.inputs[0]]
    return before.name
