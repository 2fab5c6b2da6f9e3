"""Random weights as the pages show them: drawn from a seed, and batch normalizations that have seen a few photos.

`netlib.build` leaves batch normalization as PyTorch does, with the mean 0 and the variance 1. Then the scores of ResNet-152 are about
10⁸ and those of ResNet-1202 no numbers at all, and a map of them would say nothing; see `netlib.interpret.calibration`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.analysis import store
from netlib.data.photos import photo
from netlib.data.preprocessing import preprocessing

if TYPE_CHECKING:
    from torch import nn

SEED = 0
PHOTOS = ("chelsea", "astronaut", "coffee", "rocket")  # whose statistics batch normalizations get


def build(network: str) -> nn.Module:
    """The network; imports torch."""
    import torch

    from netlib.interpret.calibration import calibrate
    from netlib.models.build import build as built

    model = built(network, seed=SEED)
    if _normalized(network):
        seen = preprocessing(network, "random")
        calibrate(model, torch.stack([seen.tensor(photo(name)) for name in PHOTOS]))
    return model


def title(network: str) -> str:
    """As a caption writes it."""
    return f"random weights, seed {SEED}" + (f", batch-norm statistics of {len(PHOTOS)} photos" if _normalized(network) else "")


def told(network: str) -> str:
    """What they are worth, in a sentence or two."""
    why = (
        f" Its batch normalizations have the means and variances that {len(PHOTOS)} photos bring to them, as in a first step of training: "
        "else the signal of a deep network may grow from block to block until it says nothing."
    )
    return "Its weights are random: it has learned nothing." + (why if _normalized(network) else "")


def _normalized(network: str) -> bool:
    return any(layer.kind == "batch_norm" for layer in store.graph(network))
