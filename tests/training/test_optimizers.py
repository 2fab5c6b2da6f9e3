"""Updates against numpy by hand and torch's own, decay for each kind of parameter, and kernels that are kept short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from netlib.data.split import Split
from netlib.training.loop import Trainer
from netlib.training.optimizers import AlexNetRule, first_kernels, limit, parameter_groups
from netlib.training.recipe import Recipe


def net() -> nn.Module:
    torch.manual_seed(3)
    head = [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(16, 3)]
    return nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), *head)


def test_alexnets_rule_by_hand() -> None:
    """The loss is half the sum of a·w², whose gradient is a·w; the learning rate falls on the way, where torch's SGD would differ."""
    a, w = np.array([1.0, 3.0]), np.array([2.0, -1.0])
    weight, v = nn.Parameter(torch.tensor(w)), np.zeros(2)
    optimizer = AlexNetRule([{"params": [weight], "weight_decay": 0.05}], momentum=0.9)
    peer_weight = nn.Parameter(torch.tensor(w))
    peer = torch.optim.SGD([peer_weight], lr=0.1, momentum=0.9, weight_decay=0.05)
    for rate in (0.1, 0.1, 0.01, 0.01):
        v = 0.9 * v - 0.05 * rate * w - rate * a * w
        w = w + v
        for each, parameter in ((optimizer, weight), (peer, peer_weight)):
            each.param_groups[0]["lr"] = rate
            each.zero_grad()
            (torch.tensor(a) * parameter.square()).sum().div(2).backward()
            each.step()
        np.testing.assert_allclose(weight.detach().numpy(), w, rtol=1e-12)
        if rate == 0.1:  # as long as the rate stays, the two rules are one
            np.testing.assert_allclose(peer_weight.detach().numpy(), w, rtol=1e-12)
    assert np.abs(peer_weight.detach().numpy() - w).max() > 0.01


@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_adam_is_torchs(tiny: Split, kind: str) -> None:
    """A loop written out, with torch's optimizer, its own groups and decay, on the same batches: the whole set each time."""
    recipe = Recipe(
        "none", "tiny", 4, batch=9, learning_rate=0.01, schedule="constant", weight_decay=0.1, first_decay=0.0, optimizer=kind, device="cpu"
    )
    model, peer = net().eval(), net()
    for each in (model, peer):
        each[5] = nn.Identity()  # no dropout
    trainer = Trainer(model, tiny, recipe)
    x = (torch.tensor(tiny.train_images) / 255 - torch.tensor(tiny.mean)[:, None, None]) / torch.tensor(tiny.std)[:, None, None]
    y = torch.tensor(tiny.train_labels)
    maker = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
    optimizer = maker([{"params": [peer[6].weight], "weight_decay": 0.1}, {"params": [peer[0].weight, *peer[1].parameters(), peer[6].bias],
                        "weight_decay": 0.0}], lr=0.01)  # fmt: skip
    for step in trainer:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(peer(x), y)
        loss.backward()
        optimizer.step()
        assert step.loss.item() == pytest.approx(loss.item(), rel=1e-4)
    for ours, theirs in zip(model.parameters(), peer.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_zfnets_limit_holds_for_every_convolution(tiny: Split) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, (2, 3)), nn.Flatten(), nn.Linear(100, 3))
    recipe = Recipe("none", "tiny", 3, batch=3, learning_rate=0.1, kernel_rms=0.1, device="cpu")
    free = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, (2, 3)), nn.Flatten(), nn.Linear(100, 3))
    free.load_state_dict(model.state_dict())
    list(Trainer(model, tiny, recipe))
    list(Trainer(free, tiny, replace(recipe, kernel_rms=0.0)))
    for place in (0, 1):
        rms, unlimited = (m[place].weight.detach().square().mean((1, 2, 3)).sqrt() for m in (model, free))
        assert rms.max() <= 0.1 + 1e-6 < unlimited.max()


def test_each_kind_of_parameter_has_its_own_decay() -> None:
    model = net()
    first, weights, others = parameter_groups(model, Recipe("none", "tiny", 1, weight_decay=0.1, first_decay=0.2))
    assert (first["weight_decay"], weights["weight_decay"], others["weight_decay"]) == (0.2, 0.1, 0.0)
    assert first["params"] == [model[0].weight]
    assert [p.shape for p in weights["params"]] == [(3, 16)]
    assert [p.shape for p in others["params"]] == [(4,), (4,), (3,)]
    assert first_kernels(model) is model[0].weight


def test_only_kernels_that_are_too_long_are_scaled_back() -> None:
    kernels = torch.tensor([3.0, 4.0, 0.3, 0.4]).reshape(2, 1, 1, 2)  # root mean squares 5 / √2 and 0.5 / √2
    limit(kernels, 1 / 2**0.5)
    torch.testing.assert_close(kernels.flatten(), torch.tensor([0.6, 0.8, 0.3, 0.4]))
    limit(kernels, 0)
    torch.testing.assert_close(kernels.flatten(), torch.tensor([0.6, 0.8, 0.3, 0.4]))
