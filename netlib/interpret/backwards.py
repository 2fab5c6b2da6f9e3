"""From units of a layer back to the picture, layer by layer, by one of three rules; only what a unit sees is computed.

A signal starts at one unit, all others being zero, and is taken down through each layer by the transpose of what the layer does:
a convolution by its filters transposed, a pooling to the place its maximum came from (the switch), a concatenation to its branches,
an addition to all its summands. The three methods differ at the ReLU, and, where the deconvnet's paper is silent, at local response
normalization and other nonlinearities. At the ReLU:

    gradient     the signal passes where the forward pass was positive
    deconvnet    the signal passes where it is positive itself (it is rectified)
    guided       both

What the deconvnet paper leaves open, decided here: local response normalization and all other nonlinearities than ReLU (and ReLU6)
are passed unchanged, as the paper's own figure has no layer for them; batch normalization scales by γ/√(σ² + ε), the transpose of
what it is at test time; overlapping poolings add up where they share a switch. The other two methods differentiate these layers.

Sources: Zeiler, Fergus, ECCV 2014, section 2.1; Simonyan, Vedaldi, Zisserman, arXiv 1312.6034, section 4; Springenberg et al.,
Striving for Simplicity, arXiv 1412.6806, section 3.4 and Figure 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netlib.analysis.moves import edges
from netlib.errors import InvalidInput, UnsupportedLayer
from netlib.interpret.parts import Part, Place, cut, everywhere, padded, paste
from netlib.interpret.windows import divisors, read_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netlib.analysis.graph import Layer
    from netlib.analysis.span import Axis
    from netlib.interpret.stepwise import Stepwise

Method = Literal["deconvnet", "gradient", "guided"]
METHODS: tuple[Method, ...] = ("deconvnet", "gradient", "guided")

PASSED = frozenset("dropout stochastic_depth identity add".split())  # by every method
RECTIFIED = frozenset(("relu", "relu6"))
# What the deconvnet passes unchanged; the other methods differentiate it.
SQUASHED = frozenset(
    "lrn leaky_relu tanh scaled_tanh sigmoid hardsigmoid hardswish silu gelu elu prelu mish softplus hardtanh clamp softmax "
    "log_softmax".split()
)
POINTWISE = SQUASHED | {"batch_norm"}
WHOLE = frozenset("linear flatten reshape mean adaptive_avg_pool2d pad slice permute expand".split())  # linear: transposed on the whole map
SLIDING = frozenset("conv2d max_pool2d avg_pool2d subsample table_conv2d option_a".split())


NO_TAP = 255
FEW = 4  # channels


class Step(NamedTuple):
    """A signal that has come down to a layer's output, as it leaves it downwards.

    Attributes:
        layer: the layer.
        signal: (U, *its shape), or windows of its map.
    """

    layer: str
    signal: Part | Tensor


class Backwards:
    """Pictures that a model has seen, and the way back from any of a layer's units. The model is used: hold its lock, in eval mode.

    Attributes:
        steps: the model, layer by layer.
        layer: where signals start.
        maps: layer -> its output for the pictures, (N, *shape).
    """

    def __init__(self, steps: Stepwise, images: Tensor, layer: str, method: Method = "deconvnet") -> None:
        self.steps, self.layer, self.method = steps, layer, method
        if method not in METHODS:
            raise InvalidInput(f"There is no way back called {method!r}; choose one of: {', '.join(METHODS)}.")
        graph = steps.graph
        self._start = graph.inputs[0].name
        self._plan = edges(graph)
        self._way = [name for name in steps.needed([self._start], [layer]) if name.name in self._plan][::-1]
        self._refuse()
        with torch.no_grad():
            self.maps: Mapping[str, Tensor] = steps.activations(
                images.contiguous(memory_format=torch.channels_last), [self._start, *(one.name for one in self._way)]
            )
        self._frames: dict[str, tuple[tuple[int, int, int, int], Tensor]] = {}
        self._taps: dict[str, Tensor] = {}

    def _refuse(self) -> None:
        for layer in self._way:
            known = PASSED | RECTIFIED | POINTWISE | WHOLE | SLIDING | {"concat"}
            if layer.kind not in known and self.method == "deconvnet":
                raise UnsupportedLayer(
                    f"The deconvnet has no rule for {layer.name} ({layer.kind}) of {self.steps.graph.name}; choose a layer before it, "
                    "or the gradient.", layer=layer.name,
                )  # fmt: skip

    def has_map(self, name: str) -> bool:
        """Whether a layer's output is a map (C, H, W) whose units see different places."""
        return self._plan[name][0] == (1, 2) and self.maps[name].dim() == 4

    def start(self, pictures: Tensor, channels: Tensor, rows: Tensor, columns: Tensor) -> Part | Tensor:
        """The signal of U units, each alone in its layer: the unit's activation for the deconvnet, 1 for the others."""
        maps = self.maps[self.layer]
        with_map, each = self.has_map(self.layer), torch.arange(len(pictures))
        values = maps[pictures, channels, rows, columns] if with_map else maps[pictures].flatten(1)[each, channels]
        values = values if self.method == "deconvnet" else torch.ones_like(values)
        signal = maps.new_zeros(len(pictures), maps.shape[1] if with_map else maps[0].numel())
        signal[each, channels] = values
        return Part(signal[:, :, None, None], Place(rows, columns, (1, 1))) if with_map else signal.view(len(pictures), *maps.shape[1:])

    @torch.no_grad()
    def down(self, signal: Part | Tensor, pictures: Tensor) -> Iterator[Step]:
        """The signal at each layer on the way, from its own down to the picture, the last step."""
        waiting: dict[str, list[Part | Tensor]] = {self.layer: [signal]}
        for layer in self._way:
            if layer.name not in waiting:
                continue
            here = self._joined(layer.name, waiting.pop(layer.name))
            yield Step(layer.name, here)
            for source, part in self._through(layer, here, pictures):
                waiting.setdefault(source, []).append(part)
        if self._start in waiting:
            yield Step(self._start, self._joined(self._start, waiting[self._start]))

    # --- one layer --------------------------------------------------------------------------------------------------------

    def _through(self, layer: Layer, here: Part | Tensor, pictures: Tensor) -> list[tuple[str, Part | Tensor]]:
        """What a layer hands to each layer before it."""
        kind, reads = layer.kind, self._plan[layer.name][1]
        if kind in PASSED and all(self.maps[source].shape == self.maps[layer.name].shape for source, _ in reads):
            return [(source, here) for source, _ in reads]
        if kind in RECTIFIED:
            return [(reads[0][0], self._rectified(layer, here, pictures))]
        if kind in SQUASHED and self.method == "deconvnet":
            return [(reads[0][0], here)]
        if kind == "concat" and layer.options["axis"] == 0 and len(reads) == len(layer.inputs):
            values = here.values if isinstance(here, Part) else here
            sizes = [self.maps[source].shape[1] for source in layer.inputs]
            pieces = values.split(sizes, 1)
            parts = [Part(piece, here.place) if isinstance(here, Part) else piece for piece in pieces]
            return list(zip(layer.inputs, parts, strict=True))
        if isinstance(here, Part):
            steps = reads[0][1]
            if kind in SLIDING and steps is not None and all(a.form == "window" and a.border == "zeros" and a.stride for a in steps):
                return [(reads[0][0], self._slid(layer, steps, here, pictures))]
            if kind in POINTWISE and steps is None and self.has_map(reads[0][0]):
                x = self._cut(reads[0][0], here.place, pictures)
                (back,) = self._differentiated(layer, [x], here.values)
                return [] if back is None else [(reads[0][0], Part(back, here.place))]
        inputs = [
            self.maps[source][pictures] if source in self._plan else self.steps.resume({}, [source])[source] for source in layer.inputs
        ]
        signals = self._differentiated(layer, inputs, self._all(layer.name, here))
        return [
            (source, self._as_map(source, signal))
            for source, signal in zip(layer.inputs, signals, strict=True)
            if source in self._plan and signal is not None
        ]

    def _rectified(self, layer: Layer, here: Part | Tensor, pictures: Tensor) -> Part | Tensor:
        """The rule in which the three methods differ."""
        values = here.values if isinstance(here, Part) else here
        if self.method != "gradient":
            values = values.clamp_min(0)
        if self.method != "deconvnet":
            output = self._cut(layer.name, here.place, pictures) if isinstance(here, Part) else self.maps[layer.name][pictures]
            passes = output > 0
            values = values * (passes & (output < 6) if layer.kind == "relu6" else passes)
        return Part(values, here.place) if isinstance(here, Part) else values

    def _slid(self, layer: Layer, steps: tuple[Axis, Axis], here: Part, pictures: Tensor) -> Part:
        """A sliding window transposed: from the windows `here` to all that they read."""
        source = layer.inputs[0]
        (rows, columns), reads = steps, read_by(here.place, steps)
        module, channels = self.steps.module(layer.name), self.maps[source].shape[1]
        if isinstance(module, nn.Conv2d):
            values = _transposed(module, here.values, reads.size)
        elif layer.kind == "max_pool2d":
            values = self._unpooled(layer, steps, here, reads, pictures)
        else:
            x = here.values.new_zeros(len(pictures), channels, *reads.size).requires_grad_()
            with torch.enable_grad():
                if layer.kind == "avg_pool2d":  # padded or not, each unit divides by what its own answer to a map of ones says
                    y = F.avg_pool2d(x, (rows.kernel, columns.kernel), (rows.stride, columns.stride), divisor_override=1)
                    signal = here.values / self._framed(f"divisors of {layer.name}", self._divisors(layer, steps), here.place, 0, 1)
                else:
                    y, signal = self.steps.run(layer, [x]), here.values
            (values,) = torch.autograd.grad(y, x, signal)
        return self._inside(source, Part(values, reads))

    def _unpooled(self, layer: Layer, steps: tuple[Axis, Axis], here: Part, reads: Place, pictures: Tensor) -> Tensor:
        """Each signal put where its maximum came from."""
        rows, columns = steps
        # which tap of its window each maximum was; beyond the map there are none
        switches = self._framed(f"switches of {layer.name}", self._switches(layer, steps), here.place, pictures, NO_TAP)
        (u, channels, height, width), across = here.values.shape, reads.size[1]
        place = torch.zeros(NO_TAP + 1, dtype=torch.long)  # of each tap, counted along the rows; where there is none, there is no signal
        for tap in range(rows.kernel * columns.kernel):
            place[tap] = tap // columns.kernel * rows.dilation * across + tap % columns.kernel * columns.dilation
        first = torch.arange(height)[:, None] * rows.stride * across + torch.arange(width) * columns.stride
        place, first = place.to(switches.device), first.to(switches.device)
        target = place[switches.contiguous().int()] + first  # (U, C, height, width)
        values = here.values.new_zeros(u, channels, reads.size[0] * across)
        return values.scatter_add_(2, target.flatten(2), here.values.contiguous().flatten(2)).view(u, channels, *reads.size)

    def _switches(self, layer: Layer, steps: tuple[Axis, Axis]) -> Tensor:
        """(N, C, H, W): the tap of its window, row by row, that each unit's maximum was."""
        if layer.name not in self._taps:
            rows, columns = steps
            # of equal maxima, as in a window of zeros, PyTorch takes the first in row order only where tensors are contiguous
            x, y = self.maps[layer.inputs[0]].contiguous(), self.maps[layer.name]
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

    def _divisors(self, layer: Layer, steps: tuple[Axis, Axis]) -> Tensor:
        if layer.name not in self._taps:
            self._taps[layer.name] = divisors(self.steps, layer, steps, self.maps[layer.inputs[0]])
        return self._taps[layer.name]

    def _differentiated(self, layer: Layer, inputs: Sequence[Tensor], signal: Tensor) -> list[Tensor | None]:
        """The signal taken back by the layer's derivative at what came in."""
        with torch.enable_grad():
            leaves = [x.detach().requires_grad_() for x in inputs]
            output = self.steps.run(layer, leaves)
            return list(torch.autograd.grad(output, leaves, signal.view(output.shape), allow_unused=True))

    # --- windows ----------------------------------------------------------------------------------------------------------

    def _inside(self, name: str, part: Part) -> Part:
        """The part with nothing outside the layer's map, where padding is; the whole map where the windows are as large."""
        height, width = self.maps[name].shape[2:]
        (rows, columns, size), values = part.place, part.values
        if size[0] * size[1] >= height * width:
            there = everywhere(len(values), (height, width))
            zero = values.new_zeros(len(values), values.shape[1], height, width).contiguous(memory_format=torch.channels_last)
            return Part(paste(zero, there, part), there)
        down, right = (
            (first[:, None] + torch.arange(extent)).clamp(-1, n).remainder(n + 1).lt(n)  # −1 and n, which are outside, both become n
            for first, extent, n in ((rows, size[0], height), (columns, size[1], width))
        )
        if not (down.all() and right.all()):
            values = values * (down[:, None, :, None] & right[:, None, None, :]).to(values.device)
        return Part(values, part.place)

    def _joined(self, name: str, parts: Sequence[Part | Tensor]) -> Part | Tensor:
        """The sum of what has come down to a layer from all that read it."""
        if len(parts) == 1:
            return parts[0]
        windows = [part for part in parts if isinstance(part, Part)]
        if len(windows) < len(parts):
            total = self._all(name, parts[0])
            for part in parts[1:]:
                total = total + self._all(name, part)
            return self._as_map(name, total)
        if all(part.place.same_as(windows[0].place) for part in windows):
            return Part(sum((part.values for part in windows[1:]), windows[0].values), windows[0].place)
        top = torch.stack([part.place.rows for part in windows]).amin(0)
        left = torch.stack([part.place.columns for part in windows]).amin(0)
        bottom = max(int((part.place.rows - top).max()) + part.place.size[0] for part in windows)
        right = max(int((part.place.columns - left).max()) + part.place.size[1] for part in windows)
        place = Place(top, left, (bottom, right))
        like = windows[0].values
        zero = like.new_zeros(len(top), like.shape[1], bottom, right).contiguous(memory_format=torch.channels_last)
        for part in windows:
            paste(zero, place, part, add=True)
        return self._inside(name, Part(zero, place))

    def _all(self, name: str, signal: Part | Tensor) -> Tensor:
        """The signal on the whole of a layer's output."""
        if isinstance(signal, Tensor):
            return signal
        there = everywhere(len(signal.values), tuple(self.maps[name].shape[2:]))  # type: ignore[arg-type]
        if signal.place.same_as(there):
            return signal.values
        return paste(signal.values.new_zeros(len(signal.values), *self.maps[name].shape[1:]), there, signal)

    def _as_map(self, name: str, signal: Tensor) -> Part | Tensor:
        if not self.has_map(name):
            return signal
        return Part(signal, everywhere(len(signal), tuple(self.maps[name].shape[2:])))  # type: ignore[arg-type]

    def _cut(self, name: str, place: Place, pictures: Tensor) -> Tensor:
        """The layer's output in windows that may reach beyond the map, with zeros there."""
        return self._framed(name, self.maps[name], place, pictures, 0)

    def _framed(self, key: str, maps: Tensor, place: Place, pictures: Tensor | int, fill: int) -> Tensor:
        """Windows out of `maps`, with `fill` beyond their borders. The framed maps are kept with the widest frame yet needed."""
        (height, width), size = maps.shape[2:], place.size
        top, left = max(0, -int(place.rows.min())), max(0, -int(place.columns.min()))
        bottom, right = max(0, int(place.rows.max()) + size[0] - height), max(0, int(place.columns.max()) + size[1] - width)
        margin, frame = self._frames.get(key, ((0, 0, 0, 0), None))
        if frame is None or any(a > b for a, b in zip((top, left, bottom, right), margin, strict=True)):
            margin = (max(top, margin[0]), max(left, margin[1]), max(bottom, margin[2]), max(right, margin[3]))
            frame = padded(maps, margin[:2], margin[2:], fill)
            self._frames[key] = margin, frame
        return cut(frame, place, margin[:2], pictures)


def _transposed(layer: nn.Conv2d, signal: Tensor, size: tuple[int, int]) -> Tensor:
    """A convolution's way back, without its padding. To few channels, as to the picture's, folding patches is twice as fast."""
    if layer.in_channels > FEW or layer.groups > 1:
        return F.conv_transpose2d(signal, layer.weight, None, layer.stride, 0, 0, layer.groups, layer.dilation)
    weight = layer.weight.flatten(1).T.expand(len(signal), -1, -1)
    patches = torch.bmm(weight, signal.contiguous().flatten(2))  # (U, C · kernel, units)
    return F.fold(patches, size, layer.kernel_size, layer.dilation, 0, layer.stride)
