"""A run that was stopped anywhere and loaded again gives, bit for bit, what an uninterrupted one gives."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from netlib.data.split import Split
from netlib.errors import WeightsMismatch
from netlib.training.loop import Trainer
from netlib.training.recipe import CHOICES, Recipe
from netlib.training.records import State

AUGMENTATIONS: dict[str, dict[str, object]] = {
    "none": {},
    "moved": dict(shift=2, mirror=True, tint=0.3),
    "close-ups": dict(close_ups=0.5, close_up=6, grey=0.5),
    "crops": dict(margin=2, jitter=0.5, pca=0.1, crops=5),
}
RECIPE = Recipe("none", "tiny", 4, batch=4, learning_rate=0.05, smoothing=0.1, patience=1, first_rms=0.2, device="cpu")
STEPS = 8  # four epochs of two


def net() -> nn.Module:
    torch.manual_seed(3)
    head = [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(16, 3)]
    return nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), *head)


def through_json(state: State) -> State:
    return State({name: tensor.clone() for name, tensor in state.tensors.items()}, json.loads(json.dumps(state.values)))


def run(trainer: Trainer, steps: int) -> list[tuple[float, float, float]]:
    """Loss, score and learning rate of the next `steps` steps."""
    found = []
    turns = iter(trainer)
    for _ in range(steps):
        step = next(turns)
        found.append((step.loss.item(), step.top1.item(), step.learning_rate))
    turns.close()
    return found


def everything(trainer: Trainer) -> dict[str, Tensor]:
    return dict(trainer.state().tensors)


CASES: list[dict[str, object]] = [
    dict(optimizer=optimizer, schedule=schedule) | AUGMENTATIONS[augmentation]
    for optimizer, schedule, augmentation in product(CHOICES["optimizer"], CHOICES["schedule"], AUGMENTATIONS)
]
CASES += [dict(precision="bf16", channels_last=True), dict(epochs=0, steps=8, evaluate=3, schedule="plateau"), dict(kernel_rms=0.05)]


@pytest.mark.parametrize("settings", CASES, ids=lambda settings: " ".join(map(str, settings.values())))
def test_resumed_is_uninterrupted(tiny: Split, settings: dict[str, object]) -> None:
    recipe = replace(RECIPE, **settings)
    whole = Trainer(net(), tiny, recipe)
    expected = run(whole, STEPS)
    assert whole.finished
    draw = random.Random(str(settings))
    stops = sorted(draw.sample(range(1, STEPS), 2))
    trainer, found = Trainer(net(), tiny, recipe), []
    for stop in (*stops, STEPS):
        found += run(trainer, stop - trainer.step)
        if draw.random() < 0.5:
            trainer.evaluate()  # looking changes nothing
        state = through_json(trainer.state())
        torch.manual_seed(draw.randrange(1000))
        trainer = Trainer(nn.Sequential(*net().children()), tiny, recipe)
        with torch.no_grad():
            next(trainer.model.parameters()).fill_(7.0)  # all that counts is in the state
        trainer.load(state)
    assert found == expected
    assert trainer.finished
    ours, theirs = everything(trainer), everything(whole)
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert torch.equal(ours[name], tensor), name


def test_a_state_is_a_copy(tiny: Split) -> None:
    trainer = Trainer(net(), tiny, replace(RECIPE, optimizer="adam"))
    run(trainer, 3)
    state = trainer.state()
    before = through_json(state)
    run(trainer, 3)
    assert all(torch.equal(before.tensors[name], tensor) for name, tensor in state.tensors.items())
    assert state.values["step"] == 3 < trainer.step


def test_loading_leaves_the_state_alone(tiny: Split) -> None:
    trainer = Trainer(net(), tiny, replace(RECIPE, optimizer="adam"))
    run(trainer, 2)
    state = trainer.state()
    before = through_json(state)
    other = Trainer(net(), tiny, replace(RECIPE, optimizer="adam"))
    other.load(state)
    run(other, 4)
    assert all(torch.equal(before.tensors[name], tensor) for name, tensor in state.tensors.items())


def test_time_goes_on_where_it_stopped(tiny: Split) -> None:
    trainer = Trainer(net(), tiny, RECIPE)
    run(trainer, 2)
    state = trainer.state()
    assert state.values["seconds"] == trainer.seconds > 0  # nobody iterates: the clock stands still
    other = Trainer(net(), tiny, RECIPE)
    other.load(state)
    assert other.seconds == state.values["seconds"]
    assert other.epoch == trainer.epoch == 1


def test_a_state_of_another_network_is_refused(tiny: Split) -> None:
    state = Trainer(nn.Sequential(nn.Flatten(), nn.Linear(192, 3)), tiny, RECIPE).state()
    trainer = Trainer(net(), tiny, RECIPE)
    with pytest.raises(WeightsMismatch, match="do not fit none"):
        trainer.load(state)
