"""A picture that gives a layer the same output as a given one: what the layer has kept of it.

Source: Mahendran, Vedaldi, Understanding Deep Image Representations by Inverting Them, CVPR 2015, section 2: squared error of the
features, as a share of their own size, plus the α-norm and the total variation of the picture, minimized from noise. The paper descends
with momentum; here it is Adam, which needs no rate of its own for each layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from netlib.errors import InvalidInput
from netlib.interpret.regularizers import total_variation
from netlib.interpret.scores import checked_image
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

ALPHA = 6  # section 2: a large power keeps the values in a range rather than small


@dataclass(frozen=True, slots=True)
class Step:
    """Where the descent is.

    Attributes:
        step: how many steps were made.
        image: (C, H, W), in the units of the network's input.
        error: ‖its features − the given ones‖² / ‖the given ones‖², regularizers not counted; 0: the layer cannot tell them apart.
    """

    step: int
    image: Tensor
    error: float


def invert(
    model: nn.Module,
    image: Tensor,
    layer: str,
    *,
    steps: int = 200,
    rate: float = 0.05,
    alpha_weight: float = 1e-4,
    variation_weight: float = 1e-3,
    seed: int = 0,
    every: int = 1,
) -> Iterator[Step]:
    """From noise of `seed`, steps down the error of the output of `layer`, plus the regularizers.

    Minimized is error + `alpha_weight` · mean (pixel/σ)⁶ + `variation_weight` · mean total variation / σ², where σ is the deviation of the
    given picture: means over its pixels, so that the weights do not depend on its size. A weight of 0 leaves one out.

    Yields the start, every `every`-th step and the last. The model is left as it was, between two steps too.

    Shapes: image (C, H, W).

    Raises:
        UnknownLayer: no such layer.
        InvalidInput: a layer whose output is zero for this picture, a weight below zero, or fewer than one step; at the first step.
    """
    if min(steps, every) < 1 or rate <= 0 or min(alpha_weight, variation_weight) < 0:
        raise InvalidInput("The rate and the numbers of steps must be above zero, and no regularizer below it.")
    running = stepwise(model, checked_image(image).shape)
    with undisturbed(model), torch.no_grad():
        wanted = running.activations(image[None], {layer})[layer]
    size = wanted.square().sum()
    if size == 0:
        raise InvalidInput(f"All outputs of {layer} are zero for this picture, so that it keeps nothing of it; choose another layer.")
    spread = image.std(correction=0).clamp_min(torch.finfo(image.dtype).tiny ** 0.5)
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed)).to(image)
    with torch.inference_mode(False):
        x = (0.1 * spread * noise).clone().requires_grad_()
        wanted, size, spread = wanted.clone(), size.clone(), spread.clone()
    adam = torch.optim.Adam([x], lr=rate * float(spread))
    for step in range(steps + 1):
        with undisturbed(model), torch.inference_mode(False), torch.enable_grad():
            error = (running.activations(x[None], {layer})[layer] - wanted).square().sum() / size
            price = alpha_weight * (x / spread).pow(ALPHA).mean() + variation_weight * total_variation(x / spread) / x.numel()
            (x.grad,) = torch.autograd.grad(error + price, x)
        if step % every == 0 or step == steps:
            yield Step(step, x.detach().clone(), float(error.detach()))
        if step < steps:
            adam.step()
