"""Grad-CAM: which places of a layer's map speak for a class.

Source: Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, ICCV 2017, section 3,
equations (1) and (2). The class score is that of the last layer before the softmax (LeNet-5: the negative distance).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from netlib.errors import UnknownLayer
from netlib.interpret.scores import checked_image, checked_target, class_scores
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from torch import Tensor, nn

    from netlib.analysis.graph import LayerGraph, Pair

AFTERWARDS = frozenset(("pooling", "normalization", "reshape", "regularization"))  # categories that make nothing new of a map


def grad_cam(model: nn.Module, image: Tensor, target: int, layer: str | None = None) -> Tensor:
    """The layer's maps, each weighted by the mean gradient of the class score over it, summed, and cut off below zero.

    `layer` is any layer with a map on the way to the output; without one it is `default_layer`. The model is left as it was.

    Shapes: image (C, H, W) -> (H', W') of the layer, ≥ 0.

    Raises:
        UnknownLayer: no such layer, or one without a map or off the way to the output.
        InvalidInput: an image or a class that the network does not take.
    """
    steps = stepwise(model, checked_image(image).shape)
    checked_target(steps.graph, target)
    layer = layer or default_layer(steps.graph)
    if layer not in layers(steps.graph):
        steps.graph[layer]  # an unknown name says so itself
        raise UnknownLayer(
            f"{layer} of {steps.graph.name} has no map on the way to the classes, so Grad-CAM cannot weigh it; "
            f"choose such a layer, as {default_layer(steps.graph)} is."
        )
    with undisturbed(model), torch.inference_mode(False), torch.enable_grad():
        x = image.detach().clone()[None].requires_grad_()
        found = steps.activations(x, {layer, steps.output})
        maps = found[layer]  # (1, K, H', W')
        (gradient,) = torch.autograd.grad(class_scores(steps.graph, found[steps.output])[0, target], maps)
    weights = gradient.mean((2, 3), keepdim=True)  # (1, K, 1, 1)
    return (weights * maps.detach()).sum(1)[0].relu()  # (H', W')


def enlarged(cam: Tensor, size: Pair) -> Tensor:
    """A layer's map over the whole picture, bilinear, as in the paper's Figure 2. Shapes: (H', W') -> size (H, W)."""
    return F.interpolate(cam[None, None], size, mode="bilinear", align_corners=False)[0, 0]


@lru_cache(maxsize=64)
def layers(graph: LayerGraph) -> tuple[str, ...]:
    """The layers it makes sense for, in order: those with a map of more than one place that the main output is made of."""
    wanted = {next(iter(graph.outputs.values()))}
    for layer in reversed(graph.layers):
        if layer.name in wanted:
            wanted.update(layer.inputs)
    return tuple(
        layer.name for layer in graph
        if layer.name in wanted and layer.inputs and len(layer.shape) == 3 and layer.shape[1] * layer.shape[2] > 1
    )  # fmt: skip


def default_layer(graph: LayerGraph) -> str:
    """The map of the last convolution, as its activation or a merge of branches leaves it, before only pooling and averaging follow.

    It is what the paper takes: deep enough to know the class, and still a map.

    Raises:
        UnknownLayer: the network has none.
    """
    having = layers(graph)
    if not having:
        raise UnknownLayer(f"{graph.name} has no layer with a map on the way to its output, so Grad-CAM does not apply; choose saliency.")
    made = [name for name in having if graph[name].category not in AFTERWARDS]
    return (made or having)[-1]
