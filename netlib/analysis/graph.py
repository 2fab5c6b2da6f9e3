"""The piece of data in the middle: a network as a tuple of layers.

A `LayerGraph` is frozen, plain data and needs no torch. Everything else (costs, receptive fields, drawings,
comparisons) is a pure function of it. Shapes leave out the batch: (C, H, W) for maps, (F,) for vectors,
(T, F) for sequences; pairs are always (height, width).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from netlib.errors import InvalidInput, UnknownLayer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Pair = tuple[int, int]
Shape = tuple[int, ...]

_NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})

# Every kind of layer there is, and the category that charts and legends sum it under.
CATEGORY: Mapping[str, str] = MappingProxyType(
    {
        "input": "input",
        "parameter": "input",  # a learned tensor that enters the graph by itself, such as ViT's class token
        "conv2d": "convolution",
        "table_conv2d": "convolution",  # LeNet-5's C3: each map sees only the inputs its table column lists
        "conv_transpose2d": "convolution",
        "linear": "fully connected",
        "rbf": "fully connected",  # LeNet-5's output: squared distances to fixed codes
        "rnn": "recurrent",
        "lstm": "recurrent",
        "gru": "recurrent",
        "attention": "attention",
        "matmul": "attention",
        "max_pool2d": "pooling",
        "avg_pool2d": "pooling",
        "adaptive_max_pool2d": "pooling",
        "adaptive_avg_pool2d": "pooling",
        "subsample": "pooling",  # LeNet-5's S2, S4: sum of the window, times a coefficient, plus a bias
        "mean": "pooling",
        "lrn": "normalization",
        "batch_norm": "normalization",
        "layer_norm": "normalization",
        "group_norm": "normalization",
        "relu": "activation",
        "relu6": "activation",
        "leaky_relu": "activation",
        "tanh": "activation",
        "scaled_tanh": "activation",
        "sigmoid": "activation",
        "hardsigmoid": "activation",
        "hardswish": "activation",
        "silu": "activation",
        "gelu": "activation",
        "elu": "activation",
        "prelu": "activation",
        "mish": "activation",
        "softplus": "activation",
        "hardtanh": "activation",
        "clamp": "activation",
        "softmax": "activation",
        "log_softmax": "activation",
        "dropout": "regularization",
        "stochastic_depth": "regularization",
        "add": "merge",
        "mul": "merge",
        "concat": "merge",
        "option_a": "merge",  # CIFAR ResNets' shortcut: every second pixel, zeros for the new channels
        "flatten": "reshape",
        "reshape": "reshape",
        "permute": "reshape",
        "slice": "reshape",
        "expand": "reshape",
        "pad": "reshape",
        "identity": "reshape",
    }
)


def checked_shape(given: Iterable[int]) -> Shape:
    """An input shape as a tuple, whatever sequence it was given as.

    Raises:
        InvalidInput: it is not of positive whole numbers.
    """
    shape = tuple(given) if isinstance(given, Iterable) else ()
    if not shape or not all(isinstance(size, int) and size > 0 for size in shape):
        raise InvalidInput(f"An input shape is a tuple of positive whole numbers such as (3, 224, 224), not {given!r}.")
    return shape


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window; each pair is (height, width), in pixels of the layer's own input map.

    `padding` is what is added at the top and at the left; how many positions fit is in the layer's shape.
    """

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)


