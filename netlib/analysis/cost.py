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

from netlib.analysis.counts import COUNTS, is_bias
from netlib.analysis.kept import FLOAT_BYTES, kept_outputs, notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netlib.analysis.graph import LayerGraph


@dataclass(frozen=True, slots=True)
class LayerCost:
    """The cost of one layer, or of several together.

    Attributes:
        weights, biases: learned numbers; a batch norm's scale is a weight, its shift a bias.
        macs: multiply-accumulates for one picture.
        neurons: outputs of layers that have connections.
        connections: products and biases summed over all outputs.
        activation_bytes: size of the output; 0 for a learned tensor, whose memory is that of the parameters.
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
        output = 0 if layer.kind == "parameter" else FLOAT_BYTES * size
        rows[layer.name] = LayerCost(
            weights, biases, macs, size if connections else 0, connections, output,
            notes(graph, layer) + (output if layer.name in kept else 0),
        )  # fmt: skip
    return Costs(graph, rows)
