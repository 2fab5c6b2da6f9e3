"""Pictures of a data set brought to the shape that a network takes: grey or in colour, scaled, or with a border."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from netlib.data.photos import proportioned
from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from netlib.data.split import Pictures

    Shape = tuple[int, ...]  # (C, H, W)

LARGEST = 1024  # pixels along a side, the margin included
LENET = (28, 28), (32, 32)  # MNIST's size and LeNet-5's: a border of two pixels makes the one the other
RED, GREEN, BLUE = 19595, 38470, 7471  # of 65536: what each channel adds to the grey value, ITU-R BT.601 as Pillow rounds it


def check(shape: Shape, margin: int) -> None:
    """Raises: InvalidInput: no picture has that shape, or it is too large."""
    if len(shape) != 3 or shape[0] not in (1, 3) or min(shape) < 1 or margin < 0 or max(shape[1:]) + margin > LARGEST:
        raise InvalidInput(
            f"Pictures of {tuple(shape)} with a margin of {margin} were asked for; choose a network that takes (channels, height, width) "
            f"with 1 or 3 channels and sides of at most {LARGEST} pixels."
        )


def fitted(images: Pictures, shape: Shape, *, margin: int = 0, ink: bool = False) -> Pictures:
    """Pictures of one size at `shape`, and `margin` pixels higher and wider than that.

    Args:
        ink: what is shown stands bright on black. Black is put around it then, both for the margin and where 28×28 becomes 32×32; other
            pictures are scaled up to the margin's size.

    Shapes: (N, c, h, w) -> (N, C, H + margin, W + margin), uint8.
    """
    channels, *size = shape
    height, width = size if ink else (side + margin for side in size)
    images = _in_channels(images, channels)
    if images.shape[2:] != (height, width):
        bordered = ink and (images.shape[2:], (height, width)) == LENET
        images = _bordered(images, height - 28) if bordered else np.stack([_scaled(picture, (height, width)) for picture in images])
    return _bordered(images, margin) if ink and margin else np.ascontiguousarray(images)


def fitted_photo(photo: Image.Image, shape: Shape) -> Pictures:
    """One picture of any size: the largest part around its middle that has the proportions, scaled.

    Shapes: -> (C, H, W), uint8.
    """
    channels, height, width = shape
    cut = proportioned(photo.convert("L" if channels == 1 else "RGB"), (height, width))
    pixels = np.asarray(cut.resize((width, height), Image.Resampling.BILINEAR))
    return pixels[None] if channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def how(given: Shape | None, shape: Shape, *, ink: bool = False) -> str:
    """One sentence about what is done to pictures of shape `given`, None for many sizes in colour, before a network sees them."""
    colour = given is None or given[0] == 3
    came = "in colour" if colour else "grey"
    size = "of many sizes" if given is None else _size(given[1:])
    steps = []
    if given is None or given[1:] != tuple(shape[1:]):
        if ink and given and (given[1:], tuple(shape[1:])) == LENET:
            steps.append(f"a black border of 2 pixels makes them {_size(shape[1:])}, as in LeNet-5's paper")
        elif given and given[1] * shape[2] == given[2] * shape[1]:
            steps.append(f"they are scaled to {_size(shape[1:])}")
        else:
            steps.append(f"the largest part around the middle is scaled to {_size(shape[1:])}")
    if colour and shape[0] == 1:
        steps.append("colours become grey values")
    elif not colour and shape[0] == 3:
        steps.append("the grey value stands in all three channels")
    return f"The pictures are {size}, {came}" + (f"; {', and '.join(steps)}." if steps else ", as the network takes them.")


def _in_channels(images: Pictures, channels: int) -> Pictures:
    if images.shape[1] == channels:
        return images
    if channels == 3:
        return images.repeat(3, axis=1)
    red, green, blue = images.astype(np.uint32).transpose(1, 0, 2, 3)
    return ((RED * red + GREEN * green + BLUE * blue + 32768) >> 16).astype(np.uint8)[:, None]


def _scaled(picture: Pictures, size: tuple[int, int]) -> Pictures:
    """Shapes: (C, h, w) -> (C, *size)."""
    pixels = picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)
    return fitted_photo(Image.fromarray(np.ascontiguousarray(pixels)), (len(picture), *size))


def _bordered(images: Pictures, more: int) -> Pictures:
    """Black around the pictures, `more` pixels along each axis; the crop around the middle is what was there before."""
    before = round(more / 2)
    around = (before, more - before)
    return np.pad(images, ((0, 0), (0, 0), around, around))


def _size(sides: Shape) -> str:
    return " × ".join(str(side) for side in sides)
