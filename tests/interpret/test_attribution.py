"""Attribution against networks worked out by hand, autograd, a Riemann sum of our own, and Captum without the twin."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import captum.attr
import pytest
import torch
from torch import Tensor, nn

import netlib
from netlib.errors import InvalidInput, UnsupportedLayer
from netlib.interpret.attribution import METHODS, attribute, attribution_steps, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.filterwarnings("ignore:.*[Ss]et")  # Captum says at each call that it sets hooks
NETWORKS = ["lenet5", "lenet5-modern", "alexnet-mini", "zfnet-mini", "resnet20-cifar", "nin-cifar10", "lstm"]


class By(nn.Module):
    """A forward pass written as one line."""

    def __init__(self, forward: Callable[[By, Tensor], Tensor], **parts: nn.Module) -> None:
        super().__init__()
        self.line = forward
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: Tensor) -> Tensor:
        return self.line(self, x)


def linear(*rows: list[float]) -> nn.Linear:
    layer = nn.Linear(len(rows[0]), len(rows), bias=False)
    layer.weight.data = torch.tensor(rows).float()
    return layer


def picture(name: str) -> Tensor:
    return torch.randn(netlib.graph(name).input_shape, generator=torch.Generator().manual_seed(3))


def by_hand() -> nn.Sequential:
    """(2, 1) -> hidden (1, 5) -> (9, −14); (1, 2) -> hidden (−1, 4) -> (8, −12)."""
    return nn.Sequential(
        nn.Flatten(), linear([1, -1], [2, 1]), nn.ReLU(), linear([-1, 2], [1, -3]), nn.ReLU(), linear([1, 1], [-1, 2])
    )  # fmt: skip


@pytest.mark.parametrize(
    ("x", "target", "method", "expected"),
    [
        ([2, 1], 0, "saliency", [3, 3]),  # (1, 1) -> masked (1, 0) -> (−1, 2) -> both open -> (−1 + 4, 1 + 2)
        ([2, 1], 0, "guided_backprop", [4, 2]),  # (−1, 2) -> (0, 2)
        ([2, 1], 0, "input_x_gradient", [6, 3]),
        ([1, 2], 1, "saliency", [-4, -2]),  # (−1, 2) -> (−1, 0) -> (1, −2) -> masked (0, −2)
        ([1, 2], 1, "guided_backprop", [0, 0]),
        ([1, 2], 1, "deconvolution", [2, -2]),  # (−1, 2) -> (0, 2) -> (2, −6) -> (2, 0)
        ([1, 2], 0, "deconvolution", [0, 0]),  # (1, 1) -> (0, −1) -> (0, 0)
    ],
)  # fmt: skip
def test_two_layers_by_hand(x: list[float], target: int, method: str, expected: list[float]) -> None:
    found = attribute(by_hand(), torch.tensor(x).float().reshape(1, 1, 2), target, method)
    assert found.flatten().tolist() == pytest.approx(expected)


def test_deeplift_by_hand() -> None:
    """One unit max(0, a + 2b − 3): from (1, 0) to (2, 2) its input goes from −2 to 3, its output from 0 to 3: multiplier 3/5."""
    model = nn.Sequential(nn.Flatten(), linear([1, 2]), nn.ReLU(), linear([1]))
    model[1].bias = nn.Parameter(torch.tensor([-3.0]))
    found = attribute(model, torch.tensor([[[2.0, 2]]]), 0, "deeplift", baseline=torch.tensor([[[1.0, 0]]]))
    assert found.flatten().tolist() == pytest.approx([0.6 * 1 * 1, 0.6 * 2 * 2])


@pytest.mark.parametrize("name", NETWORKS)
def test_saliency_is_the_gradient_of_the_score(name: str) -> None:
    model, x = netlib.build(name), picture(name).requires_grad_()
    sign = -1 if name == "lenet5" else 1  # a distance: the nearer the better
    (gradient,) = torch.autograd.grad(sign * model(x[None])[0, 2], x)
    torch.testing.assert_close(attribute(model, x, 2, "saliency"), gradient)
    torch.testing.assert_close(attribute(model, x, 2, "input_x_gradient"), gradient * x.detach())


def test_named_outputs_give_the_main_one() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.flatten, self.main, self.aux = nn.Flatten(), linear([1, 2]), linear([5, 6])

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            x = self.flatten(x)
            return self.main(x), self.aux(x)

    assert attribute(Two(), torch.ones(1, 1, 2), 0, "saliency").flatten().tolist() == [1, 2]


@pytest.mark.parametrize("name", ["lenet5", "lenet5-modern"])
def test_integrated_gradients_is_a_riemann_sum_and_complete(name: str) -> None:
    model, x, base = netlib.build(name), picture(name), torch.full(netlib.graph(name).input_shape, 0.25)
    total, steps, sign = torch.zeros_like(x), 10, -1 if name == "lenet5" else 1
    for step in range(steps):
        at = (base + (step + 0.5) / steps * (x - base)).requires_grad_()
        total += torch.autograd.grad(sign * model(at[None])[0, 2], at)[0]
    found = attribute(model, x, 2, "integrated_gradients", baseline=base, steps=steps)
    torch.testing.assert_close(found, total / steps * (x - base), rtol=1e-4, atol=1e-6)
    finer = attribute(model, x, 2, "integrated_gradients", baseline=0.25, steps=60)
    gained = sign * float((model(x[None]) - model(base[None]))[0, 2].detach())
    assert float(finer.sum()) == pytest.approx(gained, rel=0.02)
    whole = captum.attr.IntegratedGradients(lambda z: sign * model(z)).attribute(
        x[None], base[None], target=2, n_steps=steps, method="riemann_middle"
    )  # fmt: skip
    torch.testing.assert_close(found, whole[0].float(), rtol=1e-4, atol=1e-6)


def test_integrated_gradients_shows_how_far_it_is() -> None:
    steps = list(attribution_steps(by_hand(), torch.tensor([[[2.0, 1]]]), 0, "integrated_gradients", steps=10))
    assert [share for share, _ in steps] == [0.4, 0.8, 1.0]
    for count in (2, 3, 5, 9):  # whatever the number, all of the way is walked
        found = attribute(by_hand(), torch.tensor([[[2.0, 1]]]), 0, "integrated_gradients", steps=count)
        assert found.flatten().tolist() == pytest.approx([6, 3])  # the network is linear along it


def test_smoothgrad_is_captums_noise_tunnel() -> None:
    model, x = by_hand(), torch.randn(1, 1, 32)
    model[1] = nn.Linear(32, 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)  # the same numbers as a generator with this seed gives
        theirs = captum.attr.NoiseTunnel(captum.attr.Saliency(model)).attribute(
            x[None], nt_samples=6, nt_samples_batch_size=4, stdevs=float(0.3 * (x.max() - x.min())), target=1, abs=False
        )
    ours = attribute(model, x, 1, "smoothgrad", samples=6, noise=0.3, seed=5)
    torch.testing.assert_close(ours, theirs[0])
    assert not torch.allclose(ours, attribute(model, x, 1, "smoothgrad", samples=6, noise=0.3, seed=6))


@pytest.mark.parametrize(("name", "layer"), [("lenet5-modern", "S2"), ("resnet20-cifar", "stage2.0.conv1"), ("zfnet-mini", "conv4")])
def test_guided_grad_cam_is_captums(name: str, layer: str) -> None:
    model, x = netlib.build(name), picture(name)
    theirs = captum.attr.GuidedGradCam(model, model.get_submodule(layer)).attribute(x[None], 1, interpolate_mode="bilinear")
    torch.testing.assert_close(attribute(model, x, 1, "guided_grad_cam", layer=layer), theirs[0].detach())


@pytest.mark.parametrize("method", ["guided_backprop", "deconvolution"])
def test_the_rules_of_the_relu_against_captum_itself(method: str) -> None:
    model, x = netlib.build("zfnet-mini"), picture("zfnet-mini")
    theirs = {"guided_backprop": captum.attr.GuidedBackprop, "deconvolution": captum.attr.Deconvolution}[method](model)
    torch.testing.assert_close(attribute(model, x, 1, method), theirs.attribute(x[None], target=1)[0])


def pooled(window: int, stride: int, padding: int = 0, ceil: bool = False) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(window, stride, padding, ceil_mode=ceil), nn.Conv2d(4, 3, (2, 1)),
        nn.BatchNorm2d(3), nn.MaxPool2d(2), nn.ELU(), nn.Flatten(), nn.LazyLinear(3),
    )  # fmt: skip


@pytest.mark.parametrize("pool", [(2, 2), (2, 3), (3, 3, 1), (2, 2, 0, True), (3, 2), (3, 1), (3, 2, 1), (3, 2, 0, True), (4, 3, 1, True)])
def test_deeplift_is_complete_from_any_baseline(pool: tuple[int, ...]) -> None:
    """A ReLU before a pool, a pool before an ELU, windows that overlap: Captum by itself loses parts of the sum there."""
    model, x, base = pooled(*pool), *torch.randn(2, 2, 13, 11)
    model(x[None]), model.eval()
    found = attribute(model, x, 1, "deeplift", baseline=base)
    assert float(found.sum()) == pytest.approx(float((model(x[None]) - model(base[None]))[0, 1].detach()), rel=1e-4)


@pytest.mark.parametrize("name", ["lenet5-modern", "resnet20-cifar"])
def test_deeplift_is_complete_on_networks(name: str) -> None:
    model, x = netlib.build(name), picture(name)
    base = torch.randn(x.shape, generator=torch.Generator().manual_seed(4))
    gained = float((model(x[None]) - model(base[None]))[0, 1].detach())
    assert float(attribute(model, x, 1, "deeplift", baseline=base).sum()) == pytest.approx(gained, rel=1e-3)


def test_deeplift_is_complete_through_inception_branches() -> None:
    """A map that a ReLU, an overlapping pool and a concatenation read side by side."""
    model = By(
        lambda m, x: m.fc(torch.cat([m.side(m.relu(h := m.conv(x))), m.pool(h), h], 1).flatten(1)), conv=nn.Conv2d(2, 3, 3),
        relu=nn.ReLU(), side=nn.Conv2d(3, 2, 1), pool=nn.MaxPool2d(3, 1, 1), fc=nn.Linear(8 * 5 * 6, 3),
    )  # fmt: skip
    x, base = torch.randn(2, 2, 7, 8)
    gained = float((model(x[None]) - model(base[None]))[0, 2].detach())
    assert float(attribute(model, x, 2, "deeplift", baseline=base).sum()) == pytest.approx(gained, rel=1e-4)


def test_a_branch_beside_a_relu_keeps_its_own_gradient() -> None:
    """relu(h) − h of h = (1, −2) · x: the skip's −1 is no ReLU's business."""
    model = By(lambda m, x: m.last(m.relu(h := m.first(x.flatten(1))) + h * -1.0), first=linear([1, -2]), relu=nn.ReLU(), last=linear([1]))
    x = torch.tensor([[[3.0, 1]]])  # h = 1: open
    assert attribute(model, x, 0, "saliency").flatten().tolist() == [0, 0]
    assert attribute(model, x, 0, "guided_backprop").flatten().tolist() == [0, 0]  # (1 − 1) · (1, −2)
    x = torch.tensor([[[1.0, 1]]])  # h = −1: shut
    assert attribute(model, x, 0, "guided_backprop").flatten().tolist() == [-1, 2]
    assert attribute(model, x, 0, "deconvolution").flatten().tolist() == [0, 0]  # the ReLU lets its 1 down, whatever came up
    found = attribute(model, x, 0, "deeplift", baseline=torch.tensor([[[3.0, 0]]]))  # h from 3 to −1: relu's multiplier is 3/4
    assert found.flatten().tolist() == pytest.approx([-2 * -0.25, 1 * -2 * -0.25])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["torchvision/squeezenet1_0", "small"])
def test_a_relu_in_place_gives_what_one_out_of_place_gives(name: str, method: str) -> None:
    if name == "small":
        layers = nn.Conv2d(2, 4, 3), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2), nn.Conv2d(4, 3, 2), nn.ReLU(inplace=True), nn.Flatten()
        model, x = nn.Sequential(*layers, nn.Linear(36, 3)), torch.randn(2, 13, 11)
        model[-1].weight.data.abs_()  # or Grad-CAM's map might be empty
    else:
        model, x = netlib.build(name), torch.randn(3, 40, 48)
    other = copy.deepcopy(model)
    inside = [part for part in model.modules() if isinstance(part, nn.ReLU)]
    assert all(part.inplace for part in inside)
    for part in other.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False
    few = {key: 2 for key in METHODS[method].settings if key in ("steps", "samples")}
    target = int(other.eval()(x[None]).argmax())
    expected = attribute(other, x, target, method, **few)
    torch.testing.assert_close(attribute(model, x, target, method, **few), expected)
    assert all(part.inplace for part in inside) and expected.any()


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.flatten, self.fc = nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 4 * 5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.flatten(torch.relu(self.relu(self.conv(x)))))


RELU_RULES = ["guided_backprop", "deconvolution", "guided_grad_cam", "deeplift"]


@pytest.mark.parametrize("method", RELU_RULES)
@pytest.mark.parametrize(
    ("model", "layer", "says"),
    [
        (Functional(), "relu_2", "is a function between modules"),
        (By(lambda m, x: m.fc(m.relu(m.conv2(m.relu(m.conv1(x)))).flatten(1)), conv1=nn.Conv2d(1, 2, 3), conv2=nn.Conv2d(2, 2, 1),
            relu=nn.ReLU(), fc=nn.Linear(40, 3)), "relu@2", "is a second use of relu"),
    ],
)  # fmt: skip
def test_a_relu_that_no_hook_can_serve_is_refused_by_name(model: nn.Module, layer: str, says: str, method: str) -> None:
    x = torch.rand(1, 6, 7)
    for parameter in model.parameters():
        parameter.data.abs_()  # all positive: no ReLU is shut by chance
    with pytest.raises(UnsupportedLayer, match=says) as caught:
        attribute(model, x, 0, method)
    assert caught.value.layer == layer and f"{layer} (relu)" in str(caught.value)
    assert refusal(model, x.shape, method) == str(caught.value)
    assert attribute(model, x, 0, "saliency").any() and refusal(model, x.shape, "saliency") is None


@pytest.mark.parametrize(
    ("name", "method", "layer"),
    [
        ("lenet5", "guided_backprop", "squash1"), ("lenet5", "deeplift", "squash1"), ("alexnet-mini", "deeplift", "norm1"),
        ("googlenet", "deeplift", "norm1"), ("lenet5", "deconvolution", "squash1"),
        ("lstm", "guided_backprop", "fc"), ("lstm", "deeplift", "cell"), ("dcgan-discriminator", "deconvolution", None),
        ("torchvision/resnet18", "guided_backprop", "layer1.0.relu@2"),
    ],
)  # fmt: skip
def test_what_does_not_apply_to_a_network(name: str, method: str, layer: str | None) -> None:
    shape = (3, 64, 64) if "/" in name else netlib.graph(name).input_shape
    said = refusal(netlib.build(name, meta=True), shape, method)
    assert said is not None and said.startswith(f"{METHODS[method].title} does not apply to ")
    assert layer is None or f": {layer} (" in said


@pytest.mark.parametrize("method", METHODS)
def test_what_applies_to_our_own_residual_networks(method: str) -> None:
    assert refusal(netlib.build("resnet20-cifar", meta=True), (3, 32, 32), method) is None


def test_wrong_input_is_told() -> None:
    model, x = by_hand(), torch.ones(1, 1, 2)
    for says, arguments in {
        "no attribution method 'lime'; choose one of: saliency": (x, 0, "lime", {}),
        "has no setting 'layers'; it knows layer": (x, 0, "guided_grad_cam", {"layers": "0"}),
        "has no setting 'steps'; it has none": (x, 0, "saliency", {"steps": 3}),
        "at least 2 steps, not 1": (x, 0, "integrated_gradients", {"steps": 1}),
        "at least 1 samples, not 0": (x, 0, "smoothgrad", {"samples": 0}),
        "needs a noise of 0 or more, .* not -1": (x, 0, "smoothgrad", {"noise": -1}),
        "not nan": (x, 0, "smoothgrad", {"noise": float("nan")}),
        "no class 2; choose 0 to 1": (x, 2, "saliency", {}),
        r"needed, not a tensor of shape \(1, 1, 1, 2\)": (x[None], 0, "saliency", {}),
        r"picture of the shape \(1, 1, 2\), not one of \(3,\)": (x, 0, "deeplift", {"baseline": torch.ones(3)}),
    }.items():
        with pytest.raises(InvalidInput, match=says):
            attribute(model, *arguments[:3], **arguments[3])
    with pytest.raises(InvalidInput, match="gives 3×64×64 numbers in tanh"):
        attribute(netlib.build("dcgan-generator"), torch.ones(100, 1, 1), 0, "saliency")


def test_works_whatever_the_callers_mode() -> None:
    model, x = by_hand(), torch.tensor([[[2.0, 1]]])
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            for method in METHODS:
                if method != "guided_grad_cam":
                    assert attribute(model, x.clone(), 0, method).shape == x.shape
