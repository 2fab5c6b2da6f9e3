"""Training runs in words: what the fields of a recipe are called, how long something takes, how a run stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlib.figures import units
from netlib.figures.words import upper_first
from netlib.training.recipe import FIELDS, Recipe, difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.training.records import Run


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a recipe: its heading, and what it means in a sentence, "" where the heading says it."""

    label: str
    help: str = ""


FIELD: Mapping[str, Field] = {
    "network": Field("Network"),
    "data": Field("Data"),
    "epochs": Field("Epochs", "How often every training picture is seen."),
    "steps": Field("Steps", "Batches to learn from."),
    "seconds": Field("Seconds", "Of training, tests included; a faster machine learns more in them."),
    "batch": Field("Batch", "Pictures in a step."),
    "optimizer": Field("Optimizer", "SGD here has Nesterov's correction; AlexNet's rule has none, and the rate inside the momentum."),
    "learning_rate": Field("Learning rate", "The highest; the schedule says how it goes on."),
    "schedule": Field("Schedule", "How the learning rate changes over the run."),
    "warmup": Field("Warm-up", "Of the cosine schedule: share of the steps over which the rate rises."),
    "milestones": Field("Milestones", "Of the step schedule: shares of the run after which the rate is divided by 10, such as 0.5, 0.75."),
    "patience": Field("Patience", "Of the plateau schedule: tests in a row without a better score before the rate is divided by 10."),
    "momentum": Field("Momentum", "Of SGD and of AlexNet's rule; Adam has its own."),
    "weight_decay": Field("Weight decay", "Pulls weights towards 0, biases and normalization left out."),
    "first_decay": Field("Weight decay, first layer", "The same for the first layer's kernels."),
    "first_scale": Field("Scale of the first kernels", "What they are multiplied by before the first step."),
    "first_rms": Field("Limit of the first kernels", "Largest root mean square; 0 for none."),
    "kernel_rms": Field("Limit of all kernels", "Largest root mean square of a kernel of a convolution; ZFNet's is 0.1, and 0 is none."),
    "smoothing": Field("Label smoothing", "Share of the target that all classes get alike."),
    "dropout": Field("Dropout", "Share of units left out in every dropout layer; empty for the network's own."),
    "loss": Field("Loss"),
    "auxiliary": Field("Weight of auxiliary losses", "Of each auxiliary classifier, where the network has some."),
    "shift": Field("Shift", "Pictures are moved by up to so many pixels along each axis."),
    "border": Field("Border of a shift", "What comes in at the edge: black, or the picture mirrored."),
    "mirror": Field("Mirror", "Half of the pictures are mirrored left to right."),
    "tint": Field("Tint", "Strength of a random gain of each colour; 0 for none."),
    "margin": Field("Margin", "Pictures are loaded so many pixels larger, and a random part of the network's size is cut out."),
    "jitter": Field("Scale jitter", "Before that they are enlarged by up to this share, as VGG's are."),
    "pca": Field("Colour steps (fancy PCA)", "Deviation of AlexNet's random steps along the colours' components; the paper has 0.1."),
    "crops": Field("Crops in a test", "Parts of a held-back picture whose answers are averaged; more than 1 need a margin."),
    "close_ups": Field("Close-ups", "Share of the steps, from the first on, that see random enlarged crops."),
    "close_up": Field("Side of a close-up", "Pixels."),
    "grey": Field("Grey close-ups", "Share of the close-ups that lose their colour."),
    "initialization": Field("Initial weights", "How they are drawn."),
    "changes": Field("Changes to the network", "What is different from the network as published."),
    "warm_start": Field("Start from the weights of run", "Id of a run; its best weights are taken over where names and shapes agree."),
    "precision": Field("Precision", "bf16 halves the digits in convolutions and products of matrices."),
    "channels_last": Field("Channels last", "An order of numbers in memory that some processors are faster with."),
    "compile": Field("torch.compile", "Takes its time before the first step, and may make up for it in a long run."),
    "device": Field("Device", "auto is a GPU where there is one."),
    "devices": Field("Devices", "That share each batch."),
    "seed": Field("Seed", "Of the weights, the order of the pictures, augmentation and dropout: the same seed, the same run."),
    "evaluate": Field("Steps between tests", "The held-back pictures are looked at every so many steps; 0: after each epoch."),
}
CHOICE: Mapping[str, Mapping[Any, str]] = {
    "optimizer": {"sgd": "SGD with Nesterov momentum", "alexnet": "AlexNet’s update rule", "adam": "Adam", "adamw": "AdamW"},
    "schedule": {
        "cosine": "cosine, falling to 0", "constant": "constant", "step": "÷ 10 at milestones", "plateau": "÷ 10 when the score stalls",
        "one-cycle": "one cycle",
    },
    "initialization": {
        "": "the network’s own", "gaussian": "Gaussian, deviation 0.01 (AlexNet)", "xavier": "Glorot and Bengio", "he": "He et al.",
        "pytorch": "PyTorch’s default",
    },
    "border": {"constant": "black", "reflect": "mirrored"},
    "changes": {
        "tanh": "tanh for every ReLU", "no-lrn": "no local response normalization", "no-overlap": "pooling without overlap",
        "no-dropout": "no dropout", "no-batch-norm": "no batch normalization", "batch-norm": "batch normalization after convolutions",
        "no-reduction": "no 1×1 reductions", "aux-heads": "auxiliary heads",
    },
}  # fmt: skip
STATUS: Mapping[str, tuple[str, str, str]] = {  # -> words, icon, colour of the badge
    "queued": ("waiting", "hourglass_empty", "gray"), "running": ("training", "play_circle", "blue"),
    "stopped": ("stopped", "stop_circle", "orange"), "finished": ("finished", "check_circle", "green"),
    "failed": ("failed", "error", "red"), "interrupted": ("interrupted", "bolt", "orange"),
}  # fmt: skip


