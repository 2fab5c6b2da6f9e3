"""The loop against updates written out by hand, and what a seed promises."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi

import numpy as np
import pytest
import torch
from torch import nn

from netlib.data.split import Split
from netlib.training.evaluation import correct
from netlib.training.loop import Trainer
from netlib.training.recipe import Recipe

RECIPE = Recipe("none", "tiny", epochs=2, batch=9, learning_rate=0.5, warmup=0.0, weight_decay=0.03, first_decay=0.03, device="cpu")


def linear() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 3))


def net() -> nn.Module:
    torch.manual_seed(3)
    head = [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(16, 3)]
    return nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), *head)


def test_two_steps_by_hand(tiny: Split) -> None:
    """Softmax regression in numpy: gradient (p − y) xᵀ / N, weight decay on weights alone, Nesterov's momentum, half a cosine."""
    model = linear()
    weight, bias = (p.detach().double().numpy().copy() for p in model.parameters())
    mean, std = (np.array(values)[:, None, None] for values in (tiny.mean, tiny.std))
    x = ((tiny.train_images / 255 - mean) / std).reshape(9, -1)
    speed_w, speed_b = np.zeros_like(weight), np.zeros_like(bias)
    losses = []
    for step in range(2):
        scores = np.exp(x @ weight.T + bias)
        p = scores / scores.sum(1, keepdims=True)
        losses.append(-np.log(p[np.arange(9), tiny.train_labels]).mean())
        error = (p - np.eye(3)[tiny.train_labels]) / 9
        gradient_w, gradient_b = error.T @ x + 0.03 * weight, error.sum(0)
        speed_w, speed_b = 0.9 * speed_w + gradient_w, 0.9 * speed_b + gradient_b
        rate = 0.5 * (1 + cos(pi * step / 2)) / 2
        weight -= rate * (gradient_w + 0.9 * speed_w)
        bias -= rate * (gradient_b + 0.9 * speed_b)
    steps = list(Trainer(model, tiny, RECIPE))
    assert [step.loss.item() for step in steps] == pytest.approx(losses, rel=1e-5)
    trained_w, trained_b = (p.detach().numpy() for p in model.parameters())
    np.testing.assert_allclose(trained_w, weight, atol=1e-5)
    np.testing.assert_allclose(trained_b, bias, atol=1e-5)


def test_the_same_seed_gives_the_same_curve_and_weights_bit_for_bit(tiny: Split) -> None:
    recipe = Recipe("none", "tiny", 3, batch=4, shift=2, mirror=True, tint=0.3, close_ups=0.5, close_up=6, grey=0.5, first_scale=0.1)
    runs = []
    for seed in (1, 1, 2):
        model = net()
        losses = []
        for step in Trainer(model, tiny, replace(recipe, seed=seed)):
            torch.rand(3)  # what the caller draws in between changes nothing
            losses.append(step.loss.item())
        runs.append((losses, torch.cat([p.detach().flatten() for p in model.parameters()])))
    assert runs[0][0] == runs[1][0]
    assert torch.equal(runs[0][1], runs[1][1])
    assert runs[0][0] != runs[2][0]


def test_the_callers_random_state_is_left_alone(tiny: Split) -> None:
    model = net()
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    list(Trainer(model, tiny, RECIPE))
    assert torch.equal(torch.rand(4), expected)


def test_learns_what_can_be_learned_and_ends_in_eval_mode(tiny: Split) -> None:
    model = net()
    list(Trainer(model, tiny, replace(RECIPE, epochs=60, learning_rate=0.1, weight_decay=0, first_decay=0)))
    assert not any(module.training for module in model.modules())
    assert correct(model, tiny.test_images, tiny.test_labels, tiny) == 3


def test_a_run_that_is_stopped_leaves_the_model_in_eval_mode(tiny: Split) -> None:
    model = net()
    steps = iter(Trainer(model, tiny, RECIPE))
    assert next(steps).step == 1
    steps.close()
    assert not model.training


def test_correct_counts_in_parts_as_at_once(tiny: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    model = linear().eval()
    whole = correct(model, tiny.train_images, tiny.train_labels, tiny)
    monkeypatch.setattr("netlib.training.evaluation.EVALUATED", 2)
    assert correct(model, tiny.train_images, tiny.train_labels, tiny) == whole
