"""What a recipe does to a batch."""

from __future__ import annotations

import torch
from torch import Generator

from netlib.training.augmentation import augmented
from netlib.training.recipe import Recipe


def test_mirror_and_tint_and_grey() -> None:
    x = torch.rand(200, 3, 4, 4, generator=Generator().manual_seed(1))
    recipe = Recipe("none", "tiny", 1)
    mirrored = augmented(x, Recipe("none", "tiny", 1, mirror=True), Generator().manual_seed(0))
    same, turned = (mirrored == x).all((1, 2, 3)), (mirrored == x.flip(3)).all((1, 2, 3))
    assert (same ^ turned).all()
    assert 60 < same.sum() < 140
    gains = augmented(x, Recipe("none", "tiny", 1, tint=0.2), Generator().manual_seed(0)) / x
    assert (gains.amax((2, 3)) - gains.amin((2, 3)) < 1e-5).all()
    assert 0.8 <= gains.min() < 0.85 and 1.15 < gains.max() <= 1.2
    close = augmented(x, Recipe("none", "tiny", 1, close_up=3, close_ups=1.0, grey=0.25), Generator().manual_seed(0), close_up=True)
    grey = (close.std(1) < 1e-6).all(1).all(1)
    assert close.shape == (200, 3, 3, 3)
    assert 25 < grey.sum() < 75
    assert torch.equal(augmented(x, recipe, Generator()), x)
