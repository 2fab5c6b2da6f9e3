"""Receptive fields against autograd: where all weights are positive, the gradient's support is what a unit sees."""

from __future__ import annotations

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from netlib.analysis.graph import LayerGraph
from netlib.analysis.moves import edges, map_size
from netlib.analysis.receptive_field import Box, input_box, reach, receptive_fields
from netlib.analysis.tracing import trace
from netlib.models.build import build

# --- the all-positive twin -----------------------------------------------------------------------------------------------


def twin(model: nn.Module) -> nn.Module:
    """A copy in which nothing cancels: positive weights, no biases, means for maxima, no normalization, no gates that close."""
    model = copy.deepcopy(model).double().eval()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 1 / math.prod(parameter.shape[1:]) if parameter.dim() > 1 else 0)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MaxPool2d):
                setattr(parent, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode))
            elif isinstance(child, nn.BatchNorm2d | nn.LocalResponseNorm | nn.LayerNorm | nn.GELU):
                setattr(parent, name, nn.Identity())
    return model


def values(model: nn.Module, x: Tensor, layers: list[str]) -> dict[str, Tensor]:
    """Outputs of the modules of those names."""
    found: dict[str, Tensor] = {}
    modules = dict(model.named_modules())
    hooks = [modules[name].register_forward_hook(lambda _m, _i, out, name=name: found.__setitem__(name, out)) for name in layers]
    model(x)
    for hook in hooks:
        hook.remove()
    return found


def support(map_: Tensor) -> Box:
    """Bounding box of what is not zero in (H, W)."""
    rows, columns = map_.any(1).nonzero(), map_.any(0).nonzero()
    if not len(rows):
        return Box(0, 0, 0, 0)
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def seen(x: Tensor, output: Tensor, unit: tuple[int, int]) -> Box:
    """Box of the pixels that have a gradient for one unit, all channels of it together."""
    target = output[0, ..., unit[0], unit[1]] if output.dim() == 4 else output
    (gradient,) = torch.autograd.grad(target.sum(), x, retain_graph=True)
    return support(gradient[0].abs().sum(0) > 0)


def layers_of(graph: LayerGraph, model: nn.Module) -> list[str]:
    """Layers that are modules and hold their map as (C, H, W), or have none."""
    modules = dict(model.named_modules())
    return [name for name, (axes, reads) in edges(graph).items() if reads and name in modules and axes in ((1, 2), None)]


Shape = tuple[int, int, int]


