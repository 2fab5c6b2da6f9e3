"""What training keeps of each layer until the backward pass, as PyTorch's autograd saves it; a test measures it.

In 32-bit floats and for one picture. What is learned is not part of it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from netlib.analysis.counts import attended, source, table_kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from netlib.analysis.graph import Layer, LayerGraph

FLOAT_BYTES = 4
INDEX_BYTES = 8  # PyTorch stores where each maximum was as a 64-bit integer

# Which tensors the backward pass of each kind needs, as PyTorch's autograd saves them.
KEEPS_INPUT = frozenset(
    "conv2d conv_transpose2d linear rnn lstm gru attention matmul max_pool2d avg_pool2d adaptive_max_pool2d subsample "
    "lrn batch_norm layer_norm group_norm leaky_relu gelu silu hardswish hardsigmoid relu6 "
    "elu prelu mish softplus hardtanh clamp".split()
)
KEEPS_OUTPUT = frozenset("relu tanh sigmoid softmax log_softmax".split())
VIEWS = frozenset("flatten reshape permute slice expand identity".split())  # no memory of their own


def kept_outputs(graph: LayerGraph) -> set[str]:
    """Layers whose output must stay until the backward pass; a tensor that several layers need counts once."""
    kept = set()
    for layer in graph.layers:
        if layer.kind in KEEPS_OUTPUT:
            kept.add(layer.name)
        products = layer.kind == "mul" and len(layer.inputs) > 1  # a constant factor needs nothing
        windows = layer.kind == "adaptive_avg_pool2d" and prod(layer.shape[1:]) != 1  # the mean of a whole map needs nothing
        if layer.kind in KEEPS_INPUT or products or windows:
            kept.update(_memory(graph, name) for name in layer.inputs)
    return kept


def _memory(graph: LayerGraph, name: str) -> str:
    """The layer whose output `name` only looks at in another form."""
    layer = graph.by_name[name]
    while layer.kind in VIEWS or _idle(layer):
        layer = graph.by_name[layer.inputs[0]]
    return layer.name


def _idle(layer: Layer) -> bool:
    """Whether it drops nothing, by its rate: then PyTorch hands its input on."""
    return layer.kind in ("dropout", "stochastic_depth") and layer.options.get("p") == 0


def notes(graph: LayerGraph, layer: Layer) -> int:
    """Bytes that a layer notes down for the backward pass beside whole outputs."""
    return NOTES[layer.kind](graph, layer) if layer.kind in NOTES else 0


def _maxima(graph: LayerGraph, layer: Layer) -> int:
    return INDEX_BYTES * prod(layer.shape)


def _as_output(graph: LayerGraph, layer: Layer) -> int:
    return FLOAT_BYTES * prod(layer.shape)


def _mask(graph: LayerGraph, layer: Layer) -> int:
    return 0 if _idle(layer) else FLOAT_BYTES * prod(layer.shape)


def _lot(graph: LayerGraph, layer: Layer) -> int:
    return 0 if _idle(layer) else FLOAT_BYTES  # one for the whole picture


def _gathered(graph: LayerGraph, layer: Layer) -> int:
    """For each table entry a copy of the map it reads and of its kernel."""
    assert layer.window
    return FLOAT_BYTES * table_kernels(layer) * (prod(source(graph, layer).shape[1:]) + prod(layer.window.kernel))


def _differences(graph: LayerGraph, layer: Layer) -> int:
    return FLOAT_BYTES * prod(layer.options["codes"])


def _channel_statistics(graph: LayerGraph, layer: Layer) -> int:
    return 2 * FLOAT_BYTES * layer.shape[0]  # mean and 1/deviation of each channel


def _row_statistics(graph: LayerGraph, layer: Layer) -> int:
    over = prod(layer.shape[axis] for axis in layer.options["axes"])
    return 2 * FLOAT_BYTES * (prod(layer.shape) // over)  # mean and 1/deviation of each row that is normalized


def _group_statistics(graph: LayerGraph, layer: Layer) -> int:
    return 2 * FLOAT_BYTES * layer.options["num_groups"]


def _lrn(graph: LayerGraph, layer: Layer) -> int:
    maps = FLOAT_BYTES * prod(layer.shape[1:])
    channels = layer.shape[0]
    return maps * (channels + layer.options["size"] - 1 + 2 * channels)  # padded squares, their mean, the denominator


def _states(graph: LayerGraph, layer: Layer) -> int:
    """Seven numbers a unit and step of an LSTM or GRU: gates, cell, their squashed forms, the state; what goes from layer to layer.

    As PyTorch's own cells keep them; fused ones (oneDNN's, cuDNN's) keep a block of their own that may be larger.
    """
    steps, deep = layer.shape[0], layer.options["num_layers"]
    width = layer.options["hidden_size"] * (2 if layer.options["bidirectional"] else 1)
    per_unit = steps + 1 if layer.kind == "rnn" else 7 * steps  # an Elman unit: its states, with the first
    return FLOAT_BYTES * width * (deep * per_unit + (deep - 1) * steps)


def _attention_notes(graph: LayerGraph, layer: Layer) -> int:
    """Queries, keys, values, what is read of them, and the normalizer of each row: PyTorch's fused form keeps no S × S table."""
    (queries, width), (keys, _, _) = layer.shape, attended(graph, layer)
    return FLOAT_BYTES * (2 * queries * width + 2 * keys * width + layer.options["heads"] * queries)


NOTES: dict[str, Callable[[LayerGraph, Layer], int]] = {
    "max_pool2d": _maxima,
    "adaptive_max_pool2d": _maxima,
    "dropout": _mask,
    "stochastic_depth": _lot,
    "table_conv2d": _gathered,
    "rbf": _differences,
    "rnn": _states,
    "lstm": _states,
    "gru": _states,
    "attention": _attention_notes,
    "batch_norm": _channel_statistics,
    "layer_norm": _row_statistics,
    "group_norm": _group_statistics,
    "lrn": _lrn,
    "scaled_tanh": _as_output,  # the hyperbolic tangent before it is scaled
    "subsample": _as_output,  # the sum before it is weighted
}
