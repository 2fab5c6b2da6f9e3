"""The shape of every layer's output, by closed form; a test holds each rule against running the layer itself.

A module's rule takes the module and the shapes that come in (without the batch) and returns a `Result`. A function's
rule takes the function and its arguments, whose tensors have a batch of one. A rule that is not met raises `Misfit`
with the rest of a sentence that begins with the layer: "takes 3 channels, but …".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, prod
from typing import Any

import torch
from torch import Tensor, nn

from netlib.analysis.graph import Pair, Shape, Window
from netlib.models import layers

SAME = "same"  # nothing happens to the tensor: no layer is recorded


class Misfit(Exception):
    """What comes in does not fit; the text goes on from the layer's name."""


class BatchMixed(Exception):
    """Pixels and pictures of a batch change places: shapes without the batch no longer tell what a layer does."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule finds: the fields of the Layer it becomes, and how the module hands its output over."""

    kind: str
    shape: Shape = ()
    window: Window | None = None
    groups: int = 1
    options: dict[str, Any] | None = None
    shares: str | None = None
    weights: dict[str, Tensor] | None = None
    wrap: Callable[[Tensor], Any] | None = None


# --- modules ---------------------------------------------------------------------------------------------------------


def _conv2d(m: nn.Conv2d, x: Shape) -> Result:
    _channels(m.in_channels, x)
    window = _window(m.kernel_size, m.stride, m.padding, m.dilation)
    options = None if m.padding_mode == "zeros" else {"padding_mode": m.padding_mode}
    total = _same_total(m.kernel_size, m.dilation) if m.padding == "same" else None
    return Result("conv2d", (m.out_channels, *_slide(window, x, total=total)), window, m.groups, options)


def _conv_transpose2d(m: nn.ConvTranspose2d, x: Shape) -> Result:
    _channels(m.in_channels, x)
    window = _window(m.kernel_size, m.stride, m.padding, m.dilation)
    extra = _pair(m.output_padding)
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, k, s, p, d, e in zip(x[-2:], window.kernel, window.stride, window.padding, window.dilation, extra, strict=True)
    )
    return Result("conv_transpose2d", (m.out_channels, *size), window, m.groups)


def _table_conv2d(m: layers.TableConv2d, x: Shape) -> Result:
    _channels(m.in_channels, x)
    window = _window(m.kernel_size, m.stride, m.padding, 1)
    return Result("table_conv2d", (len(m.table), *_slide(window, x)), window, options={"table": tuple(tuple(row) for row in m.table)})


def _subsample(m: layers.Subsample, x: Shape) -> Result:
    _map(x)
    window = _window(m.kernel_size, m.stride, 0, 1)
    return Result("subsample", (x[0], *_slide(window, x)), window)


def _linear(m: nn.Linear, x: Shape) -> Result:
    return Result("linear", (*_features(m.in_features, x), m.out_features))


def _rbf(m: layers.RBF, x: Shape) -> Result:
    units, features = m.codes.shape
    return Result("rbf", (*_features(features, x), units), options={"codes": (units, features)})


def _pool(kind: str) -> Callable[[Any, Shape], Result]:
    def rule(m: Any, x: Shape) -> Result:
        _map(x)
        window = _window(m.kernel_size, m.stride or m.kernel_size, m.padding, getattr(m, "dilation", 1))
        return Result(kind, (x[0], *_slide(window, x, ceil_mode=m.ceil_mode)), window)

    return rule


def _adaptive_pool(kind: str) -> Callable[[Any, Shape], Result]:
    def rule(m: Any, x: Shape) -> Result:
        _map(x)
        return Result(kind, (x[0], *_adaptive(m.output_size, x)))

    return rule


def _elementwise(kind: str, *options: str) -> Callable[[Any, Shape], Result]:
    def rule(m: Any, x: Shape) -> Result:
        return Result(kind, x, options={name: getattr(m, name) for name in options} or None)

    return rule


def _batch_norm(m: Any, x: Shape) -> Result:
    _channels(m.num_features, x)
    return Result("batch_norm", x, options={"eps": m.eps})


