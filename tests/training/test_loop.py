"""The loop against updates written out by hand, and what a seed promises."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import replace
from math import cos, pi
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from netlib.data.split import Split
from netlib.errors import InvalidInput
from netlib.training import loop
from netlib.training.devices import device_of
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


def test_a_run_in_seconds(tiny: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a quarter of a second at each step: 20 steps in five seconds, and the learning rate falls to nearly 0."""
    now = [100.0]
    monkeypatch.setattr("netlib.training.loop.perf_counter", lambda: now[0])
    recipe = replace(RECIPE, epochs=0, seconds=5.0, learning_rate=0.1)
    trainer, seen = Trainer(net(), tiny, recipe), []
    for step in trainer:
        seen.append(step)
        now[0] += 0.25
    assert [step.step for step in seen] == list(range(1, 21))
    assert {step.steps for step in seen[1:]} == {20}  # known from the second on
    rates = [step.learning_rate for step in seen[1:]]
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.002
    assert trainer.finished and trainer.seconds == 5.0
    now[0] += 50
    assert trainer.seconds == 5.0  # nobody iterates


def test_evaluations_are_due(tiny: Split) -> None:
    cases = (dict(epochs=3, batch=4), [2, 4, 6]), (dict(epochs=3, batch=4, evaluate=4), [4, 6]), (dict(steps=3), [1, 2, 3])
    for settings, expected in cases:
        trainer = Trainer(net(), tiny, replace(RECIPE, **(dict(epochs=0) | settings)))
        assert not trainer.due
        assert [step.step for step in trainer if trainer.due] == expected


def test_the_plateau_divides_the_rate_when_the_score_stalls(tiny: Split) -> None:
    """Nothing is learned at this rate, so no evaluation after the first is better: after every second one the rate falls."""
    recipe = replace(RECIPE, epochs=7, learning_rate=1e-9, schedule="plateau", patience=2)
    rates = [step.learning_rate for step in Trainer(net().eval(), tiny, recipe)]
    assert rates == pytest.approx([1e-9, 1e-9, 1e-9, 1e-10, 1e-10, 1e-11, 1e-11])


@pytest.mark.parametrize("settings", [dict(precision="bf16"), dict(channels_last=True), dict(precision="bf16", channels_last=True)])
def test_other_formats_give_nearly_the_same_curve(tiny: Split, settings: dict[str, object]) -> None:
    """bf16 keeps 8 bits: a loss of 1 is right to about a hundredth; the order in memory changes only the order of sums."""
    recipe = replace(RECIPE, epochs=6, learning_rate=0.05)
    expected = [step.loss.item() for step in Trainer(net(), tiny, recipe)]
    trainer = Trainer(net(), tiny, replace(recipe, **settings))
    found = [step.loss.item() for step in trainer]
    assert found == pytest.approx(expected, abs=0.03 if "precision" in settings else 1e-4)
    assert found != expected or "precision" not in settings
    assert all(p.dtype == torch.float32 for p in trainer.model.parameters())


def test_a_set_mapped_from_a_file_gives_the_same_run(tiny: Split, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", tiny.train_images)
    mapped = replace(tiny, train_images=np.load(tmp_path / "images.npy", mmap_mode="r"))
    assert isinstance(mapped.train_images, np.memmap)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [step.loss.item() for step in Trainer(net(), mapped, RECIPE)]
    assert found == [step.loss.item() for step in Trainer(net(), tiny, RECIPE)]


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(InvalidInput, match="run on cuda:99 was asked for, and this machine has [0-9]+ GPUs that torch can use; choose cpu"):
        device_of("cuda:99")
    assert device_of("cpu") == torch.device("cpu")


def test_the_loop_can_be_read_in_one_sitting() -> None:
    assert len(inspect.getsource(loop).splitlines()) < 200
