"""The same layers written as calls, and what rearranges a tensor. The tensors of a call have a batch of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from netlib.analysis.graph import Shape
from netlib.analysis.shape_rules import (
    SAME,
    BatchMixed,
    Misfit,
    Result,
    adaptive,
    axis_of,
    check_channels,
    check_features,
    check_map,
    convolved,
    convolved_back,
    flattened,
    last_axes,
    local_response_norm,
    slide,
    text,
    window_of,
)

# What looks at values, which a trace does not have: Python's conversions, and comparisons, whose answer is a value.
READS_DATA = frozenset(
    "__bool__ __int__ __float__ __index__ __complex__ __contains__ item tolist numpy __array__ nonzero "
    "gt lt ge le eq ne __gt__ __lt__ __ge__ __le__ __eq__ __ne__ equal allclose any all isnan isfinite argmax argmin".split()
)

Args = tuple[Any, ...]
Kwargs = dict[str, Any]


def _unary(kind: str) -> Callable[..., Result]:
    return lambda func, args, kwargs: Result(kind, _sizes(args[0])[1:])


def _softmax(kind: str) -> Callable[..., Result]:
    def rule(func: Any, args: Args, kwargs: Kwargs) -> Result:
        x = _sizes(args[0])[1:]
        return Result(kind, x, options={"axes": (axis_of(_given("input dim", args, kwargs).get("dim"), x),)})

    return rule


def _sizes(tensor: Tensor) -> Shape:
    with torch._C.DisableTorchFunctionSubclass():
        return tuple(tensor.shape)


def _run(func: Any, args: Args, kwargs: Kwargs, batch: int = 1) -> Shape:
    """The shape that a function makes of a meta tensor, without the batch.

    What is told no batch size runs with a batch of two: only so does it show what becomes of the batch.
    """
    if func.__name__ in ("squeeze", "unsqueeze"):
        batch = 2
    try:
        value = func(torch.empty(batch, *_sizes(args[0])[1:], device="meta"), *args[1:], **kwargs)
    except (RuntimeError, IndexError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise Misfit(f"cannot rearrange {text(_sizes(args[0])[1:])}: {reason}; give an input that fits.") from None
    if value.shape[:1] != (batch,):
        raise BatchMixed
    return tuple(value.shape[1:])


def _given(names: str, args: Args, kwargs: Kwargs) -> Kwargs:
    """A function's arguments by name."""
    return {**dict(zip(names.split(), args, strict=False)), **kwargs}


def _weights(given: Kwargs) -> dict[str, Tensor]:
    return {name: given[name] for name in ("weight", "bias") if given.get(name) is not None}


def _merge(kind: str) -> Callable[..., Result]:
    def rule(func: Any, args: Args, kwargs: Kwargs) -> Result:
        given = _given("input other", args, kwargs)
        pair = given["input"], given["other"]
        tensors = [_sizes(arg) for arg in pair if isinstance(arg, Tensor)]
        scalars = [arg for arg in pair if not isinstance(arg, Tensor)]
        if scalars:
            return Result(kind, tensors[0][1:], options={"scalar": float(scalars[0])})
        if tensors[0] == tensors[1]:
            return Result(kind, tensors[0][1:])
        try:
            shape = tuple(torch.broadcast_shapes(*tensors))
        except RuntimeError:
            came = " and ".join(text(sizes[1:]) for sizes in tensors)
            raise Misfit(f"merges maps of one shape, but {came} came in; give an input that fits.") from None
        return Result(kind, shape[1:])

    return rule


def _negative(func: Any, args: Args, kwargs: Kwargs) -> Result:
    return Result("mul", _sizes(args[0])[1:], options={"scalar": -1.0})


def _clamp(func: Any, args: Args, kwargs: Kwargs) -> Result:
    given = _given("input min max", args, kwargs)
    bounds = {name: given[name] for name in ("min", "max") if given.get(name) is not None}
    if any(isinstance(bound, Tensor) for bound in bounds.values()):
        raise Misfit("is bounded by a tensor, which cannot be shown yet; give numbers.")
    return Result("clamp", _sizes(args[0])[1:], options={name: float(bound) for name, bound in bounds.items()})


def _prelu(func: Any, args: Args, kwargs: Kwargs) -> Result:
    given = _given("input weight", args, kwargs)
    x, (slopes,) = _sizes(given["input"])[1:], _sizes(given["weight"])
    if slopes > 1:
        check_channels(slopes, x)
    return Result("prelu", x, weights=_weights(given))


def _concat(func: Any, args: Args, kwargs: Kwargs) -> Result:
    tensors = [_sizes(tensor) for tensor in args[0]]
    axis = args[1] if len(args) > 1 else kwargs.get("dim", 0)
    axis %= len(tensors[0])
    if axis == 0:
        raise BatchMixed
    rest = {(*sizes[:axis], *sizes[axis + 1 :]) for sizes in tensors}
    if len(rest) > 1:
        raise Misfit(f"joins maps of one height and width, but {', '.join(text(t[1:]) for t in tensors)} came in; give an input that fits.")
    shape = (*tensors[0][:axis], sum(sizes[axis] for sizes in tensors), *tensors[0][axis + 1 :])
    return Result("concat", shape[1:], options={"axis": axis - 1})


