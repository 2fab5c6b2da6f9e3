"""From an nn.Module to a LayerGraph: run its forward pass with tensors that have a shape and nothing else.

A `ShapeTensor` carries the name of the layer that made it. Modules with a rule in `shape_rules.MODULES` answer with the shape
their output would have, by closed form; functions with a rule in `FUNCTIONS` do the same. All other modules are
containers: their own Python code runs. No weight is read, so a module on the meta device is as good as any.
Nothing global is patched: the forward of this module's own parts is covered for the time of the trace, so that
several threads can trace at once, each its own module. docs/decisions/tracing.md says why this is not torch.fx.
"""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from netlib.analysis.graph import Layer, LayerGraph, Shape
from netlib.analysis.shape_rules import FUNCTIONS, METADATA, SAME, BatchMixed, Misfit, Result, module_rule
from netlib.errors import InvalidInput, ShapeMismatch, TraceError, UnsupportedLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def trace(module: nn.Module, input_shape: Shape, *more_shapes: Shape, name: str | None = None) -> LayerGraph:
    """The layers of `module` for one input of `input_shape`, (C, H, W) without the batch.

    Further shapes are the further positional arguments of its forward. The module is left as it was.

    Raises:
        UnsupportedLayer: an operation has no rule; the message names it and the module it stands in.
        ShapeMismatch: what comes into a layer does not fit; .graph holds the layers before it.
        TraceError: the forward pass fails for another reason, such as a branch that depends on the data.
    """
    for shape in (input_shape, *more_shapes):
        if not shape or not all(isinstance(size, int) and size > 0 for size in shape):
            raise InvalidInput(f"An input shape is a tuple of positive whole numbers such as (3, 224, 224), not {shape!r}.")
    return _Trace(module, name or type(module).__name__).run((input_shape, *more_shapes))


