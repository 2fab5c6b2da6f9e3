"""Climbing worked out for linear units, where every step is known, and seen to climb in the papers' networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import netlib
from netlib.analysis.receptive_field import input_box
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.maximization import maximize
from netlib.interpret.regularizers import blurred, total_variation

PLAIN = dict(decay=0.0, variation=0.0, jitter=0, blur=0.0)
SHAPE = (2, 3, 4)


def linear() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(24, 3))


def test_each_step_of_a_linear_unit_is_known() -> None:
    model = linear()
    weight = model[1].weight[2].detach().reshape(SHAPE)
    start, first, second = maximize(model, "1", 2, input_shape=SHAPE, steps=2, rate=0.3, **PLAIN)
    direction = weight / weight.square().mean().sqrt()
    torch.testing.assert_close(first.image - start.image, 0.3 * direction)
    torch.testing.assert_close(second.image - start.image, 0.6 * direction)
    assert second.value == pytest.approx(float(model(second.image[None])[0, 2].detach()))
    assert [start.step, first.step, second.step] == [0, 1, 2]


def test_decay_ends_where_it_outweighs_the_slope() -> None:
    """g = 2 · decay · x, so x is the unit's weights, scaled to a root mean square of 1 / (2 · decay)."""
    model = linear()
    *_, last = maximize(model, "1", 0, input_shape=SHAPE, steps=200, rate=0.2, **{**PLAIN, "decay": 0.25})
    weight = model[1].weight[0].detach().reshape(SHAPE)
    torch.testing.assert_close(last.image, 2 * weight / weight.square().mean().sqrt(), rtol=1e-3, atol=1e-3)


def test_variation_and_blur_by_a_second_computation() -> None:
    model = linear()
    direction = model[1].weight[1].detach().reshape(SHAPE)
    direction = direction / direction.square().mean().sqrt()
    settings = {**PLAIN, "variation": 0.1}
    start, first = maximize(model, "1", 1, input_shape=SHAPE, steps=1, rate=0.5, **settings)
    x = start.image.clone().requires_grad_()
    total_variation(x).backward()
    torch.testing.assert_close(first.image, start.image + 0.5 * (direction - 0.1 * x.grad))
    _, once, twice = maximize(model, "1", 1, input_shape=SHAPE, steps=2, rate=0.5, **{**PLAIN, "blur": 0.7, "blur_every": 2})
    torch.testing.assert_close(twice.image, blurred(once.image + 0.5 * direction, 0.7))


def test_jitter_is_undone() -> None:
    """The mean of a 1×1 convolution is the same wherever the picture was rolled to."""
    model = nn.Sequential(nn.Conv2d(2, 3, 1), nn.Sigmoid())
    still, moved = (
        list(maximize(model, "1", 0, input_shape=SHAPE, steps=5, **{**PLAIN, "jitter": jitter}))[-1].image for jitter in (0, 3)
    )
    torch.testing.assert_close(still, moved)
    placed = [list(maximize(linear(), "1", 0, input_shape=SHAPE, steps=5, **{**PLAIN, "jitter": jitter}))[-1].image for jitter in (0, 3)]
    assert not torch.allclose(*placed)


def test_one_unit_changes_its_receptive_field_alone() -> None:
    model = netlib.build("zfnet-mini")
    graph = netlib.graph("zfnet-mini")
    box = input_box(graph, "conv2", (2, 1)).clipped()
    start, *_, last = maximize(model, "conv2", 4, unit=(2, 1), input_shape=(3, 64, 64), steps=3, **PLAIN)
    inside = torch.zeros(64, 64, dtype=torch.bool)
    inside[box.top : box.bottom, box.left : box.right] = True
    changed = (start.image != last.image).any(0)
    assert changed[inside].all() and not changed[~inside].any()
    assert last.value > start.value


@pytest.mark.parametrize(
    ("name", "layer"), [("lenet5", "squash4"), ("alexnet-mini", "fc8"), ("resnet20-cifar", "stage2.0.add"), ("nin-cifar10", "relu_conv1")],
)  # fmt: skip
def test_climbs_in_any_layer(name: str, layer: str) -> None:
    model, shape = netlib.build(name), netlib.graph(name).input_shape
    calm = {"jitter": 0, "decay": 0.01, "variation": 0.001}  # random weights look for noise, which jitter and roughness would take away
    found = list(maximize(model, layer, 1, input_shape=shape, steps=12, every=6, **calm))
    assert [step.step for step in found] == [0, 6, 12]
    assert found[0].value < found[1].value < found[2].value
    assert torch.equal(found[-1].image, list(maximize(model, layer, 1, input_shape=shape, steps=12, **calm))[-1].image)  # the seed decides
    assert not torch.equal(found[0].image, next(maximize(model, layer, 1, input_shape=shape, seed=1)).image)


def test_a_shut_relu_is_woken_by_noise() -> None:
    model = nn.Sequential(nn.Conv2d(2, 1, 1), nn.ReLU())
    nn.init.constant_(model[0].bias, -3.0)
    nn.init.ones_(model[0].weight)
    found = list(maximize(model, "1", 0, input_shape=SHAPE, steps=60, rate=0.5, **PLAIN))
    assert found[0].value == 0 and found[-1].value > 1


def test_wrong_input_is_told() -> None:
    model, shape = netlib.build("lenet5"), (1, 32, 32)
    for error, says, how in (
        (UnknownLayer, "C9", dict(layer="C9", channel=0)),
        (UnknownLayer, "C1 has 6 channels, so there is no channel 6; choose 0 to 5", dict(layer="C1", channel=6)),
        (UnknownLayer, r"C1 has a map of 28 × 28 units, so there is no unit \(28, 0\)", dict(layer="C1", channel=0, unit=(28, 0))),
        (UnknownLayer, "F6 has no map", dict(layer="F6", channel=0, unit=(0, 0))),
        (InvalidInput, "must be above zero", dict(layer="F6", channel=0, steps=0)),
        (InvalidInput, "no regularizer below it", dict(layer="F6", channel=0, decay=-1.0)),
    ):
        with pytest.raises(error, match=says):
            next(maximize(model, input_shape=shape, **how))
