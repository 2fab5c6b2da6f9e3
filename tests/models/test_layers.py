"""Our own layers against arithmetic by hand and against torch's plain operations."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from netlib.models.layers import RBF, OptionA, ScaledTanh, Subsample, TableConv2d, alexnet_lrn

UNEVEN = ((2,), (0, 1, 3), (1, 2), (0,), (0, 2, 3))  # fan-ins out of order, one input map for two outputs


def test_scaled_tanh_passes_through_the_targets():
    out = ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0, 100.0]))
    torch.testing.assert_close(out, torch.tensor([-0.9999973, 0.0, 0.9999973, 1.7159]))


def test_subsample_sums_scales_and_shifts():
    layer = Subsample(2, kernel_size=(1, 2), stride=(2, 1))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([10.0, -1.0]))
        layer.bias.copy_(torch.tensor([0.5, 0.0]))
    x = torch.tensor([[[1.0, 2.0, 4.0], [9.0, 9.0, 9.0], [3.0, 0.0, 1.0]], [[0.0, 1.0, 1.0], [9.0, 9.0, 9.0], [2.0, 2.0, 5.0]]])
    assert layer(x[None]).tolist() == [[[[30.5, 60.5], [30.5, 10.5]], [[-1.0, -2.0], [-4.0, -7.0]]]]


def test_subsample_starts_as_an_average():
    x = torch.randn(1, 3, 6, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(Subsample(3, (3, 2))(x), F.avg_pool2d(x, (3, 2)))


@pytest.mark.parametrize("stride, padding", [(1, 0), ((2, 1), (0, 2))])
def test_table_conv_is_one_small_convolution_per_map(stride, padding):
    layer = TableConv2d(4, UNEVEN, (3, 2), stride, padding)
    x = torch.randn(2, 4, 7, 6, generator=torch.Generator().manual_seed(0))
    first = 0
    maps = []
    for j, inputs in enumerate(UNEVEN):
        kernels = layer.weight[first : first + len(inputs)][None]
        maps.append(F.conv2d(x[:, list(inputs)], kernels, layer.bias[j : j + 1], stride, padding))
        first += len(inputs)
    assert first == len(layer.weight) == 10
    torch.testing.assert_close(layer(x), torch.cat(maps, 1))


def test_table_conv_starts_as_conv2d_does():
    layer = TableConv2d(300, [range(300), range(3)], (5, 4))
    for kernels, bias, fan_in in ((layer.weight[:300], layer.bias[0], 6000), (layer.weight[300:], layer.bias[1], 60)):
        assert 0.8 / math.sqrt(fan_in) < kernels.abs().max() <= 1 / math.sqrt(fan_in)
        assert abs(bias) <= 1 / math.sqrt(fan_in)


def test_table_conv_multiplies_only_by_kernels_that_exist():
    with FlopCounterMode(display=False) as counter:
        TableConv2d(4, UNEVEN, (3, 2))(torch.zeros(1, 4, 7, 6))
    assert counter.get_total_flops() == 2 * 10 * (3 * 2) * (5 * 5)


def test_rbf_is_a_squared_distance():
    layer = RBF(torch.tensor([[1.0, -1.0, 1.0], [-1.0, -1.0, -1.0]]))
    assert layer(torch.tensor([[1.0, -1.0, 1.0], [0.0, 2.0, 0.5]])).tolist() == [[0.0, 8.0], [10.25, 12.25]]
    assert not list(layer.parameters())


def test_option_a_keeps_every_second_pixel_between_zero_channels():
    x = torch.arange(2 * 3 * 4.0).reshape(1, 2, 3, 4)
    out = OptionA(2, 5)(x)
    assert out[0, 1:3].tolist() == [[[0.0, 2.0], [8.0, 10.0]], [[12.0, 14.0], [20.0, 22.0]]]
    assert out.shape == (1, 5, 2, 2)
    assert not out[0, [0, 3, 4]].any()


def test_lrn_is_the_papers_formula():
    a = 30 * torch.randn(1, 7, 2, 3, generator=torch.Generator().manual_seed(0))  # large enough for alpha to matter
    channels = a.shape[1]
    expected = torch.empty_like(a)
    for i in range(channels):
        squares = sum(a[:, j] ** 2 for j in range(max(0, i - 2), min(channels - 1, i + 2) + 1))
        expected[:, i] = a[:, i] / (2 + 1e-4 * squares) ** 0.75
    torch.testing.assert_close(alexnet_lrn()(a), expected)
