"""A network run on many pictures that differ from a clean one in a small box: only what the box can change is computed.

The box is followed forwards through the graph by the arithmetic of receptive fields (netlib/analysis/span.py). Of each layer a window
is computed that holds all units the box can reach: what it reads is cut from the clean picture's map, what has changed of it is
pasted in, and the layer runs on that without padding. Where the window is nearly the whole map, or the layer mixes the whole map,
all of it is computed. The result is that of a plain forward pass up to the rounding of the convolutions.

Source: the idea is Krypton's: Nakandala, Kumar, Papakonstantinou, Incremental and Approximate Inference for Faster Occlusion-based Deep
CNN Explanations, SIGMOD 2019, section 4. Here it runs through any graph and over a batch of boxes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netlib.analysis.cost import costs
from netlib.analysis.moves import edges
from netlib.analysis.span import Axis, Span, hull, touched
from netlib.interpret.parts import Part, Place, cut, everywhere, padded, paste
from netlib.interpret.windows import divisors, overhang, read_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.analysis.graph import Layer
    from netlib.analysis.receptive_field import Box
    from netlib.interpret.stepwise import Stepwise

NEARLY_ALL = 0.8  # of a map: from here on the whole map is as fast, and needs no cutting
FLOAT_BYTES = 4

# Kinds that work pixel by pixel on maps (C, H, W): on a window as on the map. LRN and channel-wise norms see one pixel's channels.
POINTWISE = frozenset(
    "lrn batch_norm layer_norm relu relu6 leaky_relu tanh scaled_tanh sigmoid hardsigmoid hardswish silu gelu elu prelu mish softplus "
    "hardtanh clamp dropout stochastic_depth identity add mul concat slice".split()
)
SLIDING = frozenset("conv2d table_conv2d max_pool2d avg_pool2d subsample option_a".split())


class Incremental:
    """A clean picture's forward pass, and what boxes of changed pixels make of it. The model is used: hold its lock, in eval mode.

    Attributes:
        steps: the model, layer by layer.
        clean: layer -> its output for the clean picture, (1, *shape).
        followed: the layer of whose maps one is followed, if any.
        channel: which of them.
    """

    def __init__(self, steps: Stepwise, image: Tensor, followed: str | None = None) -> None:
        self.steps, self.followed, self.channel = steps, followed, 0
        graph = steps.graph
        self._start = graph.inputs[0].name
        todo = steps.needed([self._start], [steps.output, *([followed] if followed else [])])
        names = [self._start, *(layer.name for layer in todo)]
        self.clean: Mapping[str, Tensor] = steps.activations(image[None].contiguous(memory_format=torch.channels_last), names)
        self._plan, self._costs = edges(graph), costs(graph)
        with_map = {self._start}
        for layer in todo:
            if self._has_map(layer.name) and with_map.intersection(layer.inputs):
                with_map.add(layer.name)
        self._tail = [layer for layer in todo if layer.name not in with_map]  # after the last map: computed whole, for many boxes at once
        self._maps = [layer for layer in todo if layer.name in with_map]
        read_whole = {source for layer in self._tail for source in layer.inputs} | {steps.output}
        self._handed_on = [name for name in names if name in with_map and name in read_whole]
        self._frames: dict[tuple[str, tuple[int, ...], float], Tensor] = {}
        self._divisors: dict[str, Tensor] = {}
        self._weights: dict[str, Tensor] = {}

    @torch.no_grad()
    def changed(self, groups: Sequence[Sequence[Box]], fill: Tensor) -> tuple[Tensor, Tensor | None]:
        """The network's output with each of the boxes in turn filled, and the followed map's total.

        Boxes of a group are computed together: their windows all get the size of the largest.

        Shapes: fill broadcasts to (C, height, width); results (B, *output's shape) and (B,), B boxes in the order of the groups.
        """
        found = [self._through_maps(boxes, fill) for boxes in groups]
        count = sum(map(len, groups))
        values: dict[str, Tensor | Part] = {name: torch.cat([values[name] for values, _ in found]) for name in self._handed_on}
        for layer in self._tail:
            if any(source in values for source in layer.inputs):  # else it does not depend on the picture
                values[layer.name] = self.steps.run(layer, [self._whole(source, values, count) for source in layer.inputs])
        output, totals = self._whole(self.steps.output, values, count), [total for _, total in found if total is not None]
        if self.followed and not totals:  # a layer without a map
            return output, self._whole(self.followed, values, count)[:, self.channel].reshape(count, -1).sum(1)
        return output, torch.cat(totals) if totals else None

    def _through_maps(self, boxes: Sequence[Box], fill: Tensor) -> tuple[dict[str, Tensor], Tensor | None]:
        """The maps that are handed on, whole, (B, C, H, W), and the followed map's total, if it has one."""
        places, total = self._places(boxes), None
        values: dict[str, Tensor | Part] = {self._start: self._filled(boxes, places[self._start], fill)}
        last_use = {source: layer.name for layer in self._maps for source in layer.inputs}
        for layer in self._maps:
            values[layer.name] = self._run(layer, places[layer.name], values, len(boxes))
            if layer.name == self.followed:
                total = self._total(layer.name, values[layer.name])
            for source in set(layer.inputs):
                if last_use[source] == layer.name and source not in self._handed_on:
                    values.pop(source, None)
        return {name: self._whole(name, values, len(boxes)) for name in self._handed_on}, total

    def _total(self, name: str, part: Tensor | Part) -> Tensor:
        assert isinstance(part, Part)
        clean, (rows, columns, size) = self.clean[name][0, self.channel], part.place
        after = part.values[:, self.channel].sum((1, 2))
        every = clean.unfold(0, size[0], 1).unfold(1, size[1], 1)
        return clean.sum() - every[rows, columns].sum((1, 2)) + after

    def _has_map(self, name: str) -> bool:
        return name in self._plan and self._plan[name][0] == (1, 2) and self.clean[name].dim() == 4

    @property
    def tail_share(self) -> float:
        """Share of the multiply-accumulates that come after the last map."""
        return sum(self._costs[layer.name].macs for layer in self._tail) / max(1, self._costs.total.macs)

    def work(self, axis: int, boxes: Sequence[Box]) -> list[float]:
        """What each box costs if its other side were as long: multiply-accumulates of square windows."""
        reached = self._reached(axis, _side(axis, boxes))
        weight = {name: self._costs[name].macs / (maps.shape[2] * maps.shape[3]) for name, maps in self.clean.items() if maps.dim() == 4}
        return [
            sum(weight[name] * (spans[i].stop - spans[i].start) ** 2 for name, spans in reached.items() if name in weight)
            for i in range(len(boxes))
        ]

    def batch(self, boxes: Sequence[Box], budget: int) -> int:
        """How many boxes at once keep the largest layer's windows, with what they read, under `budget` bytes."""
        places = self._places(boxes)
        size = {name: place.size[0] * place.size[1] * self.clean[name].shape[1] for name, place in places.items()}
        most = max([size[self._start]] + [size[one.name] + 2 * sum(size.get(source, 0) for source in one.inputs) for one in self._maps])
        return max(1, budget // (FLOAT_BYTES * most))

    # --- where the windows lie --------------------------------------------------------------------------------------------

    def _places(self, boxes: Sequence[Box]) -> dict[str, Place]:
        """For each layer with a map (C, H, W): a window for each box, of one size, that holds all that the box can change."""
        reached = []  # for rows and for columns: layer -> span of each distinct interval, and which interval each box has
        for axis in (0, 1):
            spans = _side(axis, boxes)
            distinct = list(dict.fromkeys(spans))
            index = torch.tensor([distinct.index(span) for span in spans])
            reached.append((self._reached(axis, distinct), index))
        places = {}
        for name in (self._start, *(layer.name for layer in self._maps)):
            size = tuple(self.clean[name].shape[2:])
            found = [(of[name], index) for of, index in reached]
            lengths = [max(1, *(span.stop - span.start for span in spans)) for spans, _ in found]
            if lengths[0] * lengths[1] >= NEARLY_ALL * size[0] * size[1]:
                lengths = list(size)
            starts = [
                torch.tensor([min(span.start, n - length) for span in spans])[index]
                for (spans, index), n, length in zip(found, size, lengths, strict=True)
            ]
            places[name] = Place(starts[0], starts[1], (lengths[0], lengths[1]))
        return places

    def _reached(self, axis: int, intervals: Sequence[Span]) -> dict[str, list[Span]]:
        """For each layer, along one axis: the units that each interval of pixels can change."""
        reached: dict[str, list[Span]] = {self._start: list(intervals)}
        for layer in self._maps:
            parts = []
            for source, steps in self._plan[layer.name][1]:
                if source in reached:
                    spans = reached[source]
                    parts.append([touched(steps[axis], span) for span in spans] if steps else spans)
            reached[layer.name] = [hull(*spans) for spans in zip(*parts, strict=True)]
        return reached

    # --- running ----------------------------------------------------------------------------------------------------------

    def _filled(self, boxes: Sequence[Box], place: Place, fill: Tensor) -> Part:
        """The picture in the windows of its own boxes, filled."""
        values = cut(self._frame(self._start, (0, 0), (0, 0), 0.0), place)
        for window, box, row, column in zip(values, boxes, place.rows.tolist(), place.columns.tolist(), strict=True):
            window[:, box.top - row : box.bottom - row, box.left - column : box.right - column] = fill
        return Part(values, place)

    def _run(self, layer: Layer, place: Place, values: Mapping[str, Tensor | Part], count: int) -> Part:
        steps = self._plan[layer.name][1][0][1]
        if layer.kind in SLIDING and steps and self._slides(layer, steps):
            return Part(self._slid(layer, steps, place, values), place)
        if layer.kind in POINTWISE and self._pointwise(layer):
            return Part(self.steps.run(layer, [self._window(source, place, values) for source in layer.inputs]), place)
        output = self.steps.run(layer, [self._whole(source, values, count) for source in layer.inputs])
        return Part(output, self._everywhere(layer.name, count))

    def _pointwise(self, layer: Layer) -> bool:
        """Whether each unit reads just the pixels at its own place, of maps that all have its height and width."""
        return all(
            steps is None and self._plan[source][0] == (1, 2) and self.clean[source].shape[2:] == self.clean[layer.name].shape[2:]
            for source, steps in self._plan[layer.name][1]
        ) and all(source in self._plan for source in layer.inputs)

    def _slides(self, layer: Layer, steps: tuple[Axis, Axis]) -> bool:
        if any(axis.form != "window" or axis.border != "zeros" or axis.stride == 0 for axis in steps):
            return False
        if layer.kind in ("table_conv2d", "subsample", "option_a"):  # run as they are, which must not pad
            return all(axis.padding == 0 for axis in steps)
        return True

    def _slid(self, layer: Layer, steps: tuple[Axis, Axis], place: Place, values: Mapping[str, Tensor | Part]) -> Tensor:
        """A layer that slides a window, at `place` of its map only."""
        source = values[layer.inputs[0]]
        assert isinstance(source, Part)
        module = self.steps.module(layer.name)
        if place.size == self.clean[layer.name].shape[2:] and source.place.size == self.clean[layer.inputs[0]].shape[2:]:
            if isinstance(module, nn.Conv2d):
                settings = module.stride, module.padding, module.dilation, module.groups
                return F.conv2d(source.values, self._weight(module, layer.name), module.bias, *settings)  # type: ignore[arg-type]
            return self.steps.run(layer, [source.values])
        rows, columns = steps
        before = rows.padding, columns.padding
        after = overhang(rows), overhang(columns)
        reads = read_by(place, steps)
        fill = float("-inf") if layer.kind == "max_pool2d" else 0.0
        x = paste(cut(self._frame(layer.inputs[0], before, after, fill), reads, before), reads, source)
        kernel, stride, dilation = ((a, b) for a, b in zip(*((s.kernel, s.stride, s.dilation) for s in steps), strict=True))
        if isinstance(module, nn.Conv2d):
            return F.conv2d(x, self._weight(module, layer.name), module.bias, stride, 0, dilation, module.groups)
        if layer.kind == "max_pool2d":
            return F.max_pool2d(x, kernel, stride, 0, dilation)
        if layer.kind == "avg_pool2d":
            return F.avg_pool2d(x, kernel, stride, divisor_override=1) / cut(self._divisor(layer, steps), place)
        return self.steps.run(layer, [x])

    def _window(self, name: str, place: Place, values: Mapping[str, Tensor | Part]) -> Tensor:
        """A layer's output at `place`: what has changed of it, and the clean map around that."""
        part = values.get(name)
        if isinstance(part, Part) and part.place.same_as(place):
            return part.values
        window = cut(self._frame(name, (0, 0), (0, 0), 0.0), place)
        return paste(window, place, part) if isinstance(part, Part) else window

    def _whole(self, name: str, values: Mapping[str, Tensor | Part], count: int) -> Tensor:
        """A layer's whole output."""
        part, clean = values.get(name), self.clean[name]
        if isinstance(part, Tensor):
            return part
        if part is None:
            return clean.expand(count, *clean.shape[1:]) if len(clean) == 1 else clean
        there = self._everywhere(name, count)
        if part.place.size == there.size:
            return part.values
        return paste(cut(self._frame(name, (0, 0), (0, 0), 0.0), there), there, part)

    def _everywhere(self, name: str, count: int) -> Place:
        return everywhere(count, tuple(self.clean[name].shape[2:]))  # type: ignore[arg-type]

    def _frame(self, name: str, before: tuple[int, int], after: tuple[int, int], fill: float) -> Tensor:
        key = (name, (*before, *after), fill)
        if key not in self._frames:
            self._frames[key] = padded(self.clean[name], before, after, fill)
        return self._frames[key]

    def _weight(self, module: nn.Conv2d, name: str) -> Tensor:
        if name not in self._weights:
            self._weights[name] = module.weight.detach().contiguous(memory_format=torch.channels_last)
        return self._weights[name]

    def _divisor(self, layer: Layer, steps: tuple[Axis, Axis]) -> Tensor:
        if layer.name not in self._divisors:
            found = divisors(self.steps, layer, steps, self.clean[layer.inputs[0]])
            self._divisors[layer.name] = padded(found, (0, 0), (0, 0), 0.0)
        return self._divisors[layer.name]


def _side(axis: int, boxes: Sequence[Box]) -> list[Span]:
    return [Span(box.left, box.right) if axis else Span(box.top, box.bottom) for box in boxes]
