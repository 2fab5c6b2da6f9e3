"""What a recipe does to a batch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Generator

from netlib.data.augmentation import cropped, fancy, mirrored, pca, resized_crops
from netlib.training.augmentation import augmented, views
from netlib.training.recipe import Recipe


def test_mirror_and_tint_and_grey() -> None:
    x = torch.rand(200, 3, 4, 4, generator=Generator().manual_seed(1))
    recipe = Recipe("none", "tiny", 1)
    turning = augmented(x, Recipe("none", "tiny", 1, mirror=True), Generator().manual_seed(0))
    same, turned = (turning == x).all((1, 2, 3)), (turning == x.flip(3)).all((1, 2, 3))
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


def test_crops_jitter_and_colours_come_from_the_same_draws_as_by_hand() -> None:
    """What the recipe asks for, one after the other, on one stream of random numbers."""
    x = torch.rand(6, 3, 10, 12, generator=Generator().manual_seed(2))
    colours = pca(x)
    recipe = Recipe("none", "tiny", 1, margin=3, jitter=0.5, mirror=True, pca=0.1)
    found = augmented(x, recipe, Generator().manual_seed(5), colours=colours)
    random = Generator().manual_seed(5)
    by_hand = fancy(mirrored(resized_crops(x, (7, 9), 0.5, random), random), *colours, 0.1, random)
    assert found.shape == (6, 3, 7, 9) and torch.equal(found, by_hand)
    plain = augmented(x, replace(recipe, jitter=0.0, mirror=False, pca=0.0), Generator().manual_seed(5))
    assert torch.equal(plain, cropped(x, (7, 9), Generator().manual_seed(5)))


@pytest.mark.parametrize("crops", [1, 5, 10])
def test_views(crops: int) -> None:
    x = torch.rand(2, 3, 8, 9)
    parts = views(x, Recipe("none", "tiny", 1, margin=2, crops=crops))
    assert parts.shape == (crops, 2, 3, 6, 7)
    assert torch.equal(parts[-1] if crops < 10 else parts[4], x[:, :, 1:7, 1:8])
    assert torch.equal(views(x, Recipe("none", "tiny", 1))[0], x)
