"""The training loop: plain PyTorch, a step at a time, and nothing in a step that waits for the device."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch

from netlib.errors import InvalidInput
from netlib.models.weights import load
from netlib.training import distributed, optimizers
from netlib.training.devices import RandomStream, device_of
from netlib.training.evaluation import Examiner
from netlib.training.feeding import Feed
from netlib.training.losses import chosen, main_outputs, total_loss
from netlib.training.optimizers import Limits, first_kernels, optimizer
from netlib.training.records import State
from netlib.training.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from netlib.data.split import Split
    from netlib.training.recipe import Recipe
    from netlib.training.records import Evaluation


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of training says of itself.

    Attributes:
        step: its number, from 1 on.
        steps: how many there will be; an estimate where the recipe gives seconds.
        epoch: the pass over the training pictures that it is part of, from 1 on.
        loss, top1: of its batch, (); on the device, so that nobody waits for them.
        learning_rate: with which it was made.
        seconds: since the run began, without pauses.
    """

    step: int
    steps: int
    epoch: int
    loss: Tensor
    top1: Tensor
    learning_rate: float
    seconds: float


class Trainer:
    """Trains `model` in place by `recipe`: a turn of the iterator is a step; when it ends, or is closed, the model is in eval mode.

        trainer = Trainer(model, data, recipe)
        for step in trainer:
            if trainer.due:
                print(step.step, trainer.evaluate().top1)

    Between two steps torch's random state is the caller's own. What `state` gives, `load` takes: the run goes on as if it had never
    stopped, on a CPU to the last bit. Gradients of the last step stay in place until the next one.

    Attributes:
        step: steps done.
        device: where the model and the pictures are.

    Raises:
        InvalidInput: this machine has no such device, or the recipe asks for more devices than there are processes.
    """

    def __init__(self, model: nn.Module, data: Split, recipe: Recipe, *, device: str | None = None) -> None:
        self.recipe, self.data, self.step = recipe, data, 0
        self.device = device_of(device or recipe.device)
        rank, ranks = share = distributed.place()
        if recipe.devices not in (1, ranks):
            raise InvalidInput(
                f"A run on {recipe.devices} devices was started as {ranks} process(es); "
                f"start it with torchrun --nproc-per-node {recipe.devices}, or ask for 1 device."
            )
        layout = torch.channels_last if recipe.channels_last else torch.preserve_format
        self.model = model.to(self.device, memory_format=layout)  # type: ignore[call-overload]
        with torch.no_grad():
            first_kernels(model).mul_(recipe.first_scale)
        self.optimizer, self.limits = optimizer(model, recipe), Limits(model, recipe)
        self.schedule = Schedule(recipe)
        self.feed = Feed(data, recipe, self.device, share=share)
        self.stream = RandomStream(recipe.seed + rank, self.device)
        self.examiner = Examiner(data, recipe, self.device)
        forward = distributed.wrapped(self.model)
        self.forward = torch.compile(forward) if recipe.compile else forward
        self._seconds, self._began = 0.0, None  # type: float, float | None
        self._evaluated: tuple[int, Evaluation] | None = None

    @property
    def seconds(self) -> float:
        """Time spent in training so far: while somebody iterates, evaluations and all."""
        return self._seconds + (perf_counter() - self._began if self._began is not None else 0.0)

    @property
    def steps(self) -> int:
        """Steps of the whole run; where the recipe gives seconds, as many as there will be at the speed so far."""
        recipe = self.recipe
        if recipe.seconds:
            return max(self.step + 1, round(self.step * recipe.seconds / self.seconds)) if self.step else self.feed.an_epoch
        return recipe.steps or recipe.epochs * self.feed.an_epoch

    @property
    def epoch(self) -> int:
        """Of the last step, from 1 on; 0 before the first."""
        return -(-self.step // self.feed.an_epoch)

    @property
    def finished(self) -> bool:
        return self.seconds >= self.recipe.seconds if self.recipe.seconds else self.step >= self.steps

    @property
    def due(self) -> bool:
        """Whether the recipe wants an evaluation now: after an epoch, or every so many steps, and at the end."""
        return self.step > 0 and (self.step % (self.recipe.evaluate or self.feed.an_epoch) == 0 or self.finished)

    def __iter__(self) -> Iterator[Step]:
        self.model.train()
        self._began = perf_counter()
        try:
            while not self.finished:
                yield self._advance()
        finally:
            self._seconds, self._began = self.seconds, None
            self.model.eval()

    def _advance(self) -> Step:
        recipe, step = self.recipe, self.step
        if recipe.schedule == "plateau" and self.due:
            self.schedule.watch(distributed.agreed(self.evaluate().top1))
        steps = self.steps
        rate = self.schedule.rate(step, steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        x, labels = self.feed.batch(step, close_up=step < recipe.close_ups * steps)  # (batch, C, H, W), (batch,)
        with self.stream.drawing(), torch.enable_grad(), self.precision():
            outputs = self.forward(x)  # (batch, classes), or a tuple of them
            loss = total_loss(outputs, labels, recipe.loss, recipe.smoothing, recipe.auxiliary)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.limits.keep()
        self.step += 1
        right = (chosen(main_outputs(outputs).detach(), recipe.loss) == labels).float().mean()
        loss, right = distributed.averaged(loss.detach(), right)
        return Step(self.step, steps, self.epoch, loss, right, rate, self.seconds)

    def precision(self) -> torch.autocast:
        """What the recipe says convolutions and products of matrices are rounded to."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16")

    def evaluate(self) -> Evaluation:
        """How well the model does on the held-back pictures; asked again after the same step, the same answer."""
        if self._evaluated is None or self._evaluated[0] != self.step:
            with self.precision():
                self._evaluated = self.step, self.examiner.evaluate(self.model)
        return self._evaluated[1]

    def state(self) -> State:
        """All that the run needs to go on: a copy, which later steps leave as it is."""
        parts = {
            "model": self.model.state_dict(),
            "optimizer": optimizers.saved(self.optimizer),
            "feed": self.feed.saved(),
            "random": self.stream.saved(),
        }
        entries = ((f"{part}/{name}", tensor) for part, tensors in parts.items() for name, tensor in tensors.items())
        copies = {key: tensor.detach().to("cpu", copy=True) for key, tensor in entries}
        sees = {"classes": list(self.data.classes), "mean": list(self.data.mean), "std": list(self.data.std)}  # for who uses the weights
        return State(copies, {"step": self.step, "seconds": self.seconds, "schedule": self.schedule.saved(), "data": sees})

    def load(self, state: State) -> None:
        """Go on where `state` was taken, of a run by the same recipe.

        Raises:
            WeightsMismatch: it is of another network; nothing was changed.
        """
        parts: dict[str, dict[str, Any]] = {"model": {}, "optimizer": {}, "feed": {}, "random": {}}
        for key, value in state.tensors.items():
            part, _, name = key.partition("/")
            parts[part][name] = value
        load(self.model, parts["model"], self.recipe.network)
        optimizers.restore(self.optimizer, parts["optimizer"])
        self.feed.restore(parts["feed"])
        self.stream.restore(parts["random"])
        self.schedule.restore(state.values["schedule"])
        self.step, self._seconds, self._evaluated = state.values["step"], state.values["seconds"], None
