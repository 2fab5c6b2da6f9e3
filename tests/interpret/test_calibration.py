"""Batch-norm statistics of a few pictures: by hand, by numpy on what comes in, and on networks whose signals would grow without."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import netlib
from netlib.errors import InvalidInput
from netlib.interpret.calibration import calibrate
from tests.interpret.networks import Kinds, lively, picture
from tests.interpret.test_untouched import state


def test_by_hand() -> None:
    """1, 2 and 3, 6 double to 2, 4, 6, 12: their mean is 6, their variance (16 + 4 + 0 + 36) / 3."""
    model = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1)).eval()
    model[0].weight.data.fill_(2.0)
    calibrate(model, torch.tensor([[[[1.0, 2.0]]], [[[3.0, 6.0]]]]))
    assert model[1].running_mean.tolist() == [6.0]
    torch.testing.assert_close(model[1].running_var, torch.tensor([56 / 3]))


def test_each_layer_gets_what_comes_to_it_when_those_before_it_have_theirs() -> None:
    model, images = netlib.build("resnet20-cifar").double(), picture(3, 3, 32, 40)
    calibrate(model, images)
    seen: dict[nn.Module, Tensor] = {}
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:  # as in training: normalized by what is there
        norm.train()
        norm.momentum = 0.0
        norm.register_forward_hook(lambda module, given, _: seen.__setitem__(module, given[0].detach()))
    model(images)
    assert len(seen) == 19
    for norm in norms:
        values = np.moveaxis(seen[norm].numpy(), 1, 0).reshape(norm.num_features, -1)
        np.testing.assert_allclose(norm.running_mean, values.mean(1), atol=1e-9)
        np.testing.assert_allclose(norm.running_var, values.var(1, ddof=1), rtol=1e-9)


@pytest.mark.parametrize("name", ["resnet110-cifar", "resnet152-v1.5"])
def test_deep_networks_stay_finite_and_of_order_one(name: str) -> None:
    size = 32 if "cifar" in name else 96
    images = torch.randn(4, 3, size, size, generator=torch.Generator().manual_seed(3))
    model, again = netlib.build(name), netlib.build(name)
    with torch.no_grad():
        assert model(images).abs().max() > 1e4  # without
        calibrate(model, images)
        calibrate(again, images)
        scores = model(images)
    assert scores.isfinite().all() and 0.05 < scores.std() < 20
    assert torch.equal(scores, again(images))


def test_all_else_stays() -> None:
    model = lively(Kinds()).train()
    model.conv1.weight.requires_grad_(False)
    kept = {name: tensor.clone() for name, tensor in model.state_dict().items() if ".running_" not in name and "tracked" not in name}
    before = state(model)[1:]
    calibrate(model, picture(2, 3, 33, 47))
    assert state(model)[1:] == before and model.bn2.momentum == 0.1
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in kept.items())

    with pytest.raises(RuntimeError):
        calibrate(model, picture(2, 4, 33, 47))
    assert state(model)[1:] == before and model.bn2.momentum == 0.1


def test_one_picture_is_refused() -> None:
    with pytest.raises(InvalidInput, match="two pictures or more, not 1"):
        calibrate(nn.BatchNorm2d(1), torch.zeros(1, 1, 1, 1))
