"""What keeps a picture that is made by a gradient from becoming noise: blurring it, and the price of its roughness.

Sources: Yosinski et al., Understanding Neural Networks Through Deep Visualization, 2015, section 3 (Gaussian blur); Mahendran, Vedaldi,
Understanding Deep Image Representations by Inverting Them, CVPR 2015, section 2 (total variation).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Each channel under a Gaussian of `sigma` pixels, cut off at 3 sigma; the border pixels go on outwards.

    Shapes: (…, H, W) -> the same.
    """
    if sigma <= 0:
        return x
    radius = math.ceil(3 * sigma)
    at = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    window = (-0.5 * (at / sigma).square()).exp()
    window = (window / window.sum())[None, None]  # (1, 1, 2·radius + 1)
    maps = x.reshape(-1, 1, *x.shape[-2:])
    maps = F.conv2d(F.pad(maps, (0, 0, radius, radius), mode="replicate"), window[..., None])
    maps = F.conv2d(F.pad(maps, (radius, radius, 0, 0), mode="replicate"), window[:, :, None])
    return maps.reshape(x.shape)


def total_variation(x: Tensor, beta: float = 2.0) -> Tensor:
    """Σ ((right neighbour − pixel)² + (lower neighbour − pixel)²)^(β/2) over pixels and channels; beyond the border nothing differs.

    Shapes: (…, H, W) -> a number.
    """
    right = F.pad(x[..., 1:] - x[..., :-1], (0, 1))
    down = F.pad(x[..., 1:, :] - x[..., :-1, :], (0, 0, 0, 1))
    squares = right.square() + down.square()
    if beta == 2:
        return squares.sum()
    return (squares + torch.finfo(x.dtype).eps).pow(beta / 2).sum()  # a root has no slope at zero
