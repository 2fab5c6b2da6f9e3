"""What each layer costs: parameters, multiply-accumulates, neurons, connections, memory.

Conventions, the same in every view and export:
- One MAC is one multiply-accumulate of a convolution or a matrix product; adding a bias, normalizing, pooling and
  activations are not counted. FLOPs = 2 × MACs.
- Neurons are the outputs of layers with connections; connections count the bias, as LeNet-5's paper does.
- Bytes are those of 32-bit floats and of one picture; a batch of N keeps N times the activations.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from netlib.analysis.graph import Layer, LayerGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FLOAT_BYTES = 4
INDEX_BYTES = 8  # PyTorch stores where each maximum was as a 64-bit integer


@dataclass(frozen=True, slots=True)
class LayerCost:
    """The cost of one layer, or of several together.

    Attributes:
        weights, biases: learned numbers; a batch norm's scale is a weight, its shift a bias.
        macs: multiply-accumulates for one picture.
        neurons: outputs of layers that have connections.
        connections: products and biases summed over all outputs.
        activation_bytes: size of the output.
        kept_bytes: what training keeps of this layer for the backward pass: its output if some layer needs it, and
            its own notes (where each maximum was, which units dropout kept).
    """

    weights: int = 0
    biases: int = 0
    macs: int = 0
    neurons: int = 0
    connections: int = 0
    activation_bytes: int = 0
    kept_bytes: int = 0

    @property
    def params(self) -> int:
        """Learned numbers: weights and biases."""
        return self.weights + self.biases

    @property
    def param_bytes(self) -> int:
        """Bytes of the parameters; their gradients take as much again, and so does SGD's momentum."""
        return FLOAT_BYTES * self.params

    def training_bytes(self, batch: int = 1) -> int:
        """Bytes to train with SGD and momentum: parameters, gradients and momentum once, kept activations per picture."""
        return 3 * self.param_bytes + batch * self.kept_bytes


FIELDS = tuple(field.name for field in fields(LayerCost))


@dataclass(frozen=True)
class Costs:
    """The costs of a graph: `costs["conv1"].macs` for a layer, `costs.macs` for the whole network."""

    graph: LayerGraph
    by_layer: dict[str, LayerCost]

    def __getitem__(self, name: str) -> LayerCost:
        return self.by_layer[self.graph[name].name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_layer)

    def sum(self, names: Iterable[str]) -> LayerCost:
        """The layers called `names` together."""
        rows = [self.by_layer[name] for name in names]
        return LayerCost(*(sum(getattr(row, field) for row in rows) for field in FIELDS))

    @cached_property
    def total(self) -> LayerCost:
        """All layers together."""
        return self.sum(self.by_layer)

    params = property(lambda self: self.total.params)
    macs = property(lambda self: self.total.macs)
    neurons = property(lambda self: self.total.neurons)
    connections = property(lambda self: self.total.connections)
    activation_bytes = property(lambda self: self.total.activation_bytes)


def costs(graph: LayerGraph) -> Costs:
    """The cost of every layer of `graph`, in one pass and without torch."""
    kept = kept_outputs(graph)
    rows = {}
    for layer in graph.layers:
        weights = biases = 0
        for name, shape in layer.params.items():
            if is_bias(name):
                biases += prod(shape)
            else:
                weights += prod(shape)
        count = COUNTS.get(layer.kind)
        macs, connections = count(graph, layer) if count else (0, 0)
        size = prod(layer.shape)
        own = NOTES[layer.kind](graph, layer) if layer.kind in NOTES else 0
        rows[layer.name] = LayerCost(
            weights, biases, macs, size if connections else 0, connections, FLOAT_BYTES * size,
            own + (FLOAT_BYTES * size if layer.name in kept else 0),
        )  # fmt: skip
    return Costs(graph, rows)


def is_bias(name: str) -> bool:
    """Whether a parameter of that name is added rather than multiplied."""
    return "bias" in name.rpartition(".")[2]


# --- multiply-accumulates and connections, by kind ---------------------------------------------------------------------


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
    tokens, width = layer.shape
    macs = 4 * tokens * width * width + 2 * tokens * tokens * width
    return macs, macs + bias_of(graph, layer) * 4 * tokens * width


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


# --- what training keeps -------------------------------------------------------------------------------------------------

# Which tensors the backward pass of each kind needs, as PyTorch's autograd saves them.
KEEPS_INPUT = frozenset(
    "conv2d table_conv2d conv_transpose2d linear rbf rnn lstm gru attention matmul max_pool2d avg_pool2d adaptive_max_pool2d subsample "
    "lrn batch_norm layer_norm group_norm leaky_relu gelu silu hardswish hardsigmoid relu6 mul".split()
)
KEEPS_OUTPUT = frozenset("relu tanh sigmoid softmax log_softmax".split())
VIEWS = frozenset("flatten reshape permute slice expand identity".split())  # no memory of their own


def kept_outputs(graph: LayerGraph) -> set[str]:
    """Layers whose output must stay until the backward pass; a tensor that several layers need counts once."""
    kept = set()
    for layer in graph.layers:
        if layer.kind in KEEPS_OUTPUT:
            kept.add(layer.name)
        if layer.kind in KEEPS_INPUT or (layer.kind == "adaptive_avg_pool2d" and prod(layer.shape[1:]) != 1):
            kept.update(_memory(graph, name) for name in layer.inputs)
    return {name for name in kept if graph.by_name[name].kind != "parameter"}


def _memory(graph: LayerGraph, name: str) -> str:
    """The layer whose output `name` only looks at in another form."""
    layer = graph.by_name[name]
    while layer.kind in VIEWS:
        layer = graph.by_name[layer.inputs[0]]
    return layer.name


def _maxima(graph: LayerGraph, layer: Layer) -> int:
    return INDEX_BYTES * prod(layer.shape)


def _mask(graph: LayerGraph, layer: Layer) -> int:
    return FLOAT_BYTES * prod(layer.shape)


def _channel_statistics(graph: LayerGraph, layer: Layer) -> int:
    return 2 * FLOAT_BYTES * layer.shape[0]  # mean and 1/deviation of each channel


def _lrn(graph: LayerGraph, layer: Layer) -> int:
    maps = FLOAT_BYTES * prod(layer.shape[1:])
    channels = layer.shape[0]
    return maps * (channels + layer.options["size"] - 1 + 2 * channels)  # padded squares, their mean, the denominator


# What a kind notes down beside whole outputs.
NOTES: dict[str, Callable[[LayerGraph, Layer], int]] = {
    "max_pool2d": _maxima,
    "adaptive_max_pool2d": _maxima,
    "dropout": _mask,
    "batch_norm": _channel_statistics,
    "lrn": _lrn,
    "scaled_tanh": _mask,  # the hyperbolic tangent before it is scaled
    "subsample": _mask,  # the sum before it is weighted
}
