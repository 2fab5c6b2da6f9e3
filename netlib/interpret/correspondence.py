"""Whether a layer answers alike when the same part is hidden in several pictures.

Source: Zeiler, Fergus 2014, section 4.3 and Table 1. Hiding a part of picture i changes the layer's features by ε_i; the mean
Hamming distance between the signs of ε_i and of ε_j, over all pairs of pictures, is small where the layer ties the part of the
one picture to that of the other. Table 1 sets hiding random parts beside it: 0.067 for the left eye of dogs at layer 5, 0.107 then.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import torch

from netlib.analysis.receptive_field import Box
from netlib.errors import InvalidInput
from netlib.interpret.grad_cam import default_layer
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from netlib.analysis.graph import Pair


@dataclass(frozen=True, slots=True)
class Correspondence:
    """The Hamming distances of all pairs of pictures, each as a share of the layer's features, 0 … 1.

    Attributes:
        mean: the paper's Δ, small where the pictures correspond.
        deviation: standard deviation over the pairs.
        pairs: (N, N), the distance of each pair.
    """

    mean: float
    deviation: float
    pairs: Tensor


def correspondence(
    model: nn.Module, images: Tensor, boxes: Sequence[Box], layer: str | None = None, *, fill: float | Tensor = 0.0
) -> Correspondence:
    """How alike `layer` (the map of the last convolution, unless given) answers when box i is hidden in picture i.

    A sign is −1, 0 or 1: a feature that does not change at all, as many behind a ReLU, agrees only with one that does not either.
    A box is cut off at the picture's edge; `fill` is in the units of the input, where 0 is the mean colour, or a tensor (C, 1, 1).
    The model is left as it was.

    Shapes: images (N, C, H, W), two or more.

    Raises:
        InvalidInput: fewer than two pictures, not a box for each, or a box that hides nothing.
        UnknownLayer: no such layer.
    """
    if images.dim() != 4 or len(images) < 2 or len(boxes) != len(images):
        shape = tuple(images.shape)
        raise InvalidInput(f"Two pictures or more, and a box for each, are needed, not pictures of shape {shape} and {len(boxes)} boxes.")
    steps = stepwise(model, images.shape[1:])
    layer = layer or default_layer(steps.graph)
    hidden = torch.stack([_hidden(image, box, fill) for image, box in zip(images, boxes, strict=True)])
    with undisturbed(model), torch.no_grad():
        before, after = (steps.activations(pictures, {layer})[layer].flatten(1) for pictures in (images, hidden))
    signs = (before - after).sign()  # (N, F)
    pairs = torch.stack([(signs != row).float().mean(1) for row in signs])  # (N, N)
    distances = torch.stack([pairs[i, j] for i, j in combinations(range(len(images)), 2)])
    return Correspondence(float(distances.mean()), float(distances.std(correction=0)), pairs)


def random_boxes(boxes: Sequence[Box], size: Pair, seed: int = 0) -> list[Box]:
    """Boxes as large as `boxes`, each at a random place, maybe its own, of a picture of `size` (height, width): set beside in Table 1.

    Raises:
        InvalidInput: a box larger than the picture.
    """
    random = torch.Generator().manual_seed(seed)
    found = []
    for box in boxes:
        rows, columns = size[0] - box.height, size[1] - box.width
        if min(rows, columns) < 0:
            raise InvalidInput(f"A box of {box.height} × {box.width} does not fit into {size[0]} × {size[1]} pixels; use a smaller one.")
        top, left = (int(torch.randint(room + 1, (), generator=random)) for room in (rows, columns))
        found.append(Box(top, left, top + box.height, left + box.width))
    return found


def _hidden(image: Tensor, box: Box, fill: float | Tensor) -> Tensor:
    top, left = max(box.top, 0), max(box.left, 0)
    part = (slice(None), slice(top, max(box.bottom, top)), slice(left, max(box.right, left)))
    if not image[part].numel():
        raise InvalidInput(f"The box {box.top, box.left, box.bottom, box.right} hides nothing of the picture; move it onto it.")
    covered = image.clone()
    covered[part] = torch.as_tensor(fill, dtype=image.dtype, device=image.device)
    return covered
