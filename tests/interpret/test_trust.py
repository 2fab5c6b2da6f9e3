"""Trust checks: a linear network on paper, scipy and scikit-image as second opinions."""

from __future__ import annotations

from copy import deepcopy
from math import log

import pytest
import torch
from scipy.stats import spearmanr
from skimage import filters
from skimage.metrics import structural_similarity
from torch import Tensor, nn

import netlib
from netlib.errors import InvalidInput, UnsupportedLayer
from netlib.interpret.attribution import attribute
from netlib.interpret.grad_cam import enlarged, grad_cam
from netlib.interpret.trust import deletion, insertion, random_map, randomized, similarity, sobel, stops

pytestmark = pytest.mark.filterwarnings("ignore:.*[Ss]et")  # Captum says at each call that it sets hooks


def linear() -> nn.Module:
    """The scores are w · x and 0, so the probability of class 0 is s / (1 + s) with s the product of 8, 4 and 2 where x is 1."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    model[1].weight.data = torch.tensor([[log(4), log(8), 0, log(2)], [0, 0, 0, 0]])
    return model


def test_deletion_by_hand() -> None:
    model, x = linear(), torch.ones(1, 2, 2)
    curve = deletion(model, x, 0, attribute(model, x, 0, "input_x_gradient"), steps=4, batch=3)
    assert curve.fractions.tolist() == [0, 0.25, 0.5, 0.75, 1]
    expected = [64 / 65, 8 / 9, 2 / 3, 1 / 2, 1 / 2]  # 8 goes first, then 4, then 2
    assert curve.probabilities.tolist() == pytest.approx(expected)
    assert curve.area == pytest.approx((expected[0] / 2 + sum(expected[1:4]) + expected[4] / 2) / 4)
    halves = deletion(model, x, 0, attribute(model, x, 0, "input_x_gradient"), steps=2)
    assert halves.probabilities.tolist() == pytest.approx([64 / 65, 2 / 3, 1 / 2])
    filled = deletion(model, x, 1, torch.ones(2, 2), steps=1, fill=torch.tensor([[[0.0, 0], [0, 1]]]))
    assert filled.probabilities.tolist() == pytest.approx([1 / 65, 1 / 3])


def test_insertion_by_hand() -> None:
    model, x = linear(), torch.ones(1, 2, 2)
    curve = insertion(model, x, 0, torch.tensor([[4.0, 8], [0, 2]]), steps=4, fill=0.0)
    assert curve.probabilities.tolist() == pytest.approx([1 / 2, 8 / 9, 32 / 33, 64 / 65, 64 / 65])
    blurred = insertion(model, x, 0, torch.ones(2, 2))
    assert blurred.probabilities[0] == pytest.approx(64 / 65)  # a picture of one value blurs to itself


def test_a_good_map_beats_the_random_order() -> None:
    model, x = linear(), torch.ones(1, 2, 2)
    good = attribute(model, x, 0, "input_x_gradient")
    areas = [deletion(model, x, 0, random_map(x, seed), steps=4).area for seed in range(9)]
    assert deletion(model, x, 0, good, steps=4).area <= min(areas)
    assert len(set(areas)) > 1
    assert random_map(x, 3).equal(random_map(x, 3))


def test_lenets_probability_is_that_of_the_nearest_code() -> None:
    model, x = netlib.build("lenet5"), torch.randn(1, 32, 32)
    curve = deletion(model, x, 7, random_map(x), steps=1)
    torch.testing.assert_close(curve.probabilities, (-model(torch.stack([x, 0 * x]))).softmax(1)[:, 7].detach())


def test_similarity_against_scipy_and_scikit_image() -> None:
    one, other = torch.randn(2, 3, 12, 15).mul(2).round().unbind()  # rounded: many equal ranks
    found, (a, b) = similarity(one, other), (one.sum(0), other.sum(0))
    assert found.spearman == pytest.approx(spearmanr(a.flatten(), b.flatten()).statistic)
    assert found.spearman_absolute == pytest.approx(spearmanr(a.abs().flatten(), b.abs().flatten()).statistic)
    a, b = ((m.abs() - m.abs().min()) / (m.abs().max() - m.abs().min()) for m in (a, b))
    assert found.ssim == pytest.approx(structural_similarity(a.double().numpy(), b.double().numpy(), data_range=1))


def test_similarity_of_the_same_the_opposite_and_nothing() -> None:
    x = torch.randn(1, 6, 9)
    same, opposite, nothing = similarity(x, x[0]), similarity(x, -x), similarity(x, torch.zeros(6, 9))
    assert (same.spearman, same.spearman_absolute, same.ssim) == pytest.approx((1, 1, 1))
    assert (opposite.spearman, opposite.spearman_absolute, opposite.ssim) == pytest.approx((-1, 1, 1))
    assert (nothing.spearman, nothing.spearman_absolute, nothing.ssim) == (0, 0, 0)
    with pytest.raises(InvalidInput, match=r"\(6, 9\) and \(6, 8\) pixels cannot be compared"):
        similarity(x, x[..., 1:])


def test_edges_are_sobels() -> None:
    x = torch.rand(3, 11, 14)
    theirs = torch.from_numpy(filters.sobel(x.mean(0).numpy()))
    torch.testing.assert_close(sobel(x)[1:-1, 1:-1], theirs[1:-1, 1:-1] * 4 * 2**0.5)  # scikit-image divides by that
    assert not sobel(torch.ones(3, 5, 5)).any()


def test_the_cascade_goes_from_the_classes_down() -> None:
    assert stops(netlib.graph("lenet5-modern")) == ("output", "F6", "C5", "C3", "C1")
    assert stops(netlib.graph("lenet5")) == ("F6", "C5", "C3", "C1")  # the codes are not learned, the coefficients of S4 no stop
    assert stops(netlib.graph("lenet5-modern"), 3) == ("output", "C5", "C1")
    assert stops(netlib.graph("lenet5-modern"), 1) == ("C1",)
    several = stops(netlib.graph("googlenet"), 6)
    assert len(several) == 6 and several[0] == "linear" and several[-1] == "conv1.conv"
    with pytest.raises(InvalidInput, match="at least one stop, not 0"):
        stops(netlib.graph("lenet5"), 0)


def net() -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 4 * 5, 3)
    ).eval()  # fmt: skip


@pytest.mark.parametrize("method", ["saliency", "guided_backprop", "grad_cam"])
def test_the_cascade_step_by_step(method: str) -> None:
    """The same done by hand to copies: tensors drawn in order, with their own mean and deviation, all above staying random."""
    model, x = net(), torch.randn(1, 7, 8)
    before = deepcopy(model.state_dict())

    def map_of(network: nn.Module) -> Tensor:
        if method == "grad_cam":
            return enlarged(grad_cam(network, x, 1), (7, 8))[None]
        return attribute(network, x, 1, method)

    found = list(randomized(model, x, 1, method, seed=4))
    copy, random = deepcopy(model).requires_grad_(False), torch.Generator().manual_seed(4)
    assert found[0].layer is None and found[0].map.equal(map_of(model))
    for stop, layers in zip(found[1:], [[6], [3], [1, 0]], strict=True):
        for layer in layers:
            for tensor in copy[layer].parameters():
                tensor.copy_(tensor.mean() + tensor.std(correction=0) * torch.randn(tensor.shape, generator=random))
        assert stop.layer == str(layers[-1])
        torch.testing.assert_close(stop.map, map_of(copy))
        assert stop.similarity == similarity(found[0].map, stop.map)
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())


def test_settings_go_to_the_method_and_refusals_come_from_it() -> None:
    x = torch.randn(1, 7, 8)
    first = next(randomized(net(), x, 1, "integrated_gradients", steps=2, baseline=0.5))
    torch.testing.assert_close(first.map, attribute(net(), x, 1, "integrated_gradients", steps=2, baseline=0.5))
    with pytest.raises(UnsupportedLayer, match="squash1"):
        next(randomized(netlib.build("lenet5"), torch.randn(1, 32, 32), 1, "deeplift"))


def test_wrong_input_is_told() -> None:
    model, x = linear(), torch.ones(1, 2, 2)
    for says, call in {
        r"map has \(1, 2\) places and the picture \(2, 2\)": lambda: deletion(model, x, 0, torch.ones(1, 2)),
        "at least one step and one picture": lambda: insertion(model, x, 0, torch.ones(2, 2), steps=0),
        "no class 2": lambda: deletion(model, x, 2, torch.ones(2, 2)),
    }.items():
        with pytest.raises(InvalidInput, match=says):
            call()