def _lrn(m: nn.LocalResponseNorm, x: Shape) -> Result:
    # PyTorch divides alpha by the size; the option holds the papers' alpha
    return Result("lrn", x, options={"size": m.size, "alpha": round(m.alpha / m.size, 12), "beta": m.beta, "k": m.k})


def _flatten(m: nn.Flatten, x: Shape) -> Result:
    return _flat_result((1, *x), m.start_dim, m.end_dim)


def _identity(m: nn.Module, x: Shape) -> Result:
    return Result(SAME)


def _option_a(m: layers.OptionA, x: Shape) -> Result:
    _channels(m.in_channels, x)
    step = _pair(m.stride)
    return Result("option_a", (m.out_channels, *(ceil(n / s) for n, s in zip(x[1:], step, strict=True))), options={"stride": step})


def _recurrent(kind: str) -> Callable[..., Result]:
    def rule(m: Any, x: Shape, *states: Shape) -> Result:
        if len(x) != 2 or x[1] != m.input_size:
            raise Misfit(f"reads sequences of {m.input_size} numbers a step, but {_text(x)} came in.")
        if not m.batch_first:
            raise Misfit("puts the batch second; only batch_first=True can be shown.")
        width = m.hidden_size * (2 if m.bidirectional else 1)
        options = {"input_size": m.input_size, "hidden_size": m.hidden_size, "num_layers": m.num_layers, "bidirectional": m.bidirectional}
        return Result(kind, (x[0], width), options=options, wrap=lambda out: (out, None))

    return rule


def _attention(m: nn.MultiheadAttention, x: Shape, *more: Shape) -> Result:
    if x[-1] != m.embed_dim:
        raise Misfit(f"takes vectors of {m.embed_dim}, but {_text(x)} came in.")
    if not m.batch_first:
        raise Misfit("puts the batch second; only batch_first=True can be shown.")
    return Result("attention", x, options={"heads": m.num_heads, "embed_dim": m.embed_dim}, wrap=lambda out: (out, None))


MODULES: dict[type, Callable[..., Result]] = {
    nn.Conv2d: _conv2d,
    nn.ConvTranspose2d: _conv_transpose2d,
    layers.TableConv2d: _table_conv2d,
    nn.Linear: _linear,
    layers.RBF: _rbf,
    nn.RNN: _recurrent("rnn"),
    nn.LSTM: _recurrent("lstm"),
    nn.GRU: _recurrent("gru"),
    nn.MultiheadAttention: _attention,
    nn.MaxPool2d: _pool("max_pool2d"),
    nn.AvgPool2d: _pool("avg_pool2d"),
    nn.AdaptiveMaxPool2d: _adaptive_pool("adaptive_max_pool2d"),
    nn.AdaptiveAvgPool2d: _adaptive_pool("adaptive_avg_pool2d"),
    layers.Subsample: _subsample,
    nn.LocalResponseNorm: _lrn,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.LayerNorm: _elementwise("layer_norm", "eps"),
    nn.GroupNorm: _elementwise("group_norm", "num_groups", "eps"),
    nn.ReLU: _elementwise("relu"),
    nn.ReLU6: _elementwise("relu6"),
    nn.LeakyReLU: _elementwise("leaky_relu", "negative_slope"),
    nn.Tanh: _elementwise("tanh"),
    layers.ScaledTanh: _elementwise("scaled_tanh"),
    nn.Sigmoid: _elementwise("sigmoid"),
    nn.Hardsigmoid: _elementwise("hardsigmoid"),
    nn.Hardswish: _elementwise("hardswish"),
    nn.SiLU: _elementwise("silu"),
    nn.GELU: _elementwise("gelu"),
    nn.Softmax: _elementwise("softmax"),
    nn.LogSoftmax: _elementwise("log_softmax"),
    nn.Dropout: _elementwise("dropout", "p"),
    nn.Dropout2d: _elementwise("dropout", "p"),
    nn.Flatten: _flatten,
    nn.Identity: _identity,
    layers.OptionA: _option_a,
}

# By name, since importing torchvision takes seconds and netlib's own networks do not need it.
MODULES_BY_NAME: dict[str, Callable[..., Result]] = {
    "torchvision.ops.stochastic_depth.StochasticDepth": _elementwise("stochastic_depth", "p"),
}


