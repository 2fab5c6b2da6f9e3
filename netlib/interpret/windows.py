"""What the way forwards (`incremental`) and the way back (`transposed`) share: which windows of a map the windows of a layer read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from netlib.interpret.parts import Place

if TYPE_CHECKING:
    from torch import Tensor

    from netlib.analysis.graph import Layer
    from netlib.analysis.span import Axis
    from netlib.interpret.stepwise import Stepwise


def read_by(place: Place, steps: tuple[Axis, Axis]) -> Place:
    """The windows that the windows at `place` of a sliding layer read of the map before it, on padding where it pads."""
    rows, columns = steps
    return Place(
        place.rows * rows.stride - rows.padding,
        place.columns * columns.stride - columns.padding,
        (_extent(rows, place.size[0]), _extent(columns, place.size[1])),
    )


def overhang(axis: Axis) -> int:
    """How far the last unit's window reaches beyond the map."""
    return max(0, _extent(axis, axis.outputs) - axis.padding - axis.inputs)


def divisors(runner: Stepwise, layer: Layer, steps: tuple[Axis, Axis], maps: Tensor) -> Tensor:
    """By how much each unit of an average pooling divides its sum, found out by its own answer to a map of ones.

    Shapes: maps, what comes into the layer, (N, C, H, W) -> (1, 1, the layer's height, its width).
    """
    rows, columns = steps
    ones = torch.ones_like(maps[:1, :1])
    frame = F.pad(ones, (columns.padding, overhang(columns), rows.padding, overhang(rows)))
    sums = F.avg_pool2d(frame, (rows.kernel, columns.kernel), (rows.stride, columns.stride), divisor_override=1)
    return sums / runner.run(layer, [ones])


def _extent(axis: Axis, units: int) -> int:
    """How many positions in a row `units` neighbouring units read."""
    return (units - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
