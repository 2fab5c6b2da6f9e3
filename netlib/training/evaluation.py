"""How well a network does on the held-back pictures."""

from __future__ import annotations

from contextlib import contextmanager
from math import log
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from netlib.training.augmentation import views
from netlib.training.feeding import Normalization, Shelf
from netlib.training.losses import chosen, loss, main_outputs
from netlib.training.records import Evaluation, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from netlib.data.split import Labels, Pictures, Split
    from netlib.training.recipe import Recipe

EVALUATED = 100  # pictures at a time
MISTAKES = 24


@contextmanager
def at_rest(model: nn.Module) -> Iterator[None]:
    """The model in eval mode, without gradients; afterwards as it was."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)


class Examiner:
    """The held-back pictures on the device, ready to be looked at again and again."""

    def __init__(self, data: Split, recipe: Recipe, device: torch.device) -> None:
        self.images = Shelf(data.test_images, device)
        self.labels = torch.tensor(data.test_labels, device=device)
        self.normalized = Normalization(data, device)
        self.recipe, self.classes = recipe, len(data.classes)
        self.batch = max(1, recipe.batch // recipe.devices)  # at a time: what the device has room for in training, it has room for here

    def evaluate(self, model: nn.Module) -> Evaluation:
        """Loss, scores and mistakes of the model, which is put into eval mode and back."""
        with at_rest(model):
            numbers = torch.arange(len(self.images), device=self.labels.device)
            outputs = torch.cat([self._answers(model, part) for part in numbers.split(self.batch)])  # (N, K)
        return evaluation(outputs, self.labels, self.recipe.loss, self.classes)

    def _answers(self, model: nn.Module, numbers: Tensor) -> Tensor:
        """Shapes: numbers (N,) -> (N, K)."""
        parts = views(self.normalized(self.images[numbers] / 255), self.recipe)  # (V, N, C, H, W)
        layout = torch.channels_last if self.recipe.channels_last else torch.contiguous_format
        answers = [main_outputs(model(x.contiguous(memory_format=layout))).float() for x in parts]
        return averaged(torch.stack(answers), self.recipe.loss)


def averaged(outputs: Tensor, kind: str) -> Tensor:
    """One answer out of several: the mean distance, or the logarithm of the mean probability.

    Source: Krizhevsky et al. 2012, section 4.1, who average the softmax over ten parts of a picture.
    Shapes: (V, N, K) -> (N, K).
    """
    if len(outputs) == 1:
        return outputs[0]
    return outputs.mean(0) if kind == "rbf" else F.log_softmax(outputs, 2).logsumexp(0) - log(len(outputs))


def evaluation(outputs: Tensor, labels: Tensor, kind: str, classes: int) -> Evaluation:
    """What the answers are worth.

    Shapes: outputs (N, K); labels (N,). Outputs of classes that the data does not have count as wrong.
    """
    scores = -outputs if kind == "rbf" else outputs
    classes = max(classes, scores.shape[1])
    said = scores.argmax(1)  # (N,)
    best = scores.topk(min(5, scores.shape[1]), 1).indices  # (N, 5)
    confusion = torch.bincount(labels * classes + said, minlength=classes**2).reshape(classes, classes)
    sure = F.softmax(scores, 1).amax(1)  # (N,)
    wrong = (said != labels).nonzero()[:, 0]
    wrong = wrong[sure[wrong].argsort(descending=True, stable=True)][:MISTAKES]
    rows = zip(wrong.tolist(), labels[wrong].tolist(), said[wrong].tolist(), sure[wrong].tolist(), strict=True)
    return Evaluation(
        loss=loss(outputs, labels, kind).item(),
        top1=int((said == labels).sum()) / len(labels),
        top5=int((best == labels[:, None]).sum()) / len(labels),
        confusion=confusion.cpu().numpy().astype(np.int64),
        mistakes=tuple(Mistake(*row) for row in rows),
        images=len(labels),
    )


@torch.no_grad()
def correct(model: nn.Module, images: Pictures, labels: Labels, data: Split, kind: str = "cross-entropy") -> int:
    """How many of the pictures the model, which must be in eval mode, puts into their class."""
    normalized = Normalization(data, torch.device("cpu"))
    total = 0
    for start in range(0, len(images), EVALUATED):
        part = slice(start, start + EVALUATED)
        x = normalized(torch.tensor(images[part]) / 255)  # (N, C, H, W)
        total += int((chosen(model(x), kind) == torch.tensor(labels[part])).sum())
    return total
