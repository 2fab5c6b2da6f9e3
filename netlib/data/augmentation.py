"""Pictures changed at random, a batch at a time, in ways that leave their class as it is; and the crops that a network is tested with.

Pictures are (N, C, H, W), from 0 to 1, on any device. What is drawn at random is drawn on the CPU, from the generator that is given: a
run sees the same pictures on every device.

Sources: Krizhevsky et al. 2012, section 4.1 (crops, reflections, the colours' principal components, ten crops); Simonyan, Zisserman
2014, section 3.1 (scale jitter).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from netlib.analysis.graph import Pair
    from netlib.data.split import Pictures

AT_A_TIME = 4_000_000  # pixels whose colours are summed up at once


def shifted(x: Tensor, most: int, border: str, random: Generator) -> Tensor:
    """Each picture moved by its own number of pixels, −most to most along each axis; `border` as torch's `pad` knows it."""
    return cropped(F.pad(x, (most, most, most, most), mode=border), (x.shape[2], x.shape[3]), random)


def cropped(x: Tensor, size: int | Pair, random: Generator) -> Tensor:
    """A part of `size`, (h, w) or the side of a square, out of each picture, at its own place: (N, C, H, W) -> (N, C, h, w)."""
    height, width = _pair(size)
    n = len(x)
    top = torch.randint(0, x.shape[2] - height + 1, (n, 1), generator=random).to(x.device, non_blocking=True)
    left = torch.randint(0, x.shape[3] - width + 1, (n, 1), generator=random).to(x.device, non_blocking=True)
    rows = top + torch.arange(height, device=x.device)  # (N, h)
    columns = left + torch.arange(width, device=x.device)  # (N, w)
    numbers = torch.arange(n, device=x.device)
    return x[numbers[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()


def resized_crops(x: Tensor, size: int | Pair, jitter: float, random: Generator) -> Tensor:
    """Each picture enlarged by its own factor from 1 to 1 + jitter, then cropped at its own place: (N, C, H, W) -> (N, C, h, w).

    VGG draws the shorter side from 256 … 512 before it cuts out 224: pictures loaded at 256, jitter 1. Only the part that is cut out is
    worked out, bilinearly.
    """
    n = len(x)
    factor = 1 + jitter * torch.rand(n, generator=random)
    place = torch.rand(n, 2, generator=random)
    room = [side * factor - out for side, out in zip(x.shape[2:], _pair(size), strict=True)]
    corner = torch.stack([share * side for share, side in zip(place.unbind(1), room, strict=True)], 1)  # (N, 2) in enlarged pixels
    return _sampled(x, _pair(size), factor.to(x.device, non_blocking=True), corner.to(x.device, non_blocking=True))


def _sampled(x: Tensor, size: Pair, factor: Tensor, corner: Tensor) -> Tensor:
    """The part of `size` at `corner` of each picture enlarged by its factor. Shapes: factor (N,), corner (N, 2): top, left."""
    axes = []
    for axis, (side, out) in enumerate(zip(x.shape[2:], size, strict=True)):
        middles = torch.arange(out, device=x.device) + 0.5  # of the enlarged pixels
        at = (corner[:, axis, None] + middles) / factor[:, None]  # (N, out), in pixels of the picture
        axes.append(2 * at / side - 1)  # from −1 to 1, as grid_sample wants it
    rows, columns = axes
    grid = torch.stack((columns[:, None, :].expand(-1, size[0], -1), rows[:, :, None].expand(-1, -1, size[1])), 3)  # (N, h, w, 2): x, y
    return F.grid_sample(x, grid.to(x.dtype), mode="bilinear", padding_mode="border", align_corners=False)


def mirrored(x: Tensor, random: Generator) -> Tensor:
    """Half of the pictures, drawn one by one, reflected left to right."""
    return torch.where(_share(x, 0.5, random), x.flip(3), x)


def greyed(x: Tensor, share: float, random: Generator) -> Tensor:
    """This share of the pictures, drawn one by one, without their colour."""
    return torch.where(_share(x, share, random), x.mean(1, keepdim=True), x)


def tinted(x: Tensor, strength: float, random: Generator) -> Tensor:
    """Each channel of each picture multiplied by its own gain, from 1 − strength to 1 + strength."""
    gains = 1 + strength * (2 * torch.rand(len(x), x.shape[1], 1, 1, generator=random) - 1)
    return x * gains.to(x.device, non_blocking=True)


def pca(images: Tensor | Pictures) -> tuple[Tensor, Tensor]:
    """The principal components of the colours of all pixels: variances, the largest first, and directions, a column each.

    A direction's sign, which is a matter of choice, is such that its largest entry is positive.

    Shapes: (N, C, H, W), uint8, or from 0 to 1 -> (C,), (C, C), float32, on the CPU.
    """
    channels = images.shape[1]
    total, products, count = torch.zeros(channels).double(), torch.zeros(channels, channels).double(), 0
    step = max(1, AT_A_TIME // (images.shape[2] * images.shape[3]))
    for start in range(0, len(images), step):
        part = images[start : start + step]
        part = torch.tensor(part) if isinstance(part, np.ndarray) else part
        colours = part.transpose(0, 1).flatten(1).double() / (255 if part.dtype == torch.uint8 else 1)  # (C, pixels)
        total += colours.sum(1).cpu()
        products += (colours @ colours.T).cpu()
        count += colours.shape[1]
    mean = total / count
    values, vectors = torch.linalg.eigh(products / count - mean[:, None] * mean)  # the smallest first
    values, vectors = values.flip(0).clamp_min(0), vectors.flip(1)
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))  # (1, C)
    return values.float(), (vectors * largest.sign()).float()


def fancy(x: Tensor, values: Tensor, vectors: Tensor, sigma: float, random: Generator) -> Tensor:
    """To each pixel of a picture the same multiples of the principal components of `pca` are added, drawn anew for each picture.

    A component is multiplied by its variance, of colours from 0 to 1, times a normal number of standard deviation `sigma` (0.1 in the
    paper). The paper does not say on which scale its colours are; from 0 to 255 nothing would be left of a picture.

    Shapes: values (C,), vectors (C, C), as `pca` gives them.
    """
    drawn = sigma * torch.randn(len(x), len(values), generator=random)  # (N, C)
    added = (drawn * values.cpu()) @ vectors.cpu().T  # (N, C)
    return x + added[:, :, None, None].to(x.device, x.dtype, non_blocking=True)


def five_crops(x: Tensor, size: int | Pair) -> Tensor:
    """The four corners (top left, top right, bottom left, bottom right) and the middle: (N, C, H, W) -> (5, N, C, h, w)."""
    (height, width), (rows, columns) = x.shape[2:], _pair(size)
    bottom, right = height - rows, width - columns
    places = (0, 0), (0, right), (bottom, 0), (bottom, right), (round(bottom / 2), round(right / 2))
    return torch.stack([x[:, :, top : top + rows, left : left + columns] for top, left in places])


def ten_crops(x: Tensor, size: int | Pair) -> Tensor:
    """`five_crops`, then those of the pictures reflected left to right: (N, C, H, W) -> (10, N, C, h, w)."""
    return torch.cat((five_crops(x, size), five_crops(x.flip(3), size)))


def middle(x: Tensor, size: int | Pair) -> Tensor:
    """The crop around the middle: (N, C, H, W) -> (N, C, h, w)."""
    return five_crops(x, size)[4]


def _pair(size: int | Pair) -> Pair:
    return (size, size) if isinstance(size, int) else size


def _share(x: Tensor, share: float, random: Generator) -> Tensor:
    """True for each picture with probability `share`: (N, 1, 1, 1)."""
    return (torch.rand(len(x), 1, 1, 1, generator=random) < share).to(x.device, non_blocking=True)
