"""How the learning rate changes over a run."""

from __future__ import annotations

from math import cos, pi
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netlib.training.recipe import Recipe

# Of one-cycle, as torch.optim.lr_scheduler.OneCycleLR has them (Smith, Topin 2018).
RISE = 0.3  # share of the steps over which the rate rises
START, END = 25, 25e4  # the highest rate is so many times the first one, and the last one


class Schedule:
    """The learning rate of each step; of all schedules only "plateau" remembers anything.

    Attributes:
        best: the best score that an evaluation brought.
        waiting: evaluations since then.
        drops: how often the rate was divided by 10.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.best, self.waiting, self.drops = -1.0, 0, 0

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of step number `step`, from 0 on, of `steps`."""
        if self.recipe.schedule == "plateau":
            return self.recipe.learning_rate / 10**self.drops
        return SHAPES[self.recipe.schedule](self.recipe, step, steps)

    def watch(self, score: float) -> None:
        """Take an evaluation's score in: `patience` in a row that are no better than the best divide the rate by 10.

        Source: Krizhevsky et al. 2012, section 5, who did it by hand when the validation error stopped improving.
        """
        if score > self.best:
            self.best, self.waiting = score, 0
            return
        self.waiting += 1
        if self.waiting == self.recipe.patience:
            self.waiting, self.drops = 0, self.drops + 1

    def saved(self) -> dict[str, Any]:
        return {"best": self.best, "waiting": self.waiting, "drops": self.drops}

    def restore(self, values: Mapping[str, Any]) -> None:
        self.best, self.waiting, self.drops = values["best"], values["waiting"], values["drops"]


def cosine(recipe: Recipe, step: int, steps: int) -> float:
    """Up in a straight line over the warm-up, then down along half a cosine, which would reach 0 one step after the last."""
    rising = max(1, round(recipe.warmup * steps))
    if step < rising:
        return recipe.learning_rate * (step + 1) / rising
    return recipe.learning_rate * (1 + cos(pi * (step - rising + 1) / (steps - rising + 1))) / 2


def constant(recipe: Recipe, step: int, steps: int) -> float:
    return recipe.learning_rate


def stepwise(recipe: Recipe, step: int, steps: int) -> float:
    """Divided by 10 at each milestone."""
    return recipe.learning_rate / 10 ** sum(step >= round(share * steps) for share in recipe.milestones)


def one_cycle(recipe: Recipe, step: int, steps: int) -> float:
    """Up along half a cosine, then down along another, the last step the lowest. Source: Smith, Topin 2018, as torch has it."""
    highest, top = recipe.learning_rate, max(1.0, RISE * steps - 1)  # the step at which it is highest, perhaps between two
    if step <= top:
        return _eased(highest / START, highest, step / top)
    return _eased(highest, highest / END, (step - top) / max(1.0, steps - 1 - top))


def _eased(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + cos(pi * min(1.0, share))) / 2


SHAPES: dict[str, Callable[[Recipe, int, int], float]] = {
    "cosine": cosine, "constant": constant, "step": stepwise, "one-cycle": one_cycle,
}  # fmt: skip
