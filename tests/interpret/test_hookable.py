"""The twin that is made ready for hooks computes what the network computes, and reads each number of its own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import netlib
from netlib.interpret.hookable import Hookable, SideBySide


@pytest.mark.parametrize("name", ["lenet5", "lenet5-modern", "nin-cifar10", "resnet20-cifar", "zfnet-mini"])
def test_gives_the_networks_scores(name: str) -> None:
    model, x = netlib.build(name), torch.randn(2, *netlib.graph(name).input_shape)
    sign = -1 if name == "lenet5" else 1
    torch.testing.assert_close(Hookable(model, negative=sign < 0)(x), sign * model(x), rtol=0, atol=0)


@pytest.mark.parametrize(
    "pool",
    [
        nn.MaxPool2d(3, 2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 2, ceil_mode=True), nn.MaxPool2d((2, 3), (1, 2), (1, 0)),
        nn.MaxPool2d(2, dilation=2), nn.MaxPool2d(3, 1, dilation=(1, 2), ceil_mode=True), nn.MaxPool2d((3, 5), 2, (1, 2), 1, False, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [(9, 12), (10, 13), (11, 11)])
def test_windows_side_by_side_pool_to_the_same(pool: nn.MaxPool2d, size: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size)
    apart = SideBySide(pool)(x)
    assert torch.equal(nn.MaxPool2d(pool.kernel_size)(apart), pool(x))


def test_by_hand() -> None:
    x = torch.tensor([[[[1.0, 2, 3, 4, 5]]]])
    assert SideBySide(nn.MaxPool2d((1, 3), (1, 2)))(x).tolist() == [[[[1, 2, 3, 3, 4, 5]]]]
