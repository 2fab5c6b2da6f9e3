"""Signals on the maps of a network that has seen pictures: where they lie, cut, joined and kept inside.

A signal is a value for each unit of a layer, for each of U ways back; where the layer has a map, only the windows of it are kept that
are not zero (`Part`). N: pictures; C, H, W: a map's channels, height and width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from netlib.interpret.parts import Part, Place, cut, everywhere, padded, paste

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


class Signals:
    """What becomes of signals on the layers' outputs `maps`, (N, *shape) each; `placed` are those whose units see different places."""

    def __init__(self, maps: Mapping[str, Tensor], placed: Collection[str]) -> None:
        self.maps, self._placed = maps, placed
        self._frames: dict[str, tuple[tuple[int, int, int, int], Tensor]] = {}

    def has_map(self, name: str) -> bool:
        """Whether a layer's output is a map (C, H, W) whose units see different places."""
        return name in self._placed and self.maps[name].dim() == 4

    def inside(self, name: str, part: Part) -> Part:
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

    def joined(self, name: str, parts: Sequence[Part | Tensor]) -> Part | Tensor:
        """The sum of what has come down to a layer from all that read it."""
        if len(parts) == 1:
            return parts[0]
        windows = [part for part in parts if isinstance(part, Part)]
        if len(windows) < len(parts):
            total = self.whole(name, parts[0])
            for part in parts[1:]:
                total = total + self.whole(name, part)
            return self.as_map(name, total)
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
        return self.inside(name, Part(zero, place))

    def whole(self, name: str, signal: Part | Tensor) -> Tensor:
        """The signal on the whole of a layer's output."""
        if isinstance(signal, Tensor):
            return signal
        there = everywhere(len(signal.values), tuple(self.maps[name].shape[2:]))  # type: ignore[arg-type]
        if signal.place.same_as(there):
            return signal.values
        return paste(signal.values.new_zeros(len(signal.values), *self.maps[name].shape[1:]), there, signal)

    def as_map(self, name: str, signal: Tensor) -> Part | Tensor:
        """A signal on the whole of a layer's output as a part of its map, if it has one."""
        if not self.has_map(name):
            return signal
        return Part(signal, everywhere(len(signal), tuple(self.maps[name].shape[2:])))  # type: ignore[arg-type]

    def cut(self, name: str, place: Place, pictures: Tensor) -> Tensor:
        """The layer's output in windows that may reach beyond the map, with zeros there."""
        return self.framed(name, self.maps[name], place, pictures, 0)

    def framed(self, key: str, maps: Tensor, place: Place, pictures: Tensor | int, fill: int) -> Tensor:
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
