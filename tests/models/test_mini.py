"""The laptop networks: size, the sizes of input they take, and what differs between the two."""

from __future__ import annotations

import pytest
import torch

from netlib.models.build import build

NAMES = ("alexnet-mini", "zfnet-mini")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(32, 32), (64, 64), (33, 64), (48, 40)])
def test_takes_small_pictures_of_any_shape(name, size):
    assert build(name, meta=True)(torch.empty(2, 3, *size, device="meta")).shape == (2, 10)


@pytest.mark.parametrize("size", [(32, 32), (64, 64)])
def test_from_conv2_on_the_maps_are_the_same(measure, size):
    alexnet, zfnet = (measure(build(name, meta=True), (3, *size)) for name in NAMES)
    later = list(alexnet)[list(alexnet).index("conv2") :]
    assert list(zfnet) == list(alexnet)
    assert [zfnet[name] for name in later] == [alexnet[name] for name in later]
    assert alexnet["conv1"][0] == (48, size[0] // 4, size[1] // 4)
    assert zfnet["conv1"][0] == (48, size[0] // 2, size[1] // 2)


def test_parameters_by_hand():
    rest = (25 * 48 + 1) * 64 + (9 * 64 + 1) * 96 + (9 * 96 + 1) * 96 + (9 * 96 + 1) * 64 + (4 * 64 + 1) * 128 + (128 + 1) * 10
    for name, first in zip(NAMES, ((11 * 11 * 3 + 1) * 48, (7 * 7 * 3 + 1) * 48), strict=True):
        assert sum(p.numel() for p in build(name, meta=True).parameters()) == first + rest


@pytest.mark.parametrize("name", NAMES)
def test_one_batch_can_be_learned_by_heart(name):
    torch.manual_seed(0)
    network = build(name)  # eval mode: no dropout
    x, target = torch.randn(4, 3, 32, 32), torch.arange(4)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(20):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(x), target).backward()
        optimizer.step()
    assert (network(x).argmax(1) == target).all()
