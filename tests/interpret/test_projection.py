"""Projections: by hand on one and two layers, against autograd, Captum, max_unpool2d, and a dense second deconvnet."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from captum.attr import Deconvolution, GuidedBackprop
from torch import Tensor, nn

from netlib.analysis.receptive_field import input_box
from netlib.errors import InvalidInput, UnknownLayer, UnsupportedLayer
from netlib.interpret.backwards import Backwards
from netlib.interpret.projection import Unit, deconvnet, film, project, strongest_unit, windows
from netlib.interpret.stepwise import stepwise
from netlib.models.build import build
from netlib.models.registry import NETWORKS
from tests.interpret.networks import Kinds, Older, lively, picture

if TYPE_CHECKING:
    from collections.abc import Sequence


def some_units(shape: Sequence[int], pictures: int = 2) -> list[Unit]:
    """Corners, the middle and others, of several channels and pictures."""
    channels, rows, columns = shape
    middle = [Unit(0, channels // 2, rows // 2, columns // 2), Unit(pictures - 1, 0, rows // 3, (2 * columns) // 3)]
    return [Unit(0, 0, 0, 0), Unit(pictures - 1, channels - 1, rows - 1, columns - 1), Unit(0, 1 % channels, 0, columns - 1), *middle]


# --- by hand -------------------------------------------------------------------------------------------------------------


def test_one_convolution_by_hand() -> None:
    """The unit at (1, 1) of a 2×2 kernel over a picture of ones is 1 + 2 + 3 + 4 = 10: its projection is 10 times the kernel, at (1, 1)."""
    model = nn.Sequential(nn.Conv2d(1, 1, 2, bias=False))
    model[0].weight.data = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    expected = torch.tensor([[0.0, 0, 0], [0, 10, 20], [0, 30, 40]])
    torch.testing.assert_close(deconvnet(model, torch.ones(1, 3, 3), "0", 0, unit=(1, 1))[0], expected)


class TwoLayers(nn.Module):
    """A convolution to two channels, ReLU, a 2×2 pooling, and a 1×1 convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 1, bias=False)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(2, 1, 1, bias=False)
        self.relu2 = nn.ReLU()
        self.conv1.weight.data = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
        self.conv2.weight.data = torch.tensor([2.0, -3.0]).view(1, 2, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu2(self.conv2(self.pool1(self.relu1(self.conv1(x)))))


def test_two_layers_by_hand() -> None:
    """x = [[4, 1], [-2, 3]]: channel 0 of relu1 is [[4, 1], [0, 3]], channel 1 [[0, 0], [2, 0]]; pooled 4 (top left) and 2 (bottom left);
    conv2 gives 2·4 − 3·2 = 2. Back from 2: pooled signals 4 and −6, at their switches; rectified 4 and 0; conv1 transposed: 4.
    The gradient starts from 1 and keeps the −3: (2, 0) at the top left, and at the bottom left −3 · −1 = 3.
    """
    model, x = TwoLayers(), torch.tensor([[[4.0, 1], [-2, 3]]])
    unit = [Unit(0, 0, 0, 0)]
    expected = {"deconvnet": [[4.0, 0], [0, 0]], "gradient": [[2.0, 0], [3, 0]], "guided": [[2.0, 0], [0, 0]]}
    for method, picture_ in expected.items():
        found = project(model, x[None], "relu2", unit, method=method)  # type: ignore[arg-type]
        torch.testing.assert_close(found[0, 0], torch.tensor(picture_))


def test_the_film_shows_each_stage_of_it() -> None:
    frames = film(TwoLayers(), torch.tensor([[[4.0, 1], [-2, 3]]]), "relu2", 0)
    assert [(frame.layer, frame.kind) for frame in frames] == [
        ("relu2", "relu"), ("conv2", "conv2d"), ("pool1", "max_pool2d"), ("relu1", "relu"), ("conv1", "conv2d"), ("input", "input"),
    ]  # fmt: skip
    signals = [frame.signal.flatten().tolist() for frame in frames]
    assert signals == [[2], [2], [4, -6], [4, 0, 0, 0, 0, 0, -6, 0], [4, 0, 0, 0, 0, 0, 0, 0], [4, 0, 0, 0]]


# --- second methods -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "shape", "layers"),
    [
        (Kinds(), (3, 33, 47), ["norm1", "pool1", "bn2", "add", "average", "concat", "relu4", "mul", "pool5"]),
        (Older(), (3, 26, 31), ["subsample", "squash2", "table", "squash3"]),
        (build("lenet5"), (1, 32, 32), ["S4", "squash5"]),
        (build("zfnet-mini"), (3, 64, 48), ["norm1", "conv3", "pool5"]),
        (build("resnet20-cifar"), (3, 32, 40), ["stage1.1.add", "stage3.2.relu1"]),
        (build("googlenet-mini"), (3, 40, 40), None),
        (build("torchvision/googlenet"), (3, 64, 64), ["inception4a"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_the_gradient_is_autograd_s(model: nn.Module, shape: tuple[int, int, int], layers: list[str] | None) -> None:
    images = picture(2, *shape)
    model.double()(images)
    steps = stepwise(lively(model), shape)
    names = [layer.name for layer in steps.graph if len(layer.shape) == 3 and layer.inputs]
    wanted = [next(n for n in reversed(names) if n.startswith(name)) for name in layers] if layers else [names[len(names) // 2], names[-1]]
    for layer in wanted:
        units = some_units(steps.graph[layer].shape)
        found = project(model, images, layer, units, method="gradient")
        for unit, ours in zip(units, found, strict=True):
            x = images[unit.picture][None].requires_grad_()
            activation = steps.activations(x, [layer])[layer][0, unit.channel, unit.row, unit.column]
            expected = torch.autograd.grad(activation, x)[0][0] if activation.requires_grad else torch.zeros_like(ours)
            torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-12)


class _Rectifies(torch.autograd.Function):
    """A ReLU whose way back is the deconvnet's."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.clamp_min(0)

    @staticmethod
    def backward(ctx: object, signal: Tensor) -> Tensor:  # type: ignore[override]
        return signal.clamp_min(0)


class _Passes(torch.autograd.Function):
    """Any layer whose way back is to hand the signal on."""

    @staticmethod
    def forward(ctx: object, x: Tensor, layer: nn.Module) -> Tensor:
        return layer(x)

    @staticmethod
    def backward(ctx: object, signal: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return signal, None


class _Rectifier(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return _Rectifies.apply(x)


class _Passer(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return _Passes.apply(x, self.layer)


def dense_deconvnet(model: nn.Module) -> nn.Module:
    """A twin whose autograd is the deconvnet: the whole picture, every layer in full."""
    twin = deepcopy(model)
    for path, module in list(twin.named_modules()):
        parent = twin.get_submodule(path.rpartition(".")[0])
        if isinstance(module, nn.ReLU):
            setattr(parent, path.rpartition(".")[2], _Rectifier())
        if isinstance(module, nn.LocalResponseNorm):
            setattr(parent, path.rpartition(".")[2], _Passer(module))
    return twin


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("zfnet-mini", "conv5"),
        ("alexnet-mini", "relu4"),
        ("alexnet-mini", "fc8"),
        ("vgg-mini", None),
        ("googlenet-mini", None),
        ("resnet-mini", None),
        ("resnet20-cifar", "stage3.0.relu1"),
    ],
)
def test_windows_give_what_a_dense_deconvnet_gives(name: str, layer: str | None) -> None:
    model, shape = lively(build(name)), NETWORKS[name].input_shape
    images, steps = picture(2, *shape), stepwise(model, shape)
    layer = layer or [one.name for one in steps.graph if one.kind == "relu"][-2]
    dense, kept = dense_deconvnet(model), {}
    dense.get_submodule(layer).register_forward_hook(lambda _m, _a, out: kept.__setitem__("out", out))
    units = some_units(steps.graph[layer].shape) if len(steps.graph[layer].shape) == 3 else [Unit(0, 3), Unit(1, 7)]
    for unit, ours in zip(units, project(model, images, layer, units), strict=True):
        x = images[unit.picture][None].requires_grad_()
        dense(x)
        out = kept["out"][0].view(kept["out"].shape[1], *(kept["out"].shape[2:] or (1, 1)))
        value = out[unit.channel, unit.row, unit.column]
        expected = torch.autograd.grad(value, x, value.detach())[0][0]  # it starts from the activation, which may be negative
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-9 * float(expected.detach().abs().max() + 1))


class ConvReLU(nn.Module):
    """Convolutions and ReLUs and nothing else: here Captum's Deconvolution is the deconvnet."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.relu1 = nn.Conv2d(3, 6, 5, stride=2, padding=1), nn.ReLU()
        self.conv2, self.relu2 = nn.Conv2d(6, 4, 3), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu2(self.conv2(self.relu1(self.conv1(x))))


def test_captum_s_deconvolution_and_guided_backpropagation_agree_without_pooling() -> None:
    model, image = lively(ConvReLU()), picture(3, 20, 26)
    row, column = strongest_unit(model, image, "relu2", 2)
    ours = deconvnet(model, image, "relu2", 2)
    value = model(image[None])[0, 2, row, column].detach()
    theirs = Deconvolution(model).attribute(image[None].clone(), target=(2, row, column))[0]
    torch.testing.assert_close(ours, theirs * value)  # Captum starts from 1, the paper from the activation
    ours = project(model, image[None], "relu2", [Unit(0, 2, row, column)], method="guided")[0]
    torch.testing.assert_close(ours, GuidedBackprop(model).attribute(image[None].clone(), target=(2, row, column))[0])


def test_switches_are_max_unpool_s() -> None:
    """Without overlap, unpooling one unit is max_unpool2d of a map that is zero but for it."""
    model, x = nn.Sequential(nn.MaxPool2d((2, 3))), picture(2, 4, 8, 9)
    pooled, at = F.max_pool2d(x, (2, 3), return_indices=True)
    for unit in (Unit(1, 2, 3, 1), Unit(0, 0, 0, 0), Unit(1, 3, 2, 2)):
        alone = torch.zeros_like(pooled[unit.picture])
        alone[unit.channel, unit.row, unit.column] = pooled[unit]
        expected = F.max_unpool2d(alone, at[unit.picture], (2, 3), output_size=(8, 9))
        torch.testing.assert_close(project(model, x, "0", [unit])[0], expected)


def test_where_poolings_overlap_shared_switches_add_up() -> None:
    """The 9 in the middle is the maximum of all four 2×2 windows; the unit behind sums them to 36, which goes back four times."""
    model = nn.Sequential(nn.MaxPool2d(2, stride=1), nn.Conv2d(1, 1, 2, bias=False))
    model[1].weight.data.fill_(1)
    x = torch.zeros(1, 3, 3)
    x[0, 1, 1] = 9
    found = deconvnet(model, x, "1", 0, unit=(0, 0))
    assert found[0, 1, 1] == 4 * 36
    assert found.sum() == 4 * 36


# --- what is computed ------------------------------------------------------------------------------------------------------


def test_a_window_is_the_unit_s_receptive_field() -> None:
    model, image = lively(Kinds()), picture(3, 33, 47)
    graph = stepwise(model, image.shape).graph
    for layer in ("pool1", "conv2", "average", "relu3"):
        units = some_units(graph[layer].shape, pictures=1)
        for unit, window in zip(units, windows(model, image[None], layer, units, method="gradient"), strict=True):
            box, inside = window.box, input_box(graph, layer, (unit.row, unit.column)).clipped()
            assert box.top <= inside.top and box.left <= inside.left and box.bottom >= inside.bottom and box.right >= inside.right
            whole = project(model, image[None], layer, [unit], method="gradient")[0]
            outside = whole.clone()
            outside[:, inside.top : inside.bottom, inside.left : inside.right] = 0
            assert not outside.any()
            top, left = max(0, box.top), max(0, box.left)
            bottom, right = min(33, box.bottom), min(47, box.right)
            torch.testing.assert_close(
                window.values[:, top - box.top : bottom - box.top, left - box.left : right - box.left], whole[:, top:bottom, left:right]
            )


class Averaged(Kinds):
    """`Kinds` as far as its gate, with averages for maxima and all that is learned positive: nothing on the way is zero or cancels out."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1.alpha = 1e-4  # AlexNet's; with more, what a channel gains is less than what its neighbours lose
        self.pool1 = nn.AvgPool2d(3, stride=2, ceil_mode=True)  # type: ignore[assignment]
        for parameter in self.parameters():
            parameter.data.uniform_(0.5, 1, generator=torch.Generator().manual_seed(parameter.numel()))


@pytest.mark.parametrize("method", ["deconvnet", "gradient", "guided"])
def test_the_support_is_the_receptive_field_where_nothing_is_zero(method: str) -> None:
    model, image = Averaged().double().eval(), picture(3, 33, 47).abs() + 0.1
    steps = stepwise(model, image.shape)
    for layer in ("relu1", "norm1", "pool1", "conv2", "add", "project", "branch", "relu4"):
        units = some_units(steps.graph[layer].shape, pictures=1)
        for unit, found in zip(units, project(model, image[None], layer, units, method=method), strict=True):  # type: ignore[arg-type]
            x = image[None].clone().requires_grad_()
            (gradient,) = torch.autograd.grad(steps.activations(x, [layer])[layer][0, unit.channel, unit.row, unit.column], x)
            support = found.abs().sum(0) > 0  # (H, W)
            assert torch.equal(support, gradient[0].abs().sum(0) > 0)
            box, (rows, columns) = input_box(steps.graph, layer, (unit.row, unit.column)).clipped(), torch.where(support)
            assert (box.top, box.left, box.bottom, box.right) == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
            if layer != "relu4":  # where a 1 × 5 branch and a 3 × 3 one meet, corners of the box are in neither
                assert support.sum() == (box.bottom - box.top) * (box.right - box.left)


def test_many_units_at_once_give_what_each_gives_alone() -> None:
    model, images = lively(build("zfnet-mini")), picture(3, 3, 64, 64)
    units = [Unit(i % 3, (7 * i) % 96, i % 8, (3 * i) % 8) for i in range(20)]
    together = project(model, images, "conv4", units)
    for unit, found in zip(units, together, strict=True):
        torch.testing.assert_close(found, project(model, images, "conv4", [unit])[0])


def test_the_model_is_left_as_it_was_also_when_it_fails() -> None:
    model = build("lenet5").train()
    model.C1.eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    project(model, torch.randn(1, 1, 32, 32), "squash3", [Unit(0, 0, 3, 3)])
    with pytest.raises(UnsupportedLayer):
        project(model, torch.randn(1, 1, 32, 32), "output", [Unit(0, 0)])
    assert model.training and not model.C1.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())


def test_says_what_does_not_fit() -> None:
    model, images = build("zfnet-mini"), torch.zeros(2, 3, 64, 64)
    for unit in (None, (0, 0)):
        with pytest.raises(InvalidInput, match="One picture"):
            deconvnet(model, images, "conv5", 0, unit=unit)
        with pytest.raises(InvalidInput, match="One picture"):
            film(model, images, "conv5", 0, unit=unit)
    with pytest.raises(UnknownLayer, match="conv9"):
        project(model, images, "conv9", [Unit(0, 0)])
    with pytest.raises(UnknownLayer, match=r"no unit \(8, 0\) in channel 0 of 'conv5' for picture 0: it has 64 channels of 8 × 8 units"):
        project(model, images, "conv5", [Unit(0, 0, 8, 0)])
    with pytest.raises(UnknownLayer, match="for picture 2"):
        project(model, images, "conv5", [Unit(2, 0, 0, 0)])
    with pytest.raises(InvalidInput, match="no way back called 'magic'"):
        project(model, images, "conv5", [Unit(0, 0)], method="magic")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedLayer, match=r"no rule for output \(rbf\) of LeNet5"):
        Backwards(stepwise(build("lenet5"), (1, 32, 32)), torch.zeros(1, 1, 32, 32), "output")
