"""The picture of the effective field and its concentration, on fields whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from netlib.analysis.receptive_field import Box
from netlib.figures.effective_heat import half_share, heat_picture


def test_an_even_field_has_half_of_its_effect_in_half_of_its_area() -> None:
    field = np.ones((200, 300))
    assert half_share(field, Box(0, 0, 200, 300)) == pytest.approx(0.5**0.5, abs=0.01)


def test_a_field_of_one_pixel_is_all_in_the_middle() -> None:
    field = np.zeros((101, 61))
    field[50, 30] = 1
    assert half_share(field, Box(0, 0, 101, 61)) == 0


def test_a_gaussian_has_half_of_its_effect_where_the_error_function_says() -> None:
    """Inside the square |x|, |y| < a lies erf(a / (σ√2))². It is one half at a = 1.0521σ."""
    rows, columns = np.mgrid[:401, :401] - 200
    field = np.exp(-(rows**2 + columns**2) / (2 * 40**2))
    assert half_share(field, Box(0, 0, 401, 401)) == pytest.approx(1.0521 * 40 / 200.5, abs=0.004)


def test_padding_counts_for_the_box_but_holds_nothing() -> None:
    """A 100-pixel picture in a box of 300: all of it is within the central third."""
    assert half_share(np.ones((100, 100)), Box(-100, -100, 200, 200)) == pytest.approx(0.5**0.5 / 3, abs=0.01)


def test_picture_is_bright_where_the_gradient_is_and_outlines_the_box() -> None:
    field = np.zeros((100, 60))
    field[50, 30] = 1
    picture = heat_picture(field, Image.new("RGB", (60, 100)), Box(10, 5, 90, 55))
    pixels = np.asarray(picture).astype(int)
    assert pixels.shape == (500, 300, 3)  # five times as large: each pixel a square
    brightness = pixels.sum(2)
    assert brightness[252, 152] > 600 > 60 > brightness[150, 100]
    assert (pixels[51, 100:200] == 255).all()  # the upper edge, row 10
    assert brightness[20].max() < 60  # outside the box
