"""From an nn.Module to a LayerGraph: run its forward pass with tensors that have a shape and nothing else.

A `ShapeTensor` carries the name of the layer that made it. Modules with a rule in `module_rules.MODULES` answer with the
shape their output would have, by closed form; functions with a rule in `function_rules.FUNCTIONS` do the same. All other
modules are containers: their own Python code runs. No weight is read, so a module on the meta device is as good as any.
Nothing global is patched: only the forward of this module's own parts is covered for the time of the trace, so that
other threads go on running theirs. docs/decisions/tracing.md says why this is not torch.fx.
"""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from netlib.analysis.function_rules import FUNCTIONS, READS_DATA
from netlib.analysis.graph import Layer, LayerGraph, Shape, checked_shape
from netlib.analysis.module_rules import module_rule
from netlib.analysis.shape_rules import SAME, BatchMixed, Misfit, Result
from netlib.errors import ShapeMismatch, TraceError, UnsupportedLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ONE_AT_A_TIME = RLock()  # two traces of one module would each restore what the other has covered


def trace(module: nn.Module, input_shape: Sequence[int], *more_shapes: Sequence[int], name: str | None = None) -> LayerGraph:
    """The layers of `module` for one input of `input_shape`, (C, H, W) without the batch.

    Further shapes are the further positional arguments of its forward. The module is left as it was.

    Raises:
        InvalidInput: a shape is not of positive whole numbers.
        UnsupportedLayer: an operation has no rule; the message names it and the module it stands in.
        ShapeMismatch: what comes into a layer does not fit; .graph holds the layers before it.
        TraceError: the forward pass fails for another reason, such as a branch that depends on the data.
    """
    shapes = tuple(map(checked_shape, (input_shape, *more_shapes)))
    return _Trace(module, name or type(module).__name__).run(shapes)


