"""Each shape rule against the layer itself, run on the meta device; non-square inputs and windows throughout."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from netlib.analysis.function_rules import FUNCTIONS
from netlib.analysis.graph import CATEGORY
from netlib.analysis.module_rules import MODULES
from netlib.analysis.tracing import trace
from netlib.errors import ShapeMismatch
from netlib.models import layers

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
MAP, VECTOR, ROWS = (4, 13, 18), (12,), (7, 12)


def run(module: nn.Module, *shapes: tuple[int, ...]) -> Any:
    return module.to("meta")(*(torch.empty(2, *shape, device="meta") for shape in shapes))


# --- modules ---------------------------------------------------------------------------------------------------------------

EXAMPLES: list[tuple[nn.Module, tuple[int, ...]]] = [
    (nn.Conv2d(4, 6, 3), MAP),
    (nn.Conv2d(4, 6, (3, 5), stride=(2, 3), padding=(1, 0), dilation=(2, 1), groups=2, bias=False), MAP),
    (nn.Conv2d(4, 4, (5, 1), padding="valid", groups=4), MAP),
    (nn.Conv2d(4, 6, (3, 5), padding="same", dilation=(2, 1)), MAP),
    (nn.Conv2d(4, 6, (2, 4), padding="same"), MAP),
    (nn.Conv2d(4, 6, (2, 4), padding="same", dilation=(3, 1)), MAP),
    (nn.Conv2d(4, 6, 3, padding=(2, 1), padding_mode="reflect"), MAP),
    (nn.ConvTranspose2d(4, 6, 3), MAP),
    (nn.ConvTranspose2d(4, 6, (4, 3), stride=(2, 3), padding=(1, 2), output_padding=(1, 2), groups=2, dilation=(1, 2)), MAP),
    (layers.TableConv2d(4, [[0, 1], [2], [1, 2, 3]], (3, 5)), MAP),
    (layers.TableConv2d(4, [[0, 1], [2]], (3, 5), stride=(2, 1), padding=(0, 2)), MAP),
    (layers.Subsample(4), MAP),
    (layers.Subsample(4, (3, 2), (2, 3)), MAP),
    (nn.MaxPool2d(3, 2), MAP),
    (nn.MaxPool2d((3, 2), (2, 3), (1, 0), (2, 1)), MAP),
    (nn.MaxPool2d((3, 2), (2, 3), (1, 1), ceil_mode=True), MAP),
    (nn.MaxPool2d(3, 2, ceil_mode=True), (4, 2, 2)),
    (nn.MaxPool2d(2), MAP),
    (nn.AvgPool2d((2, 3)), MAP),
    (nn.AvgPool2d((2, 4), (3, 1), (1, 2), ceil_mode=True, count_include_pad=False), MAP),
    (nn.AdaptiveAvgPool2d((3, 5)), MAP),
    (nn.AdaptiveAvgPool2d((None, 5)), MAP),
    (nn.AdaptiveAvgPool2d(1), MAP),
    (nn.AdaptiveMaxPool2d((5, None)), MAP),
    (nn.Linear(12, 5), VECTOR),
    (nn.Linear(12, 5, bias=False), ROWS),
    (nn.Linear(18, 5), MAP),
    (layers.RBF(torch.zeros(10, 12)), VECTOR),
    (nn.Flatten(), MAP),
    (nn.Flatten(2), MAP),
    (nn.Flatten(1, 2), MAP),
    (nn.LocalResponseNorm(5), MAP),
    (nn.BatchNorm2d(4), MAP),
    (nn.BatchNorm1d(12), VECTOR),
    (nn.BatchNorm1d(7), ROWS),
    (nn.LayerNorm(12), ROWS),
    (nn.LayerNorm((13, 18)), MAP),
    (nn.GroupNorm(2, 4), MAP),
    (nn.Dropout(0.3), MAP),
    (nn.Dropout2d(0.3), MAP),
    (nn.Identity(), MAP),
    (layers.OptionA(4, 10), MAP),
    (layers.OptionA(4, 9, stride=3), MAP),
    *[(activation(), MAP) for activation in
      (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.Tanh, nn.Sigmoid, nn.Hardsigmoid, nn.Hardswish, nn.SiLU, nn.GELU, nn.ELU, nn.Mish,
       nn.Softplus, nn.Hardtanh, nn.PReLU, layers.ScaledTanh)],
    (nn.PReLU(4), MAP),
    (nn.Softmax(1), VECTOR),
    (nn.LogSoftmax(1), VECTOR),
    *[(cell(12, 5, batch_first=True), ROWS) for cell in (nn.RNN, nn.LSTM, nn.GRU)],
    (nn.LSTM(12, 5, num_layers=2, bidirectional=True, batch_first=True), ROWS),
]  # fmt: skip


@pytest.mark.parametrize(("module", "shape"), EXAMPLES, ids=[f"{type(m).__name__}-{i}" for i, (m, _) in enumerate(EXAMPLES)])
def test_a_module_has_the_shape_it_has_when_it_runs(module: nn.Module, shape: tuple[int, ...]) -> None:
    real = run(module, shape)
    graph = trace(module, shape)
    assert graph.layers[-1].shape == tuple((real[0] if isinstance(real, tuple) else real).shape[1:])
    assert len(graph) == (1 if isinstance(module, nn.Identity) else 2)


def test_attention_has_the_shape_of_its_queries() -> None:
    attention = nn.MultiheadAttention(12, 3, batch_first=True, kdim=6, vdim=8)
    graph = trace(attention, (5, 12), (9, 6), (9, 8))
    assert graph.layers[-1].shape == tuple(run(attention, (5, 12), (9, 6), (9, 8))[0].shape[1:]) == (5, 12)


def test_pooling_that_also_gives_the_indices() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool = nn.MaxPool2d((2, 3), return_indices=True)

        def forward(self, x: Tensor) -> Tensor:
            return torch.relu(self.pool(x)[0])

    assert trace(Net(), MAP).layers[-1].shape == tuple(run(Net(), MAP).shape[1:])


def test_every_module_rule_has_an_example() -> None:
    assert set(MODULES) - {type(module) for module, _ in EXAMPLES} == {nn.MultiheadAttention}


# --- functions -------------------------------------------------------------------------------------------------------------

W, WT, LINEAR = torch.empty(6, 2, 3, 5), torch.empty(4, 3, 4, 3), torch.empty(5, 18)
CALLS: dict[str, Callable[[Tensor], Any]] = {
    **{name: (lambda x, name=name: getattr(F, name)(x)) for name in
       ("relu", "relu6", "leaky_relu", "tanh", "sigmoid", "hardsigmoid", "hardswish", "silu", "gelu", "elu", "mish", "softplus",
        "hardtanh", "dropout", "dropout2d")},
    "prelu": lambda x: F.prelu(x, torch.ones(4, device="meta")),
    "clamp": lambda x: x.clamp(-1, max=2),
    "clip": lambda x: torch.clip(x, max=2),
    "neg": lambda x: -x,
    "softmax": lambda x: x.softmax(1),
    "log_softmax": lambda x: F.log_softmax(x, dim=1),
    "add": lambda x: x + x.mean((2, 3), keepdim=True),
    "iadd": lambda x: x.relu().__iadd__(x),
    "radd": lambda x: 1 + x,
    "sub": lambda x: x - 2,
    "isub": lambda x: x.relu().__isub__(x),
    "rsub": lambda x: 1 - x,
    "mul": lambda x: x * x.mean((2, 3), keepdim=True),
    "imul": lambda x: x.relu().__imul__(x),
    "rmul": lambda x: 2 * x,
    "div": lambda x: torch.div(x, 2),
    "truediv": lambda x: x / x,
    "itruediv": lambda x: x.relu().__itruediv__(3),
    "cat": lambda x: torch.cat([x, x], 2),
    "concat": lambda x: torch.concat((x, x, x), dim=-1),
    "concatenate": lambda x: torch.concatenate([x, x], dim=1),
    "matmul": lambda x: x @ x.transpose(2, 3),
    "linear": lambda x: F.linear(x, LINEAR.to(x.device)),
    "conv2d": lambda x: F.conv2d(x, W.to(x.device), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2),
    "conv2d same": lambda x: F.conv2d(x, W.to(x.device), padding="same", groups=2),
    "conv_transpose2d": lambda x: F.conv_transpose2d(x, WT.to(x.device), None, (2, 3), (1, 0), (1, 2), 2, 1),
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "layer_norm": lambda x: F.layer_norm(x, (18,)),
    "group_norm": lambda x: F.group_norm(x, 2),
    "local_response_norm": lambda x: F.local_response_norm(x, 5),
    "max_pool2d": lambda x: F.max_pool2d(x, (3, 2), (2, 3), 1, ceil_mode=True),
    "max_pool2d by keyword": lambda x: F.max_pool2d(input=x, kernel_size=3),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 3, 2, 1, True),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, (3, None)),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, 5),
    "mean": lambda x: x.mean((2, 3)),
    "mean of an axis": lambda x: torch.mean(x, dim=-1, keepdim=True),
    "flatten": lambda x: x.flatten(1),
    "flatten maps": lambda x: torch.flatten(x, start_dim=2, end_dim=-1),
    "view": lambda x: x.view(x.size(0), 2, 2, 13, -1),
    "reshape": lambda x: x.reshape(x.shape[0], -1),
    "squeeze": lambda x: x.mean((2,), keepdim=True).squeeze(2),
    "unsqueeze": lambda x: x.unsqueeze(-1),
    "unflatten": lambda x: x.unflatten(1, (2, 2)),
    "permute": lambda x: x.permute(0, 2, 3, 1),
    "transpose": lambda x: torch.transpose(x, 1, -1),
    "swapaxes": lambda x: x.swapaxes(1, 2),
    "movedim": lambda x: x.movedim(1, -1),
    "mT": lambda x: x.mT,
    "chunk": lambda x: x.chunk(3, 2)[2],
    "split": lambda x: x.split([5, 13], dim=3)[1],
    "split evenly": lambda x: torch.split(x, 5, 2)[-1],
    "unbind": lambda x: x.unbind(1)[3],
    "expand": lambda x: x.mean((2,), keepdim=True).expand(-1, -1, 5, -1),
    "getitem": lambda x: x[:, 1:, ::2, 3],
    "getitem from the end": lambda x: x[..., -3:],
    "getitem new axis": lambda x: x[:, None],
    "pad": lambda x: F.pad(x, (1, 2, 3, 4)),
    "pad rows only": lambda x: F.pad(x, (1, 2), "replicate") if x.dim() == 3 else F.pad(x, (0, 0, 2, 0)),
    "pad channels": lambda x: F.pad(x, (0, 0, 1, 0, 2, 3)),
    **{name: (lambda x, name=name: getattr(x, name)()) for name in ("contiguous", "clone", "float", "detach")},
    "to": lambda x: x.to(torch.float32),
    "type_as": lambda x: x.type_as(x),
    "data": lambda x: x.data,
}  # fmt: skip


class Call(nn.Module):
    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


@pytest.mark.parametrize("name", CALLS)
def test_a_function_has_the_shape_it_has_when_it_runs(name: str) -> None:
    graph = trace(Call(CALLS[name]), MAP)
    real = CALLS[name](torch.empty(1, *MAP, device="meta"))
    assert graph[graph.outputs["output"]].shape == tuple(real.shape[1:])


def test_every_function_rule_has_an_example() -> None:
    batch_is_an_axis = {"t", "T"}  # of the two axes they swap one is the batch
    assert set(FUNCTIONS) - {name.split(" ")[0] for name in CALLS} == batch_is_an_axis


def test_every_kind_that_rules_write_has_a_category() -> None:
    kinds = {layer.kind for module, shape in EXAMPLES for layer in trace(module, shape)}
    kinds |= {layer.kind for call in CALLS.values() for layer in trace(Call(call), MAP)}
    assert set(CATEGORY) - kinds == {"parameter", "attention", "stochastic_depth", "identity"}  # the last is a name for nothing


# --- any setting at all ------------------------------------------------------------------------------------------------------

small = st.integers(1, 4)
pair = st.tuples(small, small)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def agree(module: nn.Module, shape: tuple[int, ...]) -> None:
    try:
        real = tuple(run(module, shape).shape[1:])
    except RuntimeError:
        real = (0,)
    if 0 in real:  # an empty map is no map: the CPU refuses it, the meta device does not always
        with pytest.raises(ShapeMismatch):
            trace(module, shape)
    else:
        assert trace(module, shape).layers[-1].shape == real


@FEW
@given(pair, pair, st.tuples(st.integers(0, 3), st.integers(0, 3)), pair, st.tuples(st.integers(1, 12), st.integers(1, 12)))
def test_any_convolution(kernel: Any, stride: Any, padding: Any, dilation: Any, size: Any) -> None:
    agree(nn.Conv2d(2, 3, kernel, stride, padding, dilation), (2, *size))


@FEW
@given(pair, pair, st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_any_same_convolution(kernel: Any, dilation: Any, size: Any) -> None:
    agree(nn.Conv2d(2, 3, kernel, 1, "same", dilation), (2, *size))


@FEW
@given(pair, pair, st.tuples(st.integers(0, 2), st.integers(0, 2)), pair, st.booleans(), st.tuples(st.integers(1, 12), st.integers(1, 12)))
def test_any_max_pooling(kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, size: Any) -> None:
    agree(nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=ceil_mode), (2, *size))


@FEW
@given(pair, pair, st.tuples(st.integers(0, 2), st.integers(0, 2)), st.booleans(), st.tuples(st.integers(1, 12), st.integers(1, 12)))
def test_any_average_pooling(kernel: Any, stride: Any, padding: Any, ceil_mode: bool, size: Any) -> None:
    agree(nn.AvgPool2d(kernel, stride, padding, ceil_mode), (2, *size))


@FEW
@given(pair, pair, st.tuples(st.integers(0, 3), st.integers(0, 3)), pair, st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_any_transposed_convolution(kernel: Any, stride: Any, padding: Any, dilation: Any, size: Any) -> None:
    extra = tuple(max(s, d) - 1 for s, d in zip(stride, dilation, strict=True))
    agree(nn.ConvTranspose2d(2, 3, kernel, stride, padding, extra, dilation=dilation), (2, *size))


# --- what does not fit ---------------------------------------------------------------------------------------------------------

MISFITS = [
    (nn.Conv2d(3, 8, 3), (4, 9, 9), "takes 3 channels, but 4×9×9 came in"),
    (nn.Conv2d(3, 8, (3, 7)), (3, 5, 6), "slides a window of 3×7, but only 3×5×6 came in; give a larger input"),
    (nn.Conv2d(1, 8, 3), (4, 9, 9), "takes 1 channel, but 4×9×9 came in; give an input that fits"),
    (nn.ConvTranspose2d(3, 8, 3), (4, 9, 9), "takes 3 channels"),
    (nn.ConvTranspose2d(3, 8, 1, padding=2), (3, 4, 9), "cuts more padding away than 3×4×9 has room for"),
    (nn.MaxPool2d(3), (7,), "takes maps .*, but 7 came in"),
    (nn.MaxPool2d((2, 3), padding=(2, 0)), (2, 9, 9), "pads 2×0, more than half of its window of 2×3"),
    (nn.BatchNorm2d(3), (4, 5, 6), "takes 3 channels"),
    (nn.BatchNorm2d(3), (3,), "takes maps"),
    (nn.Linear(5, 2), (3, 4), "takes vectors of 5, but 3×4 came in"),
    (nn.LayerNorm((3, 4)), (4, 3), "normalizes over 3×4, but 4×3 came in"),
    (nn.PReLU(4), (6, 3, 3), "takes 4 channels"),
    (nn.GroupNorm(2, 4), (6, 3, 3), "takes 4 channels"),
    (nn.LSTM(5, 2, batch_first=True), (3, 4), "reads sequences of 5 numbers a step, but 3×4 came in"),
    (nn.LSTM(5, 2), (3, 5), "puts the batch second"),
    (nn.MultiheadAttention(6, 2, batch_first=True), (3, 4), "takes sequences of vectors of 6"),
]


@pytest.mark.parametrize(("module", "shape", "sentence"), MISFITS)
def test_what_does_not_fit_is_said_in_a_sentence(module: nn.Module, shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(ShapeMismatch, match=sentence) as caught:
        trace(module, *[shape] * (3 if isinstance(module, nn.MultiheadAttention) else 1))
    assert re.search(r"; (give|pad|build) [^;]+\.$", str(caught.value))  # what to do


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda x: torch.cat([x, x[:, :, 1:]], 1), "joins maps of one height and width, but 4×13×18, 4×12×18 came in"),
        (lambda x: x + x[:, :, 1:], "merges maps of one shape, but 4×13×18 and 4×12×18 came in"),
        (lambda x: x @ x, "multiplies 4×13×18 by 4×13×18, whose inner sizes differ"),
        (lambda x: x.view(1, 5, -1), "cannot rearrange 4×13×18"),
        (lambda x: F.prelu(x, torch.ones(3)), "takes 3 channels"),
        (lambda x: F.conv2d(x, torch.empty(6, 3, 1, 1)), "takes 3 channels"),
    ],
)
def test_so_is_a_call_that_does_not_fit(call: Callable[[Tensor], Any], sentence: str) -> None:
    with pytest.raises(ShapeMismatch, match=sentence) as caught:
        trace(Call(call), MAP)
    assert str(caught.value).endswith("; give an input that fits.")
