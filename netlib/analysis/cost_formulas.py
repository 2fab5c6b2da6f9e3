"""Every figure of `cost` as a formula with the layer's own values; a test evaluates each and compares."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from netlib.analysis.cost import costs
from netlib.analysis.counts import attended, bias_of, is_bias, owner, source, table_kernels
from netlib.analysis.formula import Formula
from netlib.analysis.kept import FLOAT_BYTES, INDEX_BYTES, notes

if TYPE_CHECKING:
    from collections.abc import Callable

    from netlib.analysis.cost import Costs, LayerCost
    from netlib.analysis.graph import Layer, LayerGraph

SHARED = "Uses the weights of {}, which are counted there."
ONE_MAC = "One MAC is one multiply-accumulate; FLOPs = 2 × MACs. Adding the bias is not counted."
NO_MACS = {
    "pooling": "Pooling compares or adds; neither is a multiply-accumulate.",
    "normalization": "Normalization is not counted; at test time a batch norm folds into the convolution before it.",
    "activation": "A function of each unit by itself; not counted.",
    "merge": "Adding or joining maps is not counted.",
    "fully connected": "Squared differences to fixed codes; not counted as multiply-accumulates.",
}


def formulas(graph: LayerGraph, name: str, figures: Costs | None = None) -> tuple[Formula, ...]:
    """How the layer's shape, parameters, MACs, connections and memory come about, in that order.

    `figures` are the graph's costs where they are at hand already.
    """
    layer, cost = graph[name], (figures or costs(graph))[name]
    found = [*_shape(graph, layer), _params(graph, layer, cost), _macs(graph, layer, cost)]
    if cost.connections:
        found.append(_connections(graph, layer, cost))
    found += [_activation(layer, cost), _kept(graph, layer, cost)]
    if cost.params:
        found.append(
            Formula("training memory", "4 · P parameters + 4 · P gradients + 4 · P momentum", f"3 · {FLOAT_BYTES} · {cost.params}",
                    3 * cost.param_bytes, "bytes", "SGD with momentum in 32-bit floats; the kept activations come on top, once a picture."),
        )  # fmt: skip
    return tuple(found)


# --- output size -------------------------------------------------------------------------------------------------------


def _shape(graph: LayerGraph, layer: Layer) -> list[Formula]:
    """Height and width of the output, for layers that slide a window."""
    if layer.window is None:
        return []
    height, width = (
        Formula(f"output {side}", *_side(graph, layer, axis), layer.shape[axis - 2], "px") for axis, side in enumerate(("height", "width"))
    )
    return [height, width] if height.values != width.values else [replace(height, quantity="output height and width")]


def _side(graph: LayerGraph, layer: Layer, axis: int) -> tuple[str, str]:
    assert layer.window
    w, n, out = layer.window, source(graph, layer).shape[axis - 2], layer.shape[axis - 2]
    k, s, p, d = w.kernel[axis], w.stride[axis], w.padding[axis], w.dilation[axis]
    if layer.kind == "conv_transpose2d":
        extra = out - ((n - 1) * s - 2 * p + d * (k - 1) + 1)
        return "(n − 1) · s − 2 · p + d · (k − 1) + extra + 1", f"({n} − 1) · {s} − 2 · {p} + {d} · ({k} − 1) + {extra} + 1"
    wide = d > 1  # spelled out only where there is a dilation
    symbols = "n + 2 · p − d · (k − 1) − 1" if wide else "n + 2 · p − k"
    room = f"{n} + 2 · {p} − {d} · ({k} − 1) − 1" if wide else f"{n} + 2 · {p} − {k}"
    last = n + 2 * p - d * (k - 1) - 1
    if last // s + 1 == out:
        return f"⌊({symbols}) / s⌋ + 1", f"({room}) // {s} + 1"
    if layer.kind == "conv2d":  # "same" padding: an even window gets one more pixel at the end than at the start
        return "⌊(n + p_start + p_end − d · (k − 1) − 1) / s⌋ + 1", f"({n} + {d * (k - 1)} − {d} · ({k} − 1) − 1) // {s} + 1"
    # rounded up, written with the negative of a floor, since ⌈a / b⌉ = −⌊−a / b⌋
    if -(-last // s) + 1 == out:
        return f"⌈({symbols}) / s⌉ + 1", f"−(−({room}) // {s}) + 1"
    return f"⌈({symbols}) / s⌉, without a last window that would begin beyond the map", f"−(−({room}) // {s})"


# --- parameters --------------------------------------------------------------------------------------------------------


def _params(graph: LayerGraph, layer: Layer, cost: LayerCost) -> Formula:
    if layer.shares:
        return Formula("parameters", "0", "0", 0, "parameters", SHARED.format(layer.shares))
    if not layer.params:
        return Formula("parameters", "0", "0", 0, "parameters", "Nothing is learned here.")
    whole = layer.category == "recurrent" or ("weight" in layer.params and set(layer.params) <= {"weight", "bias"})
    rule = PARAMS[layer.kind] if layer.kind in PARAMS and whole else _params_by_tensor
    symbols, values = rule(graph, layer)
    return Formula("parameters", symbols, values, cost.params, "parameters")


def _with_bias(graph: LayerGraph, layer: Layer, symbols: str, values: str) -> tuple[str, str]:
    return (f"({symbols} + 1) · C_out", f"({values} + 1) · {layer.shape[0]}") if bias_of(graph, layer) else (
        f"{symbols} · C_out", f"{values} · {layer.shape[0]}")  # fmt: skip


def _taps(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    assert layer.window
    (kh, kw), channels = layer.window.kernel, source(graph, layer).shape[0]
    if layer.groups == 1:
        return "k_h · k_w · C_in", f"{kh} · {kw} · {channels}"
    return "k_h · k_w · (C_in / g)", f"{kh} · {kw} · ({channels} // {layer.groups})"


def _params_conv(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    return _with_bias(graph, layer, *_taps(graph, layer))


def _params_table(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    assert layer.window
    kh, kw = layer.window.kernel
    return "k_h · k_w · table entries + C_out", f"{kh} · {kw} · {table_kernels(layer)} + {layer.shape[0]}"


def _params_transposed(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    assert layer.window
    (kh, kw), channels = layer.window.kernel, source(graph, layer).shape[0]
    bias = (" + C_out", f" + {layer.shape[0]}") if bias_of(graph, layer) else ("", "")
    return f"k_h · k_w · C_in · (C_out / g){bias[0]}", f"{kh} · {kw} · {channels} · ({layer.shape[0]} // {layer.groups}){bias[1]}"


def _params_linear(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    inputs, outputs = source(graph, layer).shape[-1], layer.shape[-1]
    return ("(n_in + 1) · n_out", f"({inputs} + 1) · {outputs}") if bias_of(graph, layer) else ("n_in · n_out", f"{inputs} · {outputs}")


def _params_subsample(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    return "2 · C (a coefficient and a bias for each map)", f"2 · {layer.shape[0]}"


def _params_recurrent(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[layer.kind]
    i, h = layer.options["input_size"], layer.options["hidden_size"]
    if layer.options["num_layers"] != 1 or layer.options["bidirectional"]:
        return _params_by_tensor(graph, layer)
    if not any(is_bias(name) for name in layer.params):
        return f"{gates} · h · (i + h)", f"{gates} · {h} · ({i} + {h})"
    return f"{gates} · (h · (i + h) + 2 · h)", f"{gates} · ({h} · ({i} + {h}) + 2 · {h})"


def _params_by_tensor(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    return " + ".join(layer.params), " + ".join(" · ".join(map(str, shape)) or "1" for shape in layer.params.values())


PARAMS: dict[str, Callable[[LayerGraph, Layer], tuple[str, str]]] = {
    "conv2d": _params_conv,
    "table_conv2d": _params_table,
    "conv_transpose2d": _params_transposed,
    "linear": _params_linear,
    "subsample": _params_subsample,
    "rnn": _params_recurrent,
    "lstm": _params_recurrent,
    "gru": _params_recurrent,
}


# --- multiply-accumulates and connections --------------------------------------------------------------------------------


def _macs(graph: LayerGraph, layer: Layer, cost: LayerCost) -> Formula:
    if layer.kind not in MACS:
        return Formula("MACs", "0", "0", 0, "MACs", NO_MACS.get(layer.category, "No multiply-accumulates here."))
    symbols, values = MACS[layer.kind](graph, layer)
    return Formula("MACs", symbols, values, cost.macs, "MACs", ONE_MAC)


def _connections(graph: LayerGraph, layer: Layer, cost: LayerCost) -> Formula:
    if layer.kind == "subsample":
        assert layer.window
        (kh, kw), shape = layer.window.kernel, layer.shape
        symbols, values = "(k_h · k_w + 1) · C · H · W", f"({kh} · {kw} + 1) · {_product(shape)}"
    elif layer.kind == "rbf":
        symbols, values = "n_in · n_out", _product(layer.options["codes"])
    else:
        added = cost.connections - cost.macs
        symbols, values = ("MACs + one bias for each output", f"{cost.macs} + {added}") if added else ("MACs", f"{cost.macs}")
    return Formula("connections", symbols, values, cost.connections, "connections")


def _macs_conv(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    symbols, values = _taps(graph, layer)
    return f"{symbols} · C_out · H_out · W_out", f"{values} · {_product(layer.shape)}"


def _macs_table(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    assert layer.window
    kh, kw = layer.window.kernel
    return "k_h · k_w · table entries · H_out · W_out", f"{kh} · {kw} · {table_kernels(layer)} · {_product(layer.shape[1:])}"


def _macs_transposed(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    assert layer.window
    kh, kw = layer.window.kernel
    inputs = _product(source(graph, layer).shape)
    return "C_in · H_in · W_in · k_h · k_w · (C_out / g)", f"{inputs} · {kh} · {kw} · ({layer.shape[0]} // {layer.groups})"


def _macs_linear(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    inputs = source(graph, layer).shape[-1]
    return ("n_in · n_out" if len(layer.shape) == 1 else "n_in · outputs"), f"{inputs} · {_product(layer.shape)}"


def _macs_recurrent(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    weights = [shape for name, shape in owner(graph, layer).params.items() if not is_bias(name)]
    return "steps · weights", f"{layer.shape[0]} · ({' + '.join(_product(shape) for shape in weights)})"


def _macs_attention(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    (s, e), (k, key, value) = layer.shape, attended(graph, layer)
    if (k, key, value) == (s, e, e):
        return "4 · S · E · E + 2 · S · S · E", f"4 · {s} · {e} · {e} + 2 · {s} · {s} · {e}"
    symbols = "2 · S · E · E + K · E · (E_k + E_v) + 2 · S · K · E"
    return symbols, f"2 · {s} · {e} · {e} + {k} · {e} · ({key} + {value}) + 2 · {s} · {k} · {e}"


def _macs_matmul(graph: LayerGraph, layer: Layer) -> tuple[str, str]:
    return "inner size · outputs", f"{layer.options['inner']} · {_product(layer.shape)}"


MACS: dict[str, Callable[[LayerGraph, Layer], tuple[str, str]]] = {
    "conv2d": _macs_conv,
    "table_conv2d": _macs_table,
    "conv_transpose2d": _macs_transposed,
    "linear": _macs_linear,
    "rnn": _macs_recurrent,
    "lstm": _macs_recurrent,
    "gru": _macs_recurrent,
    "attention": _macs_attention,
    "matmul": _macs_matmul,
}


# --- memory --------------------------------------------------------------------------------------------------------------


def _activation(layer: Layer, cost: LayerCost) -> Formula:
    if not cost.activation_bytes:
        return Formula("activation memory", "0", "0", 0, "bytes", "A learned tensor; its memory is that of the parameters.")
    symbols = {3: "4 · C · H · W", 1: "4 · n"}.get(len(layer.shape), "4 · outputs")
    values = f"{FLOAT_BYTES} · {_product(layer.shape)}"
    return Formula("activation memory", symbols, values, cost.activation_bytes, "bytes", "One picture, 32-bit floats.")


def _kept(graph: LayerGraph, layer: Layer, cost: LayerCost) -> Formula:
    noted = notes(graph, layer)
    output = cost.kept_bytes - noted
    if not cost.kept_bytes:
        return Formula("kept for training", "0", "0", 0, "bytes", "No layer needs this output to work its gradient out.")
    if not noted:
        return Formula("kept for training", "output", f"{output}", output, "bytes", "The output stays in memory until the backward pass.")
    what = f"{INDEX_BYTES} bytes for where each maximum was" if "max_pool" in layer.kind else "its own notes for the backward pass"
    kept = (f"output + {what}", f"{output} + {noted}") if output else (what, f"{noted}")
    return Formula("kept for training", *kept, cost.kept_bytes, "bytes")


def _product(shape: tuple[int, ...]) -> str:
    return " · ".join(map(str, shape)) if shape else str(prod(shape))