class ShapeTensor(Tensor):
    """A tensor of batch one with a shape, no data, and the name of the layer that made it."""

    layer: str
    tracer: _Trace

    @staticmethod
    def __new__(cls, shape: Shape, layer: str, tracer: _Trace) -> ShapeTensor:
        tensor: ShapeTensor = torch.Tensor._make_wrapper_subclass(cls, (1, *shape), device=torch.device("meta"))
        tensor.layer, tensor.tracer = layer, tracer
        return tensor

    def __repr__(self) -> str:  # type: ignore[override]
        return f"ShapeTensor({self.layer})"

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        key = func.__name__
        if key == "__get__":  # an attribute: most tell about the tensor, a few make another one
            key = getattr(func.__self__, "__name__", "")  # type: ignore[attr-defined]
            if key not in FUNCTIONS:
                return _plain(func, args, kwargs)
        if key in METADATA:
            return _plain(func, args, kwargs)
        return _first((args, kwargs)).tracer.call_function(key, func, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        raise _first((args, kwargs)).tracer.reads_data(func.__name__)


METADATA = frozenset("size dim ndimension numel nelement __len__ stride is_floating_point is_contiguous __hash__".split())


def _plain(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


class _Trace:
    """One run of one module's forward pass."""

    def __init__(self, module: nn.Module, name: str) -> None:
        self.module, self.name = module, name
        self.layers: dict[str, Layer] = {}
        self.scopes: list[str] = []
        self.parameters = {id(p): path for path, p in module.named_parameters()}
        self.owners: dict[int, str] = {}  # id of a parameter -> the layer that counts it
        self.paths = {*self.parameters.values(), *(path for path, _ in module.named_modules())}

    def run(self, shapes: tuple[Shape, ...]) -> LayerGraph:
        try:
            inputs = [self.add(self.unique(_numbered("input", i)), (), Result("input", shape)) for i, shape in enumerate(shapes)]
            with ONE_AT_A_TIME, torch.enable_grad(), self.covered():  # the gradient tells which parameters a tensor is made of
                value = self.module(*inputs)
            return self.graph({label: tensor.layer for label, tensor in _named_outputs(value)})
        except TraceError as error:
            error.graph = error.graph or self.graph({})
            raise
        except Exception as error:
            at = self.here or self.name
            raise TraceError(
                f"{self.name} cannot be traced: its forward pass stops in {at} with “{_sentence(error)}”; "
                "give an input that it can run on, or mend it there.",
                layer=at, graph=self.graph({}),
            ) from error  # fmt: skip

    @contextmanager
    def covered(self) -> Iterator[None]:
        """For the time of the trace each part of the module answers with shapes or tells where it is."""
        missing = object()
        parts = [(part, part.__dict__.get("forward", missing)) for part in self.module.modules()]
        try:
            for path, part in self.module.named_modules():
                rule = module_rule(part)
                cover = partial(self.enter, path) if rule is None else partial(self.call_module, path, part, rule)
                part.__dict__["forward"] = partial(cover, part.forward)
            yield
        finally:
            for part, before in parts:
                if before is missing:
                    part.__dict__.pop("forward", None)
                else:
                    part.__dict__["forward"] = before

    @property
    def here(self) -> str:
        """Path of the module whose Python code runs; empty for the whole network."""
        return self.scopes[-1] if self.scopes else ""

    def enter(self, path: str, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.scopes.append(path)
        value = forward(*args, **kwargs)
        self.scopes.pop()  # an exception ends the trace, and its scope is then still wanted for the message
        return value

    def call_module(
        self, path: str, module: nn.Module, rule: Callable[..., Result], forward: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        given = [arg for arg in (*args, *kwargs.values()) if arg is not None]
        if any(isinstance(arg, ShapeTensor) for arg in given):  # beside them a learned tensor can come in, such as a query
            given = [self.enter_parameter(arg) if id(arg) in self.parameters else arg for arg in given]
        sources = [arg for arg in given if isinstance(arg, ShapeTensor)]
        sized = isinstance(module, nn.ConvTranspose2d) and len(given) > 1  # told its output size: the functional form knows what to do
        if not sources or sized:  # without sources it works something out from its own parameters alone, such as a table of positions
            return self.enter(path, forward, *args, **kwargs)
        name = path or type(module).__name__
        result = self.apply(name, partial(rule, module), [_shape(source) for source in sources], type(module).__name__)
        if result.kind == SAME:
            return sources[0]
        tensor = self.add(self.unique(name, "@", known=path), _names(sources), result, dict(module.named_parameters()))
        return result.wrap(tensor) if result.wrap else tensor

    def call_function(self, key: str, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if key in READS_DATA:
            raise self.reads_data(key)
        key = key.strip("_")
        rule = FUNCTIONS.get(key)
        if rule is None:
            raise UnsupportedLayer(
                f"{self.name} uses {key} in {self.here or 'its forward pass'}, an operation the explorer has no rule for; "
                "write it with other operations, or choose another network.",
                layer=self.here,
            )
        if key == "getitem" and isinstance(args[1], tuple) and all(isinstance(item, slice) for item in args[1]):
            steps = [(axis, item) for axis, item in enumerate(args[1]) if item != slice(None)]
            if len(steps) > 1:  # an axis at a time, so that each layer moves along one
                value = args[0]
                for axis, item in steps:
                    value = value[(slice(None),) * axis + (item,)]
                return value
        if not args:  # everything by keyword: rules look for the tensor in the first place
            args, kwargs = (next(iter(kwargs.values())),), dict(list(kwargs.items())[1:])
        results = self.apply(f"{self.here}.{key}".strip("."), partial(rule, func, args, kwargs), (), key)
        if isinstance(results, Result):
            return self.add_function(results, args, kwargs)
        return tuple(self.add_function(result, args, kwargs) for result in results)

    def add_function(self, result: Result, args: Any, kwargs: Any) -> ShapeTensor:
        """Record a function's layer. Parameters that its rule names are its own; others enter the graph as layers."""
        if result.kind == SAME:
            return next(arg for arg in _flat(args) if isinstance(arg, ShapeTensor))
        weights: dict[str, Tensor] = {}
        for label, tensor in (result.weights or {}).items():
            learned = self.learned(tensor)
            weights |= {label: learned[0]} if len(learned) == 1 else {self.parameters[id(p)]: p for p in learned}
        own = {id(tensor) for tensor in (result.weights or {}).values() if not isinstance(tensor, ShapeTensor)}
        sources: list[str] = []
        for tensor in _flat((args, kwargs)):
            if isinstance(tensor, ShapeTensor):
                sources.append(tensor.layer)
            elif isinstance(tensor, Tensor) and id(tensor) not in own:
                sources += [self.enter_parameter(p).layer for p in self.learned(tensor)]
        return self.add(self.unique(f"{self.here}.{result.kind}".strip(".")), tuple(sources), result, weights)

    def learned(self, tensor: Tensor) -> list[Tensor]:
        """The parameters of the module that a plain tensor is, looks at, or is computed from."""
        if id(tensor) in self.parameters:
            return [tensor]
        if tensor._base is not None:
            return self.learned(tensor._base)
        found, seen, todo = [], set(), [tensor.grad_fn]
        while todo:
            node = todo.pop()
            if node is not None and node not in seen:
                seen.add(node)
                todo += [following for following, _ in node.next_functions]
                if id(getattr(node, "variable", None)) in self.parameters:
                    found.append(node.variable)  # type: ignore[attr-defined]
        return found

    def enter_parameter(self, parameter: Tensor) -> ShapeTensor:
        """The layer by which a learned tensor enters the graph; its shape is recorded whole, for it has no batch to leave out."""
        path = self.parameters[id(parameter)]
        if path not in self.layers:
            self.add(path, (), Result("parameter", tuple(parameter.shape)), {"value": parameter})
        return ShapeTensor(tuple(parameter.shape[1:]), path, self)

    def apply(self, path: str, rule: Callable[..., Any], shapes: Any, what: str) -> Any:
        try:
            return rule(*shapes)
        except Misfit as misfit:
            raise ShapeMismatch(f"{path} ({what}) of {self.name} {misfit}", layer=path) from None
        except BatchMixed:
            raise UnsupportedLayer(
                f"{path} of {self.name} mixes the picture with the batch, which the explorer cannot follow; leave the first axis alone.",
                layer=path,
            ) from None

    def reads_data(self, what: str) -> TraceError:
        return TraceError(
            f"{self.name} reads the values of a tensor in {self.here or 'its forward pass'} ({what}); "
            "a trace knows only shapes, so what depends on the data cannot be followed; let it depend on shapes alone.", layer=self.here,
        )  # fmt: skip

    def add(self, name: str, sources: tuple[str, ...], result: Result, weights: Mapping[str, Tensor] | None = None) -> ShapeTensor:
        """Record a layer. Each parameter is counted once, by the first layer that uses it."""
        weights = weights or {}
        params = {label: tuple(p.shape) for label, p in weights.items() if id(p) not in self.owners}
        shares = next((self.owners[id(p)] for p in weights.values()), None) if not params else None
        self.owners |= {id(p): name for p in weights.values() if id(p) not in self.owners}
        self.layers[name] = Layer(
            name, result.kind, sources, result.shape, result.window, result.groups, params, result.options or {}, shares
        )  # fmt: skip
        return ShapeTensor(result.shape, name, self)

    def unique(self, name: str, mark: str = "_", known: str | None = None) -> str:
        """A name that no layer has, and no module or parameter but `known`."""
        candidate, count = name, 1
        while candidate in self.layers or (candidate in self.paths and candidate != known):
            count += 1
            candidate = f"{name}{mark}{count}"
        return candidate

    def graph(self, outputs: Mapping[str, str]) -> LayerGraph:
        """What has been traced so far."""
        layers = list(self.layers.values())
        unused = {path: tuple(p.shape) for path, p in self.module.named_parameters() if id(p) not in self.owners}
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


def _named_outputs(value: Any) -> list[tuple[str, ShapeTensor]]:
    """Name and tensor of each output: a lone tensor is called "output", fields keep their names."""
    if isinstance(value, ShapeTensor):
        return [("output", value)]
    named: dict[str, Any] = {}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    elif isinstance(value, dict):
        named = value
    elif hasattr(value, "_asdict"):
        named = value._asdict()
    elif isinstance(value, list | tuple):
        named = {_numbered("output", i): item for i, item in enumerate(item for item in _flat(value) if isinstance(item, ShapeTensor))}
    found = [(label, item) for label, item in named.items() if isinstance(item, ShapeTensor)]
    if not found:
        raise TraceError(f"The forward pass returns {type(value).__name__}; let it return a tensor or a named group of tensors.")
    return found


def _sentence(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