def _function_flatten(func: Any, args: Args, kwargs: Kwargs) -> Result:
    start = args[1] if len(args) > 1 else kwargs.get("start_dim", 0)
    end = args[2] if len(args) > 2 else kwargs.get("end_dim", -1)
    return flattened(_sizes(args[0]), start, end)


def _by_execution(kind: str) -> Callable[..., Any]:
    """For what only rearranges a tensor: the function itself, on a meta tensor of the same shape, gives the shape."""

    def rule(func: Any, args: Args, kwargs: Kwargs) -> Result:
        return Result(kind, _run(func, args, kwargs))

    return rule


def _parts(func: Any, args: Args, kwargs: Kwargs) -> Any:
    """chunk, split, unbind: several slices along one axis, one after the other."""
    given = _given("input dim" if func.__name__ == "unbind" else "input size dim", args, kwargs)
    x = _sizes(args[0])
    axis = given.get("dim", 0) % len(x)
    if axis == 0:
        raise BatchMixed
    results: list[Result] = []
    start = 0
    for part in func(torch.empty(x, device="meta"), *args[1:], **kwargs):
        if part.dim() < len(x):
            results.append(Result("slice", tuple(part.shape[1:]), options={"axis": axis - 1, "index": len(results)}))
        else:
            results.append(Result("slice", tuple(part.shape[1:]), options={"axis": axis - 1, "start": start, "step": 1}))
            start += part.shape[axis]
    return tuple(results)


def _permute(func: Any, args: Args, kwargs: Kwargs) -> Result:
    sizes = _sizes(args[0])
    sides = (2, 3, 5, 7, 11, 13)[: len(sizes)]  # all different, so that the result tells where each axis went
    order = [sides.index(side) for side in func(torch.empty(sides, device="meta"), *args[1:], **kwargs).shape]
    if order[0] != 0:
        raise BatchMixed
    return Result("permute", tuple(sizes[axis] for axis in order[1:]), options={"dims": tuple(axis - 1 for axis in order[1:])})


def _getitem(func: Any, args: Args, kwargs: Kwargs) -> Result:
    index = args[1] if isinstance(args[1], tuple) else (args[1],)
    x, shape = _sizes(args[0]), _run(func, args, kwargs, batch=2)
    if Ellipsis in index:
        at = index.index(Ellipsis)
        index = (*index[:at], *[slice(None)] * (len(x) - len(index) + 1), *index[at + 1 :])
    moved = [(axis, item) for axis, item in enumerate(index) if item != slice(None)]
    if not moved:
        return Result(SAME)
    if None in index:
        return Result("reshape" if all(item is None for _, item in moved) else "slice", shape)
    axis, item = moved[0]
    if len(moved) > 1:
        return Result("slice", shape)
    if not isinstance(item, slice):
        return Result("slice", shape, options={"axis": axis - 1} | ({"index": item} if isinstance(item, int) else {}))
    start, _, step = item.indices(x[axis])
    return Result("slice", shape, options={"axis": axis - 1, "start": start, "step": step})


def _pad(func: Any, args: Args, kwargs: Kwargs) -> Result:
    given = _given("input pad mode", args, kwargs)
    amounts, mode = tuple(given["pad"]), given.get("mode", "constant")
    left, right, top, bottom = (*amounts, 0, 0)[:4]  # what is added to the channels is in the shape
    options = {"padding": (top, left, bottom, right)} | ({} if mode == "constant" else {"padding_mode": mode})
    return Result("pad", _run(func, args, kwargs, batch=2), options=options)


def _mean(func: Any, args: Args, kwargs: Kwargs) -> Result:
    axes = args[1] if len(args) > 1 else kwargs.get("dim")
    sizes = _sizes(args[0])
    axes = [axes] if isinstance(axes, int) else list(range(len(sizes))) if axes is None else list(axes)
    axes = [axis % len(sizes) for axis in axes]
    if 0 in axes:
        raise BatchMixed
    return Result("mean", _run(func, args, kwargs, batch=2), options={"axes": tuple(axis - 1 for axis in axes)})


def _function_conv2d(func: Any, args: Args, kwargs: Kwargs) -> Result:
    given = _given("input weight bias stride padding dilation groups", args, kwargs)
    x, (units, channels, *kernel), groups = _sizes(given["input"])[1:], _sizes(given["weight"]), given.get("groups", 1)
    check_channels(channels * groups, x)
    window = given.get("stride", 1), given.get("padding", 0), given.get("dilation", 1)
    return convolved(x, units, tuple(kernel), *window, groups, weights=_weights(given))


def _function_conv_transpose2d(func: Any, args: Args, kwargs: Kwargs) -> Result:
    given = _given("input weight bias stride padding output_padding groups dilation", args, kwargs)
    x, (channels, units, *kernel), groups = _sizes(given["input"])[1:], _sizes(given["weight"]), given.get("groups", 1)
    check_channels(channels, x)
    window = given.get("stride", 1), given.get("padding", 0), given.get("dilation", 1), given.get("output_padding", 0)
    return convolved_back(x, units * groups, tuple(kernel), *window, groups, weights=_weights(given))


