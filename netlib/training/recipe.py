"""All that decides how a training run goes, as one piece of plain data: it can be stored, shown, compared and repeated."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from netlib.errors import InvalidInput

LOSSES = ("cross-entropy", "rbf")
BORDERS = ("constant", "reflect")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Stochastic gradient descent with momentum on augmented pictures; the same recipe gives the same weights, bit for bit.

    Attributes:
        network: key of the registry.
        data: name of the data set, as netlib.data.bundled knows it.
        epochs: how often every training picture is seen.
        batch: pictures a step; what is left at the end of an epoch waits for another.
        learning_rate: the highest; it rises from 0 over the first `warmup` of all steps, then falls to 0 along half a cosine.
        momentum: as torch.optim.SGD has it, with Nesterov's correction.
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
    """

    network: str
    data: str
    epochs: int
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

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1:
            raise InvalidInput(f"A recipe of {self.epochs} epochs in batches of {self.batch} was asked for; give at least 1 of each.")
        for what, value, known in (("loss", self.loss, LOSSES), ("border", self.border, BORDERS)):
            if value not in known:
                raise InvalidInput(f"There is no {what} called {value!r}; choose one of: {', '.join(known)}.")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
