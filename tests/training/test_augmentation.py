"""Augmented pictures against slices cut by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Generator, Tensor

from netlib.training.augmentation import augmented, cropped, shifted
from netlib.training.recipe import Recipe


def numbered() -> Tensor:
    """Every pixel different: pictures of 6 × 7."""
    return torch.arange(5 * 3 * 6 * 7, dtype=torch.float32).reshape(5, 3, 6, 7)


def found(part: Tensor, whole: Tensor) -> list[tuple[int, int]]:
    """Where `part` lies in `whole`: all places that fit."""
    height, width = part.shape[1:]
    places = [(top, left) for top in range(whole.shape[1] - height + 1) for left in range(whole.shape[2] - width + 1)]
    return [(top, left) for top, left in places if torch.equal(whole[:, top : top + height, left : left + width], part)]


def test_crops_are_parts_of_their_picture_at_different_places() -> None:
    x = numbered()
    places = set()
    for _ in range(8):
        parts = cropped(x, 4, Generator().manual_seed(_))
        assert parts.shape == (5, 3, 4, 4)
        for part, whole in zip(parts, x, strict=True):
            (place,) = found(part, whole)
            places.add(place)
    assert places == {(top, left) for top in range(3) for left in range(4)}


@pytest.mark.parametrize("border", ["constant", "reflect"])
def test_shifts_move_the_picture_and_fill_the_border(border: str) -> None:
    x = numbered() + 1
    moved = shifted(x, 2, border, Generator().manual_seed(0))
    assert moved.shape == x.shape
    for picture, whole in zip(moved, x, strict=True):
        inner = whole[:, 2:4, 2:5]  # what no shift of two pixels loses
        (place,) = found(inner, picture)
        assert all(abs(at - 2) <= 2 for at in place)
        assert (picture == 0).any() == (border == "constant" and place != (2, 2))


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
