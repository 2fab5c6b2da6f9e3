"""Costs against hand-worked numbers, published ones, and what PyTorch's autograd really keeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from netlib.analysis.cost import FIELDS, LayerCost, costs
from netlib.analysis.store import load
from netlib.analysis.tracing import trace
from netlib.errors import UnknownLayer
from netlib.models.build import build
from netlib.models.registry import NETWORKS

# --- by hand ---------------------------------------------------------------------------------------------------------------

# LeCun et al. 1998, section II-B: trainable parameters and connections of each layer.
LENET5 = {
    "C1": (156, 122_304),
    "S2": (12, 5_880),
    "C3": (1_516, 151_600),
    "S4": (32, 2_000),
    "C5": (48_120, 48_120),
    "F6": (10_164, 10_164),
    "output": (0, 840),
}


@pytest.mark.parametrize(("name", "published"), LENET5.items())
def test_lenet5_layer_by_layer_as_published(name: str, published: tuple[int, int]) -> None:
    cost = costs(load("lenet5"))[name]
    assert (cost.params, cost.connections) == published


def test_lenet5_in_total() -> None:
    found = costs(load("lenet5"))
    assert found.params == 60_000
    assert found.connections == 340_908 == sum(connections for _, connections in LENET5.values())


# By hand: kernel area · input maps seen · output units, of 96·55², 256·27², 384·13², 384·13², 256·13², 4096, 4096, 1000.
ALEXNET_MACS = {
    "conv1": 11 * 11 * 3 * 96 * 55 * 55,
    "conv2": 5 * 5 * 48 * 256 * 27 * 27,
    "conv3": 3 * 3 * 256 * 384 * 13 * 13,
    "conv4": 3 * 3 * 192 * 384 * 13 * 13,
    "conv5": 3 * 3 * 192 * 256 * 13 * 13,
    "fc6": 6 * 6 * 256 * 4096,
    "fc7": 4096 * 4096,
    "fc8": 4096 * 1000,
}


def test_alexnet_by_hand() -> None:
    found = costs(load("alexnet"))
    assert {name: found[name].macs for name in found if found[name].macs} == ALEXNET_MACS
    assert found.macs == 724_406_816
    assert found.params == 60_965_224
    assert found["conv2"].weights == 5 * 5 * 48 * 256
    assert found["conv2"].biases == 256
    assert found.neurons == 55 * 55 * 96 + 27 * 27 * 256 + 13 * 13 * (384 + 384 + 256) + 4096 + 4096 + 1000
    assert costs(load("alexnet-single")).params == 62_378_344


def test_every_counted_kind_by_hand() -> None:
    def graph(module: nn.Module, *shapes: tuple[int, ...]) -> LayerCost:
        found = costs(trace(module, *shapes))
        return found[list(found)[-1]]

    conv = graph(nn.Conv2d(6, 4, (3, 5), stride=(2, 1), groups=2), (6, 9, 8))  # 4 × 4 × 4 out, 3·5·3 taps
    assert (conv.weights, conv.biases, conv.macs, conv.neurons, conv.connections) == (180, 4, 45 * 64, 64, 46 * 64)
    up = graph(nn.ConvTranspose2d(6, 4, (2, 3), stride=(2, 3), groups=2, bias=False), (6, 3, 5))  # each input unit writes 2·3·2
    assert (up.params, up.macs, up.connections) == (72, 6 * 3 * 5 * 12, 6 * 3 * 5 * 12)
    linear = graph(nn.Linear(7, 3), (5, 7))
    assert (linear.params, linear.macs, linear.connections) == (24, 105, 120)
    lstm = graph(nn.LSTM(5, 3, batch_first=True), (7, 5))
    assert (lstm.weights, lstm.biases, lstm.macs) == (4 * 3 * (5 + 3), 2 * 4 * 3, 7 * 4 * 3 * (5 + 3))
    attention = graph(nn.MultiheadAttention(6, 2, batch_first=True), (5, 6), (5, 6), (5, 6))
    assert (attention.params, attention.macs) == (4 * 6 * 6 + 4 * 6, 4 * 5 * 6 * 6 + 2 * 5 * 5 * 6)
    norm = graph(nn.BatchNorm2d(6), (6, 3, 4))
    assert (norm.weights, norm.biases, norm.macs, norm.neurons, norm.activation_bytes) == (6, 6, 0, 0, 4 * 72)


# --- sums --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "googlenet", "resnet18", "lstm"])
def test_the_rows_add_up(name: str) -> None:
    graph = load(name)
    found = costs(graph)
    assert list(found) == [layer.name for layer in graph]
    for field in FIELDS:
        assert getattr(found.total, field) == sum(getattr(found[layer.name], field) for layer in graph)
    half = [layer.name for layer in graph][::2]
    rest = [layer.name for layer in graph][1::2]
    assert found.sum(half).macs + found.sum(rest).macs == found.macs
    assert found.sum([]) == LayerCost()
    assert found.params == found.total.weights + found.total.biases
    assert (found.neurons, found.connections) == (found.total.neurons, found.total.connections)


def test_training_memory() -> None:
    total = costs(load("vgg16")).total
    assert total.param_bytes == 4 * 138_357_544
    assert total.training_bytes(8) - total.training_bytes() == 7 * total.kept_bytes
    assert total.training_bytes(0) == 3 * total.param_bytes


def test_an_unknown_layer() -> None:
    with pytest.raises(UnknownLayer, match="Did you mean conv1"):
        costs(load("alexnet"))["conv11"]


# --- what training keeps, against autograd -------------------------------------------------------------------------------------


def kept_by_autograd(module: nn.Module, shape: tuple[int, ...]) -> int:
    """Bytes that a forward pass in training mode saves for the backward pass: each storage once, without the module's own."""
    own = {tensor.untyped_storage().data_ptr() for tensor in (*module.parameters(), *module.buffers())}
    saved: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        address = tensor.untyped_storage().data_ptr()
        if address not in own:
            saved.setdefault(address, tensor)  # holding on to it keeps the address from being used again
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = module.train()(torch.rand(1, *shape))
    assert output is not None
    return sum(tensor.untyped_storage().nbytes() for tensor in saved.values())


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lenet5", (1, 32, 32)),
        ("lenet5-modern", (1, 32, 32)),
        ("alexnet-mini", (3, 64, 64)),
        ("zfnet-mini", (3, 64, 64)),
        ("nin-cifar10", (3, 32, 32)),
        ("resnet20-cifar", (3, 32, 48)),
        ("resnet18", (3, 48, 80)),
        ("resnet50", (3, 48, 80)),
        ("googlenet-torchvision", (3, 64, 96)),
        ("dcgan-discriminator", (3, 64, 64)),
        ("rnn", (1, 28, 28)),
        ("torchvision/mobilenet_v3_small", (3, 64, 96)),
        ("torchvision/shufflenet_v2_x1_0", (3, 64, 96)),
        ("torchvision/squeezenet1_0", (3, 64, 96)),
        ("torchvision/convnext_tiny", (3, 64, 96)),
    ],
)
def test_kept_memory_is_what_autograd_keeps(name: str, shape: tuple[int, ...]) -> None:
    module = build(name)
    assert costs(trace(module, shape)).total.kept_bytes == kept_by_autograd(module, shape)


