"""The tracer on small modules that show one thing each; every network of the registry is traced in test_store.py."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netlib.analysis.cost import costs
from netlib.analysis.graph import LayerGraph
from netlib.analysis.tracing import trace
from netlib.errors import InvalidInput, ShapeMismatch, TraceError, UnsupportedLayer
from netlib.models.build import build

SHAPE = (4, 6, 10)


class Net(nn.Module):
    """A network whose forward is a function of it and its inputs."""

    def __init__(self, forward: Callable[..., Any], **parts: nn.Module | nn.Parameter) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.run = forward

    def forward(self, *args: Tensor) -> Any:
        return self.run(self, *args)


def traced(forward: Callable[..., Any], *shapes: tuple[int, ...], **parts: nn.Module | nn.Parameter) -> LayerGraph:
    """The graph; the module's parameters are all counted, once, and the module is left as it was."""
    module = Net(forward, **parts)
    graph = trace(module, *(shapes or (SHAPE,)))
    assert costs(graph).params + sum(torch.Size(s).numel() for s in graph.unused.values()) == sum(p.numel() for p in module.parameters())
    assert not any("forward" in vars(part) for part in module.modules())
    return graph


def rows(graph: LayerGraph) -> list[tuple]:
    return [(layer.name, layer.kind, layer.inputs, layer.shape) for layer in graph if layer.kind != "input"]


def weight(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.rand(shape))


# --- how the layers hang together ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "merge",
    [
        lambda x, y: torch.add(x, other=y),
        lambda x, y: x.add(other=y),
        lambda x, y: torch.sub(input=x, other=y, alpha=2),
        lambda x, y: torch.matmul(x, other=y.mT),
    ],
)
def test_what_is_merged_may_come_by_keyword(merge: Callable[..., Any]) -> None:
    graph = trace(Net(lambda net, x: merge(x, torch.relu(x))), (4, 6, 6))
    assert graph.layers[-1].shape == (4, 6, 6)
    assert graph.layers[-1].inputs[0] == "input"


def test_branches_and_a_skip() -> None:
    def forward(net: Net, x: Tensor) -> Tensor:
        return torch.cat([net.left(x), net.right(x) + x], 1)

    graph = traced(forward, left=nn.Conv2d(4, 3, (3, 5), padding=(1, 2)), right=nn.Conv2d(4, 4, 1))
    assert rows(graph) == [
        ("left", "conv2d", ("input",), (3, 6, 10)),
        ("right", "conv2d", ("input",), (4, 6, 10)),
        ("add", "add", ("right", "input"), (4, 6, 10)),
        ("concat", "concat", ("left", "add"), (7, 6, 10)),
    ]
    assert graph.outputs == {"output": "concat"}


def test_a_module_used_again_shares_its_parameters() -> None:
    graph = traced(lambda net, x: net.conv(net.relu(net.conv(net.relu(x)))), conv=nn.Conv2d(4, 4, 3), relu=nn.ReLU())
    assert [layer.name for layer in graph] == ["input", "relu", "conv", "relu@2", "conv@2"]
    assert [graph[name].shares for name in ("relu@2", "conv", "conv@2")] == [None, None, "conv"]
    assert graph["conv"].params == {"weight": (4, 4, 3, 3), "bias": (4,)}
    assert graph["conv@2"].params == {}
    assert (costs(graph)["conv@2"].macs, costs(graph)["conv@2"].connections) == (3 * 3 * 4 * 4 * 2 * 6, (3 * 3 * 4 + 1) * 4 * 2 * 6)


def test_a_tensor_shared_by_two_modules_is_counted_once() -> None:
    first, second = nn.Linear(10, 10), nn.Linear(10, 10)
    second.weight = first.weight
    graph = traced(lambda net, x: net.second(net.first(x)), first=first, second=second)
    assert (graph["first"].params, graph["second"].params) == ({"weight": (10, 10), "bias": (10,)}, {"bias": (10,)})


def test_containers_are_the_scopes_of_what_they_call() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(self.conv(x) + x)

    graph = trace(nn.Sequential(Block(), nn.Sequential(Block())), SHAPE, name="two blocks")
    assert [layer.name for layer in graph] == ["input", "0.conv", "0.add", "0.relu", "1.0.conv", "1.0.add", "1.0.relu"]
    assert graph.modules == {"0": "Block", "1": "Sequential", "1.0": "Block"}
    assert graph.name == "two blocks"


