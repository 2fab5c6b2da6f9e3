"""A picture that a unit answers to most, made by climbing its gradient.

Sources: Simonyan, Vedaldi, Zisserman, Deep Inside Convolutional Networks, ICLR Workshop 2014, section 2 (L2 decay); Yosinski et al.,
Understanding Neural Networks Through Deep Visualization, 2015, section 3 (Gaussian blur every few steps); Mahendran, Vedaldi, CVPR 2015,
sections 2 and 3 (total variation, jitter).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.regularizers import blurred, total_variation
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor, nn

    from netlib.analysis.graph import Pair
    from netlib.interpret.stepwise import Stepwise


@dataclass(frozen=True, slots=True)
class Step:
    """Where the climb is.

    Attributes:
        step: how many steps were made.
        image: (C, H, W), in the units of the network's input.
        value: the unit's activation for this picture, regularizers not counted.
    """

    step: int
    image: Tensor
    value: float


def maximize(
    model: nn.Module,
    layer: str,
    channel: int,
    *,
    input_shape: Sequence[int],
    unit: Pair | None = None,
    steps: int = 128,
    rate: float = 0.1,
    decay: float = 0.1,
    variation: float = 0.02,
    jitter: int = 2,
    blur: float = 0.5,
    blur_every: int = 8,
    seed: int = 0,
    every: int = 1,
) -> Iterator[Step]:
    """From noise of `seed`, steps of `rate` · (g − decay · ∇Σ pixel² − variation · ∇ total variation).

    g is the gradient, scaled to a root mean square of 1, of the activation of one unit (row, column) of a channel's map, of the mean
    of the whole channel where `unit` is None, or of an entry of a vector. Before each gradient the picture is rolled by up to `jitter`
    pixels, after every `blur_every` steps blurred by `blur` pixels. Each regularizer may be 0, which leaves it out. Where a ReLU lets
    no gradient through at all, g is noise, until it does. `rate` and pixels are in the units of the input.

    Yields the start, every `every`-th step and the last. The model is left as it was, between two steps too.

    Shapes: input_shape (C, H, W).

    Raises:
        UnknownLayer: no such layer, channel or unit.
        InvalidInput: a setting below zero, fewer than one step, or an input shape that the network does not take; at the first step.
    """
    if min(steps, every, blur_every) < 1 or rate <= 0 or min(decay, variation, jitter, blur) < 0:
        raise InvalidInput("The rate and the numbers of steps must be above zero, and no regularizer below it.")
    running, random = stepwise(model, input_shape), torch.Generator().manual_seed(seed)
    activation = _activation(running, layer, channel, unit)
    like = next(model.parameters(), torch.empty(0))
    image = 0.1 * torch.randn(tuple(input_shape), generator=random).to(like)  # (C, H, W)
    for step in range(steps + 1):
        if step % every == 0 or step == steps:
            with undisturbed(model), torch.no_grad():
                value = float(activation(image))
            yield Step(step, image, value)
        if step == steps:
            return
        roll = [int(torch.randint(-jitter, jitter + 1, (), generator=random)) for _ in range(2)]
        moved = image.roll(roll, (1, 2))
        with undisturbed(model):
            slope = _unit_slope(activation, moved)
        if slope is None:
            slope = torch.randn(image.shape, generator=random).to(image)
        price = _gradient(lambda x: decay * x.square().sum() + variation * total_variation(x), moved)
        image = image + rate * (slope - price).roll([-shift for shift in roll], (1, 2))
        if blur and (step + 1) % blur_every == 0:
            image = blurred(image, blur)


def _activation(running: Stepwise, layer: str, channel: int, unit: Pair | None) -> Callable[[Tensor], Tensor]:
    """From a picture (C, H, W) to the number that is climbed."""
    shape = running.graph[layer].shape
    if not 0 <= channel < shape[0]:
        raise UnknownLayer(f"{layer} has {shape[0]} channels, so there is no channel {channel}; choose 0 to {shape[0] - 1}.")
    if unit is not None and (len(shape) != 3 or not all(0 <= place < size for place, size in zip(unit, shape[1:], strict=True))):
        has = f"a map of {shape[1]} × {shape[2]} units" if len(shape) == 3 else "no map"
        raise UnknownLayer(f"{layer} has {has}, so there is no unit {tuple(unit)}; choose one of its units, or none.")

    def activation(image: Tensor) -> Tensor:
        output = running.activations(image[None], {layer})[layer][0, channel]
        return output.mean() if unit is None else output[unit]

    return activation


def _gradient(function: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
    with torch.inference_mode(False), torch.enable_grad():
        x = image.clone().requires_grad_()
        (slope,) = torch.autograd.grad(function(x), x)
    return slope


def _unit_slope(activation: Callable[[Tensor], Tensor], image: Tensor) -> Tensor | None:
    """The gradient with a root mean square of 1; None where there is none."""
    slope = _gradient(activation, image)
    size = slope.square().mean().sqrt()
    return slope / size if size > 0 else None
