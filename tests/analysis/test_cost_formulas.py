"""Every formula evaluates to the figure it explains, and reads as the rule it is."""

from __future__ import annotations

import ast
import operator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from netlib.analysis.cost import costs
from netlib.analysis.cost_formulas import formulas
from netlib.analysis.formula import Formula
from netlib.analysis.graph import LayerGraph
from netlib.analysis.store import graph as graph_of
from netlib.analysis.store import load
from netlib.analysis.tracing import trace
from netlib.errors import ShapeMismatch
from netlib.models.registry import NETWORKS

ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv, ast.USub: operator.neg}


@cache  # blocks repeat
def evaluated(values: str) -> int:
    """What the numbers of a formula come to; nothing but whole numbers, + − · // and brackets is understood."""

    def value(node: ast.expr) -> int:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        if isinstance(node, ast.UnaryOp):
            return ARITHMETIC[type(node.op)](value(node.operand))
        assert isinstance(node, ast.BinOp), ast.dump(node)
        return ARITHMETIC[type(node.op)](value(node.left), value(node.right))

    return value(ast.parse(values.replace("·", "*").replace("−", "-").replace("×", "*"), mode="eval").body)


def check(graph: LayerGraph) -> dict[tuple[str, str], Formula]:
    """Every formula evaluates to its result, and the results are the costs and the shape."""
    found, all_of_them = costs(graph), {}
    for layer in graph:
        by_quantity = {formula.quantity: formula for formula in formulas(graph, layer.name, found)}
        assert all(evaluated(formula.values) == formula.result for formula in by_quantity.values()), layer
        assert all(formula.symbols for formula in by_quantity.values())
        cost = found[layer.name]
        expected = {
            "parameters": cost.params, "MACs": cost.macs, "connections": cost.connections, "activation memory": cost.activation_bytes,
            "kept for training": cost.kept_bytes, "training memory": 3 * cost.param_bytes,
        }  # fmt: skip
        if layer.window:
            height, width = layer.shape[-2:]
            expected |= {"output height": height, "output width": width, "output height and width": height}
        results = {quantity: formula.result for quantity, formula in by_quantity.items()}
        assert results == {quantity: expected[quantity] for quantity in results}
        assert {"parameters", "MACs", "activation memory", "kept for training"} <= set(results)
        assert ("connections" in results, "training memory" in results) == (cost.connections > 0, cost.params > 0)
        all_of_them |= {(layer.name, quantity): formula for quantity, formula in by_quantity.items()}
    return all_of_them


@pytest.mark.parametrize("name", NETWORKS)
def test_every_formula_of_the_registry(name: str) -> None:
    check(load(name))


@pytest.mark.parametrize("name", "mobilenet_v3_small efficientnet_b0 vit_b_16 convnext_tiny shufflenet_v2_x1_0 densenet121".split())
def test_every_formula_of_torchvisions_networks(name: str) -> None:
    check(graph_of(f"torchvision/{name}"))


@pytest.mark.parametrize(
    ("network", "layer", "quantity", "symbols", "values"),
    [
        ("alexnet", "conv2", "parameters", "(k_h · k_w · (C_in / g) + 1) · C_out", "(5 · 5 · (96 // 2) + 1) · 256"),
        ("alexnet", "conv1", "output height and width", "⌊(n + 2 · p − k) / s⌋ + 1", "(227 + 2 · 0 − 11) // 4 + 1"),
        ("alexnet", "conv1", "MACs", "k_h · k_w · C_in · C_out · H_out · W_out", "11 · 11 · 3 · 96 · 55 · 55"),
        ("alexnet", "fc6", "parameters", "(n_in + 1) · n_out", "(9216 + 1) · 4096"),
        ("googlenet", "pool1", "output height and width", "⌈(n + 2 · p − k) / s⌉ + 1", "−(−(112 + 2 · 0 − 3) // 2) + 1"),
        ("lenet5", "C3", "parameters", "k_h · k_w · table entries + C_out", "5 · 5 · 60 + 16"),
        ("lenet5", "S2", "connections", "(k_h · k_w + 1) · C · H · W", "(2 · 2 + 1) · 6 · 14 · 14"),
        ("lstm", "cell", "parameters", "4 · (h · (i + h) + 2 · h)", "4 · (128 · (28 + 128) + 2 · 128)"),
        ("resnet18", "bn1", "parameters", "weight + bias", "64 + 64"),
    ],
)
def test_formulas_read_as_the_rule(network: str, layer: str, quantity: str, symbols: str, values: str) -> None:
    found = {formula.quantity: formula for formula in formulas(load(network), layer)}
    assert (found[quantity].symbols, found[quantity].values) == (symbols, values)


def test_heights_and_widths_that_differ_stand_apart() -> None:
    found = check(trace(nn.Conv2d(3, 8, (3, 5), stride=(2, 1), dilation=(1, 2)), (3, 20, 30)))
    assert found["Conv2d", "output height"].values == "(20 + 2 · 0 − 3) // 2 + 1"
    assert found["Conv2d", "output width"].values == "(30 + 2 · 0 − 2 · (5 − 1) − 1) // 1 + 1"


def test_layers_that_share_weights_say_whose_they_are() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3)

        def forward(self, x):
            return self.conv(self.conv(x))

    found = check(trace(Twice(), (3, 9, 12)))
    assert found["conv@2", "parameters"].note == "Uses the weights of conv, which are counted there."


@pytest.mark.parametrize(
    ("module", "shapes"),
    [
        (nn.MultiheadAttention(6, 2, batch_first=True, kdim=4, vdim=8), ((5, 6), (9, 4), (9, 8))),
        (nn.GRU(5, 7, num_layers=2, bidirectional=True, batch_first=True), ((11, 5),)),
        (nn.RNN(5, 7, bias=False, batch_first=True), ((11, 5),)),
        (nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)), ((3, 9, 12),)),
        (nn.Sequential(nn.GroupNorm(2, 4), nn.LayerNorm((9, 12)), nn.AdaptiveMaxPool2d(2), nn.Dropout(0.0)), ((4, 9, 12),)),
        (nn.Linear(12, 5, bias=False), ((4, 9, 12),)),
    ],
)
def test_layers_the_registry_has_not(module: nn.Module, shapes: tuple[tuple[int, ...], ...]) -> None:
    check(trace(module, *shapes))


def test_a_weight_that_belongs_to_another_layer() -> None:
    first, second = nn.Linear(9, 9), nn.Linear(9, 9)
    second.weight = first.weight
    check(trace(nn.Sequential(first, second), (9,)))


pair = st.tuples(st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["conv", "same", "max", "avg", "up"]), pair, pair, st.tuples(st.integers(0, 2), st.integers(0, 2)), pair,
       st.tuples(st.integers(1, 12), st.integers(1, 12)))  # fmt: skip
def test_the_size_formula_of_any_window(kind: str, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple, size: tuple) -> None:
    module = {
        "conv": lambda: nn.Conv2d(2, 3, kernel, stride, padding, dilation),
        "same": lambda: nn.Conv2d(2, 3, kernel, 1, "same", dilation),
        "max": lambda: nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=True),
        "avg": lambda: nn.AvgPool2d(kernel, stride, padding, ceil_mode=True),
        "up": lambda: nn.ConvTranspose2d(2, 3, kernel, stride, padding, tuple(s - 1 for s in stride), dilation=dilation),
    }[kind]()
    try:
        graph = trace(module, (2, *size))
    except ShapeMismatch:
        return
    check(graph)