def module_rule(module: nn.Module) -> Callable[..., Result] | None:
    """The rule for a module, by its class or the nearest base class that has one; None for a container."""
    for kind in type(module).__mro__:
        rule = MODULES.get(kind) or MODULES_BY_NAME.get(f"{kind.__module__}.{kind.__qualname__}")
        if rule is not None:
            return rule
    return None


# --- functions: the same layers written as calls, and what rearranges a tensor -----------------------------------------

METADATA = frozenset({"get", "size", "dim", "numel", "len", "stride", "is_floating_point", "is_contiguous", "ndimension"})

Args = tuple[Any, ...]
Kwargs = dict[str, Any]


def _unary(kind: str) -> Callable[..., Result]:
    return lambda func, args, kwargs: Result(kind, _sizes(args[0])[1:])


def _merge(kind: str) -> Callable[..., Result]:
    def rule(func: Any, args: Args, kwargs: Kwargs) -> Result:
        tensors = [_sizes(arg) for arg in args[:2] if isinstance(arg, Tensor)]
        scalars = [arg for arg in args[:2] if not isinstance(arg, Tensor)]
        if scalars:
            return Result(kind, tensors[0][1:], options={"scalar": float(scalars[0])})
        if tensors[0] == tensors[1]:
            return Result(kind, tensors[0][1:])
        try:
            shape = tuple(torch.broadcast_shapes(*tensors))
        except RuntimeError:
            raise Misfit(f"merges maps of one shape, but {_text(tensors[0][1:])} and {_text(tensors[1][1:])} came in.") from None
        return Result(kind, shape[1:])

    return rule


def _concat(func: Any, args: Args, kwargs: Kwargs) -> Result:
    tensors = [_sizes(tensor) for tensor in args[0]]
    axis = args[1] if len(args) > 1 else kwargs.get("dim", 0)
    axis %= len(tensors[0])
    rest = {(*sizes[:axis], *sizes[axis + 1 :]) for sizes in tensors}
    if len(rest) > 1:
        raise Misfit(f"joins maps of one height and width, but {', '.join(_text(t[1:]) for t in tensors)} came in.")
    shape = (*tensors[0][:axis], sum(sizes[axis] for sizes in tensors), *tensors[0][axis + 1 :])
    return Result("concat", shape[1:], options={"axis": axis - 1})


def _function_flatten(func: Any, args: Args, kwargs: Kwargs) -> Result:
    start = args[1] if len(args) > 1 else kwargs.get("start_dim", 0)
    end = args[2] if len(args) > 2 else kwargs.get("end_dim", -1)
    return _flat_result(_sizes(args[0]), start, end)


def _by_execution(kind: str) -> Callable[..., Any]:
    """For what only rearranges a tensor: the function itself, on a meta tensor of the same shape, gives the shape."""

    def rule(func: Any, args: Args, kwargs: Kwargs) -> Any:
        value = _run(func, args, kwargs)
        parts = [value] if isinstance(value, Tensor) else value
        if any(part.shape[:1] != (1,) for part in parts):
            raise BatchMixed
        results = tuple(Result(kind, tuple(part.shape[1:])) for part in parts)
        return results[0] if isinstance(value, Tensor) else results

    return rule


def _permute(func: Any, args: Args, kwargs: Kwargs) -> Result:
    sizes = _sizes(args[0])
    sides = (2, 3, 5, 7, 11, 13)[: len(sizes)]  # all different, so that the result tells where each axis went
    order = [sides.index(side) for side in func(torch.empty(sides, device="meta"), *args[1:], **kwargs).shape]
    if order[0] != 0:
        raise BatchMixed
    return Result("permute", tuple(sizes[axis] for axis in order[1:]), options={"dims": tuple(axis - 1 for axis in order[1:])})


def _getitem(func: Any, args: Args, kwargs: Kwargs) -> Result:
    value = _run(func, args, kwargs)
    index = args[1] if isinstance(args[1], tuple) else (args[1],)
    axis = next((i for i, item in enumerate(index) if item != slice(None)), None)
    if axis is None:
        return Result(SAME)
    return Result("slice", tuple(value.shape[1:]), options={"axis": axis - 1})


