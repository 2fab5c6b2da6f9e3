"""All that decides how a training run goes, as one piece of plain data: it can be stored, shown, compared and repeated."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING, Any

from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOICES: dict[str, tuple[Any, ...]] = {
    "loss": ("cross-entropy", "rbf"),
    "border": ("constant", "reflect"),
    "optimizer": ("sgd", "alexnet", "adam", "adamw"),
    "schedule": ("cosine", "constant", "step", "plateau", "one-cycle"),
    "initialization": ("", "gaussian", "xavier", "he", "pytorch"),
    "precision": ("float32", "bf16"),
    "crops": (1, 5, 10),
}
CHANGES = ("tanh", "no-lrn", "no-overlap", "no-dropout", "no-batch-norm", "batch-norm", "no-reduction", "aux-heads")

# Field -> smallest and largest value; None: no limit on that side.
RANGES: dict[str, tuple[float | None, float | None]] = {
    "epochs": (0, None), "steps": (0, None), "seconds": (0, None), "batch": (1, None), "learning_rate": (0, None), "warmup": (0, 1),
    "momentum": (0, 0.9999), "weight_decay": (0, None), "first_decay": (0, None), "first_scale": (0, None), "first_rms": (0, None),
    "smoothing": (0, 0.99), "shift": (0, None), "tint": (0, None), "close_ups": (0, 1), "close_up": (1, None), "grey": (0, 1),
    "seed": (0, 2**63 - 1), "patience": (1, None), "dropout": (0, 0.99), "kernel_rms": (0, None), "auxiliary": (0, None),
    "margin": (0, None), "jitter": (0, None), "pca": (0, None), "devices": (1, None), "evaluate": (0, None),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network learns; the same recipe gives the same weights, on a CPU bit for bit (unless it is measured in seconds).

    Attributes:
        network: key of the registry.
        data: name of the data set.
        epochs: how often every training picture is seen; of epochs, steps and seconds exactly one is above 0.
        batch: pictures a step; what is left at the end of an epoch waits for another.
        learning_rate: the highest.
        warmup: of the cosine schedule: share of the steps over which the rate rises in a straight line.
        momentum: of SGD, with Nesterov's correction, and of AlexNet's rule, without; Adam has its own.
        weight_decay: pulls weights, not biases and not what normalization learns, towards 0.
        first_decay: the same for the first layer's kernels.
        first_scale: what the first layer's random kernels are multiplied by before the first step; a small one leaves no noise in them.
        first_rms: the largest root mean square of a first-layer kernel, which is scaled back to it after each step; 0 for no limit.
        smoothing: share of the target that label smoothing gives to all classes alike.
        loss: "cross-entropy" of logits, or "rbf", LeNet-5's own for distances to codes.
        shift: pictures are moved by up to so many pixels along each axis, the border repeated as `border` says.
        border: "constant" fills with 0 (the darkest), "reflect" mirrors.
        mirror: whether half of the pictures are mirrored left to right.
        tint: the strength of a random gain of each colour channel, 0 for none.
        close_ups: share of the steps, from the first on, that see close-ups: random crops of `close_up` by `close_up` pixels.
        grey: share of the close-ups that lose their colour, so that shape has to be learned.
        seed: of the initial weights, the order of the pictures, the augmentation and dropout.
        steps: batches to learn from.
        seconds: of training, the evaluations included.
        optimizer: "sgd", "alexnet" (its update rule, with the learning rate inside the momentum), "adam" or "adamw".
        schedule: "cosine" falls to 0 along half a cosine; "constant"; "step" divides by 10 at each of the `milestones`; "plateau" divides
            by 10 when `patience` evaluations in a row brought no better top-1; "one-cycle" rises over 30 % of the steps, then falls.
        milestones: shares of all steps.
        dropout: the share of units left out, in every dropout layer; None for the network's own.
        initialization: "" for the network's own; "gaussian" N(0, 0.01²), AlexNet's; "xavier"; "he"; "pytorch".
        changes: what is different from the network as published, names out of CHANGES.
        kernel_rms: as first_rms, for every convolution's kernels; ZFNet's is 0.1.
        auxiliary: weight of each auxiliary classifier's loss.
        margin: pictures are loaded so many pixels larger, and a random part of the network's size is cut out of each.
        jitter: before that they are enlarged by a random factor of up to 1 + jitter, as VGG's are.
        pca: the standard deviation of AlexNet's random steps along the principal components of the colours; the paper has 0.1.
        crops: parts of a held-back picture whose answers are averaged: 1 (the middle), 5 (and the corners) or 10 (and mirrored).
        precision: "float32", or "bf16" for convolutions and products of matrices.
        channels_last: the order of numbers in memory that some processors are faster with.
        compile: by torch.compile, which takes its time before the first step.
        device: "auto" (the first GPU, or the CPU), "cpu", "cuda" or "cuda:0", "cuda:1" ….
        devices: GPUs, or processes, that share each batch.
        warm_start: id of the run whose best weights are taken over, for the layers that have the same name and shape.
        evaluate: the held-back pictures are looked at every so many steps; 0: after each epoch.

    Raises:
        InvalidInput: a value makes no sense; the message says which one and what would.
    """

    network: str
    data: str
    epochs: int = 0
    batch: int = 64
    learning_rate: float = 0.02
    warmup: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    first_decay: float = 5e-4
    first_scale: float = 1.0
    first_rms: float = 0.0
    smoothing: float = 0.0
    loss: str = "cross-entropy"
    shift: int = 0
    border: str = "reflect"
    mirror: bool = False
    tint: float = 0.0
    close_ups: float = 0.0
    close_up: int = 32
    grey: float = 0.0
    seed: int = 0
    steps: int = 0
    seconds: float = 0.0
    optimizer: str = "sgd"
    schedule: str = "cosine"
    milestones: tuple[float, ...] = (0.5, 0.75)
    patience: int = 3
    dropout: float | None = None
    initialization: str = ""
    changes: tuple[str, ...] = ()
    kernel_rms: float = 0.0
    auxiliary: float = 0.3
    margin: int = 0
    jitter: float = 0.0
    pca: float = 0.0
    crops: int = 1
    precision: str = "float32"
    channels_last: bool = False
    compile: bool = False
    device: str = "auto"
    devices: int = 1
    warm_start: str = ""
    evaluate: int = 0

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            _check_range(name, getattr(self, name), least, most)
        if self.learning_rate == 0:
            raise InvalidInput("A learning rate of 0 was asked for, with which nothing is learned; give a larger one.")
        if sum(value > 0 for value in (self.epochs, self.steps, self.seconds)) != 1:
            found = f"{self.epochs} epochs, {self.steps} steps and {self.seconds:g} seconds"
            raise InvalidInput(f"A recipe of {found} was asked for; give exactly one of the three, at least 1 epoch or step.")
        for name, known in CHOICES.items():
            if (value := getattr(self, name)) not in known:
                raise InvalidInput(f"There is no {name} called {value!r}; choose one of: {', '.join(map(str, known))}.")
        for change in self.changes:
            if change not in CHANGES:
                raise InvalidInput(f"There is no change called {change!r}; choose among: {', '.join(CHANGES)}.")
        if list(self.milestones) != sorted(self.milestones) or not all(0 < share < 1 for share in self.milestones):
            raise InvalidInput(f"The milestones are {self.milestones}; give shares of the run between 0 and 1, the smallest first.")
        if not re.fullmatch(r"auto|cpu|cuda(:\d{1,3})?", self.device):
            raise InvalidInput(f"There is no device called {self.device!r}; choose auto, cpu, cuda, or a certain one, such as cuda:0.")
        self._check_together()

    def _check_together(self) -> None:
        """What makes sense alone, and not with the rest."""
        if self.batch % self.devices:
            raise InvalidInput(f"A batch of {self.batch} cannot be shared evenly by {self.devices} devices; give a multiple.")
        if self.devices > 1 and self.seconds:
            found = f"{self.devices} devices and {self.seconds:g} seconds"
            raise InvalidInput(f"A run on {found} was asked for, and each counts seconds alone; give epochs or steps.")
        if self.crops > 1 and not self.margin:
            raise InvalidInput(f"{self.crops} crops of a picture as large as the network's input are all the same; give a margin.")
        if {"batch-norm", "no-batch-norm"} <= set(self.changes):
            raise InvalidInput("Batch normalization cannot be both added and taken away; choose batch-norm or no-batch-norm.")

    def as_dict(self) -> dict[str, Any]:
        """All fields, as JSON holds them: tuples are lists."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe that `as_dict` gave, also after a way through JSON, or of an older version that had fewer fields.

        Raises:
            InvalidInput: a field is unknown or missing, or its value is of another kind or makes no sense.
        """
        if unknown := values.keys() - FIELDS.keys():
            raise InvalidInput(f"A recipe has no field called {', '.join(sorted(unknown))}; it has {', '.join(FIELDS)}.")
        if missing := {"network", "data"} - values.keys():
            raise InvalidInput(f"The recipe does not say its {' and '.join(sorted(missing))}; give a value.")
        return cls(**{name: _of_kind(name, value) for name, value in values.items()})


