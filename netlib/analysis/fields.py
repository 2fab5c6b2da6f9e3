"""The fields of all units of a layer at once, from the picture upwards, one axis at a time.

Source: Araujo, Norris, Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill 2019: r = r + (k − 1)·j, j = j·s,
and the alignment of branches; adaptive pooling and transposed convolutions are ours.
"""

from __future__ import annotations

from math import gcd, lcm
from typing import TYPE_CHECKING, NamedTuple

from netlib.analysis.moves import Steps, edges, map_size
from netlib.analysis.span import NOTHING, Axis, Span, hull, read

if TYPE_CHECKING:
    from netlib.analysis.graph import LayerGraph


class Fields(NamedTuple):
    """The fields of all units along one axis: unit q·P + r sees spans[r] moved by q·shift, with P = len(spans).

    P is 1 as long as all units see the same window, moved. Adaptive pooling to a size that does not divide, and transposed
    convolutions, have P different units that repeat.
    """

    spans: tuple[Span, ...]
    shift: int

    @property
    def size(self) -> int:
        return max([stop - start for start, stop in self.spans])

    @property
    def stride(self) -> float:
        whole, rest = divmod(self.shift, len(self.spans))
        return self.shift / len(self.spans) if rest else whole

    def at(self, unit: int) -> Span:
        times, place = divmod(unit, len(self.spans))
        span = self.spans[place]
        return Span(span.start + times * self.shift, span.stop + times * self.shift) if span else NOTHING

    def all(self, units: int) -> Span:
        """What the first `units` units see together."""
        return hull(*map(self.at, range(units))) if len(self.spans) > 1 else hull(self.at(0), self.at(units - 1))


State = tuple[Fields, Fields, bool]  # rows, columns, aligned
_PIXELS = Fields((Span(0, 1),), 1)
_NONE = Fields((NOTHING,), 0)
LEARNED = (_NONE, _NONE, True)


def through(axis: Axis, fields: Fields) -> Fields:
    """The fields of a layer's units, given those of the units it reads."""
    (first, *others), shift = fields
    if axis.form == "window" and not others:
        start = first.start - axis.padding * shift
        stop = first.stop + ((axis.kernel - 1) * axis.dilation - axis.padding) * shift
        return Fields((Span(start, stop),), shift * axis.stride)
    period, moved = len(fields.spans), {"window": axis.stride, "transposed": 1, "adaptive": axis.inputs}[axis.form]
    units = {"window": 1, "transposed": axis.stride, "adaptive": axis.outputs}[axis.form]
    # `units` units further on the layer reads `moved` positions further on; how often until the fields repeat?
    common = gcd(units, moved)
    units, moved = units // common, moved // common
    times = period // gcd(period, moved)
    spans = tuple(hull(*map(fields.at, _read_by(axis, unit))) for unit in range(units * times))
    return _simplest(Fields(spans, shift * (moved * times // period)))


def _read_by(axis: Axis, unit: int) -> list[int]:
    """The very positions one unit reads, gaps left out."""
    if axis.form == "window":
        return [unit * axis.stride - axis.padding + tap * axis.dilation for tap in range(axis.kernel)]
    if axis.form == "transposed":
        taps = (unit + axis.padding - tap * axis.dilation for tap in range(axis.kernel))
        return [tap // axis.stride for tap in taps if tap % axis.stride == 0]
    return list(range(*read(axis, Span(unit, unit + 1))))


def _simplest(fields: Fields) -> Fields:
    stride, rest = divmod(fields.shift, len(fields.spans))
    single = Fields(fields.spans[:1], stride)
    same = rest == 0 and all(span == single.at(unit) for unit, span in enumerate(fields.spans))
    return single if same else fields


def union(branches: list[Fields], units: int) -> tuple[Fields, bool]:
    """The fields of units that see what all branches see, and whether the branches agree in stride and centre.

    A branch whose units all see the same, such as the gate of squeeze-and-excitation, has no place and agrees with any.
    """
    first = branches[0]
    if all(branch == first for branch in branches):
        return first, True
    if first.shift and all(branch.shift == first.shift and len(branch.spans) == 1 for branch in branches):
        spans = [branch.spans[0] for branch in branches]  # the rule, written out because it is nearly always this one
        return Fields((hull(*spans),), first.shift), len({start + stop for start, stop in spans}) == 1
    moving = [branch for branch in branches if branch.shift]
    one_rate = len({branch.stride for branch in moving}) == 1
    period = lcm(*(len(branch.spans) for branch in moving))
    aligned = not moving or (one_rate and all(len({sum(branch.at(unit)) for branch in moving}) == 1 for unit in range(period)))
    if len(moving) == len(branches) and one_rate:
        shift = first.shift * period // len(first.spans)
        return _simplest(Fields(tuple(hull(*(branch.at(unit) for branch in branches)) for unit in range(period)), shift)), aligned
    return Fields((hull(*(branch.all(units) for branch in branches)),), 0), aligned  # no one rule fits: what all units see


def fields_of(graph: LayerGraph) -> dict[str, State]:
    """Rows, columns and alignment of each layer that depends on the picture."""
    found: dict[str, State] = {}
    by_name = graph.by_name
    for name, (axes, reads) in edges(graph).items():
        if not reads:
            found[name] = (_PIXELS, _PIXELS, True) if axes else _line(by_name[name].shape[0])
            continue
        branches = [_through_both(steps, found[source]) for source, steps in reads]
        if len(branches) == 1:
            found[name] = branches[0]
            continue
        height, width = map_size(by_name[name].shape, axes)
        rows, agree = union([branch[0] for branch in branches], height)
        columns = rows
        if height != width or any(branch[0] is not branch[1] for branch in branches):
            columns, columns_agree = union([branch[1] for branch in branches], width)
            agree = agree and columns_agree
        found[name] = rows, columns, agree and all(branch[2] for branch in branches)
    return found


def _through_both(steps: Steps, state: State) -> State:
    if steps is None:
        return state
    rows, columns, aligned = state
    below = through(steps[0], rows)
    aligned = aligned and "circular" not in (steps[0].border, steps[1].border)  # at a border they see the other end, too
    return below, below if rows == columns and steps[0] == steps[1] else through(steps[1], columns), aligned


def _line(length: int) -> State:
    """An input without rows and columns, seen as one row that each unit reads as a whole."""
    return Fields((Span(0, 1),), 0), Fields((Span(0, length),), 0), True