def _pad(func: Any, args: Args, kwargs: Kwargs) -> Result:
    amounts = tuple(args[1] if len(args) > 1 else kwargs["pad"])
    value = _run(func, args, kwargs)
    if len(amounts) > 4:  # channels as well: no window moves, the zeros stand in new maps
        return Result("pad", tuple(value.shape[1:]), options={"padding": (0, 0, 0, 0)})
    left, right, top, bottom = (*amounts, 0, 0)[:4]
    return Result("pad", tuple(value.shape[1:]), options={"padding": (top, left, bottom, right)})


def _mean(func: Any, args: Args, kwargs: Kwargs) -> Result:
    axes = args[1] if len(args) > 1 else kwargs.get("dim")
    sizes = _sizes(args[0])
    axes = [axes] if isinstance(axes, int) else list(range(1, len(sizes))) if axes is None else list(axes)
    value = _run(func, args, kwargs)
    return Result("mean", tuple(value.shape[1:]), options={"axes": tuple(axis % len(sizes) - 1 for axis in axes)})


def _function_pool(kind: str) -> Callable[..., Result]:
    names = {
        "max_pool2d": ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
        "avg_pool2d": ("kernel_size", "stride", "padding", "ceil_mode"),
    }[kind]

    def rule(func: Any, args: Args, kwargs: Kwargs) -> Result:
        given = {**dict(zip(names, args[1:], strict=False)), **kwargs}
        x = _sizes(args[0])[1:]
        window = _window(given["kernel_size"], given.get("stride") or given["kernel_size"], given.get("padding", 0), given.get("dilation", 1))
        return Result(kind, (x[0], *_slide(window, x, ceil_mode=given.get("ceil_mode", False))), window)

    return rule


def _function_adaptive_pool(kind: str) -> Callable[..., Result]:
    def rule(func: Any, args: Args, kwargs: Kwargs) -> Result:
        x = _sizes(args[0])[1:]
        return Result(kind, (x[0], *_adaptive(args[1] if len(args) > 1 else kwargs["output_size"], x)))

    return rule


def _function_linear(func: Any, args: Args, kwargs: Kwargs) -> Result:
    given = {**dict(zip(("input", "weight", "bias"), args, strict=False)), **kwargs}
    units, features = given["weight"].shape
    weights = {name: given[name] for name in ("weight", "bias") if given.get(name) is not None}
    return Result("linear", (*_features(features, _sizes(given["input"])[1:]), units), weights=weights)


def _matmul(func: Any, args: Args, kwargs: Kwargs) -> Result:
    left, right = _sizes(args[0]), _sizes(args[1])
    if left[-1] != right[-2]:
        raise Misfit(f"multiplies {_text(left[1:])} by {_text(right[1:])}, whose inner sizes differ.")
    lead = tuple(torch.broadcast_shapes(left[:-2], right[:-2]))
    return Result("matmul", (*lead, left[-2], right[-1])[1:], options={"inner": left[-1]})


def _same(func: Any, args: Args, kwargs: Kwargs) -> Result:
    return Result(SAME)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "relu": _unary("relu"),
    "relu6": _unary("relu6"),
    "leaky_relu": _unary("leaky_relu"),
    "tanh": _unary("tanh"),
    "sigmoid": _unary("sigmoid"),
    "hardsigmoid": _unary("hardsigmoid"),
    "hardswish": _unary("hardswish"),
    "silu": _unary("silu"),
    "gelu": _unary("gelu"),
    "softmax": _unary("softmax"),
    "log_softmax": _unary("log_softmax"),
    "dropout": _unary("dropout"),
    "layer_norm": _unary("layer_norm"),
    "normalize": _unary("layer_norm"),
    **dict.fromkeys(("add", "iadd", "radd", "sub", "isub", "rsub"), _merge("add")),
    **dict.fromkeys(("mul", "imul", "rmul", "div", "truediv", "itruediv"), _merge("mul")),
    **dict.fromkeys(("cat", "concat", "concatenate"), _concat),
    "matmul": _matmul,
    "linear": _function_linear,
    "max_pool2d": _function_pool("max_pool2d"),
    "boolean_dispatch": _function_pool("max_pool2d"),  # the name under which F.max_pool2d arrives
    "avg_pool2d": _function_pool("avg_pool2d"),
    "adaptive_avg_pool2d": _function_adaptive_pool("adaptive_avg_pool2d"),
    "adaptive_max_pool2d": _function_adaptive_pool("adaptive_max_pool2d"),
    "mean": _mean,
    "flatten": _function_flatten,
    **dict.fromkeys(("view", "reshape", "squeeze", "unsqueeze", "unflatten"), _by_execution("reshape")),
    **dict.fromkeys(("permute", "transpose", "t"), _permute),
    **dict.fromkeys(("chunk", "split", "unbind", "roll"), _by_execution("slice")),
    "expand": _by_execution("expand"),
    "getitem": _getitem,
    "pad": _pad,
    **dict.fromkeys(("contiguous", "clone", "to", "float", "type_as", "detach", "alias"), _same),
}


