"""The training loop: plain PyTorch, the whole data set in one tensor, augmentation in batches."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import TYPE_CHECKING

import torch
from torch import nn

from netlib.training.augmentation import augmented
from netlib.training.losses import chosen, loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from netlib.data.split import Labels, Pictures, Split
    from netlib.training.recipe import Recipe

EVALUATED = 100  # pictures at a time


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of training says of itself."""

    step: int
    steps: int
    epoch: int
    loss: float
    learning_rate: float


def train(model: nn.Module, data: Split, recipe: Recipe) -> Iterator[Step]:
    """Train `model` in place, a step at each turn of the iterator; when it ends, or is closed, the model is in eval mode.

    Between two steps torch's random state is the caller's own: dropout draws from a stream of its own, seeded by the recipe.
    """
    images, labels = torch.tensor(data.train_images), torch.tensor(data.train_labels)  # (N, C, H, W) uint8, (N,)
    mean, std = _constants(data)
    optimizer = torch.optim.SGD(parameter_groups(model, recipe), lr=0.0, momentum=recipe.momentum, nesterov=recipe.momentum > 0)
    random = torch.Generator().manual_seed(recipe.seed)
    with torch.no_grad():
        first_kernels(model).mul_(recipe.first_scale)
    a_epoch = max(1, len(images) // recipe.batch)
    steps = recipe.epochs * a_epoch
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        dropout = torch.get_rng_state()
    model.train()
    try:
        for step in range(steps):
            place = step % a_epoch
            if place == 0:
                order = torch.randperm(len(images), generator=random)
            batch = order[place * recipe.batch : (place + 1) * recipe.batch]
            close_up = step < recipe.close_ups * steps
            x = (augmented(images[batch] / 255, recipe, random, close_up=close_up) - mean) / std  # (batch, C, H, W)
            rate = learning_rate(recipe, step, steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
            with torch.random.fork_rng(devices=[]), torch.enable_grad():
                torch.set_rng_state(dropout)
                value = loss(model(x), labels[batch], recipe.loss, recipe.smoothing)
                dropout = torch.get_rng_state()
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            limit(first_kernels(model), recipe.first_rms)
            yield Step(step + 1, steps, step // a_epoch + 1, value.item(), rate)
    finally:
        model.eval()


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """Up in a straight line over the warm-up, then down along half a cosine, which would reach 0 one step after the last."""
    rising = max(1, round(recipe.warmup * steps))
    if step < rising:
        return recipe.learning_rate * (step + 1) / rising
    return recipe.learning_rate * (1 + cos(pi * (step - rising + 1) / (steps - rising + 1))) / 2


def parameter_groups(model: nn.Module, recipe: Recipe) -> list[dict[str, object]]:
    """First kernels, other weights, and all that is a single number for each channel: each with its own weight decay."""
    first = first_kernels(model)
    weights = [p for p in model.parameters() if p.ndim > 1 and p is not first]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [
        {"params": [first], "weight_decay": recipe.first_decay},
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


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


@torch.no_grad()
def correct(model: nn.Module, images: Pictures, labels: Labels, data: Split, kind: str = "cross-entropy") -> int:
    """How many of the pictures the model, which must be in eval mode, puts into their class."""
    mean, std = _constants(data)
    total = 0
    for start in range(0, len(images), EVALUATED):
        part = slice(start, start + EVALUATED)
        x = (torch.tensor(images[part]) / 255 - mean) / std  # (N, C, H, W)
        total += int((chosen(model(x), kind) == torch.tensor(labels[part])).sum())
    return total


def _constants(data: Split) -> tuple[Tensor, Tensor]:
    mean, std = (torch.tensor(values)[:, None, None] for values in (data.mean, data.std))
    return mean, std
