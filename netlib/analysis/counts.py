"""Multiply-accumulates and connections of each kind of layer, by the conventions that `cost` states."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from netlib.analysis.graph import Layer, LayerGraph


def is_bias(name: str) -> bool:
    """Whether a parameter of that name is added rather than multiplied."""
    return "bias" in name.rpartition(".")[2]


def owner(graph: LayerGraph, layer: Layer) -> Layer:
    """The layer whose parameters `layer` uses: itself, or the first use of a module used again."""
    return graph[layer.shares] if layer.shares else layer


def bias_of(graph: LayerGraph, layer: Layer) -> int:
    """1 if each output unit adds a bias, else 0."""
    return int(any(is_bias(name) for name in owner(graph, layer).params))


def source(graph: LayerGraph, layer: Layer) -> Layer:
    """The first layer that comes in."""
    return graph.by_name[layer.inputs[0]]


def taps(graph: LayerGraph, layer: Layer) -> int:
    """Inputs that one unit of a convolution multiplies: k_h · k_w · C_in / g."""
    assert layer.window
    kh, kw = layer.window.kernel
    return kh * kw * source(graph, layer).shape[0] // layer.groups


def table_kernels(layer: Layer) -> int:
    """Kernels of a convolution with a connection table: one for each entry."""
    return sum(len(row) for row in layer.options["table"])


def _conv(graph: LayerGraph, layer: Layer) -> tuple[int, int]:
    size = prod(layer.shape)
    macs = taps(graph, layer) * size
    return macs, macs + bias_of(graph, layer) * size


def _table_conv(graph: LayerGraph, layer: Layer) -> tuple[int, int]:
    assert layer.window
    macs = prod(layer.window.kernel) * table_kernels(layer) * prod(layer.shape[1:])
    return macs, macs + bias_of(graph, layer) * prod(layer.shape)


def _conv_transpose(graph: LayerGraph, layer: Layer) -> tuple[int, int]:
    assert layer.window
    macs = prod(source(graph, layer).shape) * prod(layer.window.kernel) * layer.shape[0] // layer.groups
    return macs, macs + bias_of(graph, layer) * prod(layer.shape)


def _linear(graph: LayerGraph, layer: Layer) -> tuple[int, int]:
    size = prod(layer.shape)
    macs = source(graph, layer).shape[-1] * size
    return macs, macs + bias_of(graph, layer) * size


def _subsample(graph: LayerGraph, layer: Layer) -> tuple[int, int]:
    assert layer.window
    return 0, (prod(layer.window.kernel) + 1) * prod(layer.shape)


def _rbf(graph: LayerGraph, layer: Layer) -> tuple[int, int]:
    return 0, prod(layer.options["codes"])


def _recurrent(graph: LayerGraph, layer: Layer) -> tuple[int, int]:
    steps = layer.shape[0]
    held = owner(graph, layer).params
    weights = sum(prod(shape) for name, shape in held.items() if not is_bias(name))
    biases = sum(prod(shape) for name, shape in held.items() if is_bias(name))
    return steps * weights, steps * (weights + biases)


def _attention(graph: LayerGraph, layer: Layer) -> tuple[int, int]:
    (queries, width), (keys, key_width, value_width) = layer.shape, attended(graph, layer)
    macs = 2 * queries * width * width + keys * width * (key_width + value_width) + 2 * queries * keys * width
    return macs, macs + bias_of(graph, layer) * 2 * (queries + keys) * width


def attended(graph: LayerGraph, layer: Layer) -> tuple[int, int, int]:
    """What an attention layer looks at: how many keys, the length of each, the length of each value."""
    _, key, value = (*layer.inputs, *[layer.inputs[-1]] * 2)[:3]
    shapes = graph.by_name[key].shape, graph.by_name[value].shape
    return shapes[0][-2], shapes[0][-1], shapes[1][-1]


def _matmul(graph: LayerGraph, layer: Layer) -> tuple[int, int]:
    macs = layer.options["inner"] * prod(layer.shape)
    return macs, 0


# Kinds that are not listed do no multiply-accumulates by the convention above.
COUNTS: dict[str, Callable[[LayerGraph, Layer], tuple[int, int]]] = {
    "conv2d": _conv,
    "table_conv2d": _table_conv,
    "conv_transpose2d": _conv_transpose,
    "linear": _linear,
    "subsample": _subsample,
    "rbf": _rbf,
    "rnn": _recurrent,
    "lstm": _recurrent,
    "gru": _recurrent,
    "attention": _attention,
    "matmul": _matmul,
}
