"""Crops by hand: inside, over a border, larger than the picture."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.analysis.receptive_field import Box
from netlib.figures import crops

PICTURE = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


def test_inside_it_is_the_part() -> None:
    assert np.array_equal(crops.crop(PICTURE, Box(1, 2, 3, 5)), PICTURE[1:3, 2:5])


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [(Box(-1, -2, 2, 1), slice(1, 3), slice(2, 3)), (Box(3, 4, 6, 7), slice(0, 1), slice(0, 1))],
)
def test_beyond_the_border_it_is_grey(box: Box, rows: slice, columns: slice) -> None:
    found = crops.crop(PICTURE, box)
    wanted = np.full((3, 3, 3), 128, np.uint8)
    wanted[rows, columns] = PICTURE[max(0, box.top) : box.bottom, max(0, box.left) : box.right]
    assert np.array_equal(found, wanted)


def test_a_box_larger_than_the_picture_is_all_of_it_along_that_axis() -> None:
    found = crops.crop(PICTURE, Box(-3, 1, 9, 3))
    assert np.array_equal(found, PICTURE[:, 1:3])


def test_zero_is_mid_grey_and_the_strongest_at_the_end() -> None:
    found = crops.signed(np.array([[[0.0, -2.0, 1.0]]]))
    assert found.tolist() == [[[128] * 3, [0] * 3, [191] * 3]]  # 127.5 + 63.75, rounded
    assert crops.signed(np.zeros((3, 1, 1))).tolist() == [[[128] * 3]]


def test_smaller_pictures_stand_in_the_middle() -> None:
    found = crops.stacked([np.zeros((3, 3, 3), np.uint8), np.ones((1, 2, 3), np.uint8)])
    assert found.shape == (2, 3, 3, 3) and found[1, :, :, 0].tolist() == [[128] * 3, [1, 1, 128], [128] * 3]


def test_a_frame_leaves_the_box_bright() -> None:
    picture = np.full((6, 6, 3), 200, np.uint8)
    found = crops.framed(picture, Box(-2, 2, 3, 5))[..., 0]
    assert found[1, 3] == 200 and (found[:3, 2] == 255).all() and (found[2, 2:5] == 255).all()
    assert (found[:4, 1] == 0).all() and (found[3, 1:6] == 0).all() and found[5, 0] == 90
    assert crops.framed(picture, Box(2, 2, 3, 3), least=11)[..., 0].shape == (12, 12)
