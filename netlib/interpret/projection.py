"""What in the picture excites a unit: its signal taken back to the pixels by the deconvnet, the gradient or guided backpropagation.

Source: Zeiler, Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, section 2.1; for the other two methods,
and for what happens at each kind of layer, see `backwards`. Only what the unit sees is computed: the rest of the picture gets zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from netlib.analysis.receptive_field import Box
from netlib.errors import UnknownLayer
from netlib.interpret.backwards import Backwards, Method
from netlib.interpret.parts import Part, everywhere, paste
from netlib.interpret.scores import checked_image
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from netlib.analysis.graph import Pair
    from netlib.interpret.stepwise import Stepwise

BUDGET = 128 << 20  # bytes of the largest signal of a batch


class Unit(NamedTuple):
    """One unit of a layer, seeing one of several pictures; a layer without a map has row and column 0."""

    picture: int
    channel: int
    row: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A projection as far as the unit sees.

    Attributes:
        box: rows and columns of the picture; may reach beyond it, onto padding.
        values: (C, height, width) of the box, zero beyond the picture.
    """

    box: Box
    values: Tensor


@dataclass(frozen=True, slots=True)
class Frame:
    """One stage of the way down.

    Attributes:
        layer: the layer whose output the signal stands for.
        kind: of that layer.
        signal: (C, height, width) of the box, or (F,) where the layer has no map.
        box: rows and columns of the layer's map; None where it has none.
    """

    layer: str
    kind: str
    signal: Tensor
    box: Box | None


def deconvnet(model: nn.Module, image: Tensor, layer: str, channel: int, *, unit: Pair | None = None) -> Tensor:
    """The projection of one unit of `layer` by the deconvnet; of the channel's strongest unit if none is given.

    Shapes: (C, H, W) -> (C, H, W), zero outside the unit's receptive field.

    Raises: as `project`.
    """
    checked_image(image)
    row, column = unit or strongest_unit(model, image, layer, channel)
    return project(model, image[None], layer, [Unit(0, channel, row, column)])[0]


def project(model: nn.Module, images: Tensor, layer: str, units: Sequence[Unit], *, method: Method = "deconvnet") -> Tensor:
    """The projection of each of `units` of `layer`, each alone: all other units of the layer are zero. The model is left as it was.

    Shapes: (N, C, H, W) -> (len(units), C, H, W), zero outside each unit's receptive field.

    Raises:
        UnknownLayer: no such layer, or no such unit in it.
        UnsupportedLayer: a layer on the way that the method has no rule for.
        InvalidInput: an unknown method.
    """
    size = (images.shape[2], images.shape[3])
    result = images.new_zeros(len(units), *images.shape[1:])
    for at, signal in _projected(model, images, layer, units, method):
        count = len(signal.values)
        paste(result[at : at + count], everywhere(count, size), signal)
    return result


def windows(model: nn.Module, images: Tensor, layer: str, units: Sequence[Unit], *, method: Method = "deconvnet") -> list[Window]:
    """`project`, each cropped to what its unit sees.

    Raises: as `project`.
    """
    found = []
    for _, signal in _projected(model, images, layer, units, method):
        found += [Window(_box(signal, i), signal.values[i]) for i in range(len(signal.values))]
    return found


def film(
    model: nn.Module, image: Tensor, layer: str, channel: int, *, unit: Pair | None = None, method: Method = "deconvnet"
) -> list[Frame]:
    """The signal at each layer on the way from a unit down to the picture, which is the last frame.

    Raises: as `project`.
    """
    steps = stepwise(model, checked_image(image).shape)
    row, column = unit or strongest_unit(model, image, layer, channel)
    _known(steps, layer, [Unit(0, channel, row, column)], 1)
    with undisturbed(model):
        back = Backwards(steps, image[None], layer, method)
        start = back.start(*map(torch.tensor, ([0], [channel], [row], [column])))
        return [
            Frame(step.layer, steps.graph[step.layer].kind, step.signal.values[0], _box(step.signal, 0))
            if isinstance(step.signal, Part)
            else Frame(step.layer, steps.graph[step.layer].kind, step.signal[0], None)
            for step in back.down(start, torch.zeros(1, dtype=torch.long))
        ]


def strongest_unit(model: nn.Module, image: Tensor, layer: str, channel: int) -> Pair:
    """Row and column of the channel's largest activation; (0, 0) where the layer has no map.

    Raises:
        UnknownLayer: no such layer or channel.
    """
    steps = stepwise(model, checked_image(image).shape)
    _known(steps, layer, [Unit(0, channel)], 1)
    with undisturbed(model), torch.no_grad():
        output = steps.activations(image[None], [layer])[layer][0]
    if output.dim() != 3:
        return 0, 0
    row, column = divmod(int(output[channel].flatten().argmax()), output.shape[2])
    return row, column


def _projected(
    model: nn.Module, images: Tensor, layer: str, units: Sequence[Unit], method: Method
) -> Iterator[tuple[int, Part]]:
    """Number of a batch's first unit, and the signals of its units at the picture."""
    steps = stepwise(model, images.shape[1:])
    _known(steps, layer, units, len(images))
    with undisturbed(model):
        back = Backwards(steps, images, layer, method)
        at, batch = 0, 1  # one unit first: it shows how large its signals grow
        while at < len(units):
            some = torch.tensor(units[at : at + batch])
            pictures = some[:, 0]
            largest, signal = 0, None
            for step in back.down(back.start(*some.T), pictures):
                signal = step.signal
                values = signal.values if isinstance(signal, Part) else signal
                largest = max(largest, values[0].numel() * values.element_size())
            yield at, _at_picture(back, signal, some, images)
            at += len(some)
            batch = max(1, BUDGET // (largest or 1))


def _at_picture(back: Backwards, signal: Part | Tensor | None, some: Tensor, images: Tensor) -> Part:
    size = (images.shape[2], images.shape[3])
    if isinstance(signal, Part) and signal.values.shape[1] == images.shape[1]:
        return signal
    values = images.new_zeros(len(some), *images.shape[1:]) if signal is None or isinstance(signal, Part) else signal
    return Part(values.view(len(some), *images.shape[1:]), everywhere(len(some), size))


def _known(steps: Stepwise, layer: str, units: Sequence[Unit], pictures: int) -> None:
    shape = steps.graph[layer].shape
    rows, columns = shape[1:] if len(shape) == 3 else (1, 1)
    channels = shape[0] if len(shape) == 3 else _numbers(shape)
    for unit in units:
        if not (0 <= unit.picture < pictures and 0 <= unit.channel < channels and 0 <= unit.row < rows and 0 <= unit.column < columns):
            raise UnknownLayer(
                f"There is no unit ({unit.row}, {unit.column}) in channel {unit.channel} of {layer!r} for picture {unit.picture}: it has "
                f"{channels} channels of {rows} × {columns} units, for {pictures} picture{'s' if pictures > 1 else ''}."
            )


def _numbers(shape: tuple[int, ...]) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def _box(part: Part, i: int) -> Box:
    top, left, (height, width) = int(part.place.rows[i]), int(part.place.columns[i]), part.place.size
    return Box(top, left, top + height, left + width)