def _function_norm(kind: str, names: str, *options: str) -> Callable[..., Result]:
    def rule(func: Any, args: Args, kwargs: Kwargs) -> Result:
        given = _given(names, args, kwargs)
        kept = {"eps": 1e-5, **{name: given[name] for name in options if name in given}}
        x = _sizes(given["input"])[1:]
        if over := kept.pop("normalized_shape", None):
            kept["axes"] = last_axes(x, len(over))
        return Result(kind, x, options=kept, weights=_weights(given))

    return rule


def _function_lrn(func: Any, args: Args, kwargs: Kwargs) -> Result:
    given = {"alpha": 1e-4, "beta": 0.75, "k": 1.0, **_given("input size alpha beta k", args, kwargs)}
    return local_response_norm(_sizes(given["input"])[1:], given["size"], given["alpha"], given["beta"], given["k"])


def _function_pool(kind: str, names: str) -> Callable[..., Result]:
    def rule(func: Any, args: Args, kwargs: Kwargs) -> Result:
        given = _given(names, args, kwargs)
        x, kernel = _sizes(given["input"])[1:], given["kernel_size"]
        check_map(x)
        window = window_of(kernel, given.get("stride") or kernel, given.get("padding", 0), given.get("dilation", 1))
        return Result(kind, (x[0], *slide(window, x, ceil_mode=given.get("ceil_mode", False), pooling=True)), window)

    return rule


def _function_adaptive_pool(kind: str) -> Callable[..., Result]:
    def rule(func: Any, args: Args, kwargs: Kwargs) -> Result:
        x = _sizes(args[0])[1:]
        check_map(x)
        return Result(kind, (x[0], *adaptive(args[1] if len(args) > 1 else kwargs["output_size"], x)))

    return rule


def _function_linear(func: Any, args: Args, kwargs: Kwargs) -> Result:
    given = _given("input weight bias", args, kwargs)
    units, features = _sizes(given["weight"])
    return Result("linear", (*check_features(features, _sizes(given["input"])[1:]), units), weights=_weights(given))


def _matmul(func: Any, args: Args, kwargs: Kwargs) -> Result:
    left, right = _sizes(args[0]), _sizes(_given("input other", args, kwargs)["other"])
    if len(left) < 3 or len(right) < 2:
        raise BatchMixed
    if left[-1] != right[-2]:
        raise Misfit(f"multiplies {text(left[1:])} by {text(right[1:])}, whose inner sizes differ; give an input that fits.")
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
    "elu": _unary("elu"),
    "prelu": _prelu,
    "mish": _unary("mish"),
    "softplus": _unary("softplus"),
    "hardtanh": _unary("hardtanh"),
    **dict.fromkeys(("clamp", "clip"), _clamp),
    "neg": _negative,
    "softmax": _softmax("softmax"),
    "log_softmax": _softmax("log_softmax"),
    "dropout": _unary("dropout"),
    "dropout2d": _unary("dropout"),
    "batch_norm": _function_norm("batch_norm", "input running_mean running_var weight bias training momentum eps", "eps"),
    "layer_norm": _function_norm("layer_norm", "input normalized_shape weight bias eps", "normalized_shape", "eps"),
    "group_norm": _function_norm("group_norm", "input num_groups weight bias eps", "num_groups", "eps"),
    "local_response_norm": _function_lrn,
    **dict.fromkeys(("add", "iadd", "radd", "sub", "isub", "rsub"), _merge("add")),
    **dict.fromkeys(("mul", "imul", "rmul", "div", "truediv", "itruediv"), _merge("mul")),
    **dict.fromkeys(("cat", "concat", "concatenate"), _concat),
    "matmul": _matmul,
    "linear": _function_linear,
    "conv2d": _function_conv2d,
    "conv_transpose2d": _function_conv_transpose2d,
    "max_pool2d": _function_pool("max_pool2d", "input kernel_size stride padding dilation ceil_mode"),
    "avg_pool2d": _function_pool("avg_pool2d", "input kernel_size stride padding ceil_mode"),
    "adaptive_avg_pool2d": _function_adaptive_pool("adaptive_avg_pool2d"),
    "adaptive_max_pool2d": _function_adaptive_pool("adaptive_max_pool2d"),
    "mean": _mean,
    "flatten": _function_flatten,
    **dict.fromkeys(("view", "reshape", "squeeze", "unsqueeze", "unflatten"), _by_execution("reshape")),
    **dict.fromkeys(("permute", "transpose", "swapaxes", "movedim", "t", "T", "mT"), _permute),
    **dict.fromkeys(("chunk", "split", "unbind"), _parts),
    "expand": _by_execution("expand"),
    "getitem": _getitem,
    "pad": _pad,
    **dict.fromkeys(("contiguous", "clone", "to", "float", "type_as", "detach", "data"), _same),
}
