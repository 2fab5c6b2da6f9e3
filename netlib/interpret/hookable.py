"""A twin of a network that gives class scores, made ready for the hooks by which Captum changes the rules of its non-linear modules.

Three things go wrong on the network itself, and none is told. Captum hangs its hooks on the tensor that comes into a module: where a
pool follows a ReLU, the pool's change comes after the ReLU has looked (captum#1104), and a branch beside a ReLU is changed with it.
And its rule for max pooling writes what comes down to each window's maximum, so that of two windows with one maximum the last alone
counts. Here each non-linear module reads a copy that nobody else reads, and windows that overlap are laid out side by side.
And a module that works in place, as torchvision's ReLUs do, overwrites what a hook has yet to look at: here none does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netlib.interpret.twin import twin

if TYPE_CHECKING:
    from netlib.analysis.graph import Pair

RESCALED = (nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Softplus)  # for which Captum's DeepLIFT has the rescale rule
LOW = -1e30  # below any pixel, and finite: the difference of two is zero


class Hookable(nn.Module):
    """Scores of the classes, (N, C, H, W) -> (N, K), by a twin of `model`; `negative` where the smallest output wins."""

    def __init__(self, model: nn.Module, *, negative: bool) -> None:
        super().__init__()
        self.network, self.negative = twin(model), negative
        for module in list(self.network.modules()):
            if getattr(module, "inplace", False):
                module.inplace = False  # type: ignore[assignment]
            for name, part in module.named_children():
                if type(part) is nn.MaxPool2d and _overlaps(part):
                    setattr(module, name, nn.Sequential(SideBySide(part), nn.MaxPool2d(part.kernel_size)))
                elif type(part) in (*RESCALED, nn.MaxPool2d):
                    setattr(module, name, nn.Sequential(Apart(), part))

    def forward(self, x: Tensor) -> Tensor:
        output = self.network(x)
        if not isinstance(output, Tensor):  # named outputs: the first is the network's own, the others are auxiliary
            output = next(value for value in output if isinstance(value, Tensor))
        return -output if self.negative else output


class Apart(nn.Module):
    """The same numbers as a tensor of their own: what a hook changes here does not reach who else reads them."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clone()


class SideBySide(nn.Module):
    """Each window of a pool as a block of its own, so that a pool whose stride is its kernel gives what `pool` gives.

    Shapes: (N, C, H, W) -> (N, C, rows · kernel height, columns · kernel width).
    """

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding, self.dilation = _settings(pool)
        self.ceil = pool.ceil_mode

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            outputs = F.max_pool2d(x[:1, :1], self.kernel, self.stride, self.padding, self.dilation, self.ceil).shape[2:]
        (height, width), sizes = self.kernel, x.shape[2:]
        spans = [dilation * (kernel - 1) + 1 for kernel, dilation in zip(self.kernel, self.dilation, strict=True)]
        bottom, right = (
            max(0, (count - 1) * stride + span - size - padding)
            for count, stride, span, size, padding in zip(outputs, self.stride, spans, sizes, self.padding, strict=True)
        )
        x = F.pad(x, (self.padding[1], right, self.padding[0], bottom), value=LOW)
        x = x.unfold(2, spans[0], self.stride[0]).unfold(3, spans[1], self.stride[1])  # N, C, ≥ rows, ≥ columns, span, span
        x = x[:, :, : outputs[0], : outputs[1], :: self.dilation[0], :: self.dilation[1]]  # N, C, rows, columns, height, width
        return x.transpose(3, 4).reshape(*x.shape[:2], outputs[0] * height, outputs[1] * width)


def _settings(pool: nn.MaxPool2d) -> tuple[Pair, Pair, Pair, Pair]:
    kernel, stride, padding, dilation = (
        (value, value) if isinstance(value, int) else (value[0], value[1])
        for value in (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
    )
    return kernel, stride, padding, dilation


def _overlaps(pool: nn.MaxPool2d) -> bool:
    kernel, stride, _, dilation = _settings(pool)
    return dilation != (1, 1) or any(step < size for step, size in zip(stride, kernel, strict=True))
