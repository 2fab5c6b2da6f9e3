"""A sliding window on the way back: a convolution's filters transposed, a pooling's signals put where its maxima came from (the switches).

Source: Zeiler, Fergus, ECCV 2014, section 2.1, unpooling and filtering.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netlib.interpret.parts import Part, Place
from netlib.interpret.windows import divisors, read_by

if TYPE_CHECKING:
    from netlib.analysis.graph import Layer
    from netlib.analysis.span import Axis
    from netlib.interpret.signals import Signals
    from netlib.interpret.stepwise import Stepwise

NO_TAP = 255
FEW = 4  # channels


class Transposed:
    """The sliding layers of a network that has seen pictures, each transposed; their switches and divisors are found once."""

    def __init__(self, steps: Stepwise, signals: Signals) -> None:
        self.steps, self.signals = steps, signals
        self._taps: dict[str, Tensor] = {}

    def through(self, layer: Layer, axes: tuple[Axis, Axis], here: Part, pictures: Tensor) -> Part:
        """A sliding window transposed: from the windows `here` to all that they read."""
        source = layer.inputs[0]
        (rows, columns), reads = axes, read_by(here.place, axes)
        module, channels = self.steps.module(layer.name), self.signals.maps[source].shape[1]
        if isinstance(module, nn.Conv2d):
            values = _transposed(module, here.values, reads.size)
        elif layer.kind == "max_pool2d":
            values = self._unpooled(layer, axes, here, reads, pictures)
        else:
            x = here.values.new_zeros(len(pictures), channels, *reads.size).requires_grad_()
            with torch.enable_grad():
                if layer.kind == "avg_pool2d":  # padded or not, each unit divides by what its own answer to a map of ones says
                    y = F.avg_pool2d(x, (rows.kernel, columns.kernel), (rows.stride, columns.stride), divisor_override=1)
                    signal = here.values / self.signals.framed(f"divisors of {layer.name}", self._divisors(layer, axes), here.place, 0, 1)
                else:
                    y, signal = self.steps.run(layer, [x]), here.values
            (values,) = torch.autograd.grad(y, x, signal)
        return self.signals.inside(source, Part(values, reads))

    def _unpooled(self, layer: Layer, axes: tuple[Axis, Axis], here: Part, reads: Place, pictures: Tensor) -> Tensor:
        """Each signal put where its maximum came from."""
        rows, columns = axes
        # which tap of its window each maximum was; beyond the map there are none
        switches = self.signals.framed(f"switches of {layer.name}", self._switches(layer, axes), here.place, pictures, NO_TAP)
        (u, channels, height, width), across = here.values.shape, reads.size[1]
        place = torch.zeros(NO_TAP + 1, dtype=torch.long)  # of each tap, counted along the rows; where there is none, there is no signal
        for tap in range(rows.kernel * columns.kernel):
            place[tap] = tap // columns.kernel * rows.dilation * across + tap % columns.kernel * columns.dilation
        first = torch.arange(height)[:, None] * rows.stride * across + torch.arange(width) * columns.stride
        place, first = place.to(switches.device), first.to(switches.device)
        target = place[switches.contiguous().int()] + first  # (U, C, height, width)
        values = here.values.new_zeros(u, channels, reads.size[0] * across)
        return values.scatter_add_(2, target.flatten(2), here.values.contiguous().flatten(2)).view(u, channels, *reads.size)

    def _switches(self, layer: Layer, axes: tuple[Axis, Axis]) -> Tensor:
        """(N, C, H, W): the tap of its window, row by row, that each unit's maximum was."""
        if layer.name not in self._taps:
            rows, columns = axes
            # of equal maxima, as in a window of zeros, PyTorch takes the first in row order only where tensors are contiguous
            x, y = self.signals.maps[layer.inputs[0]].contiguous(), self.signals.maps[layer.name]
            kernel, stride = (rows.kernel, columns.kernel), (rows.stride, columns.stride)
            padding, dilation = (rows.padding, columns.padding), (rows.dilation, columns.dilation)
            for ceil in (False, True):
                pooled, at = F.max_pool2d(x, kernel, stride, padding, dilation, ceil, return_indices=True)
                if pooled.shape == y.shape:
                    break
            top = torch.arange(y.shape[2], device=at.device)[:, None] * rows.stride - rows.padding
            left = torch.arange(y.shape[3], device=at.device) * columns.stride - columns.padding
            tap = (at // x.shape[3] - top) // rows.dilation * columns.kernel + (at % x.shape[3] - left) // columns.dilation
            self._taps[layer.name] = tap.to(torch.uint8)
        return self._taps[layer.name]

    def _divisors(self, layer: Layer, axes: tuple[Axis, Axis]) -> Tensor:
        if layer.name not in self._taps:
            self._taps[layer.name] = divisors(self.steps, layer, axes, self.signals.maps[layer.inputs[0]])
        return self._taps[layer.name]


def _transposed(layer: nn.Conv2d, signal: Tensor, size: tuple[int, int]) -> Tensor:
    """A convolution's way back, without its padding. To few channels, as to the picture's, folding patches is twice as fast."""
    if layer.in_channels > FEW or layer.groups > 1:
        return F.conv_transpose2d(signal, layer.weight, None, layer.stride, 0, 0, layer.groups, layer.dilation)
    weight = layer.weight.flatten(1).T.expand(len(signal), -1, -1)
    patches = torch.bmm(weight, signal.contiguous().flatten(2))  # (U, C · kernel, units)
    return F.fold(patches, size, layer.kernel_size, layer.dilation, 0, layer.stride)