def test_names_of_functions_give_way_to_those_of_modules() -> None:
    graph = traced(lambda net, x: net.input(net.relu(F.relu(x))), relu=nn.ReLU(), input=nn.Tanh())
    assert rows(graph) == [
        ("relu_2", "relu", ("input_2",), SHAPE), ("relu", "relu", ("relu_2",), SHAPE), ("input", "tanh", ("relu",), SHAPE),
    ]  # fmt: skip


def test_a_lone_layer_is_a_network_too() -> None:
    assert rows(trace(nn.Conv2d(4, 8, (3, 1)), SHAPE)) == [("Conv2d", "conv2d", ("input",), (8, 4, 10))]


def test_several_inputs() -> None:
    graph = traced(lambda net, x, y: net.conv(x) + y, (4, 6, 10), (3, 1, 1), conv=nn.Conv2d(4, 3, 1))
    assert [layer.name for layer in graph.inputs] == ["input", "input2"]
    assert graph["add"].inputs == ("conv", "input2")
    assert graph["add"].shape == (3, 6, 10)


class Pair(NamedTuple):
    main: Tensor
    aux: Tensor | None


@dataclass
class Heads:
    main: Tensor
    aux: Tensor | None


@pytest.mark.parametrize(
    ("give", "outputs"),
    [
        (Pair, {"main": "relu", "aux": "tanh"}),
        (Heads, {"main": "relu", "aux": "tanh"}),
        (lambda a, b: {"main": a, "aux": b}, {"main": "relu", "aux": "tanh"}),
        (lambda a, b: (a, [b]), {"output": "relu", "output2": "tanh"}),
        (lambda a, b: Heads(a, None), {"main": "relu"}),
        (lambda a, b: {"main": a, "aux": None}, {"main": "relu"}),
        (lambda a, b: b, {"output": "tanh"}),
    ],
)
def test_several_outputs_keep_their_names(give: Callable[..., Any], outputs: dict[str, str]) -> None:
    assert traced(lambda net, x: give(torch.relu(x), torch.tanh(x))).outputs == outputs


# --- learned tensors beside modules --------------------------------------------------------------------------------------


def test_a_parameter_used_directly_is_a_layer() -> None:
    graph = traced(lambda net, x: net.scale * x + net.scale, scale=weight(4, 1, 1))
    assert rows(graph) == [
        ("scale", "parameter", (), (4, 1, 1)), ("mul", "mul", ("scale", "input"), SHAPE), ("add", "add", ("mul", "scale"), SHAPE),
    ]  # fmt: skip
    assert costs(graph)["scale"].activation_bytes == 0


def test_what_is_computed_from_parameters_leads_back_to_them() -> None:
    graph = traced(lambda net, x: x * (net.a * net.b).expand(4, 6, 1), a=weight(4, 1, 1), b=weight(1, 6, 1))
    assert set(graph["mul"].inputs) == {"input", "a", "b"}


def test_a_learned_query_enters_attention() -> None:
    graph = traced(
        lambda net, x: net.attention(net.query, x, x)[0], (5, 8),
        attention=nn.MultiheadAttention(8, 2, batch_first=True), query=weight(1, 3, 8),
    )  # fmt: skip
    assert graph["attention"].inputs == ("query", "input", "input")
    assert graph["attention"].shape == (3, 8)
    assert costs(graph).macs == 2 * 3 * 8 * 8 + 2 * 5 * 8 * 8 + 2 * 3 * 5 * 8


def test_functional_layers_own_their_weights() -> None:
    def forward(net: Net, x: Tensor) -> Tensor:
        x = F.batch_norm(F.conv2d(x, net.kernel, net.bias, stride=2), None, None, net.gain, net.shift, training=True)
        return F.linear(F.conv2d(x, net.kernel2 - net.kernel2.mean(), groups=2).flatten(1), net.matrix)

    graph = traced(forward, (4, 7, 11), kernel=weight(6, 4, 3, 3), bias=weight(6), gain=weight(6), shift=weight(6),
                   kernel2=weight(4, 3, 1, 1), matrix=weight(5, 4 * 3 * 5))  # fmt: skip
    assert [(layer.kind, layer.shape, dict(layer.params)) for layer in graph][1:] == [
        ("conv2d", (6, 3, 5), {"weight": (6, 4, 3, 3), "bias": (6,)}),
        ("batch_norm", (6, 3, 5), {"weight": (6,), "bias": (6,)}),
        ("conv2d", (4, 3, 5), {"weight": (4, 3, 1, 1)}),
        ("flatten", (60,), {}),
        ("linear", (5,), {"weight": (5, 60)}),
    ]


