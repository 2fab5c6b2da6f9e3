"""What is written down while a run goes on: curves, norms, scores and snapshots, gathered on the device and handed on in batches."""

from __future__ import annotations

from math import isfinite, sqrt
from time import perf_counter
from typing import TYPE_CHECKING

import torch

from netlib.errors import NetlibError
from netlib.training.records import Point
from netlib.training.snapshots import Photographer

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from netlib.training.loop import Step, Trainer
    from netlib.training.records import Sink

CURVE = 20_000  # points of a curve at most: a longer run writes down every second step, or every third …
NORMS = 200  # how often in a run the norms of each layer are measured
SNAPSHOTS = 60  # and pictures of it taken: often at first, when most changes, later seldom


class Recorder:
    """Told of each step, it writes to the sink what there is to know.

    Series: loss and top1 of the batches, learning_rate, images_per_second; after an evaluation test/loss, test/top1, test/top5; now and
    then gradient_norm/<layer> and weight_norm/<layer>, of all weights with more than one axis. What is written, and at which steps,
    follows from the recipe alone, so that a run that was resumed leaves the same curves; only the pace is that of the clock.

    Args:
        every: seconds between two batches of points. Values stay on the device until then, so that no step waits for it.
    """

    def __init__(self, trainer: Trainer, sink: Sink, every: float = 0.25) -> None:
        self.trainer, self.sink, self.every = trainer, sink, every
        self.photographer = Photographer(trainer)
        self.weights = {name.removesuffix(".weight"): p for name, p in trainer.model.named_parameters() if p.ndim > 1}
        self._keys: list[tuple[str, Step]] = []  # series and step of each value that waits in _values
        self._values: list[Tensor] = []
        self._taken = self._share(trainer.step, trainer.steps)
        self._images, self._since = 0, perf_counter()
        if trainer.step == 0:
            self.sink.snapshot(self.photographer.snapshot(0))

    def take(self, step: Step) -> None:
        """Take in a step that has just been made.

        Raises:
            NetlibError: the loss is no longer a number; what came before is written down.
        """
        self._images += self.trainer.recipe.batch
        if step.step % max(1, step.steps // CURVE) == 0:
            self._wait(step, {"loss": step.loss, "top1": step.top1})
        if step.step % max(1, step.steps // NORMS) == 0:
            self._wait(step, self._norms())
        taken = self._share(step.step, step.steps)
        if self.trainer.due:
            self._evaluate(step)
        elif perf_counter() - self._since > self.every:
            self._flush(step)
        if taken > self._taken:
            self._taken = taken
            self._aside(lambda: self.sink.snapshot(self.photographer.snapshot(step.step)))

    def flush(self) -> None:
        """Hand on what waits."""
        if self._keys:
            self._flush(self._keys[-1][1])

    def _share(self, step: int, steps: int) -> int:
        """How many snapshots belong into this part of the run: half of them into its first quarter."""
        return int(SNAPSHOTS * sqrt(min(1.0, step / steps)))

    def _wait(self, step: Step, values: dict[str, Tensor]) -> None:
        self._keys += [(series, step) for series in values]
        self._values += values.values()

    @torch.no_grad()
    def _norms(self) -> dict[str, Tensor]:
        """Of the step's gradients and of the weights after it, () each."""
        layers = {name: weight for name, weight in self.weights.items() if weight.grad is not None}
        gradients = torch._foreach_norm([weight.grad for weight in layers.values()])
        norms = torch._foreach_norm(list(layers.values()))
        return dict(zip([f"gradient_norm/{name}" for name in layers], gradients, strict=True)) | dict(
            zip([f"weight_norm/{name}" for name in layers], norms, strict=True)
        )

    def _flush(self, step: Step) -> None:
        values = torch.stack(self._values).tolist() if self._values else []  # here, and only here, the device is waited for
        now = perf_counter()
        rows = [self._point(series, at, value) for (series, at), value in zip(self._keys, values, strict=True)]
        rows.append(self._point("learning_rate", step, step.learning_rate))
        if self._images:
            rows.append(self._point("images_per_second", step, self._images / max(1e-9, now - self._since)))
        self._keys, self._values, self._images, self._since = [], [], 0, now
        self.sink.points([row for row in rows if isfinite(row.value)])
        lost = next((row for row in rows if row.series == "loss" and not isfinite(row.value)), None)
        if lost:
            rate = self.trainer.recipe.learning_rate
            raise NetlibError(
                f"At step {lost.step} the loss stopped being a number: a learning rate of {rate:g} is too high for this run; "
                f"try {rate / 10:g}."
            )

    def _evaluate(self, step: Step) -> None:
        self._flush(step)

        def evaluate() -> None:
            found = self.trainer.evaluate()
            values = {"test/loss": found.loss, "test/top1": found.top1, "test/top5": found.top5}
            self.sink.points([self._point(series, step, value) for series, value in values.items() if isfinite(value)])
            self.sink.evaluation(step.step, found)

        self._aside(evaluate)

    def _aside(self, work: Callable[[], None]) -> None:
        """Do what is no training, whose time shall not count against the images per second."""
        began = perf_counter()
        work()
        self._since += perf_counter() - began

    def _point(self, series: str, step: Step, value: float) -> Point:
        return Point(series, step.step, step.step / self.trainer.feed.an_epoch, step.seconds, value)
