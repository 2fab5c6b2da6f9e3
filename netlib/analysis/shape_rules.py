"""The arithmetic of shapes, in closed form, and what the rules built on it answer.

`module_rules` has a rule for each module, `function_rules` one for each function; a test holds every rule against running
the layer itself. A rule that is not met raises `Misfit` with the rest of a sentence that begins with the layer:
"takes 3 channels, but …; give an input that fits." Shapes leave out the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from netlib.analysis.graph import Pair, Shape, Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

SAME = "same"  # nothing happens to the tensor: no layer is recorded


class Misfit(Exception):
    """What comes in does not fit; the text goes on from the layer's name."""


class BatchMixed(Exception):
    """Pixels and pictures of a batch change places: shapes without the batch no longer tell what a layer does."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule finds: the fields of the Layer it becomes.

    `weights` are the arguments of a function that are learned tensors of the layer itself; `wrap` makes of the output
    what the module hands over.
    """

    kind: str
    shape: Shape = ()
    window: Window | None = None
    groups: int = 1
    options: dict[str, Any] | None = None
    weights: dict[str, Tensor] | None = None
    wrap: Callable[[Tensor], Any] | None = None


def convolved(
    x: Shape, units: int, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int,
    options: dict[str, Any] | None = None, weights: dict[str, Tensor] | None = None,
) -> Result:  # fmt: skip
    """A convolution. Source: torch.nn.Conv2d."""
    window = window_of(kernel, stride, padding, dilation)
    total = _same_total(kernel, dilation) if padding == "same" else None
    return Result("conv2d", (units, *slide(window, x, total=total)), window, groups, options, weights)


def convolved_back(
    x: Shape, units: int, kernel: Any, stride: Any, padding: Any, dilation: Any, extra: Any, groups: int,
    weights: dict[str, Tensor] | None = None,
) -> Result:  # fmt: skip
    """A transposed convolution; `extra` is PyTorch's output_padding. Source: torch.nn.ConvTranspose2d."""
    window = window_of(kernel, stride, padding, dilation)
    height, width = (
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, k, s, p, d, e in zip(x[-2:], window.kernel, window.stride, window.padding, window.dilation, pair(extra), strict=True)
    )
    if height < 1 or width < 1:
        raise Misfit(f"cuts more padding away than {text(x)} has room for; give a larger input.")
    return Result("conv_transpose2d", (units, height, width), window, groups, weights=weights)


def local_response_norm(x: Shape, size: int, alpha: float, beta: float, k: float) -> Result:
    """PyTorch divides alpha by the size; the option holds the papers' alpha."""
    return Result("lrn", x, options={"size": size, "alpha": round(alpha / size, 12), "beta": beta, "k": k})


def pair(value: Any) -> Pair:
    """A number for both axes, or (height, width)."""
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def window_of(kernel: Any, stride: Any, padding: Any, dilation: Any) -> Window:
    """The Window of PyTorch's arguments."""
    k, d = pair(kernel), pair(dilation)
    if padding == "same":
        total = _same_total(kernel, dilation)
        padding = (total[0] // 2, total[1] // 2)  # the odd pixel goes to the bottom and the right
    return Window(k, pair(stride), (0, 0) if padding == "valid" else pair(padding), d)


def _same_total(kernel: Any, dilation: Any) -> Pair:
    (kh, kw), (dh, dw) = pair(kernel), pair(dilation)
    return dh * (kh - 1), dw * (kw - 1)


def slide(window: Window, x: Shape, *, ceil_mode: bool = False, total: Pair | None = None, pooling: bool = False) -> Pair:
    """How many positions the window has in height and width.

    Source: torch.nn.Conv2d and MaxPool2d. With `ceil_mode` a last, overhanging position counts if it begins inside.
    """
    check_map(x)
    if pooling and any(2 * p > k for p, k in zip(window.padding, window.kernel, strict=True)):
        raise Misfit(f"pads {_times(window.padding)}, more than half of its window of {_times(window.kernel)}; pad it less.")
    sizes = []
    for axis, n in enumerate(x[-2:]):
        k, s, p, d = window.kernel[axis], window.stride[axis], window.padding[axis], window.dilation[axis]
        room = n + (2 * p if total is None else total[axis]) - d * (k - 1) - 1
        count = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1
        if count < 1:
            raise Misfit(f"slides a window of {_times(window.kernel)}, but only {text(x)} came in; give a larger input.")
        sizes.append(count)
    return sizes[0], sizes[1]


def adaptive(size: Any, x: Shape) -> Pair:
    """The size asked for; None leaves an axis as it is."""
    height, width = (size, size) if isinstance(size, int) else size
    return (x[-2] if height is None else height, x[-1] if width is None else width)


def axis_of(dim: int | None, x: Shape) -> int:
    """Which axis of `x`, a shape without the batch, a function means that counts the batch; None as softmax takes it."""
    if dim is None:
        dim = 0 if len(x) in (0, 2) else 1
    axis = dim % (len(x) + 1) - 1
    if axis < 0:
        raise BatchMixed
    return axis


def last_axes(x: Shape, count: int) -> Shape:
    """The last `count` axes of `x`, as layer normalization counts them."""
    return tuple(range(len(x) - count, len(x)))


def flattened(sizes: Shape, start: int, end: int) -> Result:
    """Axes `start` to `end` of a tensor with its batch made one."""
    start, end = start % len(sizes), end % len(sizes)
    if start == 0 < end:
        raise BatchMixed
    shape = (*sizes[:start], prod(sizes[start : end + 1]), *sizes[end + 1 :])
    return Result(SAME) if start >= end else Result("flatten", shape[1:])


def check_map(x: Shape) -> None:
    """Raise Misfit unless `x` is a map (C, H, W)."""
    if len(x) != 3:
        raise Misfit(f"takes maps (channels × height × width), but {text(x)} came in; give an input that fits.")


def check_channels(wanted: int, x: Shape) -> None:
    """Raise Misfit unless `x` has as many channels as are wanted."""
    if x[0] != wanted:
        raise Misfit(f"takes {wanted} {'channel' if wanted == 1 else 'channels'}, but {text(x)} came in; give an input that fits.")


def check_features(wanted: int, x: Shape) -> Shape:
    """The axes before the last one; raise Misfit unless that is as long as wanted."""
    if x[-1] != wanted:
        raise Misfit(f"takes vectors of {wanted}, but {text(x)} came in; give an input that fits.")
    return x[:-1]


def text(shape: Shape) -> str:
    """A shape for a sentence, "3×224×224"."""
    return "×".join(map(str, shape)) or "a single number"


def _times(size: Pair) -> str:
    return f"{size[0]}×{size[1]}"
