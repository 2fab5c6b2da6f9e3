"""Learning rates by hand, and against torch's own schedulers."""

from __future__ import annotations

from math import cos, pi

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR, OneCycleLR, ReduceLROnPlateau

from netlib.training.recipe import Recipe
from netlib.training.schedules import Schedule


def rates(steps: int, **settings: object) -> list[float]:
    schedule = Schedule(Recipe("none", "tiny", 1, **settings))
    return [schedule.rate(step, steps) for step in range(steps)]


def test_cosine_by_hand() -> None:
    found = rates(8, learning_rate=0.8, warmup=0.25)
    assert found[:2] == [0.4, 0.8]
    assert found[2:] == pytest.approx([0.4 * (1 + cos(pi * k / 7)) for k in range(1, 7)])


def sgd(rate: float) -> torch.optim.SGD:
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=rate)


@pytest.mark.parametrize("steps", [10, 37, 400])
def test_one_cycle_is_torchs(steps: int) -> None:
    optimizer = sgd(0.3)
    peer = OneCycleLR(optimizer, 0.3, total_steps=steps, cycle_momentum=False)
    expected = []
    for _ in range(steps):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        peer.step() if len(expected) < steps else None
    assert rates(steps, learning_rate=0.3, schedule="one-cycle") == pytest.approx(expected, rel=1e-9)


def test_step_is_torchs_multi_step() -> None:
    optimizer = sgd(0.5)
    peer = MultiStepLR(optimizer, [15, 24], gamma=0.1)
    expected = []
    for _ in range(30):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        peer.step()
    assert rates(30, learning_rate=0.5, schedule="step", milestones=(0.5, 0.8)) == pytest.approx(expected)


def test_constant_is_constant() -> None:
    assert set(rates(5, learning_rate=0.07, schedule="constant")) == {0.07}


def test_plateau_by_hand_and_as_torch_does_it() -> None:
    """The best so far is 0.5, then 0.6; two evaluations in a row without a better one divide the rate by 10."""
    scores = [0.5, 0.4, 0.6, 0.6, 0.55, 0.7, 0.1, 0.2, 0.3, 0.4, 0.8]
    by_hand = [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    schedule = Schedule(Recipe("none", "tiny", 1, learning_rate=1.0, schedule="plateau", patience=2))
    optimizer = sgd(1.0)
    peer = ReduceLROnPlateau(optimizer, "max", factor=0.1, patience=1, threshold=0.0)
    for score, expected in zip(scores, by_hand, strict=True):
        schedule.watch(score)
        peer.step(score)
        assert schedule.rate(3, 8) == pytest.approx(expected)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(expected)
