"""Windows of a layer's map, one for each of many pictures that differ from a clean one only inside them.

Outside its window each map is the clean picture's, so the windows are all there is to compute and to keep. B: how many;
C, H, W: a map's channels, height and width. Tensors lie channels last: a window is then cut and pasted in long runs.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Place(NamedTuple):
    """Where B windows of one size lie in a map.

    Attributes:
        rows: (B,) first row of each; may be negative, on padding.
        columns: (B,) first column of each.
        size: (height, width) of all.
    """

    rows: Tensor
    columns: Tensor
    size: tuple[int, int]

    def same_as(self, other: Place) -> bool:
        """Whether each window of the one lies where that of the other does, and is as large."""
        return self.size == other.size and torch.equal(self.rows, other.rows) and torch.equal(self.columns, other.columns)


class Part(NamedTuple):
    """B windows of a map and where they lie.

    Attributes:
        values: (B, C, height, width).
    """

    values: Tensor
    place: Place


def everywhere(count: int, size: tuple[int, int]) -> Place:
    """The windows that are the whole map."""
    zero = torch.zeros(count, dtype=torch.long)
    return Place(zero, zero, size)


def padded(clean: Tensor, before: tuple[int, int], after: tuple[int, int], fill: float) -> Tensor:
    """Clean maps with `fill` around them, laid out for `cut`; before: rows above and columns to the left.

    Shapes: (N, C, H, W) -> (N, H', W', C).
    """
    return F.pad(clean, (before[1], after[1], before[0], after[0]), value=fill).permute(0, 2, 3, 1).contiguous()


def cut(frame: Tensor, place: Place, before: tuple[int, int] = (0, 0), pictures: Tensor | int = 0) -> Tensor:
    """Each window's values out of the clean maps, window b out of those of picture `pictures[b]`.

    Shapes: (N, H', W', C) as `padded` gives it, with `before` rows and columns of padding -> (B, C, height, width), channels last.
    """
    (count, rows, columns, channels), (height, width) = frame.shape, place.size
    picture, row, column, channel = frame.stride()
    every = frame.as_strided(
        (count, rows - height + 1, columns - width + 1, height, width, channels), (picture, row, column, row, column, channel)
    )  # a view of all windows there are
    return every[pictures, place.rows + before[0], place.columns + before[1]].permute(0, 3, 1, 2)


def paste(onto: Tensor, there: Place, part: Part, *, add: bool = False) -> Tensor:
    """Overwrite what of `onto`, windows at `there`, is also in `part`, or add to it. Windows that lie alike are pasted together.

    Shapes: onto (B, C, height, width), changed in place and returned.
    """
    down, right = part.place.rows - there.rows, part.place.columns - there.columns
    span = 1 << 20
    kinds, of = torch.unique(down * span + right, return_inverse=True)
    for number, code in enumerate(kinds.tolist()):
        right_by = (code + span // 2) % span - span // 2
        down_by = (code - right_by) // span
        target, source = [], []
        for by, whole, piece in ((down_by, there.size[0], part.place.size[0]), (right_by, there.size[1], part.place.size[1])):
            start, stop = max(0, by), min(whole, by + piece)
            target.append(slice(start, stop))
            source.append(slice(start - by, stop - by))
        if target[0].start >= target[0].stop or target[1].start >= target[1].stop:
            continue
        mine = slice(None) if len(kinds) == 1 else (of == number).nonzero()[:, 0]
        values = part.values[mine][:, :, source[0], source[1]]
        if add:
            values = values + onto[mine, :, target[0], target[1]]
        onto[mine, :, target[0], target[1]] = values
    return onto
