"""Pictures at a network's shape against Pillow, torchvision and slices by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from netlib.data.augmentation import middle
from netlib.data.fitting import check, fitted, fitted_photo, how
from netlib.errors import InvalidInput
from netlib.models.torchvision_cpu import torchvision

RANDOM = np.random.RandomState(0)
GREY = RANDOM.randint(0, 256, (3, 1, 28, 28)).astype(np.uint8)
COLOUR = RANDOM.randint(0, 256, (3, 3, 32, 32)).astype(np.uint8)


def test_lenets_border_is_two_black_pixels() -> None:
    out = fitted(GREY, (1, 32, 32), ink=True)
    assert out.shape == (3, 1, 32, 32) and np.array_equal(out[:, :, 2:30, 2:30], GREY)
    assert out.sum() == GREY.sum()
    assert fitted(GREY, (1, 32, 32)).sum() > 1.2 * GREY.sum()  # what is no ink is scaled


@pytest.mark.parametrize("margin", [3, 4, 5])
def test_a_margin_of_ink_is_black_and_its_middle_is_the_plain_picture(margin: int) -> None:
    for shape in ((1, 32, 32), (3, 40, 48)):
        out = fitted(GREY, shape, margin=margin, ink=True)
        assert out.shape == (3, shape[0], shape[1] + margin, shape[2] + margin)
        plain = fitted(GREY, shape, ink=True)
        assert np.array_equal(middle(torch.tensor(out), shape[1:]), plain)
        assert out.sum() == plain.sum()


def test_grey_in_three_channels_and_colours_as_pillow_sees_them_in_grey() -> None:
    assert np.array_equal(fitted(GREY, (3, 28, 28)), np.concatenate([GREY] * 3, 1))
    every = RANDOM.randint(0, 256, (4, 3, 100, 90)).astype(np.uint8)
    for ours, picture in zip(fitted(every, (1, 100, 90)), every, strict=True):
        assert np.array_equal(ours[0], np.asarray(Image.fromarray(picture.transpose(1, 2, 0)).convert("L")))


@pytest.mark.parametrize("size", [(64, 64), (20, 20), (224, 224)])
def test_scaling_is_torchvisions_of_a_picture(size: tuple[int, int]) -> None:
    functional = torchvision.transforms.functional
    for images in (GREY, COLOUR):
        out = fitted(images, (images.shape[1], *size))
        pixels = images[1, 0] if len(images[1]) == 1 else images[1].transpose(1, 2, 0)
        theirs = np.asarray(functional.resize(Image.fromarray(pixels), list(size)))
        assert np.array_equal(out[1], theirs[None] if theirs.ndim == 2 else theirs.transpose(2, 0, 1))


def test_a_photo_is_cut_around_its_middle_before_it_is_scaled() -> None:
    """A photo of 40 × 100 for 20 × 30 pixels: the middle 60 columns count, the red ones beside them do not."""
    pixels = np.zeros((40, 100, 3), np.uint8)
    pixels[..., 0] = 255
    pixels[:, 20:80] = RANDOM.randint(0, 256, (40, 60, 3))
    photo = Image.fromarray(pixels)
    wanted = np.asarray(photo.crop((20, 0, 80, 40)).resize((30, 20), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    assert np.array_equal(fitted_photo(photo, (3, 20, 30)), wanted)
    assert np.array_equal(fitted(pixels.transpose(2, 0, 1)[None], (3, 20, 30))[0], wanted)
    tall = photo.transpose(Image.Transpose.TRANSPOSE)
    wanted = np.asarray(tall.crop((0, 20, 40, 80)).resize((20, 30), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    assert np.array_equal(fitted_photo(tall, (3, 30, 20)), wanted)
    assert fitted_photo(photo, (1, 20, 30)).shape == (1, 20, 30)
    assert np.array_equal(fitted(COLOUR, (3, 32, 32)), COLOUR)
    assert fitted(COLOUR, (3, 32, 32), margin=4).shape == (3, 3, 36, 36)


@pytest.mark.parametrize("shape", [(2, 32, 32), (100, 1, 1), (3, 32), (3, 0, 32), (3, 2000, 32)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match=r"with 1 or 3 channels and sides of at most 1024 pixels"):
        check(shape, 0)
    with pytest.raises(InvalidInput, match="a margin of -1"):
        check((3, 32, 32), -1)


def test_what_was_done_is_said() -> None:
    assert how((1, 28, 28), (3, 32, 32), ink=True) == (
        "The pictures are 28 × 28, grey; a black border of 2 pixels makes them 32 × 32, as in LeNet-5's paper, "
        "and the grey value stands in all three channels."
    )
    assert how((3, 32, 32), (3, 32, 32)) == "The pictures are 32 × 32, in colour, as the network takes them."
    assert how((3, 32, 32), (1, 64, 64)) == (
        "The pictures are 32 × 32, in colour; they are scaled to 64 × 64, and colours become grey values."
    )
    assert how(None, (3, 96, 96)) == "The pictures are of many sizes, in colour; the largest part around the middle is scaled to 96 × 96."
    assert how((1, 32, 32), (1, 32, 48)) == "The pictures are 32 × 32, grey; the largest part around the middle is scaled to 32 × 48."
