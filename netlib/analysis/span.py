"""How one axis of one layer links an interval of its units to an interval of the positions they read.

A window ties unit i to the positions i·stride − padding + t·dilation, t = 0 … kernel − 1. Followed from unit to position that
is what the unit reads; followed from position to unit, what a changed position touches. A transposed convolution is the
same tie with its ends swapped, so one arithmetic serves receptive fields, occlusion and deconvolution.

Where a border is not padded with zeros, a position outside the map stands for one inside it, its image.
"""

from __future__ import annotations

from typing import NamedTuple

_FAR = 1 << 40  # beyond any map: a clip that never acts


class Span(NamedTuple):
    """A half-open interval of whole numbers, false when empty."""

    start: int
    stop: int

    def __bool__(self) -> bool:
        return self.start < self.stop

    def clipped(self, low: int, high: int) -> Span:
        """The part inside [low, high)."""
        start, stop = max(self.start, low), min(self.stop, high)
        return Span(start, stop) if start < stop else NOTHING


NOTHING = Span(0, 0)


class Axis(NamedTuple):
    """One axis (rows or columns) of a layer: how its `outputs` units stand over its `inputs` positions.

    `form` is "window", "transposed" or "adaptive" (unit i of m reads ⌊i n/m⌋ … ⌈(i+1) n/m⌉; it has no window of its own).
    Stride 0 means that all units read the same: a layer that looks at the whole map, or a map of one that is broadcast.
    `border` is what a window reads beyond the map: "zeros", or what lies inside, as PyTorch's padding modes "circular",
    "reflect" and "replicate" have it.
    """

    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    form: str = "window"
    border: str = "zeros"


def read(axis: Axis, units: Span, *, inside: bool = False) -> Span:
    """The positions that `units` read: from the first to the last, padding included unless `inside`."""
    if not units:
        return NOTHING
    if inside and axis.border != "zeros":
        before, after = _positions(axis, units, -_FAR, 0), _positions(axis, units, axis.inputs, _FAR)
        return hull(_positions(axis, units, 0, axis.inputs), *_images(axis, before, after))
    low, high = (0, axis.inputs) if inside else (-_FAR, _FAR)
    if axis.form == "window":
        return _positions(axis, units, low, high)
    if axis.form == "transposed":
        return _units(axis, units, low, high)
    return _scaled(units, axis.inputs, axis.outputs).clipped(low, high)


def touched(axis: Axis, positions: Span) -> Span:
    """The units of the layer that read at least one of `positions`: from the first to the last, empty when none does."""
    positions = positions.clipped(0, axis.inputs)
    if not positions:
        return NOTHING
    if axis.form == "window":
        spans = (positions, *(span for span in _outside(axis, positions) if span))
        return hull(*(_units(axis, span, 0, axis.outputs) for span in spans))
    if axis.form == "transposed":
        return _positions(axis, positions, 0, axis.outputs)
    return _scaled(positions, axis.outputs, axis.inputs).clipped(0, axis.outputs)


def hull(*spans: Span) -> Span:
    """The smallest interval that holds all of `spans`; empty ones do not count."""
    full = [span for span in spans if span]
    return Span(min(span.start for span in full), max(span.stop for span in full)) if full else NOTHING


def _scaled(span: Span, to: int, from_: int) -> Span:
    return Span(span.start * to // from_, -(-span.stop * to // from_))


def _positions(axis: Axis, units: Span, low: int, high: int) -> Span:
    """First to last of {i·s − p + t·d} inside [low, high), for i in `units`."""
    _, _, kernel, stride, padding, dilation, *_ = axis
    whole = Span(units.start * stride - padding, (units.stop - 1) * stride - padding + (kernel - 1) * dilation + 1)
    if low <= whole.start and whole.stop <= high:
        return whole
    if dilation == 1 and stride <= kernel:  # no gaps between the windows or in them
        return whole.clipped(low, high)
    spans = []
    for tap in range(-padding, kernel * dilation - padding, dilation):  # with gaps the first position inside need not be `low`
        first = max(units.start, -((tap - low) // stride)) if stride else units.start
        last = min(units.stop - 1, (high - 1 - tap) // stride) if stride else units.stop - 1
        spans.append(Span(first * stride + tap, last * stride + tap + 1) if first <= last else NOTHING)
    return hull(*spans)


def _units(axis: Axis, positions: Span, low: int, high: int) -> Span:
    """First to last of the i in [low, high) with some i·s − p + t·d in `positions`."""
    _, _, kernel, stride, padding, dilation, *_ = axis
    start, stop = positions
    if stride == 0:
        return Span(low, high)
    if dilation == 1:  # the units are consecutive
        return Span(-((kernel - 1 - padding - start) // stride), (stop - 1 + padding) // stride + 1).clipped(low, high)
    taps = range(-padding, kernel * dilation - padding, dilation)
    return hull(*(Span(-((tap - start) // stride), (stop - 1 - tap) // stride + 1).clipped(low, high) for tap in taps))


def _images(axis: Axis, before: Span, after: Span) -> list[Span]:
    """The positions inside the map that those before and after it stand for."""
    n, images = axis.inputs, []
    if before:
        images.append({
            "circular": Span(before.start + n, before.stop + n), "reflect": Span(1 - before.stop, 1 - before.start),
            "replicate": Span(0, 1),
        }[axis.border])  # fmt: skip
    if after:
        images.append({
            "circular": Span(after.start - n, after.stop - n), "reflect": Span(2 * n - 1 - after.stop, 2 * n - 1 - after.start),
            "replicate": Span(n - 1, n),
        }[axis.border])  # fmt: skip
    return [span.clipped(0, n) for span in images]


def _outside(axis: Axis, positions: Span) -> tuple[Span, Span]:
    """The positions before and after the map whose images lie in `positions`."""
    n, (start, stop) = axis.inputs, positions
    if axis.border == "circular":
        return Span(start - n, stop - n), Span(start + n, stop + n)
    if axis.border == "reflect":
        return Span(1 - stop, 1 - start).clipped(-_FAR, 0), Span(2 * n - 1 - stop, 2 * n - 1 - start).clipped(n, _FAR)
    if axis.border == "replicate":
        end = (axis.outputs - 1) * axis.stride - axis.padding + (axis.kernel - 1) * axis.dilation + 1
        return (Span(-axis.padding, 0) if start == 0 else NOTHING), (Span(n, end) if stop == n else NOTHING)
    return NOTHING, NOTHING