def check(model: nn.Module, shape: Shape, *, exact: bool = True, layers: list[str] | None = None, most: int = 12) -> None:
    """Boxes of corner, border and centre units, and the reach of a few boxes, against the twin."""
    graph = trace(model.eval(), shape)
    plan = edges(graph)
    model = twin(model)
    layers = layers or layers_of(graph, model)
    x = torch.ones(1, *shape, dtype=torch.double, requires_grad=True)
    outputs = values(model, x, layers)
    for name in layers:
        height, width = map_size(graph[name].shape, plan[name][0])
        places = [(row, column) for row in {0, 1 % height, height // 2, height - 1} for column in {0, width // 2, width - 1}]
        for unit in places[:most]:
            box = input_box(graph, name, unit)
            found = seen(x, outputs[name], unit)
            assert box.clipped() == found if exact else holds(box.clipped(), found), (name, unit)
            assert holds(box, found), (name, unit)
    _, height, width = shape
    for box in (Box(0, 0, 1, 1), Box(height // 2, width // 3, height // 2 + 2, width // 3 + 3), Box(height - 1, 0, height, width)):
        x = torch.zeros(1, *shape, dtype=torch.double)  # from a black picture no change is lost in rounding
        clean = values(model, x, layers)
        x[:, :, box.top : box.bottom, box.left : box.right] += 1
        changed = values(model, x, layers)
        reached = reach(graph, box)
        for name in layers:
            difference = (changed[name] - clean[name])[0].abs()
            found = support(difference.sum(0) > 0) if difference.dim() == 3 else support(difference.sum().reshape(1, 1) > 0)
            assert reached[name] == found if exact else holds(reached[name], found), (name, box)


def holds(outer: Box, inner: Box) -> bool:
    return inner.height == 0 or (
        outer.top <= inner.top and outer.left <= inner.left and outer.bottom >= inner.bottom and outer.right >= inner.right
    )


# --- small networks --------------------------------------------------------------------------------------------------------


class Residual(nn.Module):
    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body, self.after = body, nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.after(x + self.body(x))


class Branches(nn.Module):
    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches, self.after = nn.ModuleList(branches), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.after(torch.cat([branch(x) for branch in self.branches], 1))


class Gate(nn.Module):
    """Squeeze and excitation: one number a channel, drawn from the whole map, goes to every unit."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool, self.fc, self.after = nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, channels, 1), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.after(x + self.fc(self.pool(x)))  # added, not multiplied: a pixel of 0 would close its own gate


class ChannelsLast(nn.Module):
    """A block as ConvNeXt writes it: a linear layer over the channels, between two permutations."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv, self.mix, self.after = nn.Conv2d(channels, channels, 3, padding=1), nn.Linear(channels, channels), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.mix(self.conv(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2) + x)


C = 2
NETWORKS = {
    "non-square window": nn.Sequential(nn.Conv2d(C, C, (5, 3), (1, 2), (2, 0)), nn.ReLU(), nn.MaxPool2d((2, 3), (2, 1))),
    "floor leaves a border unread": nn.Sequential(nn.Conv2d(C, C, 2, 3), nn.Conv2d(C, C, 3, padding=1), nn.Conv2d(C, C, 3, padding=1)),
    "ceil mode": nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True), nn.Conv2d(C, C, 3), nn.MaxPool2d(2, 2, ceil_mode=True)),
    "dilation": nn.Sequential(nn.Conv2d(C, C, 3, padding=2, dilation=2), nn.Conv2d(C, C, (1, 3), padding=(0, 1))),
    "stride beyond the kernel": nn.Sequential(nn.Conv2d(C, C, 1, 2), nn.Conv2d(C, C, 3, padding=1), nn.Conv2d(C, C, 1, 3)),
    "groups": nn.Sequential(nn.Conv2d(C, C, 3, groups=C), nn.Conv2d(C, C, 3, padding=(0, 1))),
    "transposed": nn.Sequential(nn.Conv2d(C, C, 4, 2, 1), nn.ConvTranspose2d(C, C, 4, 2, 1), nn.Conv2d(C, C, 3, padding=1)),
    "odd transposed": nn.Sequential(nn.Conv2d(C, C, 3, 2), nn.ConvTranspose2d(C, C, (5, 3), (3, 2), (1, 0)), nn.MaxPool2d(2)),
    "adaptive pool": nn.Sequential(nn.Conv2d(C, C, 3), nn.AdaptiveAvgPool2d((4, 3)), nn.Conv2d(C, C, 2)),
    "adaptive pool that enlarges": nn.Sequential(nn.MaxPool2d(5), nn.AdaptiveAvgPool2d((5, 7)), nn.Conv2d(C, C, 2)),
    "skip": nn.Sequential(nn.Conv2d(C, C, 3, 2, 1), Residual(nn.Conv2d(C, C, 3, padding=1)), Residual(nn.Conv2d(C, C, 5, padding=2))),
    "branches": nn.Sequential(
        Branches(nn.Conv2d(C, C, 1), nn.Conv2d(C, C, 5, padding=2), nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(C, C, 1))),
        nn.MaxPool2d(3, 2), nn.Conv2d(3 * C, C, 3),
    ),
    "misaligned branches": nn.Sequential(
        Branches(nn.Conv2d(C, C, 2, 2), nn.Conv2d(C, C, 4, 2, 1), nn.Conv2d(C, C, 3, 2, (1, 0))), nn.Conv2d(3 * C, C, 3)
    ),
    "gate": nn.Sequential(nn.Conv2d(C, C, 3, 2), Gate(C), nn.Conv2d(C, C, 3, padding=1)),
    "channels last": nn.Sequential(ChannelsLast(C), nn.Conv2d(C, C, 2, 2), ChannelsLast(C)),
    "circular": nn.Sequential(
        nn.Conv2d(C, C, (5, 3), (2, 1), (2, 1), padding_mode="circular"), nn.Conv2d(C, C, (1, 4), padding=(1, 2), padding_mode="circular")
    ),
    "reflect": nn.Sequential(
        nn.Conv2d(C, C, 3, padding=(2, 1), padding_mode="reflect"), nn.Conv2d(C, C, (2, 5), (1, 2), (1, 4), padding_mode="reflect")
    ),
    "replicate": nn.Sequential(
        nn.Conv2d(C, C, 3, padding=(2, 4), padding_mode="replicate"), nn.Conv2d(C, C, (2, 5), (1, 2), (1, 0), padding_mode="replicate")
    ),
    "reflection module": nn.Sequential(nn.ReflectionPad2d((4, 2, 3, 0)), nn.Conv2d(C, C, 3, 2)),
    "padding module": nn.Sequential(nn.ZeroPad2d((1, 2, 3, 0)), nn.Conv2d(C, C, 3, 2)),
    "flatten": nn.Sequential(nn.Conv2d(C, C, 3, 2), nn.Flatten(), nn.Linear(5 * 8 * C, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_small_networks(name: str) -> None:
    check(NETWORKS[name], (C, 12, 17))


UNLIKE = {"adaptive pool", "adaptive pool that enlarges", "gate", "flatten"}  # no unit is like the central one


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - UNLIKE))
def test_central_unit_of_a_large_picture_sees_the_whole_unclipped_field(name: str) -> None:
    shape = (C, 70, 83)
    graph, model = trace(NETWORKS[name], shape), twin(NETWORKS[name])
    fields, last = receptive_fields(graph), graph.layers[-1].name
    _, height, width = graph[last].shape
    x = torch.ones(1, *shape, dtype=torch.double, requires_grad=True)
    output = model(x)
    boxes = {}
    for unit in ((row, column) for row in range(height // 2, height // 2 + 4) for column in range(width // 2, width // 2 + 4)):
        boxes[unit] = input_box(graph, last, unit)
        assert boxes[unit] == boxes[unit].clipped() == seen(x, output, unit)
        assert boxes[unit].padding_share == 0
    assert fields[last].size == (max(box.height for box in boxes.values()), max(box.width for box in boxes.values()))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Softmax(1), (4, 5, 7)),
        (nn.Softmax(2), (4, 5, 7)),
        (nn.Softmax(-1), (4, 5, 7)),
        (nn.LogSoftmax(2), (4, 5, 7)),
        pytest.param(nn.Softmax(), (4, 5, 7), marks=pytest.mark.filterwarnings("ignore:Implicit dimension")),
        (nn.LayerNorm(6), (6, 8, 6)),  # 6 is also how many channels there are
        (nn.LayerNorm((8, 6)), (6, 8, 6)),
        (nn.LayerNorm((6, 8, 6), elementwise_affine=False), (6, 8, 6)),
        (lambda x: F.softmax(x, dim=-1), (4, 5, 7)),
        (lambda x: x.log_softmax(dim=1), (4, 5, 7)),
        (lambda x: F.layer_norm(x, (5, 7)), (4, 5, 7)),
        (lambda x: F.layer_norm(x.permute(0, 2, 3, 1), (4,)).permute(0, 3, 1, 2), (4, 5, 7)),
        (lambda x: F.layer_norm(x.permute(0, 2, 3, 1), (5, 7, 4)).permute(0, 3, 1, 2), (4, 5, 7)),
        (lambda x: F.softmax(x.transpose(1, 3), -1).transpose(1, 3), (4, 5, 7)),
    ],
)
def test_what_mixes_axes_is_exact(layer, shape: Shape) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x)

    graph, model = trace(Net(), shape), Net().double()
    x = torch.randn(1, *shape, dtype=torch.double, generator=torch.Generator().manual_seed(1)).requires_grad_()
    (gradient,) = torch.autograd.grad((model(x)[0, :, 2, 3] * torch.arange(1, shape[0] + 1)).sum(), x)
    assert input_box(graph, graph.layers[-1].name, (2, 3)) == support(gradient[0].abs().sum(0) > 1e-12)


