"""What a network says when a part of the picture is covered.

Source: Zeiler, Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, section 4.2 and Figure 7: a square slides over
the picture; mapped over its places are (b) the total activity of the feature map that is strongest for the clean picture,
(d) the probability of the true class and (e) the most probable class.

Every value is exact: `Incremental` leaves out only what the square cannot change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from netlib.analysis.receptive_field import Box
from netlib.errors import InvalidInput
from netlib.interpret.incremental import Incremental
from netlib.interpret.scores import checked_image, checked_target, probabilities
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from netlib.analysis.graph import Pair

COARSE = 4  # of so many places in a row one is in the first, coarse map
ALIKE = 8  # rows, and columns, of places that are computed together: more waste work on unlike windows, fewer time between batches
BUDGET = 256 << 20  # bytes that one step's largest layer may take


@dataclass(frozen=True, slots=True)
class OcclusionMap:
    """Maps over the places of the square, as far as they are known; the tensors go on being filled while it is computed.

    Attributes:
        boxes: the square at each place, row by row; at the far border it is cut off by the picture's edge.
        probabilities: (rows, columns, K) of each class.
        done: (rows, columns), which places are known.
        activity: (rows, columns), the total of one feature map; None where none was asked for.
        clean: (K,) probabilities of the clean picture.
        clean_activity: that feature map's total for the clean picture.
    """

    boxes: tuple[tuple[Box, ...], ...]
    probabilities: Tensor
    done: Tensor
    activity: Tensor | None
    clean: Tensor
    clean_activity: float | None


def occlusion(
    model: nn.Module, image: Tensor, *, target: int, patch: int | Pair, stride: int | Pair, fill: float | Tensor = 0.0
) -> Tensor:
    """The probability of class `target` for each place of a square of `patch` pixels, `stride` apart, filled with `fill`.

    `fill` is in the units of the preprocessed picture, where 0 is the mean colour of the data; a tensor fills by channel (C, 1, 1).
    Places begin at 0, stride, … until one reaches the picture's edge, where it is cut off. The model is left as it was.

    Shapes: (C, H, W) -> (rows, columns).

    Raises:
        InvalidInput: a square or a stride that does not fit the picture, or a class that the network does not have.
        UnsupportedLayer: the network has a layer that cannot be run by itself.
    """
    checked_target(stepwise(model, checked_image(image).shape).graph, target)
    *_, last = occlusion_steps(model, image, patch=patch, stride=stride, fill=fill)
    return last.probabilities[..., target]


def occlusion_steps(
    model: nn.Module,
    image: Tensor,
    *,
    patch: int | Pair,
    stride: int | Pair,
    fill: float | Tensor = 0.0,
    layer: str | None = None,
    channel: int | None = None,
    batch: int | None = None,
) -> Iterator[OcclusionMap]:
    """`occlusion` step by step: a coarse map first, then the places between, for who looks on or may stop.

    With `layer`, the total activity of its map `channel` is followed too; without `channel` that of its strongest one for the clean
    picture. The same OcclusionMap comes each time, further filled.

    Raises: as `occlusion` does, and UnknownLayer for a layer that the network does not have; at the first step.
    """
    checked_image(image)
    boxes = places((image.shape[-2], image.shape[-1]), patch, stride)
    occluder = Occluder(model, image, layer=layer, channel=channel)
    rows, columns = len(boxes), len(boxes[0])
    empty = occluder.clean.new_zeros
    found = OcclusionMap(
        boxes, empty(rows, columns, len(occluder.clean)), torch.zeros(rows, columns, dtype=torch.bool),
        empty(rows, columns) if layer else None, occluder.clean, occluder.clean_activity,
    )  # fmt: skip
    for groups in _groups(occluder, boxes, batch):
        seen, activity = occluder.covered([[boxes[i][j] for i, j in group] for group in groups], fill)
        index = torch.tensor([place for group in groups for place in group]).T
        found.probabilities[index[0], index[1]] = seen
        if found.activity is not None and activity is not None:
            found.activity[index[0], index[1]] = activity
        found.done[index[0], index[1]] = True
        yield found


class Occluder:
    """A picture that a model has seen, to be covered anywhere: keeps the clean picture's maps, so that each look is quick.

    Attributes:
        incremental: the clean picture's forward pass.
        clean: (K,) probabilities of the clean picture.
        channel: the feature map that is followed, if a layer is given: the strongest one unless said otherwise.
        clean_activity: its total for the clean picture.
    """

    def __init__(self, model: nn.Module, image: Tensor, *, layer: str | None = None, channel: int | None = None) -> None:
        self.model, self.channel, self.clean_activity = model, channel, None
        checked_image(image)
        self._size: Pair = (image.shape[-2], image.shape[-1])
        steps = stepwise(model, image.shape)
        with undisturbed(model), torch.no_grad():
            self.incremental = Incremental(steps, image, layer)
        self.clean = probabilities(steps.graph, self.incremental.clean[steps.output])[0]
        if layer:
            maps = self.incremental.clean[layer][0]
            totals = maps.reshape(len(maps), -1).sum(1)  # (C,)
            self.channel = int(totals.argmax()) if channel is None else channel
            if not 0 <= self.channel < len(totals):
                raise InvalidInput(f"{layer} has {len(totals)} channels, so there is no channel {channel}; choose 0 to {len(totals) - 1}.")
            self.incremental.channel, self.clean_activity = self.channel, float(totals[self.channel])

    def covered(self, groups: Sequence[Sequence[Box]], fill: float | Tensor = 0.0) -> tuple[Tensor, Tensor | None]:
        """Probabilities (B, K) with each box covered in turn, and the followed map's total (B,). A group's boxes are computed together.

        Raises:
            InvalidInput: a box that is empty or not inside the picture.
        """
        height, width = self._size
        for box in (box for group in groups for box in group):
            if not (0 <= box.top < box.bottom <= height and 0 <= box.left < box.right <= width):
                raise InvalidInput(
                    f"A box from ({box.top}, {box.left}) to ({box.bottom}, {box.right}) does not lie inside the picture of "
                    f"{height} × {width} pixels; give rows and columns inside it."
                )
        with undisturbed(self.model):
            output, totals = self.incremental.changed(groups, torch.as_tensor(fill))
        return probabilities(self.incremental.steps.graph, output), totals


def occluded(model: nn.Module, image: Tensor, box: Box, fill: float | Tensor = 0.0) -> Tensor:
    """Probabilities (K,) with one box of the picture covered. Who covers the same picture often keeps an `Occluder`.

    Raises: as `Occluder.covered`.
    """
    return Occluder(model, image).covered([[box]], fill)[0][0]


def places(size: Pair, patch: int | Pair, stride: int | Pair) -> tuple[tuple[Box, ...], ...]:
    """The square at each of its places over a picture of `size`, rows of boxes.

    Raises:
        InvalidInput: a side or a stride of less than a pixel, or a square larger than the picture.
    """
    sides = (patch, patch) if isinstance(patch, int) else patch
    strides = (stride, stride) if isinstance(stride, int) else stride
    if min(*sides, *strides) < 1 or sides[0] > size[0] or sides[1] > size[1]:
        raise InvalidInput(
            f"A square of {sides[0]} × {sides[1]} pixels in steps of {strides[0]} × {strides[1]} does not fit a picture of "
            f"{size[0]} × {size[1]}; choose sides from 1 to the picture's own, and steps of at least 1."
        )
    rows, columns = (range(0, min(n, n - side + step), step) for n, side, step in zip(size, sides, strides, strict=True))
    return tuple(
        tuple(Box(top, left, min(top + sides[0], size[0]), min(left + sides[1], size[1])) for left in columns) for top in rows
    )


def _groups(occluder: Occluder, boxes: Sequence[Sequence[Box]], batch: int | None) -> Iterator[list[list[tuple[int, int]]]]:
    """All places in groups, a few groups at a time: first a coarse grid, then places with windows of like size together.

    All windows of a group are as large as its largest, so unlike ones would waste work. Where much is left to do after the last map,
    which is done for several groups at once, more of them come at a time.
    """
    rows, columns = len(boxes), len(boxes[0])
    coarse = [(i, j) for i in range(0, rows, COARSE) for j in range(0, columns, COARSE)]
    down = sorted(range(rows), key=occluder.incremental.work(0, [row[0] for row in boxes]).__getitem__)
    across = sorted(range(columns), key=occluder.incremental.work(1, boxes[0]).__getitem__)
    seen, alike = set(coarse), []
    for some in (down[at : at + ALIKE] for at in range(0, rows, ALIKE)):
        for others in (across[at : at + ALIKE] for at in range(0, columns, ALIKE)):
            alike.append([(i, j) for i in some for j in others if (i, j) not in seen])

    def split(group: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
        size = batch or occluder.incremental.batch([boxes[i][j] for i, j in group], BUDGET)
        return [group[at : at + size] for at in range(0, len(group), size)]

    together = 4 if occluder.incremental.tail_share > 0.05 else 1
    yield split(coarse)
    groups = [part for group in alike if group for part in split(group)]
    yield from (groups[at : at + together] for at in range(0, len(groups), together))
