"""build: what a seed promises, also where several threads build at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch

from netlib.models.build import build


def test_a_seed_gives_the_same_parameters_in_every_thread():
    with ThreadPoolExecutor(6) as pool:
        first, *others = [network.state_dict() for network in pool.map(build, ["resnet20-cifar"] * 6)]
    for other in others:
        assert all(torch.equal(first[name], other[name]) for name in first)


def test_building_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    build("lenet5", seed=1)
    assert torch.equal(torch.rand(3), expected)