def test_a_kernel_used_twice_by_function_is_counted_once() -> None:
    graph = traced(lambda net, x: F.conv2d(x, net.kernel) + F.conv2d(x, net.kernel), kernel=weight(5, 4, 3, 3))
    assert (graph["conv2d"].shares, graph["conv2d_2"].shares) == (None, "conv2d")


def test_what_the_forward_pass_never_calls_is_told() -> None:
    graph = traced(lambda net, x: net.a(x), a=nn.Conv2d(4, 2, 1), b=nn.Linear(3, 2), c=weight(7))
    assert graph.unused == {"c": (7,), "b.weight": (2, 3), "b.bias": (2,)}


def test_parametrized_weights() -> None:
    graph = traced(lambda net, x: net.conv(x), conv=nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 6, 3)))
    assert graph["conv"].kind == "conv2d"


# --- modules that do something of their own -------------------------------------------------------------------------------


def test_a_subclass_with_a_forward_of_its_own_is_run_not_guessed() -> None:
    class Standardized(nn.Conv2d):
        def forward(self, x: Tensor) -> Tensor:
            return F.conv2d(F.pad(x, (1, 2, 0, 0)), self.weight - self.weight.mean(), self.bias)

    class Same(nn.Conv2d):
        pass

    graph = traced(lambda net, x: net.b(net.a(x)), a=Standardized(4, 5, 3), b=Same(5, 2, 1))
    assert rows(graph) == [
        ("a.pad", "pad", ("input",), (4, 6, 13)),
        ("a.conv2d", "conv2d", ("a.pad",), (5, 4, 11)),
        ("b", "conv2d", ("a.conv2d",), (2, 4, 11)),
    ]


def test_a_transposed_convolution_told_its_size() -> None:
    graph = traced(lambda net, x: net.up(x, output_size=(12, 20)), up=nn.ConvTranspose2d(4, 3, 3, 2, 1))
    assert graph["up.conv_transpose2d"].shape == (3, 12, 20)


def test_control_flow_may_depend_on_shapes() -> None:
    def forward(net: Net, x: Tensor) -> Tensor:
        while x.shape[-1] > 2 and x.ndim == 4 and len(x) == x.size(0):
            x = F.avg_pool2d(x, 2, ceil_mode=True)
        return x

    assert [layer.shape for layer in traced(forward)] == [(4, 6, 10), (4, 3, 5), (4, 2, 3), (4, 1, 2)]


def test_slices_along_two_axes_are_two_layers() -> None:
    graph = traced(lambda net, x: x[:, :, ::2, 1::3])
    assert [(layer.shape, dict(layer.options)) for layer in graph][1:] == [
        ((4, 3, 10), {"axis": 1, "start": 0, "step": 2}),
        ((4, 3, 3), {"axis": 2, "start": 1, "step": 3}),
    ]


def test_parts_of_a_split_tell_where_they_begin() -> None:
    graph = traced(lambda net, x: torch.cat([*x.split([1, 3, 6], 3), *x.chunk(2, 2), *x.unbind(2)][::-1][6:7], 1))
    assert [dict(layer.options) for layer in graph if layer.kind == "slice"] == [
        {"axis": 2, "start": 0, "step": 1}, {"axis": 2, "start": 1, "step": 1}, {"axis": 2, "start": 4, "step": 1},
        {"axis": 1, "start": 0, "step": 1}, {"axis": 1, "start": 3, "step": 1}, *[{"axis": 1, "index": i} for i in range(6)],
    ]  # fmt: skip


# --- what cannot be traced -------------------------------------------------------------------------------------------------


def refused(forward: Callable[..., Any], *shapes: tuple[int, ...], **parts: nn.Module) -> TraceError:
    module = Net(forward, **parts)
    training = {name: part.training for name, part in module.named_modules()}
    with pytest.raises(TraceError) as caught:
        trace(module, *(shapes or (SHAPE,)))
    assert not any("forward" in vars(part) for part in module.modules())
    assert {name: part.training for name, part in module.named_modules()} == training
    assert caught.value.graph is not None
    assert "\n" not in str(caught.value)
    return caught.value


def test_an_unknown_operation_is_named_with_its_place() -> None:
    error = refused(lambda net, x: net.block(x), block=Net(lambda net, x: torch.fft.fft(torch.relu(x))))
    assert isinstance(error, UnsupportedLayer)
    assert str(error) == (
        "Net uses fft_fft in block, an operation the explorer has no rule for; write it with other operations, or choose another network."
    )
    assert error.layer == "block"
    assert [layer.name for layer in error.graph] == ["input", "block.relu"]


