"""Pieces of pictures as a unit sees them: cut to its receptive field, with padding where the field leaves the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from netlib.analysis.receptive_field import Box

    Picture = NDArray[np.uint8]

NOTHING = 128  # grey: padding in a crop, a signal of zero in a projection


def crop(picture: Picture, box: Box) -> Picture:
    """The part of a picture (H, W, 3) that lies in the box; along an axis on which the box is longer than the picture, all of it.

    Beyond the picture's border it is grey.
    """
    spans = [
        (0, size) if stop - start > size else (start, stop)
        for start, stop, size in ((box.top, box.bottom, picture.shape[0]), (box.left, box.right, picture.shape[1]))
    ]
    (top, bottom), (left, right) = spans
    result = np.full((bottom - top, right - left, 3), NOTHING, np.uint8)
    inside = [slice(max(0, start), max(0, min(stop, size))) for (start, stop), size in zip(spans, picture.shape, strict=False)]
    result[inside[0].start - top : inside[0].stop - top, inside[1].start - left : inside[1].stop - left] = picture[inside[0], inside[1]]
    return result


def signed(projection: NDArray[np.floating]) -> Picture:
    """A signal (C, H, W) at the picture as a picture (H, W, 3): zero mid grey, the strongest value at an end of the scale."""
    largest = float(np.abs(projection).max()) or 1.0
    shown = np.rint(127.5 + 127.5 * projection / largest).astype(np.uint8)  # (C, H, W)
    return np.ascontiguousarray(np.broadcast_to(shown, (3, *shown.shape[1:])).transpose(1, 2, 0))


def stacked(pictures: Sequence[Picture]) -> Picture:
    """Pictures (h, w, 3) of a size, or of several, smaller ones in the middle of grey, as (K, h, w, 3)."""
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    result = np.full((len(pictures), height, width, 3), NOTHING, np.uint8)
    for place, picture in zip(result, pictures, strict=True):
        top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
        place[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return result


def framed(picture: Picture, box: Box, *, least: int = 1) -> Picture:
    """The picture with what lies outside the box darkened, and a white line with a black one around it.

    Args:
        least: pixels of the longer side; a smaller picture is enlarged by a whole number first.
    """
    factor = max(1, -(-least // max(picture.shape[:2])))
    picture = picture.repeat(factor, 0).repeat(factor, 1)
    height, width = picture.shape[:2]
    top, left, bottom, right = (factor * side for side in (max(0, box.top), max(0, box.left), box.bottom, box.right))
    bottom, right = min(height, bottom), min(width, right)
    result = (picture * 0.45).astype(np.uint8)
    result[top:bottom, left:right] = picture[top:bottom, left:right]
    for away, color in ((1, 0), (0, 255)):
        rows, columns = slice(max(0, top - away), bottom + away), slice(max(0, left - away), right + away)
        for edge in (top - away, bottom - 1 + away):
            if 0 <= edge < height:
                result[edge, columns] = color
        for edge in (left - away, right - 1 + away):
            if 0 <= edge < width:
                result[rows, edge] = color
    return result
