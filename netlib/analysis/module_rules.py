"""The shape that each module of torch.nn, and each of netlib's own layers, makes of what comes in."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from torch import Tensor, nn

from netlib.analysis.graph import Shape
from netlib.analysis.shape_rules import (
    SAME,
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
    pair,
    slide,
    text,
    window_of,
)
from netlib.models import layers


def _with_nothing(output: Tensor) -> tuple[Tensor, None]:
    return output, None  # states, attention weights and indices are not followed


def _conv2d(m: nn.Conv2d, x: Shape) -> Result:
    check_channels(m.in_channels, x)
    options = None if m.padding_mode == "zeros" else {"padding_mode": m.padding_mode}
    return convolved(x, m.out_channels, m.kernel_size, m.stride, m.padding, m.dilation, m.groups, options)


def _conv_transpose2d(m: nn.ConvTranspose2d, x: Shape) -> Result:
    check_channels(m.in_channels, x)
    return convolved_back(x, m.out_channels, m.kernel_size, m.stride, m.padding, m.dilation, m.output_padding, m.groups)


def _table_conv2d(m: layers.TableConv2d, x: Shape) -> Result:
    check_channels(m.in_channels, x)
    window = window_of(m.kernel_size, m.stride, m.padding, 1)
    return Result("table_conv2d", (len(m.table), *slide(window, x)), window, options={"table": tuple(tuple(row) for row in m.table)})


def _subsample(m: layers.Subsample, x: Shape) -> Result:
    check_map(x)
    window = window_of(m.kernel_size, m.stride, 0, 1)
    return Result("subsample", (x[0], *slide(window, x)), window)


def _linear(m: nn.Linear, x: Shape) -> Result:
    return Result("linear", (*check_features(m.in_features, x), m.out_features))


def _rbf(m: layers.RBF, x: Shape) -> Result:
    units, features = m.codes.shape
    return Result("rbf", (*check_features(features, x), units), options={"codes": (units, features)})


def _pool(kind: str) -> Callable[[Any, Shape], Result]:
    def rule(m: Any, x: Shape) -> Result:
        check_map(x)
        window = window_of(m.kernel_size, m.stride or m.kernel_size, m.padding, getattr(m, "dilation", 1))
        wrap = _with_nothing if getattr(m, "return_indices", False) else None
        return Result(kind, (x[0], *slide(window, x, ceil_mode=m.ceil_mode, pooling=True)), window, wrap=wrap)

    return rule


def _adaptive_pool(kind: str) -> Callable[[Any, Shape], Result]:
    def rule(m: Any, x: Shape) -> Result:
        check_map(x)
        return Result(kind, (x[0], *adaptive(m.output_size, x)))

    return rule


def _elementwise(kind: str, *options: str) -> Callable[[Any, Shape], Result]:
    def rule(m: Any, x: Shape) -> Result:
        return Result(kind, x, options={name: getattr(m, name) for name in options} or None)

    return rule


def _prelu(m: nn.PReLU, x: Shape) -> Result:
    if m.num_parameters > 1:  # else one slope for all channels
        check_channels(m.num_parameters, x)
    return Result("prelu", x)


def _batch_norm(m: Any, x: Shape) -> Result:
    if isinstance(m, nn.BatchNorm2d):
        check_map(x)
    check_channels(m.num_features, x)
    return Result("batch_norm", x, options={"eps": m.eps})


def _layer_norm(m: nn.LayerNorm, x: Shape) -> Result:
    if x[-len(m.normalized_shape) :] != tuple(m.normalized_shape):
        raise Misfit(f"normalizes over {text(tuple(m.normalized_shape))}, but {text(x)} came in; give an input that fits.")
    return Result("layer_norm", x, options={"eps": m.eps, "axes": last_axes(x, len(m.normalized_shape))})


def _softmax(kind: str) -> Callable[[Any, Shape], Result]:
    return lambda m, x: Result(kind, x, options={"axes": (axis_of(m.dim, x),)})


def _layer_norm_2d(m: nn.LayerNorm, x: Shape) -> Result:
    check_channels(m.normalized_shape[0], x)  # ConvNeXt's: over the channels of a map, with the axes put back afterwards
    return Result("layer_norm", x, options={"eps": m.eps, "axes": (0,)})


def _group_norm(m: nn.GroupNorm, x: Shape) -> Result:
    check_channels(m.num_channels, x)
    return Result("group_norm", x, options={"num_groups": m.num_groups, "eps": m.eps})


def _lrn(m: nn.LocalResponseNorm, x: Shape) -> Result:
    return local_response_norm(x, m.size, m.alpha, m.beta, m.k)


def _flatten(m: nn.Flatten, x: Shape) -> Result:
    return flattened((1, *x), m.start_dim, m.end_dim)


def _identity(m: nn.Module, x: Shape) -> Result:
    return Result(SAME)


def _option_a(m: layers.OptionA, x: Shape) -> Result:
    check_channels(m.in_channels, x)
    step = pair(m.stride)
    return Result("option_a", (m.out_channels, *(ceil(n / s) for n, s in zip(x[1:], step, strict=True))), options={"stride": step})


def _recurrent(kind: str) -> Callable[..., Result]:
    def rule(m: Any, x: Shape, *states: Shape) -> Result:
        if getattr(m, "proj_size", 0):
            raise Misfit("projects its hidden state, which cannot be shown yet; leave proj_size at 0.")
        if len(x) != 2 or x[1] != m.input_size:
            raise Misfit(f"reads sequences of {m.input_size} numbers a step, but {text(x)} came in; give an input that fits.")
        if not m.batch_first:
            raise Misfit("puts the batch second; build it with batch_first=True.")
        width = m.hidden_size * (2 if m.bidirectional else 1)
        options = {"input_size": m.input_size, "hidden_size": m.hidden_size, "num_layers": m.num_layers, "bidirectional": m.bidirectional}
        return Result(kind, (x[0], width), options=options, wrap=_with_nothing)

    return rule


def _attention(m: nn.MultiheadAttention, x: Shape, *more: Shape) -> Result:
    if not m.batch_first:
        raise Misfit("puts the batch second; build it with batch_first=True.")
    for wanted, given in zip((m.embed_dim, m.kdim, m.vdim), (x, *more), strict=False):
        if len(given) != 2 or given[-1] != wanted:
            raise Misfit(f"takes sequences of vectors of {wanted}, but {text(given)} came in; give an input that fits.")
    return Result("attention", x, options={"heads": m.num_heads, "embed_dim": m.embed_dim}, wrap=_with_nothing)


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
    nn.LayerNorm: _layer_norm,
    nn.GroupNorm: _group_norm,
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
    nn.ELU: _elementwise("elu", "alpha"),
    nn.PReLU: _prelu,
    nn.Mish: _elementwise("mish"),
    nn.Softplus: _elementwise("softplus", "beta", "threshold"),
    nn.Hardtanh: _elementwise("hardtanh", "min_val", "max_val"),
    nn.Softmax: _softmax("softmax"),
    nn.LogSoftmax: _softmax("log_softmax"),
    nn.Dropout: _elementwise("dropout", "p"),
    nn.Dropout2d: _elementwise("dropout", "p"),
    nn.Flatten: _flatten,
    nn.Identity: _identity,
    layers.OptionA: _option_a,
}

# By name, since importing torchvision takes seconds and netlib's own networks do not need it.
MODULES_BY_NAME: dict[str, Callable[..., Result]] = {
    "torchvision.ops.stochastic_depth.StochasticDepth": _elementwise("stochastic_depth", "p"),
    "torchvision.models.convnext.LayerNorm2d": _layer_norm_2d,
}


def module_rule(module: nn.Module) -> Callable[..., Result] | None:
    """The rule for a module, by its class or the base class whose forward it runs; None for a container."""
    for kind in type(module).__mro__:
        rule = MODULES.get(kind) or MODULES_BY_NAME.get(f"{kind.__module__}.{kind.__qualname__}")
        if rule is not None:
            return rule
        if "forward" in vars(kind):
            return None  # it does something of its own, which its base's rule knows nothing of
    return None