def test_a_layer_that_does_not_fit_is_named_with_what_came_in() -> None:
    error = refused(lambda net, x: net.second(net.first(x)), first=nn.Conv2d(4, 8, 3), second=nn.Conv2d(4, 8, 3))
    assert isinstance(error, ShapeMismatch)
    assert str(error) == "second (Conv2d) of Net takes 4 channels, but 8×4×8 came in; give an input that fits."
    assert error.layer == "second"
    assert [layer.name for layer in error.graph] == ["input", "first"]


@pytest.mark.parametrize(
    "forward",
    [
        lambda net, x: x if x.mean((1, 2, 3)) > 0 else torch.relu(x),
        lambda net, x: x if x else torch.relu(x),
        lambda net, x: x * float(x.mean((1, 2, 3))),
        lambda net, x: x.mean((1, 2, 3)).item(),
        lambda net, x: [1, 2, 3][int(x.mean((1, 2, 3)))],
    ],
)
def test_what_depends_on_the_data(forward: Callable[..., Any]) -> None:
    error = refused(forward)
    assert "Net reads the values of a tensor in its forward pass" in str(error)


@pytest.mark.parametrize(
    "forward",
    [
        lambda net, x: torch.flatten(x),
        lambda net, x: x.mean(),
        lambda net, x: torch.cat([x, x]),
        lambda net, x: x[0],
        lambda net, x: x.unsqueeze(0),
        lambda net, x: x.transpose(0, 1),
        lambda net, x: x.reshape(4, 60),
        lambda net, x: x.split(1),
        lambda net, x: list(x),
    ],
)
def test_what_mixes_the_picture_with_the_batch(forward: Callable[..., Any]) -> None:
    error = refused(forward)
    assert isinstance(error, UnsupportedLayer)
    assert "mixes the picture with the batch" in str(error)


def test_a_mistake_in_the_forward_pass_is_located() -> None:
    error = refused(lambda net, x: net.block(x), block=Net(lambda net, x: net.missing(x)))
    assert "Net cannot be traced: its forward pass stops in block with" in str(error)
    assert "missing" in str(error)
    assert "NoneType" in str(refused(lambda net, x: None))


@pytest.mark.parametrize("shape", [(), (3, 0, 4), (3, 224.0, 224), "224", 224, [[3, 4], 5]])
def test_a_shape_that_is_none(shape: Any) -> None:
    with pytest.raises(InvalidInput, match="positive whole numbers"):
        trace(nn.ReLU(), shape)
    assert trace(nn.ReLU(), [3, 4, 5]) == trace(nn.ReLU(), (3, 4, 5))


# --- the module is left as it was --------------------------------------------------------------------------------------------


def test_a_forward_of_the_users_own_is_put_back() -> None:
    module = nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU())
    own = module[1].forward = lambda x: x
    trace(module, SHAPE)
    assert module[1].forward is own


def test_training_flags_and_weights_stay() -> None:
    module = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)).train()
    module[1].eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    trace(module, SHAPE)
    assert [part.training for part in module.modules()] == [True, True, False]
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())


def test_several_threads_trace_at_once() -> None:
    alone = {name: trace(build(name, meta=True), (3, 64, 96), name=name) for name in ("resnet18", "resnet34", "resnet50")}
    shared = build("resnet18", meta=True)
    with ThreadPoolExecutor(4) as pool:
        own = [pool.submit(lambda name=name: trace(build(name, meta=True), (3, 64, 96), name=name)) for name in [*alone] * 2]
        same = [pool.submit(trace, shared, (3, 64, 96), name="resnet18") for _ in range(4)]
    assert [future.result() for future in own] == [*alone.values()] * 2
    assert all(future.result() == alone["resnet18"] for future in same)
    assert not any("forward" in vars(part) for part in shared.modules())


def test_a_trace_does_not_disturb_a_network_that_runs_in_another_thread() -> None:
    module, x = nn.Sequential(*[nn.Conv2d(3, 3, 1) for _ in range(20)]).eval(), torch.rand(1, 3, 8, 8)
    wanted = module(x)
    with ThreadPoolExecutor(2) as pool:
        tracing = pool.submit(lambda: [trace(build("resnet18", meta=True), (3, 64, 64)) for _ in range(3)])
        while not tracing.done():
            assert torch.equal(module(x), wanted)
