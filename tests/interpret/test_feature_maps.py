"""Feature maps against hooks on the modules, statistics by hand, predictions against the plain output."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import netlib
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.feature_maps import feature_maps, order, predictions, statistics


@pytest.mark.parametrize(
    ("name", "layer"), [("lenet5", "squash3"), ("alexnet-mini", "pool1"), ("resnet20-cifar", "stage2.0.relu"), ("nin-cifar10", "flatten")]
)  # fmt: skip
def test_are_what_a_hook_sees(name: str, layer: str) -> None:
    model, x, seen = netlib.build(name), torch.randn(netlib.graph(name).input_shape), []
    hook = model.get_submodule(layer).register_forward_hook(lambda module, args, output: seen.append(output.detach()[0]))
    model(x[None])
    hook.remove()
    maps = feature_maps(model, x, layer)
    torch.testing.assert_close(maps, seen[0].reshape(maps.shape))
    assert maps.dim() == 3 and not maps.requires_grad


def test_of_an_addition_inside_a_block() -> None:
    model, x = netlib.build("resnet20-cifar"), torch.randn(3, 32, 32)
    added = feature_maps(model, x, "stage1.0.add")
    torch.testing.assert_close(added.relu(), feature_maps(model, x, "stage1.0.relu"))
    assert (added < 0).any()


def test_statistics_by_hand() -> None:
    maps = torch.tensor([[[0.0, 0, 0, 4]], [[0, 0, 0, 0]], [[-1, 2, 6, 7]]])
    silent, dead, wild = statistics(maps, "relu6")
    assert (silent.max, silent.mean, silent.share_zero, silent.share_saturated, silent.dead) == (4, 1, 0.75, 0, False)
    assert (dead.share_zero, dead.dead) == (1, True)
    assert (wild.max, wild.mean, wild.share_zero, wild.share_saturated) == (7, 3.5, 0, 0.5)
    assert statistics(maps, "relu")[2].share_saturated == 0  # nothing above limits a ReLU


@pytest.mark.parametrize(
    ("activation", "kind", "flat"),
    [(nn.Tanh(), "tanh", 0.02), (nn.Sigmoid(), "sigmoid", 0.02), (nn.Hardsigmoid(), "hardsigmoid", 0), (nn.ReLU6(), "relu6", 0),
     (nn.Hardtanh(-2, 3), "hardtanh", 0)],
)  # fmt: skip
def test_a_saturated_unit_lets_almost_no_gradient_back(activation: nn.Module, kind: str, flat: float) -> None:
    """Saturated is where the slope is at most 2 % of the steepest; a ReLU6's zeros are shut, not saturated."""
    x = torch.linspace(-9, 9, 1801).requires_grad_()
    graph = netlib.trace(nn.Sequential(nn.Conv2d(1, 1, 1), activation), (1, 1, 1))
    y = activation(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    expected = slope <= flat * slope.max() + 1e-12
    if kind == "relu6":
        expected &= y > 0
    found = [row.share_saturated for row in statistics(y.detach()[:, None, None], graph["1"])]
    assert graph["1"].kind == kind
    wrong = int((torch.tensor(found) != expected.float()).sum())
    assert wrong <= 8  # between "99 % of the limit" and "2 % of the slope" lie a few of 1801 points
    assert 0 < sum(found) < len(found)


def test_lenets_own_tanh_saturates_at_its_own_limit() -> None:
    y = torch.tensor([0.0, 1, 1.69, 1.7159 * 0.995, -1.7159 * 0.995])
    assert [row.share_saturated for row in statistics(y[:, None, None], "scaled_tanh")] == [0, 0, 0, 1, 1]
    assert [row.share_saturated for row in statistics(y[:, None, None], "clamp")] == [0] * 5


def test_order() -> None:
    maps = torch.tensor([[[1.0, 1]], [[0, 5]], [[-3, 2]]])
    assert order(maps).tolist() == [1, 2, 0] and order(maps, "index").tolist() == [0, 1, 2]
    with pytest.raises(InvalidInput, match="sorted by 'size'; choose one of: strongest, index"):
        order(maps, "size")


def test_predictions_are_the_softmax_of_the_output() -> None:
    model, x = netlib.build("zfnet-mini"), torch.randn(3, 64, 64)
    expected = model(x[None]).detach()[0].softmax(0)
    found = predictions(model, x, 3)
    assert [row.probability for row in found] == pytest.approx(sorted(expected.tolist(), reverse=True)[:3])
    assert all(expected[row.index] == pytest.approx(row.probability) for row in found)
    assert len(predictions(model, x, 99)) == len(expected)


def test_the_nearest_code_wins_in_lenet() -> None:
    """Distances 1, 0 and 4 by hand: e⁻¹, e⁰ and e⁻⁴ over their sum."""
    from netlib.models.layers import RBF

    model = nn.Sequential(nn.Flatten(), RBF(torch.tensor([[1.0, 0], [0, 0], [0, 2]])))
    found = predictions(model, torch.zeros(1, 1, 2))
    assert [row.index for row in found] == [1, 0, 2] and [row.score for row in found] == [0, -1, -4]
    parts = [1, math.exp(-1), math.exp(-4)]
    assert [row.probability for row in found] == pytest.approx([part / sum(parts) for part in parts])
    lenet, x = netlib.build("lenet5"), torch.randn(1, 32, 32)
    assert predictions(lenet, x)[0].index == int(lenet(x[None]).argmin())


class Ends(nn.Module):
    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.flatten, self.last = nn.Flatten(), last

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.flatten(x))


@pytest.mark.parametrize("last", [nn.Softmax(1), nn.LogSoftmax(1), nn.Identity()])
def test_a_probability_is_not_made_one_twice(last: nn.Module) -> None:
    x = torch.tensor([[[0.5, 2.0, -1]]])
    assert [row.probability for row in predictions(Ends(last), x)] == pytest.approx(sorted(x.flatten().softmax(0).tolist())[::-1])


def test_one_unit_with_a_sigmoid() -> None:
    (found,) = predictions(Ends(nn.Sigmoid()), torch.zeros(1, 1, 1))
    assert (found.index, found.probability) == (0, 0.5)


def test_what_does_not_apply() -> None:
    with pytest.raises(InvalidInput, match="cell of RowReader gives 28×128 numbers, which are no maps"):
        feature_maps(netlib.build("lstm"), torch.randn(1, 28, 28), "cell")
    with pytest.raises(InvalidInput, match="gives 3×64×64 numbers in tanh, not one for each class"):
        predictions(netlib.build("dcgan-generator"), torch.randn(100, 1, 1))
    model = netlib.build("lenet5")
    with pytest.raises(UnknownLayer, match="Did you mean S4 or C5 or C3"):
        feature_maps(model, torch.randn(1, 32, 32), "C4")
    with pytest.raises(InvalidInput, match="At least one prediction"):
        predictions(model, torch.randn(1, 32, 32), 0)