class Parts(nn.Module):
    def __init__(self, forward: Callable, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.run = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.run(self, x)


SMALL = [
    ("VGG's beginning and end", (3, 32, 48), lambda m, x: m.fc(m.drop(m.fc0(m.pool(m.relu(m.conv(x))).flatten(1)).relu())),
     dict(conv=nn.Conv2d(3, 8, 3, padding=1), relu=nn.ReLU(True), pool=nn.MaxPool2d(2), fc0=nn.Linear(8 * 16 * 24, 32),
          drop=nn.Dropout(), fc=nn.Linear(32, 10))),
    ("GoogLeNet's LRN", (3, 16, 24), lambda m, x: m.b(m.lrn(m.a(x).relu())),
     dict(a=nn.Conv2d(3, 8, 1), lrn=nn.LocalResponseNorm(5), b=nn.Conv2d(8, 4, 1))),
    ("attention", (7, 12), lambda m, x: m.b(m.attention(y := m.a(x), y, y, need_weights=False)[0]),
     dict(a=nn.Linear(12, 12), attention=nn.MultiheadAttention(12, 3, batch_first=True), b=nn.Linear(12, 3))),
    ("group norm", (6, 8, 12), lambda m, x: m.norm(m.conv(x)), dict(conv=nn.Conv2d(6, 6, 1), norm=nn.GroupNorm(2, 6))),
    ("layer norm", (8, 12), lambda m, x: m.norm(m.fc(x)), dict(fc=nn.Linear(12, 12), norm=nn.LayerNorm(12))),
    ("a gate", (6, 8, 12), lambda m, x: (y := m.conv(x)) * m.gate(y.mean((2, 3), keepdim=True)).sigmoid(),
     dict(conv=nn.Conv2d(6, 6, 1), gate=nn.Conv2d(6, 6, 1))),
    ("constant factors", (6, 8, 12), lambda m, x: 2 * m.conv(x) / 3 + 1, dict(conv=nn.Conv2d(6, 6, 1))),
    ("dropout of nothing", (12,), lambda m, x: m.b(m.drop(m.a(x))), dict(a=nn.Linear(12, 9), drop=nn.Dropout(0.0), b=nn.Linear(9, 2))),
    ("softmax", (12,), lambda m, x: m.fc(x).softmax(1), dict(fc=nn.Linear(12, 9))),
    *[(type(activation).__name__, (6, 8, 12), lambda m, x: m.act(m.conv(x)), dict(conv=nn.Conv2d(6, 6, 1), act=activation))
      for activation in (nn.ELU(), nn.PReLU(), nn.PReLU(6), nn.Mish(), nn.Softplus(), nn.Hardtanh())],
    ("clamp and neg", (6, 8, 12), lambda m, x: -m.conv(x).clamp(-1, 1), dict(conv=nn.Conv2d(6, 6, 1))),
    ("adaptive pooling", (6, 9, 12), lambda m, x: m.b(m.pool(m.a(x))),
     dict(a=nn.Conv2d(6, 6, 1), pool=nn.AdaptiveMaxPool2d((2, 5)), b=nn.Conv2d(6, 6, 1))),
    *[(f"{cell.__name__} of {depth}", (11, 5), lambda m, x: m.cell(x)[0],
       dict(cell=cell(5, 7, depth, batch_first=True, bidirectional=depth > 1)))
      for cell in (nn.RNN, nn.LSTM, nn.GRU) for depth in (1, 2)],
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:TF32 acceleration on top of oneDNN")
@pytest.mark.parametrize(("shape", "forward", "parts"), [row[1:] for row in SMALL], ids=[row[0] for row in SMALL])
def test_kept_memory_of_small_networks(shape: tuple[int, ...], forward: Callable, parts: dict[str, nn.Module]) -> None:
    module = Parts(forward, **parts)
    with torch.backends.mkldnn.flags(enabled=False):  # oneDNN's LSTM keeps a block of its own, several times as large
        assert costs(trace(module, shape)).total.kept_bytes == kept_by_autograd(module, shape)


def test_every_network_keeps_its_input_and_no_more_than_there_is() -> None:
    for name in NETWORKS:
        found = costs(load(name))
        assert found["input"].kept_bytes == found["input"].activation_bytes or name in ("lenet5", "rnn", "lstm")
        assert all(cost.activation_bytes > 0 for cost in found.by_layer.values())
