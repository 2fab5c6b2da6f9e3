"""Statistics for the batch normalizations of a network that has not been trained: those of a few pictures.

A new batch normalization takes the mean for 0 and the variance for 1, and so changes nothing; in a deep residual network, where each
block adds to the signal, its output then grows with every block: to 10⁸ after 110 layers, and beyond float32 after 1,202. In the first
step of training each would normalize by what it sees, and that is what this gives it for later looks.

Source: Ioffe and Szegedy 2015, Algorithm 2, lines 7 to 10: inference with the statistics of batches, here of a single one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from netlib.errors import InvalidInput
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from torch import Tensor


def calibrate(model: nn.Module, images: Tensor) -> None:
    """Give each batch normalization of `model` the mean and the variance of what `images` bring to it; all else stays as it was.

    The same pictures give the same statistics. A network without batch normalization is left alone.

    Shapes: images (N, C, H, W), two or more.

    Raises:
        InvalidInput: fewer than two pictures, of which a last layer of one unit has no variance.
    """
    if len(images) < 2:
        raise InvalidInput(f"Statistics need two pictures or more, not {len(images)}; give some more.")
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    with undisturbed(model), torch.no_grad():
        try:
            for norm in norms:
                norm.reset_running_stats()
                norm.momentum = None  # the average over batches: of one, its own
                norm.train()
            model(images)
        finally:
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum
