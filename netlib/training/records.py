"""A training run and what it says of itself, as plain data: the words that the loop, the recorder, the store and the figures share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from netlib.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Point:
    """One number of one series.

    Attributes:
        series: "loss", "top1", "learning_rate", "images_per_second", "test/top1", "gradient_norm/<layer>" …
        step: optimizer steps done when it was measured, from 1 on.
        epoch: the same in passes over the training pictures, a fraction.
        seconds: training time up to there, without pauses.
    """

    series: str
    step: int
    epoch: float
    seconds: float
    value: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the network looked like at one step: first-layer kernels (float16) and feature maps (uint8), by name."""

    step: int
    arrays: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A held-back picture that was put into a wrong class: its number, its class, the class that was said and with what probability."""

    index: int
    label: int
    said: int
    probability: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well the network does on the held-back pictures.

    Attributes:
        loss: mean over the pictures.
        top1, top5: share of pictures whose class is the first, or among the first five, guesses.
        confusion: (K, K) counts, a row for each true class, a column for each class that was said.
        mistakes: some of the pictures it got wrong, the surest first.
        images: how many pictures were looked at.
    """

    loss: float
    top1: float
    top5: float
    confusion: NDArray[np.int64]
    mistakes: tuple[Mistake, ...]
    images: int


@dataclass(frozen=True, slots=True)
class State:
    """All that a run needs to go on as if it had never stopped: tensors by name, and values that JSON can hold."""

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it was when it was asked for.

    Attributes:
        status: queued, running, stopped, finished, failed or interrupted.
        heartbeat: when its worker last gave a sign of life.
        step, steps: done, and planned.
        best: the highest share of held-back pictures that it got right; None before the first test.
        seconds, device_seconds: of training, without pauses; the second times the number of devices.
        bytes: memory it needs, as estimated before the start.
        message: a sentence about how it ended.
        after: the run it was duplicated from.
        folder: where its checkpoints lie.
        token: the right to write to it; of no use to others than its worker.
    """

    id: str
    name: str
    owner: str
    recipe: Recipe
    status: str
    created: datetime
    started: datetime | None
    ended: datetime | None
    heartbeat: datetime | None
    host: str
    pid: int
    process: str
    device: str
    versions: Mapping[str, str]
    step: int
    steps: int
    epoch: float
    best: float | None
    seconds: float
    device_seconds: float
    bytes: int
    message: str
    after: str
    folder: Path
    token: str = field(repr=False)


class Sink(Protocol):
    """Where the recorder puts what it gathers: the store of runs, or a list in a test."""

    def points(self, rows: Sequence[Point]) -> None: ...

    def snapshot(self, snapshot: Snapshot) -> None: ...

    def evaluation(self, step: int, evaluation: Evaluation) -> None: ...

    def log(self, text: str) -> None: ...
