"""The same parts in several pictures: where their boxes lie, in the pictures and in what a network gets of them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from netlib.analysis.receptive_field import Box
from netlib.data.preprocessing import Preprocessing
from netlib.data.same_parts import COUNT, SETS, pictures, seen_box
from netlib.errors import InvalidInput


@pytest.mark.parametrize("name", SETS)
def test_every_part_lies_inside_every_picture(name: str) -> None:
    found = pictures(name)
    assert len(found) == COUNT
    for image, parts in found:
        assert image.width == image.height and image.mode == "RGB"
        assert all(0 <= box.top < box.bottom <= image.height and 0 <= box.left < box.right <= image.width for box in parts.values())


def test_a_part_shows_the_same_pixels_in_every_view() -> None:
    views = [np.asarray(image)[box.top : box.bottom, box.left : box.right] for image, parts in pictures("cat") for box in (parts["nose"],)]
    assert all(np.array_equal(view, views[0]) for view in views[1:])


def test_the_eights_are_eights_of_different_hands() -> None:
    found = [np.asarray(image) for image, _ in pictures("eight")]
    assert not any(np.array_equal(one, other) for i, one in enumerate(found) for other in found[:i])


@pytest.mark.parametrize("short", [None, 80])
def test_a_box_lies_where_its_pixels_go(short: int | None) -> None:
    """Another origin: a white box on black is put through the preprocessing itself, and found again."""
    box, size = Box(30, 60, 90, 150), (180, 180)
    pixels = np.zeros((*size, 3), dtype=np.uint8)
    pixels[box.top : box.bottom, box.left : box.right] = 255
    way = Preprocessing((64, 64), False, (0.0,) * 3, (1.0,) * 3, short)
    rows, columns = np.nonzero(np.asarray(way.fitted(Image.fromarray(pixels)))[..., 0] > 127)
    seen = seen_box(way, size, box)
    found = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    assert found == pytest.approx((seen.top, seen.left, seen.bottom, seen.right), abs=1)


def test_an_unknown_set_is_said() -> None:
    with pytest.raises(InvalidInput, match="choose one of: cat, face, eight"):
        pictures("dogs")