FIELDS: dict[str, str] = {field.name: str(field.type) for field in fields(Recipe)}  # name -> kind, as written above


def difference(one: Recipe, other: Recipe) -> list[tuple[str, Any, Any]]:
    """(field, its value in one, its value in the other) wherever two recipes differ, in the order of the fields."""
    pairs = [(name, getattr(one, name), getattr(other, name)) for name in FIELDS]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _check_range(name: str, value: float | None, least: float | None, most: float | None) -> None:
    if value is None:
        return
    if not isfinite(value) or (least is not None and value < least) or (most is not None and value > most):
        wanted = f"from {least:g} to {most:g}" if most is not None else f"of at least {least:g}"
        raise InvalidInput(f"{name} = {value:g} was asked for; give a number {wanted}.")


def _of_kind(name: str, value: Any) -> Any:
    """The value as the field's kind has it: JSON knows no tuples, and may write 1.0 as 1."""
    kind = FIELDS[name]
    if kind.startswith("tuple") and isinstance(value, (list, tuple)):
        return tuple(value)
    if kind.startswith("float") and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind.endswith("None") and value is None:
        return None
    expected = {"int": int, "str": str, "bool": bool}.get(kind, float)
    if not isinstance(value, expected) or (kind == "int" and isinstance(value, bool)):
        raise InvalidInput(f"{name} = {value!r} was given, which is no {kind}; give one.")
    return value
