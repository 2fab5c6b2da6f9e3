"""How long a run will take on this machine, from its first steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from netlib.training.train import trainer

if TYPE_CHECKING:
    from netlib.training.recipe import Recipe

FORWARD = 1 / 3  # of a step's time: the way back takes about twice as long as the way forth
WARM = 2  # steps that are not counted: memory is taken and kernels are chosen in them


@dataclass(frozen=True, slots=True)
class Timing:
    """Measured, and what follows from it.

    Attributes:
        seconds_per_step: median.
        images_per_second: in training.
        total_seconds: of the whole run with its evaluations; torch.compile's own time is not in it.
    """

    seconds_per_step: float
    images_per_second: float
    total_seconds: float


def calibrate(recipe: Recipe, seconds: float = 2.0) -> Timing:
    """Make the recipe's first steps for about so many seconds, at least three of them, and throw them away.

    Raises:
        NetlibError: what the recipe names does not exist, is not on this computer, or does not fit together.
    """
    run = trainer(replace(recipe, compile=False, warm_start=""))
    end, times, began = perf_counter() + seconds, [], perf_counter()
    for step in run:
        step.loss.item()  # waits for the device: here that is what is measured
        now = perf_counter()
        times.append(now - began)
        if len(times) > WARM and now > end:
            break
        began = perf_counter()
    each = median(times[WARM:] or times)
    if recipe.seconds:
        return Timing(each, recipe.batch / each, recipe.seconds)
    evaluations = -(-run.steps // (recipe.evaluate or run.feed.an_epoch))
    looked_at = evaluations * len(run.data.test_images) * recipe.crops
    return Timing(each, recipe.batch / each, each * (run.steps + FORWARD * looked_at / recipe.batch))
