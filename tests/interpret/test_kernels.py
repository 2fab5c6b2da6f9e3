"""Kernels: stripes drawn by hand at a known angle, networks' own convolutions as the judge of what a kernel is."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import netlib
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret import kernels as k
from netlib.models.lenet import c3_table


def gabor(angle: float, frequency: float, color: tuple[float, float, float] = (1, 1, 1), side: int = 11) -> Tensor:
    """Stripes that run along `angle`, counter-clockwise from the horizontal, under a Gaussian window."""
    up, right = torch.meshgrid(-(torch.arange(side) - side // 2), torch.arange(side) - side // 2, indexing="ij")
    along = math.radians(angle)
    across = -math.sin(along) * right + math.cos(along) * up  # distance from the stripe through the middle
    window = torch.exp(-(up**2 + right**2) / (2 * (side / 5) ** 2))
    return torch.sin(2 * math.pi * frequency * across) * window * torch.tensor(color)[:, None, None]


@pytest.mark.parametrize("angle", [0, 20, 45, 90, 110, 135, 170])
@pytest.mark.parametrize("frequency", [0.15, 0.25, 0.4])
def test_a_gabor_kernels_angle_and_frequency(angle: float, frequency: float) -> None:
    for kernel in k.statistics(torch.stack([gabor(angle, frequency), gabor(angle, frequency, (1, -1, 0)), 7 * gabor(angle, frequency)])):
        assert kernel.orientation is not None
        assert abs((kernel.orientation - angle + 90) % 180 - 90) < 1
        assert kernel.frequency == pytest.approx(frequency, abs=0.01)


def test_orientation_of_drawn_stripes() -> None:
    horizontal = torch.tensor([[1.0, 1, 1, 1], [-1, -1, -1, -1], [1, 1, 1, 1], [-1, -1, -1, -1]])
    rising = torch.tensor([[-1.0, -1, 0, 1], [-1, 0, 1, 0], [0, 1, 0, -1], [1, 0, -1, -1]])  # from the lower left to the upper right
    edge = torch.tensor([[-1.0, -1, 1, 1]] * 4)
    blob, board = torch.ones(4, 4), torch.tensor([[1.0, -1, 1, -1], [-1, 1, -1, 1]] * 2)
    found = k.statistics(torch.stack([horizontal, rising, edge, blob, board])[:, None])
    assert [row.orientation and round(row.orientation) % 180 for row in found] == [0, 45, 90, None, None]
    assert found[0].frequency == pytest.approx(0.5) and found[3].frequency == 0 and found[4].frequency == pytest.approx(math.sqrt(0.5))


def test_one_by_one_and_long_kernels() -> None:
    assert [(row.frequency, row.orientation) for row in k.statistics(torch.randn(3, 8, 1, 1))] == [(0, None)] * 3
    (long,) = k.statistics(torch.tensor([1.0, -1, 1, -1, 1, -1, 1]).reshape(1, 1, 1, 7))
    assert long.orientation == pytest.approx(90) and long.frequency == pytest.approx(0.5, abs=0.02)


def test_norm_sparsity_color_and_dead_by_hand() -> None:
    weights = torch.zeros(5, 3, 2, 2)
    weights[0, :] = 0.5  # grey, all equal: norm √(12 / 4)
    weights[1, 0] = torch.tensor([[3.0, 0], [0, 0]])  # one red weight
    weights[2, 0], weights[2, 1] = 1, -1  # no grey at all
    weights[3] = weights[0] / 1000
    found = k.statistics(weights)
    assert [row.norm for row in found] == pytest.approx([3**0.5, 3, 8**0.5, 3**0.5 / 1000, 0])
    assert [row.sparsity for row in found] == pytest.approx([0, 1, (12**0.5 - 8**0.5) / (12**0.5 - 1), 0, 1], abs=1e-6)
    assert [row.colorfulness for row in found] == pytest.approx([0, 2 / 3, 1, 0, 0], abs=1e-6)
    assert [row.dead for row in found] == [False, False, False, True, True]
    assert k.statistics(weights[:, :2])[0].colorfulness is None


def test_orders() -> None:
    weights = torch.stack([gabor(100, 0.3), 3 * gabor(30, 0.15, (1, 0, 0)), 2 * gabor(60, 0.2, (1, -1, 0)), torch.ones(3, 11, 11) / 100])
    expected = {"index": [0, 1, 2, 3], "norm": [1, 2, 0, 3], "frequency": [3, 1, 2, 0], "orientation": [1, 2, 0, 3]}
    assert {by: k.order(weights, by).tolist() for by in expected} == expected
    assert k.order(weights, "color").tolist()[2:] == [1, 2]
    with pytest.raises(InvalidInput, match="sorted by 'size'; choose one of: index, norm"):
        k.order(weights, "size")
    with pytest.raises(InvalidInput, match="read 2 channels have no colour"):
        k.order(weights[:, :2], "color")


def test_pictures_lie_on_one_scale() -> None:
    weights = torch.zeros(2, 3, 1, 2)
    weights[0, :, 0, 0] = torch.tensor([-4.0, 0, 2])
    weights[1, :, 0, 1] = 1
    pictures = k.rgb(weights)
    assert pictures.shape == (2, 1, 2, 3)
    assert pictures[0, 0].tolist() == [[0, 0.5, 0.75], [0.5, 0.5, 0.5]]
    assert pictures[1, 0, 1].tolist() == [0.625] * 3
    assert k.rgb(weights, limit=2)[0, 0, 0].tolist() == [0, 0.5, 1]
    assert k.rgb(weights[:, :1])[0, 0, 0].tolist() == [0, 0, 0] and k.rgb(torch.zeros(1, 3, 2, 2)).unique().tolist() == [0.5]
    with pytest.raises(InvalidInput, match="reads 2 channels has no colours"):
        k.rgb(weights[:, :2])


def test_lenets_table_leaves_kernels_out() -> None:
    model = netlib.build("lenet5")
    weights, exists = k.kernels(model, "C3"), k.present(model, "C3")
    assert weights.shape == (16, 6, 5, 5) and int(exists.sum()) == 60
    assert [tuple(row.nonzero().flatten().tolist()) for row in exists] == list(c3_table())
    assert not weights[~exists].any() and weights[exists].flatten(1).any(1).all()
    x = torch.randn(1, 6, 14, 15)
    torch.testing.assert_close(F.conv2d(x, weights, model.C3.bias), model.C3(x))  # the dense convolution with these kernels is C3


@pytest.mark.parametrize(
    "convolution", [nn.Conv2d(4, 6, (3, 2)), nn.Conv2d(4, 6, 3, groups=2), nn.ConvTranspose2d(4, 6, (3, 2), groups=2)]
)  # fmt: skip
def test_a_kernel_makes_its_map(convolution: nn.Conv2d | nn.ConvTranspose2d) -> None:
    """The output map of one kernel, computed from that kernel and the maps of its group alone."""
    weights, x = k.kernels(nn.Sequential(convolution), "0"), torch.randn(1, 4, 7, 8)
    assert weights.shape[:2] == (6, 4 // convolution.groups)
    assert k.present(nn.Sequential(convolution), "0").all()
    for index, kernel in enumerate(weights):
        group = index // (6 // convolution.groups)
        maps = x.chunk(convolution.groups, 1)[group]
        turned = isinstance(convolution, nn.ConvTranspose2d)
        made = F.conv_transpose2d(maps, kernel[:, None]) if turned else F.conv2d(maps, kernel[None])
        torch.testing.assert_close(made[:, 0] + convolution.bias[index], convolution(x)[:, index])


def test_a_copy_is_given() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 2))
    k.kernels(model, "0").zero_()
    assert model[0].weight.any()


def test_towers_as_the_paper_has_them() -> None:
    graph = netlib.graph("alexnet")
    assert {layer: k.towers(graph, layer) for layer in k.layers(graph)} == {
        "conv1": [range(48), range(48, 96)],  # by conv2's groups
        "conv2": [range(128), range(128, 256)],
        "conv3": [range(192), range(192, 384)],  # reads both towers, and is read by two
        "conv4": [range(192), range(192, 384)],
        "conv5": [range(128), range(128, 256)],
    }  # fmt: skip
    assert k.towers(netlib.graph("zfnet"), "conv1") == [range(96)]
    assert k.towers(netlib.graph("googlenet"), "conv1.conv") == [range(64)]
    with pytest.raises(UnknownLayer, match="Did you mean conv5"):
        k.towers(graph, "conv0")


def test_what_has_no_kernels_is_refused_by_name() -> None:
    model = netlib.build("lenet5-modern")
    with pytest.raises(UnknownLayer, match="'relu1' is a ReLU, which has no kernels; choose a convolution, such as C1, C3, C5"):
        k.kernels(model, "relu1")
    with pytest.raises(UnknownLayer, match="no layer called 'C2'. Did you mean C"):
        k.kernels(model, "C2")


@pytest.mark.parametrize("name", ["lenet5", "resnet20-cifar", "zfnet-mini", "dcgan-generator"])
def test_every_layer_with_kernels_gives_as_many_as_it_has_maps(name: str) -> None:
    model, graph = netlib.build(name), netlib.graph(name)
    for layer in k.layers(graph):
        assert len(k.kernels(model, layer)) == graph[layer].shape[0]
