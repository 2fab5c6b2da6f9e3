"""How each kind of layer ties its units to the positions of the map that comes in.

Maps are (C, H, W), but a layer may move the axes (ConvNeXt and Swin work on (H, W, C)) or give the map up (flatten). So each
rule is told where rows and columns are and says where they are afterwards. A layer that loses them reads the whole map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from netlib.analysis.graph import Layer, LayerGraph, Pair, Shape
from netlib.analysis.span import Axis

Axes = tuple[int, int] | None  # which axes of a shape are rows and columns; None where there is no map any more
Steps = tuple[Axis, Axis] | None  # rows and columns; None where unit (i, j) reads position (i, j) and nothing else
Edge = tuple[str, Steps]  # a layer that is read, and how
Plan = dict[str, tuple[Axes, tuple[Edge, ...]]]
Rule = Callable[[Layer, Layer, Axes], tuple[Axes, Steps]]


def map_size(shape: Shape, axes: Axes) -> Pair:
    """Rows and columns of a map; what has none counts as one unit."""
    return (shape[axes[0]], shape[axes[1]]) if axes else (1, 1)


def _pointwise(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    return axes, None


def _whole(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    """Every unit reads the whole map."""
    rank = len(layer.shape)
    after = axes if rank == len(source.shape) else (1, 2) if rank == 3 else None
    return after, _all_of(source, axes, layer, after)


def _all_of(source: Layer, axes: Axes, layer: Layer, after: Axes) -> Steps:
    rows, columns = (Axis(n, m, n, 0) for n, m in zip(map_size(source.shape, axes), map_size(layer.shape, after), strict=True))
    return rows, columns


def _steps(
    layer: Layer, source: Layer, axes: Axes, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, form: str, border: str = "zeros"
) -> tuple[Axes, Steps]:
    if axes != (1, 2):  # a window slides over the last two axes of (C, H, W), whatever they hold
        return _whole(layer, source, axes)
    (_, h, w), (_, rows, columns) = source.shape, layer.shape
    return axes, (
        Axis(h, rows, kernel[0], stride[0], padding[0], dilation[0], form, border),
        Axis(w, columns, kernel[1], stride[1], padding[1], dilation[1], form, border),
    )


def _window(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    w = layer.window
    assert w is not None
    return _steps(layer, source, axes, w.kernel, w.stride, w.padding, w.dilation, "window", layer.options.get("padding_mode", "zeros"))


def _transposed(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    w = layer.window
    assert w is not None
    return _steps(layer, source, axes, w.kernel, w.stride, w.padding, w.dilation, "transposed")


def _adaptive(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    if axes is None or map_size(layer.shape, axes) == (1, 1):
        return _whole(layer, source, axes)
    return _steps(layer, source, axes, (1, 1), (1, 1), (0, 0), (1, 1), "adaptive")


def _option_a(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    return _steps(layer, source, axes, (1, 1), layer.options["stride"], (0, 0), (1, 1), "window")


def _pad(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    amounts = layer.options["padding"][:2]
    return _steps(layer, source, axes, (1, 1), (1, 1), amounts, (1, 1), "window", layer.options.get("padding_mode", "zeros"))


def _last_axis(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    """Mixes the numbers of the last axis: the channels of (H, W, C), else the whole map."""
    return (axes, None) if axes and len(source.shape) - 1 not in axes else _whole(layer, source, axes)


def _mixing(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    """Keeps the shape and mixes the numbers along some axes: whole rows or columns where those are among them."""
    mixed = layer.options["axes"]
    if axes is None or not set(axes) & set(mixed):
        return axes, None
    rows, columns = (Axis(n, n, n, 0) if axis in mixed else Axis(n, n) for axis, n in ((a, source.shape[a]) for a in axes))
    return axes, (rows, columns)


def _mean(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    gone = layer.options["axes"]
    if axes is None or set(axes) & set(gone):
        return _whole(layer, source, axes)
    kept = len(layer.shape) == len(source.shape)
    return axes if kept else _without(axes, gone), None


def _slice(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    """A part of one axis; rows and columns picked by a list, or along several axes at once, may be any: the whole map."""
    axis, same_rank = layer.options.get("axis"), len(layer.shape) == len(source.shape)
    if axes is None:
        return axes, None
    if axis is None or (axis in axes and not (same_rank and "start" in layer.options)):
        return _whole(layer, source, axes)
    if axis not in axes:
        return (axes if same_rank else _without(axes, (axis,))), None
    start, step = layer.options["start"], layer.options.get("step", 1)
    rows, columns = (
        Axis(source.shape[a], layer.shape[a], 1, step, -start) if a == axis else Axis(source.shape[a], layer.shape[a]) for a in axes
    )
    return axes, (rows, columns)


def _permute(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    dims = layer.options["dims"]
    return (dims.index(axes[0]), dims.index(axes[1])) if axes else None, None


def _reshape(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    """Rows and columns live on where all axes before them, or all after them, are left alone."""
    if axes is None:
        return _whole(layer, source, axes)
    more = len(layer.shape) - len(source.shape)
    first, last = min(axes), max(axes)
    if layer.shape[: last + 1] == source.shape[: last + 1]:
        return axes, None
    if first + more >= 0 and layer.shape[first + more :] == source.shape[first:]:
        return (axes[0] + more, axes[1] + more), None
    return _whole(layer, source, axes)


def _broadcast(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    """Elementwise over maps of one size; a map of one row or column is spread over all."""
    if axes is None:
        return _whole(layer, source, axes)
    if layer.shape == source.shape:
        return axes, None
    more = len(layer.shape) - len(source.shape)
    after = axes[0] + more, axes[1] + more
    old, new = map_size(source.shape, axes), map_size(layer.shape, after)
    if old == new:
        return after, None
    rows, columns = (Axis(n, m, 1, 1 if n == m else 0) for n, m in zip(old, new, strict=True))
    return after, (rows, columns)


def _concat(layer: Layer, source: Layer, axes: Axes) -> tuple[Axes, Steps]:
    return (axes, None) if axes and layer.options["axis"] not in axes else _whole(layer, source, axes)


def _without(axes: tuple[int, int], gone: tuple[int, ...]) -> tuple[int, int]:
    rows, columns = (axis - sum(other < axis for other in gone) for axis in axes)
    return rows, columns


# Kind -> how its units are tied to what comes in. None: begins anew (the picture itself, a learned tensor).
RULES: Mapping[str, Rule | None] = MappingProxyType(
    {
        **dict.fromkeys(("input", "parameter")),
        **dict.fromkeys(("conv2d", "table_conv2d", "max_pool2d", "avg_pool2d", "subsample"), _window),
        "conv_transpose2d": _transposed,
        **dict.fromkeys(("adaptive_max_pool2d", "adaptive_avg_pool2d"), _adaptive),
        "linear": _last_axis,
        # group norm's mean and variance run over the map: each unit depends on all of it
        **dict.fromkeys(("rbf", "rnn", "lstm", "gru", "attention", "matmul", "flatten", "group_norm"), _whole),
        **dict.fromkeys(("layer_norm", "softmax", "log_softmax"), _mixing),
        **dict.fromkeys(("lrn", "batch_norm"), _pointwise),  # LRN runs across channels, batch norm's statistics are constants
        **dict.fromkeys(("relu", "relu6", "leaky_relu", "tanh", "scaled_tanh", "sigmoid", "hardsigmoid"), _pointwise),
        **dict.fromkeys(("hardswish", "silu", "gelu", "elu", "prelu", "mish", "softplus", "hardtanh", "clamp"), _pointwise),
        **dict.fromkeys(("dropout", "stochastic_depth", "identity"), _pointwise),
        **dict.fromkeys(("add", "mul", "expand"), _broadcast),
        "concat": _concat,
        "option_a": _option_a,
        "pad": _pad,
        "mean": _mean,
        "slice": _slice,
        "permute": _permute,
        "reshape": _reshape,
    }
)


def edges(graph: LayerGraph) -> Plan:
    """For each layer that depends on the picture: where its rows and columns are, and how it reads each layer before it."""
    plan: Plan = {}
    for layer in graph.layers:
        if layer.kind == "input":
            plan[layer.name] = ((rank - 2, rank - 1) if (rank := len(layer.shape)) > 1 else None), ()
            continue
        rule = RULES[layer.kind]
        read_by_it = [name for name in layer.inputs if name in plan]
        if rule is None or not read_by_it:
            continue  # learned tensors, and what is made of them alone
        if rule is _pointwise:
            plan[layer.name] = plan[read_by_it[0]][0], ((read_by_it[0], None),)
            continue
        found = [(name, *rule(layer, graph.by_name[name], plan[name][0])) for name in read_by_it]
        axes = next((after for _, after, _ in found if after), None)
        plan[layer.name] = (
            axes,
            tuple(
                # of a branch whose rows and columns lie elsewhere than its neighbours' only this is known: it counts
                [(n, steps if after == axes else _all_of(graph.by_name[n], plan[n][0], layer, axes)) for n, after, steps in found]
            ),
        )
    return plan