# --- arithmetic ----------------------------------------------------------------------------------------------------------


def _pair(value: Any) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def _window(kernel: Any, stride: Any, padding: Any, dilation: Any) -> Window:
    k, d = _pair(kernel), _pair(dilation)
    if padding == "same":
        total = _same_total(kernel, dilation)
        padding = (total[0] // 2, total[1] // 2)  # the odd pixel goes to the bottom and the right
    return Window(k, _pair(stride), (0, 0) if padding == "valid" else _pair(padding), d)


def _same_total(kernel: Any, dilation: Any) -> Pair:
    (kh, kw), (dh, dw) = _pair(kernel), _pair(dilation)
    return dh * (kh - 1), dw * (kw - 1)


def _slide(window: Window, x: Shape, *, ceil_mode: bool = False, total: Pair | None = None) -> Pair:
    """How many positions the window has in height and width.

    Source: torch.nn.Conv2d and MaxPool2d. With `ceil_mode` a last, overhanging position counts if it begins inside.
    """
    _map(x)
    sizes = []
    for axis, n in enumerate(x[-2:]):
        k, s, p, d = window.kernel[axis], window.stride[axis], window.padding[axis], window.dilation[axis]
        room = n + (2 * p if total is None else total[axis]) - d * (k - 1) - 1
        if room < 0:
            raise Misfit(f"slides a window of {_times(window.kernel)}, but only {_text(x)} came in.")
        count = (ceil if ceil_mode else floor)(room / s) + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        sizes.append(count)
    return sizes[0], sizes[1]


def _adaptive(size: Any, x: Shape) -> Pair:
    height, width = (size, size) if isinstance(size, int) else size
    return (x[-2] if height is None else height, x[-1] if width is None else width)


def _flat_result(sizes: Shape, start: int, end: int) -> Result:
    start, end = start % len(sizes), end % len(sizes)
    shape = (*sizes[:start], prod(sizes[start : end + 1]), *sizes[end + 1 :])
    return Result(SAME) if start >= end else Result("flatten", shape[1:])


def _run(func: Any, args: Args, kwargs: Kwargs) -> Any:
    stand_ins = [torch.empty(_sizes(arg), device="meta") if isinstance(arg, Tensor) else arg for arg in args]
    try:
        return func(*stand_ins, **kwargs)
    except (RuntimeError, IndexError) as error:
        raise Misfit(f"cannot rearrange {_text(_sizes(args[0])[1:])}: {str(error).splitlines()[0]}.") from None


def _sizes(tensor: Tensor) -> Shape:
    with torch._C.DisableTorchFunctionSubclass():
        return tuple(tensor.shape)


def _map(x: Shape) -> None:
    if len(x) != 3:
        raise Misfit(f"takes maps (channels × height × width), but {_text(x)} came in.")


def _channels(wanted: int, x: Shape) -> None:
    if x[0] != wanted:
        raise Misfit(f"takes {wanted} channels, but {_text(x)} came in.")


def _features(wanted: int, x: Shape) -> Shape:
    if x[-1] != wanted:
        raise Misfit(f"takes vectors of {wanted}, but {_text(x)} came in.")
    return x[:-1]


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "a single number"


def _times(pair: Pair) -> str:
    return f"{pair[0]}×{pair[1]}"
