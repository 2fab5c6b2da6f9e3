"""CIFAR ResNets against Table 6, and option A against what the paper says of it."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netlib.errors import InvalidInput
from netlib.models.resnet_cifar import CifarResNet

TABLE_6 = {20: "0.27", 32: "0.46", 44: "0.66", 56: "0.85", 110: "1.7", 1202: "19.4"}  # depth: million parameters


def on_meta(depth: int, shortcuts: bool = True) -> nn.Module:
    with torch.device("meta"):
        return CifarResNet(depth, shortcuts).eval()


def by_hand(depth: int) -> int:
    """3×3 kernels and two batch-norm numbers a map: one layer, then 2n in each stage; and the classifier."""
    n = (depth - 2) // 6
    convolutions = [(3, 16)] + [(16, 16)] * 2 * n + [(16, 32)] + [(32, 32)] * (2 * n - 1) + [(32, 64)] + [(64, 64)] * (2 * n - 1)
    return sum(9 * i * o + 2 * o for i, o in convolutions) + 64 * 10 + 10


@pytest.mark.parametrize("shortcuts", [True, False])
@pytest.mark.parametrize("depth", TABLE_6)
def test_parameters(depth: int, shortcuts: bool) -> None:
    params = sum(p.numel() for p in on_meta(depth, shortcuts).parameters())
    assert params == by_hand(depth)  # shortcuts have none
    decimals = len(TABLE_6[depth].partition(".")[2])
    assert f"{params / 1e6:.{decimals}f}" == TABLE_6[depth]


@pytest.mark.parametrize("depth", [20, 110])
def test_the_depth_counts_the_layers_with_weights(depth: int) -> None:
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in on_meta(depth).modules()) == depth


def test_macs() -> None:
    """27·16 + 6·9·16² at 32×32; (9·16·32 + 5·9·32²) at 16×16; the same again with twice the maps at 8×8; 640."""
    macs = (27 * 16 + 6 * 9 * 16**2) * 32**2 + (9 * 16 * 32 + 5 * 9 * 32**2) * 16**2 + (9 * 32 * 64 + 5 * 9 * 64**2) * 8**2 + 640
    with FlopCounterMode(display=False) as counter:
        on_meta(20)(torch.empty(1, 3, 32, 32, device="meta"))
    assert counter.get_total_flops() == 2 * macs == 2 * 40_551_040


def test_option_a_takes_every_second_pixel_and_adds_empty_maps() -> None:
    block = CifarResNet(20).eval().stage2[0]
    nn.init.zeros_(block.bn2.weight)  # the residual adds nothing: what comes out is the shortcut
    x = torch.rand(2, 16, 8, 12)
    y = block(x)
    assert y.shape == (2, 32, 4, 6)
    kept = y.abs().sum(dim=(0, 2, 3)) != 0
    assert torch.equal(y[:, kept], x[:, :, ::2, ::2])
    assert kept.sum() == 16


@pytest.mark.parametrize("shortcuts", [True, False])
def test_stages_halve_the_map_twice(shortcuts: bool) -> None:
    network = on_meta(20, shortcuts)
    x = torch.empty(2, 3, 24, 40, device="meta")
    shapes = []
    for stage in (network.stage1, network.stage2, network.stage3):
        stage.register_forward_hook(lambda _module, _args, y: shapes.append(tuple(y.shape)))
    assert network(x).shape == (2, 10)
    assert shapes == [(2, 16, 24, 40), (2, 32, 12, 20), (2, 64, 6, 10)]


def test_a_plain_network_has_lost_its_input_where_a_residual_one_has_not() -> None:
    """All residuals silenced: with shortcuts the picture still reaches the classifier, without them nothing does."""
    x = torch.randn(2, 3, 32, 32)
    for shortcuts, differ in ((True, True), (False, False)):
        torch.manual_seed(0)
        network = CifarResNet(20, shortcuts).eval()
        for name, module in network.named_modules():
            if name.endswith("bn2"):
                nn.init.zeros_(module.weight)
        one, other = network(x)
        assert torch.equal(one, other) is not differ


@pytest.mark.parametrize("depth", [2, 18, 21])
def test_a_depth_that_is_not_6n_plus_2(depth: int) -> None:
    with pytest.raises(InvalidInput, match=f"6n \\+ 2 layers, not {depth}"):
        CifarResNet(depth)