def test_a_shared_norm_over_channels_keeps_its_map_at_its_second_use() -> None:
    from netlib.models.torchvision_cpu import torchvision

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = torchvision.models.convnext.LayerNorm2d(4)

        def forward(self, x: Tensor) -> Tensor:
            return self.norm(self.norm(x).relu())

    assert receptive_fields(trace(Twice(), (4, 5, 7)))["norm@2"].size == (1, 1)


@pytest.mark.parametrize("pick", [lambda x: x[:, :, [4, 3, 2, 1, 0]], lambda x: x[:, 1:3, :, [6, 5, 4, 3, 2, 1, 0]]])
def test_rows_or_columns_in_an_order_of_their_own_may_be_any(pick) -> None:
    class Picks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return pick(x)

    graph = trace(Picks(), (4, 5, 7))
    assert input_box(graph, graph.layers[-1].name, (0, 0)) == Box(0, 0, 5, 7)


def test_branches_that_disagree_are_reported() -> None:
    fields = receptive_fields(trace(NETWORKS["misaligned branches"], (C, 12, 17)))
    assert not fields["0.after"].aligned
    assert not fields["1"].aligned
    assert all(field.aligned for field in receptive_fields(trace(NETWORKS["branches"], (C, 12, 17))).values())


# --- any network -----------------------------------------------------------------------------------------------------------

sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))


@st.composite
def windows(draw: st.DrawFn, dilations: bool) -> dict[str, tuple[int, int]]:
    kernel = draw(sizes)
    dilation = draw(st.tuples(st.integers(1, 2), st.integers(1, 2))) if dilations else (1, 1)
    stride = draw(sizes) if dilations else tuple(draw(st.integers(1, k)) for k in kernel)
    return dict(kernel_size=kernel, stride=stride, padding=draw(st.tuples(st.integers(0, 3), st.integers(0, 3))), dilation=dilation)


@st.composite
def blocks(draw: st.DrawFn, gaps: bool) -> nn.Module:
    kind = draw(st.sampled_from(["conv", "pool", "transposed", "adaptive", "skip", "branches", "gate", "channels last"]))
    window = draw(windows(gaps))
    if kind == "conv":
        return nn.Conv2d(C, C, **window, groups=draw(st.sampled_from([1, C])))
    if kind == "transposed":
        return nn.ConvTranspose2d(C, C, **window)
    if kind == "pool":
        padding = tuple(min(p, k // 2) for p, k in zip(window["padding"], window["kernel_size"], strict=True))
        return nn.MaxPool2d(window["kernel_size"], window["stride"], padding, ceil_mode=draw(st.booleans()))
    if kind == "adaptive":
        return nn.AdaptiveAvgPool2d(draw(st.tuples(st.integers(1, 9), st.integers(1, 9))))
    if kind == "skip":
        return Residual(nn.Conv2d(C, C, (5, 3), padding=(2, 1)))
    if kind == "branches":
        inner = Branches(nn.Conv2d(C, C, (1, 3), padding=(0, 1)), nn.Conv2d(C, C, (3, 5), padding=(1, 2)), nn.MaxPool2d(3, 1, 1))
        return nn.Sequential(inner, nn.Conv2d(3 * C, C, 1))
    return Gate(C) if kind == "gate" else ChannelsLast(C)


@st.composite
def networks(draw: st.DrawFn, gaps: bool = False) -> tuple[nn.Module, Shape]:
    shape = (C, draw(st.integers(4, 16)), draw(st.integers(4, 16)))
    x, parts = torch.zeros(1, *shape), []
    for block in draw(st.lists(blocks(gaps), min_size=1, max_size=4)):
        try:
            y = block(x)
        except RuntimeError:  # the map has become too small for this window
            continue
        if y.numel():
            x = y
            parts.append(block)
    return nn.Sequential(*parts), shape


@settings(max_examples=20, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(networks())
def test_any_network_without_gaps_is_exact(case: tuple[nn.Module, Shape]) -> None:
    check(*case, most=4)


@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(networks(gaps=True))
def test_with_gaps_nothing_is_left_out(case: tuple[nn.Module, Shape]) -> None:
    check(*case, exact=False, most=4)


# --- real networks, at a reduced size ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "layers"),
    [
        ("alexnet-torchvision", (3, 95, 67), None),
        ("resnet18", (3, 64, 97), ["conv1", "pool1", "conv3_x.1.relu", "conv5_x.1.relu"]),
        (
            "googlenet-torchvision",
            (3, 97, 64),
            ["conv1.relu", "inception3a.branch5x5.relu", "inception4a.pool", "inception5b.branch3x3.relu"],
        ),
    ],
)
def test_real_networks(name: str, shape: Shape, layers: list[str] | None) -> None:
    check(build(name), shape, layers=layers, most=1)
