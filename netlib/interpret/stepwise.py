"""A network run layer by layer, as its LayerGraph says: any layer's output can be read, kept, changed and run on from.

A layer that is a module of torch.nn or of netlib is that module, called; one that is an operation between modules (an addition,
a concatenation, a view) is the operation of its kind. What a graph does not tell enough of is refused by name, and a model
that computes something else than its graph is found out at the first use. N, C, H, W: batch, channels, height, width.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netlib.analysis.module_rules import module_rule
from netlib.analysis.tracing import trace
from netlib.errors import InvalidInput, UnsupportedLayer
from netlib.interpret.in_place import overwritten
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from netlib.analysis.graph import Layer, LayerGraph, Shape


class _Known:
    """The graphs of one model, by the shape of the picture, that it was found to agree with; each is traced once."""

    def __init__(self) -> None:
        self.graphs: dict[Shape, LayerGraph] = {}
        self.tracing = Lock()


_known: WeakKeyDictionary[nn.Module, _Known] = WeakKeyDictionary()


def stepwise(model: nn.Module, input_shape: Sequence[int]) -> Stepwise:
    """`model` layer by layer, for pictures of `input_shape` (C, H, W). Its graph is traced once and kept while the model lives.

    Raises:
        UnsupportedLayer: a layer that a graph does not tell enough of to be run by itself; the message names it.
        InvalidInput: the model's numbers are not finite.
        TraceError: as netlib.trace.
    """
    shape = tuple(input_shape)
    known = _known.get(model) or _known.setdefault(model, _Known())
    if shape not in known.graphs:
        with known.tracing:
            if shape not in known.graphs:  # nor has another thread traced it meanwhile
                steps = Stepwise(model, trace(model, shape))
                _check(steps)
                known.graphs[shape] = steps.graph
    return Stepwise(model, known.graphs[shape])


class Stepwise:
    """A model and its graph; see `stepwise`.

    Attributes:
        model: the module; its own layers are called, so it should be in eval mode (`undisturbed`).
        graph: its layers.
    """

    def __init__(self, model: nn.Module, graph: LayerGraph) -> None:
        self.model, self.graph = model, graph
        self._modules = dict(model.named_modules())

    @property
    def output(self) -> str:
        """Name of the layer that makes the main output."""
        return next(iter(self.graph.outputs.values()))

    def module(self, layer: str) -> nn.Module | None:
        """The module that a layer is; None for an operation between modules."""
        path = layer.partition("@")[0]
        found = self._modules.get(path) or (self.model if len(self._modules) == 1 else None)
        return found if found is not None and module_rule(found) is not None else None

    def activations(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Outputs of `layers` for pictures `x`; nothing beyond them is computed, and what is not wanted is let go on the way.

        Shapes: (N, C, H, W) -> for each layer (N, *its shape).

        Raises:
            UnknownLayer: the graph has no such layer.
            InvalidInput: the pictures have another shape than the graph's.
        """
        if tuple(x.shape[1:]) != self.graph.input_shape:
            came, wanted = ("×".join(map(str, shape)) for shape in (x.shape[1:], self.graph.input_shape))
            raise InvalidInput(f"{self.graph.name} is set up for {wanted} here, but {came} came in; give pictures of that size.")
        like = next(self.model.parameters(), x)  # a picture in double precision, say, is brought to the network's
        return self.resume({self.graph.inputs[0].name: x.to(like.dtype)}, layers)

    def resume(self, given: Mapping[str, Tensor], layers: Collection[str]) -> dict[str, Tensor]:
        """Outputs of `layers`, run on from the outputs that are `given` in place of the layers' own.

        Raises:
            UnknownLayer: the graph has no such layer.
        """
        todo = self.needed(given, layers)
        last_use = {source: layer.name for layer in todo for source in layer.inputs}
        values, wanted = dict(given), set(layers)
        for layer in todo:
            values[layer.name] = self.run(layer, [values[source] for source in layer.inputs])
            for source in set(layer.inputs):
                if last_use[source] == layer.name and source not in wanted:
                    del values[source]
        return {name: values[name] for name in layers}

    def needed(self, given: Collection[str], layers: Collection[str]) -> list[Layer]:
        """The layers to run, in order, when those `given` are known and `layers` are wanted."""
        wanted = {self.graph[name].name for name in layers} - set(given)
        todo = []
        for layer in reversed(self.graph.layers):
            if layer.name in wanted:
                todo.append(layer)
                wanted.update(set(layer.inputs) - set(given))
        return todo[::-1]

    def run(self, layer: Layer, inputs: Sequence[Tensor]) -> Tensor:
        """The layer's output for what comes in.

        Raises:
            UnsupportedLayer: an operation between modules that its graph does not tell enough of.
        """
        module = self.module(layer.name)
        if module is not None:
            if getattr(module, "inplace", False):  # as torchvision's ReLUs are: what came in is another layer's output and stays so
                inputs = [x.clone() for x in inputs]
            output = module(*inputs)
            return output[0] if isinstance(output, tuple) else output  # an LSTM gives its states beside its output
        if layer.kind == "parameter":
            return self.model.get_parameter(layer.name)
        operation = OPERATIONS.get(layer.kind)
        if operation is None or layer.params or layer.shares:
            raise UnsupportedLayer(
                f"{layer.name} of {self.graph.name} is a {layer.kind} outside any module, which cannot be run by itself; "
                "write it as a module, or choose another network.",
                layer=layer.name,
            )
        return operation(layer, *inputs)