def value(name: str, found: Any) -> str:
    """A field's value as a page writes it.

    >>> value("schedule", "step"), value("mirror", True), value("changes", ()), value("learning_rate", 5e-05)
    ('÷ 10 at milestones', 'yes', 'none', '0.00005')
    """
    words = CHOICE.get(name, {})
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, tuple):
        return ", ".join(str(words.get(one, one)) for one in found) or "none"
    if found is None:
        return "the network’s own"
    if isinstance(found, float):
        return number(found)
    return str(words.get(found, found)) or "none"


def number(found: float) -> str:
    """A float without needless digits or powers: 5e-05 -> "0.00005", 60.0 -> "60"."""
    return f"{found:.10f}".rstrip("0").rstrip(".") if abs(found) < 1e6 else f"{found:g}"


def deviations(base: Recipe, recipe: Recipe) -> list[str]:
    """What differs, a line each: "Batch: 64 → 32"."""
    return [f"{FIELD[name].label}: {value(name, old)} → {value(name, new)}" for name, old, new in difference(base, recipe)]


def rows(recipe: Recipe) -> list[dict[str, str]]:
    """All fields as rows of a table; those that are as by default are marked."""
    default = Recipe(recipe.network, recipe.data, epochs=1)
    return [
        {"Field": FIELD[name].label, "Value": value(name, getattr(recipe, name)), "In the recipe": name,
         "": "" if getattr(recipe, name) != getattr(default, name) or name in ("network", "data") else "default"}
        for name in FIELDS
    ]  # fmt: skip


def length(recipe: Recipe) -> str:
    """How long the recipe trains: "30 epochs"."""
    name = length_unit(recipe)
    count = getattr(recipe, name)
    return f"{number(count) if name == 'seconds' else f'{count:,}'} {name if count != 1 else name[:-1]}"


def length_unit(recipe: Recipe) -> str:
    return next(name for name in ("epochs", "steps", "seconds") if getattr(recipe, name))


def duration(seconds: float) -> str:
    """
    >>> [duration(s) for s in (0.4, 8.2, 75, 3700, 200_000)]
    ['under 1 s', '8 s', '1 min 15 s', '1 h 2 min', '2 d 8 h']
    """
    if seconds < 1:
        return "under 1 s"
    whole = round(seconds)
    for large, small, size, many in (("d", "h", 3600, 24), ("h", "min", 60, 60), ("min", "s", 1, 60)):
        if whole >= size * many:
            units_, rest = divmod(round(whole / size), many)
            return f"{units_} {large} {rest} {small}" if rest else f"{units_} {large}"
    return f"{whole} s"


def left(run: Run) -> float | None:
    """Seconds of training that are left, by the pace so far; None while that cannot be told."""
    if run.recipe.seconds:
        return max(0.0, run.recipe.seconds - run.seconds)
    return (run.steps - run.step) * run.seconds / run.step if run.step and run.steps else None


def progress(run: Run) -> tuple[float, str]:
    """How far the run is: the share of it that is done, and the same in words."""
    if not run.step:
        return 0.0, "its first step is not done yet"
    share = min(1.0, run.seconds / run.recipe.seconds if run.recipe.seconds else run.step / max(1, run.steps))
    about = "about " if run.recipe.seconds and run.status == "running" else ""
    words = f"step {run.step:,} of {about}{max(run.step, run.steps):,}"
    if run.status == "running" and (rest := left(run)) is not None:
        words += f" · {duration(rest)} left"
    return share, words


def ended(run: Run, tested: int | None = None) -> str:
    """How the run ended, in a sentence; what an unhappy one says of itself stands there too."""
    if run.status == "finished":
        best = f" At best it put {units.percent(run.best)} of the held-back pictures into their class." if run.best is not None else ""
        return f"All {run.step:,} steps are done, in {duration(run.seconds)} of training.{best}"
    return upper_first(run.message)


def placed(position: int, before: Sequence[str]) -> str:
    """Where a run stands in the queue, and whose runs come before it."""
    if position <= 1:
        return "It is the next to start, as soon as a device is free."
    names = dict.fromkeys(name or "somebody without a name" for name in before)
    return f"It is number {position} in the queue; before it are runs of {', '.join(names)}."
