"""What a training run says of itself, as plain data: the words that the loop, the recorder, the store and the figures share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


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


class Sink(Protocol):
    """Where the recorder puts what it gathers: the store of runs, or a list in a test."""

    def points(self, rows: Sequence[Point]) -> None: ...

    def snapshot(self, snapshot: Snapshot) -> None: ...

    def evaluation(self, step: int, evaluation: Evaluation) -> None: ...

    def log(self, text: str) -> None: ...
