"""How counts, sizes and shapes are written. Inside netlib everything is an exact integer; only here it becomes text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.graph import Layer, Shape

_SI = ("", "k", "M", "G", "T", "P")
_IEC = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")

# What a layer is called where its path says nothing; kinds not listed are their own name.
KIND_NAMES = {
    "conv2d": "convolution", "table_conv2d": "table convolution", "conv_transpose2d": "transposed convolution",
    "linear": "fully connected", "rbf": "RBF", "rnn": "RNN", "lstm": "LSTM", "gru": "GRU",
    "max_pool2d": "max pooling", "avg_pool2d": "average pooling", "adaptive_max_pool2d": "adaptive max pooling",
    "adaptive_avg_pool2d": "adaptive average pooling", "subsample": "subsampling", "mean": "mean",
    "lrn": "LRN", "batch_norm": "BN", "layer_norm": "LayerNorm", "group_norm": "GroupNorm",
    "relu": "ReLU", "relu6": "ReLU6", "leaky_relu": "leaky ReLU", "scaled_tanh": "scaled tanh", "hardsigmoid": "hard sigmoid",
    "hardswish": "hard swish", "silu": "SiLU", "gelu": "GELU", "elu": "ELU", "prelu": "PReLU", "hardtanh": "hard tanh",
    "log_softmax": "log softmax",
    "stochastic_depth": "stochastic depth", "option_a": "option A", "mul": "multiply",
}  # fmt: skip


def exact(number: int) -> str:
    """All digits: 62378344 -> "62,378,344"."""
    return f"{number:,}"


def count(number: int) -> str:
    """Three significant digits: 62378344 -> "62.4 M", 840 -> "840"."""
    if abs(number) < 1000:
        return str(number)
    return _scaled(number, 1000, _SI)


def macs(number: int) -> str:
    """Multiply-accumulates: 1135256096 -> "1.14 G MACs"."""
    return f"{count(number)} MACs"


def params(number: int) -> str:
    """Parameters: 34944 -> "34.9 k params"."""
    return f"{count(number)} params"


def bytes_(number: int) -> str:
    """Binary units: 249513376 -> "238 MiB"."""
    if abs(number) < 1024:
        return f"{number} B"
    return _scaled(number, 1024, _IEC)


def value(number: float) -> str:
    """An activation, a weight, a gradient: three significant digits, -0.031249 -> "−0.0312", 1234.5 -> "1,230", 1.5e-07 -> "1.50e−07"."""
    size = abs(number)
    if not math.isfinite(size):
        return str(number).replace("-", "−")
    if size == 0:
        return "0"
    digits = 2 - math.floor(math.log10(float(f"{size:.2e}")))
    text = f"{number:.2e}" if digits > 6 or digits < -4 else f"{round(number, digits):,.{max(0, digits)}f}"
    return text.replace("-", "−")


def percent(share: float) -> str:
    """A share 0 … 1: 0.4071 -> "41 %", 0.0032 -> "0.3 %", 0.00004 -> "under 0.1 %"; only all of it is "100 %"."""
    return percents([share])[0]


def percents(shares: Sequence[float]) -> list[str]:
    """Shares that are read side by side, with as many digits each: 0.4071, 0.951 -> "40.7 %", "95.1 %"; all and nothing need none."""
    digits = 1 if any(0 < share < 0.0995 or 0.9005 < share < 1 for share in shares) else 0
    return [_percent(share, digits) for share in shares]


def _percent(share: float, digits: int) -> str:
    if 0 < share < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= share < 1:
        return "over 99.9 %"
    return f"{100 * share:.{0 if share in (0, 1) else digits}f} %"


def shape(dimensions: Shape) -> str:
    """Maps as the papers write them, height first: (96, 55, 55) -> "55×55×96"; (4096,) -> "4096"."""
    if len(dimensions) == 3:
        channels, height, width = dimensions
        dimensions = (height, width, channels)
    return "×".join(map(str, dimensions)) or "scalar"


def kind(name: str) -> str:
    """A layer kind as words: "max_pool2d" -> "max pooling"."""
    return KIND_NAMES.get(name, name.replace("_", " "))


def window(layer: Layer) -> str:
    """Kernel and stride as papers write them, (h, w): "11×11/4", "3×3"; empty without a window."""
    if layer.window is None:
        return ""
    (kh, kw), (sh, sw) = layer.window.kernel, layer.window.stride
    stride = "" if (sh, sw) == (1, 1) else f"/{sh}" if sh == sw else f"/({sh}, {sw})"
    return f"{kh}×{kw}{stride}"


def _scaled(number: int, base: int, units: tuple[str, ...]) -> str:
    value, power = float(number), 0
    while power + 1 < len(units) and (abs(value) >= base or len(_three_digits(value).lstrip("-").partition(".")[0]) > 3):
        value, power = value / base, power + 1
    return f"{_three_digits(value)} {units[power]}"


def _three_digits(value: float) -> str:
    size = abs(value)
    return f"{value:.2f}" if size < 9.995 else f"{value:.1f}" if size < 99.95 else f"{value:.0f}"
