"""How much each pixel of its receptive field really counts for a unit.

Source: Luo, Li, Urtasun, Zemel, Understanding the Effective Receptive Field in Deep Convolutional Neural Networks, NIPS 2016,
sections 2 and 4: the gradient of a central unit with respect to random inputs, here squared and averaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from netlib.analysis.graph import checked_shape
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from netlib.analysis.graph import Layer, LayerGraph


def effective_field(
    model: nn.Module,
    layer: str,
    *,
    input_shape: tuple[int, int, int],
    unit: tuple[int, int] | None = None,
    samples: int = 20,
    seed: int = 0,
    batch: int = 10,
) -> Tensor:
    """Mean squared gradient of a unit (the central one), all channels summed, over random normal inputs; its maximum is 1.

    `layer` is any layer of the graph, an addition between modules too, or the path of a block, which stands for the last layer in it.
    The model is left as it was found, but is used meanwhile: a thread takes its own copy.

    Shapes: input_shape (C, H, W) -> (H, W).

    Raises:
        UnknownLayer: no such layer, one that is not made of the picture, or no such unit in its map.
        InvalidInput: fewer than one sample or one picture at a time, or an input shape that is none.
        TraceError: an input shape that the model cannot take, or a model that cannot be run layer by layer.
    """
    *_, (_, field) = effective_field_batches(
        model, layer, input_shape=input_shape, unit=unit, samples=samples, seed=seed, batch=batch
    )  # (H, W)
    return field


def effective_field_batches(
    model: nn.Module,
    layer: str,
    *,
    input_shape: tuple[int, int, int],
    unit: tuple[int, int] | None = None,
    samples: int = 20,
    seed: int = 0,
    batch: int = 10,
) -> Iterator[tuple[int, Tensor]]:
    """`effective_field` step by step, for who shows how far it is or may stop it: (samples so far, their field) after each batch.

    The model is as it was between two steps too.

    Raises: as `effective_field` does, at the first step.
    """
    if samples < 1 or batch < 1:
        raise InvalidInput(f"An effective field needs at least one sample and one picture at a time, not {samples} and {batch}.")
    steps = stepwise(model, checked_shape(input_shape))
    seen = _layer(steps.graph, layer)
    row, column = _unit(seen, unit)
    like = next(model.parameters(), torch.empty(0))
    random = torch.Generator().manual_seed(seed)
    total = torch.zeros(input_shape[-2:], dtype=torch.double)
    for done in range(0, samples, batch):
        count = min(batch, samples - done)
        # picture by picture, so that the same seed gives the same pictures whatever the batch
        x = torch.stack([torch.randn(input_shape, generator=random) for _ in range(count)]).to(like)  # (N, C, H, W)
        with undisturbed(model), torch.enable_grad():  # within a step only: it is the caller's mode that counts between two of them
            output = steps.activations(x.requires_grad_(), {seen.name})[seen.name]
            score = output[:, :, row, column].sum() if output.dim() == 4 else output.sum()
            (gradient,) = torch.autograd.grad(score, x)
        total += gradient.double().square().sum((0, 1)).cpu()
        yield done + count, (total / total.max().clamp_min(torch.finfo(torch.double).tiny)).float()


def _layer(graph: LayerGraph, name: str) -> Layer:
    inside = [layer for layer in graph if layer.name.startswith(f"{name}.")] if name and name not in graph else []
    layer = inside[-1] if inside else graph[name]
    made_of = {layer.name}
    for below in reversed(graph.layers):
        if below.name in made_of:
            made_of.update(below.inputs)
    if not made_of.intersection(source.name for source in graph.inputs):
        raise UnknownLayer(f"Layer {name!r} gives no tensor that depends on the picture; choose another layer.")
    return layer


def _unit(layer: Layer, unit: tuple[int, int] | None) -> tuple[int, int]:
    """The unit, held to be one of the layer's map; (0, 0) stands for all units of a layer without a map."""
    if len(layer.shape) != 3:
        if unit not in (None, (0, 0)):
            raise UnknownLayer(f"Layer {layer.name!r} has no map, so there is no unit {unit}; choose (0, 0) or none.")
        return 0, 0
    _, height, width = layer.shape
    row, column = unit or (height // 2, width // 2)
    if not (0 <= row < height and 0 <= column < width):
        raise UnknownLayer(f"Layer {layer.name!r} has a map of {height} × {width} units, so there is no unit ({row}, {column}).")
    return row, column