def _check(steps: Stepwise) -> None:
    """Hold the layers, run one by one, against the model itself on one random picture."""
    model, graph = steps.model, steps.graph
    like = next(model.parameters(), torch.empty(0))
    x = torch.randn(1, *graph.input_shape, generator=torch.Generator().manual_seed(0)).to(like)
    with undisturbed(model), torch.no_grad():
        own = model(x)
        own = own if isinstance(own, Tensor) else next(value for value in own if isinstance(value, Tensor))
        ours = steps.activations(x, [steps.output])[steps.output]
    if not own.isfinite().all():
        raise InvalidInput(f"{graph.name} gives numbers that are not finite with these weights; choose trained ones.")
    if not torch.allclose(own, ours, rtol=1e-4, atol=1e-5 * float(own.abs().max())):
        raise overwritten(model, graph) or UnsupportedLayer(
            f"{graph.name} computes something else than its layers one by one: an operation between its modules is not told apart "
            "by the graph, such as a subtraction from an addition; choose another network."
        )


# --- operations between modules -----------------------------------------------------------------------------------------


def _merge(operation: Callable[[Any, Any], Tensor]) -> Callable[..., Tensor]:
    def run(layer: Layer, *inputs: Tensor) -> Tensor:
        first, *more = inputs
        return operation(first, more[0] if more else layer.options.get("scalar", first))

    return run


def _concat(layer: Layer, *inputs: Tensor) -> Tensor:
    batch = max(map(len, inputs))  # a learned tensor, such as ViT's class token, comes once for all pictures
    return torch.cat([x.expand(batch, *x.shape[1:]) for x in inputs], layer.options["axis"] + 1)


def _mean(layer: Layer, x: Tensor) -> Tensor:
    axes = [axis + 1 for axis in layer.options["axes"]]
    return x.mean(axes, keepdim=len(layer.shape) == x.dim() - 1)


def _slice(layer: Layer, x: Tensor) -> Tensor:
    options = layer.options
    if "index" in options:
        return x.select(options["axis"] + 1, options["index"])
    if "start" not in options:
        raise UnsupportedLayer(
            f"{layer.name} picks places of a tensor that the graph does not list, so it cannot be run by itself; choose another network.",
            layer=layer.name,
        )
    axis, start, step = options["axis"], options["start"], options.get("step", 1)
    return x[(slice(None),) * (axis + 1) + (slice(start, start + layer.shape[axis] * step, step),)]


def _pad(layer: Layer, x: Tensor) -> Tensor:
    top, left, bottom, right = layer.options["padding"]
    channels = layer.shape[0] - x.shape[1]
    if channels:
        raise UnsupportedLayer(
            f"{layer.name} adds {channels} channels on a side that the graph does not tell; choose another network.", layer=layer.name
        )
    return F.pad(x, (left, right, top, bottom), layer.options.get("padding_mode", "constant"))


def _max_pool(layer: Layer, x: Tensor) -> Tensor:
    w = layer.window
    assert w is not None
    ceil = tuple(F.max_pool2d(x, w.kernel, w.stride, w.padding, w.dilation).shape[2:]) != layer.shape[1:]
    return F.max_pool2d(x, w.kernel, w.stride, w.padding, w.dilation, ceil_mode=ceil)


def _avg_pool(layer: Layer, x: Tensor) -> Tensor:
    w = layer.window
    assert w is not None
    ceil = tuple(F.avg_pool2d(x, w.kernel, w.stride, w.padding).shape[2:]) != layer.shape[1:]
    return F.avg_pool2d(x, w.kernel, w.stride, w.padding, ceil_mode=ceil)


def _pointwise(function: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda layer, x: function(x)


OPERATIONS: Mapping[str, Callable[..., Tensor]] = {
    "add": _merge(torch.add),
    "mul": _merge(torch.mul),
    "concat": _concat,
    "matmul": lambda layer, a, b: a @ b,
    "mean": _mean,
    "slice": _slice,
    "pad": _pad,
    "flatten": lambda layer, x: x.reshape(len(x), *layer.shape),
    "reshape": lambda layer, x: x.reshape(len(x), *layer.shape),
    "expand": lambda layer, x: x.expand(-1, *layer.shape),
    "permute": lambda layer, x: x.permute(0, *(axis + 1 for axis in layer.options["dims"])),
    "max_pool2d": _max_pool,
    "avg_pool2d": _avg_pool,
    "adaptive_avg_pool2d": lambda layer, x: F.adaptive_avg_pool2d(x, layer.shape[1:]),
    "adaptive_max_pool2d": lambda layer, x: F.adaptive_max_pool2d(x, layer.shape[1:]),
    "lrn": lambda layer, x: F.local_response_norm(x, *(layer.options[name] for name in ("size", "alpha", "beta", "k"))),
    "softmax": lambda layer, x: x.softmax(layer.options["axes"][0] + 1),
    "log_softmax": lambda layer, x: x.log_softmax(layer.options["axes"][0] + 1),
    "clamp": lambda layer, x: x.clamp(**layer.options),
    "dropout": lambda layer, x: x,  # in eval mode
    "stochastic_depth": lambda layer, x: x,
    **{
        name: _pointwise(function)
        for name, function in {
            "relu": torch.relu, "relu6": F.relu6, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "silu": F.silu, "gelu": F.gelu,
            "hardswish": F.hardswish, "hardsigmoid": F.hardsigmoid, "mish": F.mish,
        }.items()
    },
}  # fmt: skip