@dataclass(frozen=True, slots=True)
class Layer:
    """One operation of a network.

    Attributes:
        name: unique path, such as "layer1.0.conv1"; a second use of the same module ends in "@2".
        kind: a key of CATEGORY.
        inputs: names of the layers whose outputs come in, in order.
        shape: output shape without the batch.
        window: kernel, stride, padding and dilation of the layers that slide one.
        groups: channel groups of a convolution.
        params: shapes of the learned tensors by name; empty for a later use of the same module.
        options: what else the kind needs to be understood (LRN constants, a dropout rate, concat's axis).
        shares: name of the layer that owns the parameters when this is a later use of the same module.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    shape: Shape
    window: Window | None = None
    groups: int = 1
    params: Mapping[str, Shape] = field(default_factory=lambda: _NO_OPTIONS)
    options: Mapping[str, Any] = field(default_factory=lambda: _NO_OPTIONS)
    shares: str | None = None

    @property
    def category(self) -> str:
        """The family of kinds it is summed under in charts, such as "convolution"."""
        return CATEGORY[self.kind]

    @property
    def modules(self) -> tuple[str, ...]:
        """Paths of the modules it stands in, outermost first: ("layer1", "layer1.0")."""
        parts = self.name.split(".")[:-1]
        return tuple(".".join(parts[: i + 1]) for i in range(len(parts)))


@dataclass(frozen=True)
class LayerGraph:
    """A network as layers in topological order.

    Attributes:
        name: registry key or a title for a module of the user's own.
        layers: all layers, each after its inputs; those of kind "input" first.
        outputs: name of the output -> name of the layer that makes it, in order ("output" for a lone tensor).
        modules: path of each containing module -> its class name, for folding and labels.
        unused: learned tensors of modules that the forward pass never calls, name -> shape.
    """

    name: str
    layers: tuple[Layer, ...]
    outputs: Mapping[str, str]
    modules: Mapping[str, str] = field(default_factory=dict)
    unused: Mapping[str, Shape] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Cheap, so that what is computed of a graph can be cached by the graph itself."""
        return hash((self.name, len(self.layers), tuple(self.outputs.values())))

    def __getitem__(self, name: str) -> Layer:
        try:
            return self.by_name[name]
        except KeyError:
            raise UnknownLayer.named(name, self.name, self.by_name) from None

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    @cached_property
    def by_name(self) -> Mapping[str, Layer]:
        """Name -> layer, in topological order."""
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """Name -> names of the layers that read it, in topological order."""
        readers: dict[str, list[str]] = {layer.name: [] for layer in self.layers}
        for layer in self.layers:
            for source in dict.fromkeys(layer.inputs):
                readers[source].append(layer.name)
        return {name: tuple(names) for name, names in readers.items()}

    @property
    def inputs(self) -> tuple[Layer, ...]:
        """The layers of kind "input"."""
        return tuple(layer for layer in self.layers if layer.kind == "input")

    @property
    def input_shape(self) -> Shape:
        """Shape of the first input."""
        return self.inputs[0].shape

    def to_json(self) -> str:
        """One layer a line, defaults left out; `from_json` gives an equal graph back."""
        head = json.dumps(
            {"name": self.name, "outputs": dict(self.outputs), "modules": dict(self.modules), "unused": dict(self.unused)}
        )
        rows = ",\n".join(json.dumps(_row(layer), separators=(",", ":")) for layer in self.layers)
        return f'{{"graph": {head},\n"layers": [\n{rows}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> LayerGraph:
        """The graph that `to_json` wrote."""
        data = json.loads(text)
        head = data["graph"]
        return cls(
            name=head["name"],
            layers=tuple(_layer(row) for row in data["layers"]),
            outputs=head["outputs"],
            modules=head["modules"],
            unused={name: tuple(shape) for name, shape in head["unused"].items()},
        )


def _row(layer: Layer) -> dict[str, Any]:
    row: dict[str, Any] = {"n": layer.name, "k": layer.kind, "i": layer.inputs, "s": layer.shape}
    if layer.window is not None:
        w = layer.window
        row["w"] = (w.kernel, w.stride, w.padding, w.dilation)
    if layer.groups != 1:
        row["g"] = layer.groups
    if layer.params:
        row["p"] = dict(layer.params)
    if layer.options:
        row["o"] = dict(layer.options)
    if layer.shares:
        row["r"] = layer.shares
    return row


def _layer(row: dict[str, Any]) -> Layer:
    window = row.get("w")
    params = row.get("p")
    return Layer(
        row["n"],
        row["k"],
        tuple(row["i"]),
        tuple(row["s"]),
        Window(*map(tuple, window)) if window else None,
        row.get("g", 1),
        {name: tuple(shape) for name, shape in params.items()} if params else _NO_OPTIONS,
        _frozen(row["o"]) if "o" in row else _NO_OPTIONS,
        row.get("r"),
    )


def _frozen(value: Any) -> Any:
    """JSON lists back to tuples, so that a stored graph equals a traced one."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return value
