"""The pictures that excite each channel of a layer most, found in one sweep over a data set.

Source: Zeiler, Fergus, ECCV 2014, Figure 2: the nine strongest activations of a feature map over the validation pictures. Of each
picture only the channel's strongest unit counts, so that nine different pictures are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from netlib.errors import InvalidInput
from netlib.interpret.stepwise import stepwise
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import nn


@dataclass(frozen=True, slots=True)
class Strongest:
    """The strongest units of each of K channels so far, strongest first; of equal ones the first met.

    Attributes:
        values: (K, count) activations; −∞ where fewer pictures were seen.
        pictures: (K, count) numbers of the pictures in the order they came, −1 where there is none.
        rows, columns: (K, count) place of the unit in the layer's map; 0 where the layer has no map.
        seen: how many pictures so far.
    """

    values: Tensor
    pictures: Tensor
    rows: Tensor
    columns: Tensor
    seen: int


def strongest(model: nn.Module, batches: Iterable[Tensor], layer: str, *, count: int = 9) -> Iterator[Strongest]:
    """For all channels of `layer` at once, after each batch: what has been found so far. Memory does not grow with the data.

    Shapes: batches of (N, C, H, W), all of one C, H, W.

    Raises:
        UnknownLayer: the network has no such layer.
        InvalidInput: fewer than one is asked for, no picture comes in, or the pictures differ in size.
    """
    if count < 1:
        raise InvalidInput(f"At least one unit of each channel has to be asked for, not {count}.")
    found, steps = None, None
    for x in batches:
        steps = steps or stepwise(model, x.shape[1:])
        with undisturbed(model), torch.no_grad():
            output = steps.activations(x, [layer])[layer]
        found = _merged(found, output if output.dim() == 4 else output.flatten(1)[:, :, None, None], count)
        yield found
    if found is None:
        raise InvalidInput("No picture came in; the strongest units are found over at least one.")


def _merged(found: Strongest | None, maps: Tensor, count: int) -> Strongest:
    n, channels, _, width = maps.shape
    peaks = maps.amax((2, 3)).T  # (K, N)
    if found is None:
        nothing = torch.zeros(channels, count, dtype=torch.long, device=maps.device)
        found = Strongest(peaks.new_full((channels, count), float("-inf")), nothing - 1, nothing, nothing, 0)
    values, order = torch.cat((found.values, peaks), 1).sort(dim=1, descending=True, stable=True)
    values, order = values[:, :count], order[:, :count]
    new = order >= count
    old = order.clamp_max(count - 1)
    pictures, rows, columns = (kept.gather(1, old) for kept in (found.pictures, found.rows, found.columns))
    channel, _ = new.nonzero().T
    picture = order[new] - count
    place = maps[picture, channel].flatten(1).argmax(1)  # only of those that have come in is the place looked for
    pictures[new], rows[new], columns[new] = picture + found.seen, place // width, place % width
    return Strongest(values, pictures, rows, columns, found.seen + n)