class ShapeTensor(Tensor):
    """A tensor of batch one with a shape, no data, and the name of the layer that made it."""

    layer: str
    trace: _Trace

    @staticmethod
    def __new__(cls, shape: Shape, layer: str, trace: _Trace) -> ShapeTensor:
        tensor: ShapeTensor = torch.Tensor._make_wrapper_subclass(cls, (1, *shape), device="meta")
        tensor.layer, tensor.trace = layer, trace
        return tensor

    def __repr__(self) -> str:  # type: ignore[override]
        return f"ShapeTensor({self.layer})"

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        key = func.__name__.strip("_")
        if key in METADATA:
            with torch._C.DisableTorchFunctionSubclass():
                return func(*args, **(kwargs or {}))
        return _first(args).trace.call_function(key, func, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise UnsupportedLayer(f"{func} reads data, and a trace has only shapes.")


class _Trace:
    """One run of one module's forward pass."""

    def __init__(self, module: nn.Module, name: str) -> None:
        self.module, self.name = module, name
        self.layers: dict[str, Layer] = {}
        self.scopes: list[str] = []
        self.used: set[str] = set()
        self.parameters = {id(p): path for path, p in module.named_parameters()}
        self.leaves: set[str] = set()

    def run(self, shapes: tuple[Shape, ...]) -> LayerGraph:
        inputs = [self.add(_numbered("input", i), "input", (), Result("input", shape)) for i, shape in enumerate(shapes)]
        try:
            with torch.no_grad(), self.covered():
                value = self.module(*inputs)
        except TraceError as error:
            error.graph = error.graph or self.graph({})
            raise
        except Exception as error:
            at = self.scopes[-1] if self.scopes and self.scopes[-1] else self.name
            raise TraceError(
                f"{self.name} cannot be traced: its forward pass stops in {at} with “{_sentence(error)}”.",
                layer=at, graph=self.graph({}),
            ) from error  # fmt: skip
        return self.graph({label: tensor.layer for label, tensor in _named_outputs(value)})

    @contextmanager
    def covered(self) -> Iterator[None]:
        """For the time of the trace each part of the module answers with shapes or tells where it is."""
        parts = list(self.module.named_modules())
        for path, part in parts:
            rule = module_rule(part)
            if rule is None:
                part.__dict__["forward"] = partial(self.enter, path, part.forward)
            else:
                part.__dict__["forward"] = partial(self.call_module, path, part, rule)
                self.leaves.add(path)
        try:
            yield
        finally:
            for _, part in parts:
                part.__dict__.pop("forward", None)

    def enter(self, path: str, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.scopes.append(path)
        value = forward(*args, **kwargs)
        self.scopes.pop()  # an exception ends the trace, and its scope is then still wanted for the message
        return value

    def call_module(self, path: str, module: nn.Module, rule: Callable[..., Result], *args: Any, **kwargs: Any) -> Any:
        sources = [arg for arg in args if isinstance(arg, ShapeTensor)]
        if not sources:  # works something out from its own parameters alone, such as a table of positions
            return type(module).forward(module, *args, **kwargs)
        result = self.apply(path, partial(rule, module), [_shape(source) for source in sources], type(module).__name__)
        if result.kind == SAME:
            return sources[0]
        again = path in self.used
        self.used.add(path)
        params = {key: tuple(p.shape) for key, p in module.named_parameters()}
        if again:
            result = dataclasses.replace(result, shares=path)
        tensor = self.add(self.unique(path, "@"), result.kind, _names(sources), result, {} if again else params)
        return result.wrap(tensor) if result.wrap else tensor

    def call_function(self, key: str, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        rule = FUNCTIONS.get(key)
        scope = self.scopes[-1] if self.scopes else ""
        if rule is None:
            raise UnsupportedLayer(
                f"{self.name} uses {key} in {scope or 'its forward pass'}, an operation the explorer has no rule for.", layer=scope
            )
        sources = [self.source(arg) for arg in _flat((args, kwargs)) if isinstance(arg, Tensor)]
        sources = [source for source in sources if source is not None]
        results = self.apply(f"{scope}.{key}".strip("."), partial(rule, func, args, kwargs), (), key)
        if isinstance(results, Result):
            return self.add_function(scope, results, sources)
        return tuple(self.add_function(scope, result, sources) for result in results)

    def add_function(self, scope: str, result: Result, sources: list[ShapeTensor]) -> ShapeTensor:
        if result.kind == SAME:
            return sources[0]
        owned = dict(zip(_names(sources), sources, strict=False))
        params: dict[str, Shape] = {}
        if result.weights:  # the functional form of a layer: its parameters are the layer's own, not sources of the graph
            for label, tensor in result.weights.items():
                path = self.parameters.get(id(tensor))
                if path is not None:
                    params[label] = tuple(tensor.shape)
                    owned.pop(path, None)
                    self.layers.pop(path, None)
                    self.used.add(path)
        return self.add(self.unique(f"{scope}.{result.kind}".strip("."), "_"), result.kind, tuple(owned), result, params)

    def apply(self, path: str, rule: Callable[..., Any], shapes: Any, what: str) -> Any:
        try:
            return rule(*shapes)
        except Misfit as misfit:
            raise ShapeMismatch(f"{path} ({what}) of {self.name} {misfit}", layer=path) from None
        except BatchMixed:
            raise UnsupportedLayer(
                f"{path} of {self.name} moves parts of the picture into the batch, which the explorer cannot follow.", layer=path
            ) from None

    def source(self, tensor: Tensor) -> ShapeTensor | None:
        """The layer behind a function's argument: a traced tensor, or a learned one that enters the graph here."""
        if isinstance(tensor, ShapeTensor):
            return tensor
        owner = tensor if id(tensor) in self.parameters else tensor._base
        path = self.parameters.get(id(owner))
        if path is None:
            return None
        if path not in self.layers:
            self.used.add(path)
            return self.add(path, "parameter", (), Result("parameter", tuple(owner.shape)), {"value": tuple(owner.shape)})  # type: ignore[union-attr]
        return ShapeTensor(tuple(tensor.shape[1:]), path, self)

    def add(self, name: str, kind: str, sources: tuple[str, ...], result: Result, params: Mapping[str, Shape] | None = None) -> ShapeTensor:
        self.layers[name] = Layer(
            name, kind, sources, result.shape, result.window, result.groups, params or {}, result.options or {}, result.shares
        )  # fmt: skip
        return ShapeTensor(result.shape, name, self)

    def unique(self, name: str, mark: str) -> str:
        candidate, count = name, 1
        while candidate in self.layers:
            count += 1
            candidate = f"{name}{mark}{count}"
        return candidate

    def graph(self, outputs: Mapping[str, str]) -> LayerGraph:
        """What has been traced so far."""
        layers = list(self.layers.values())
        unused: dict[str, Shape] = {}
        for path, parameter in self.module.named_parameters():
            holder = path.rpartition(".")[0]
            if holder in self.used or path in self.used or any(holder.startswith(f"{leaf}.") for leaf in self.used & self.leaves):
                continue
            unused[path] = tuple(parameter.shape)
        inside = {module for layer in layers for module in layer.modules}
        modules = {path: type(part).__name__ for path, part in self.module.named_modules() if path in inside}
        return LayerGraph(self.name, tuple(layers), dict(outputs), modules, unused)


def _first(args: Any) -> ShapeTensor:
    return next(arg for arg in _flat(args) if isinstance(arg, ShapeTensor))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, dict):
        yield from _flat(list(value.values()))
    else:
        yield value


def _shape(tensor: Tensor) -> Shape:
    with torch._C.DisableTorchFunctionSubclass():
        return tuple(tensor.shape[1:])


def _names(sources: list[ShapeTensor]) -> tuple[str, ...]:
    return tuple(source.layer for source in sources)


def _numbered(name: str, index: int) -> str:
    return name if index == 0 else f"{name}{index + 1}"


def _named_outputs(value: Any) -> Iterator[tuple[str, ShapeTensor]]:
    """Name and tensor of each output: a lone tensor is called "output", fields keep their names."""
    if isinstance(value, ShapeTensor):
        yield "output", value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
    elif isinstance(value, dict):
        yield from value.items()
    elif hasattr(value, "_asdict"):
        yield from ((key, item) for key, item in value._asdict().items() if isinstance(item, ShapeTensor))
    else:
        tensors = [item for item in _flat(value) if isinstance(item, ShapeTensor)]
        if not tensors:
            raise TraceError(f"The forward pass returns {type(value).__name__}, not a tensor or a named group of tensors.")
        yield from ((_numbered("output", i), tensor) for i, tensor in enumerate(tensors))


def _sentence(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

