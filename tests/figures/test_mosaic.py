"""Grids of tiles: pixels, steps and values worked out by hand, and the way back from a colour to its value."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from netlib.figures import mosaic as m
from netlib.figures.captioned import captioned_png


def test_pixels_by_hand() -> None:
    """Three tiles of 1×2 pixels, two in a row, a gap of 1, twofold."""
    tiles = np.array([[[0, 254]], [[254, 0]], [[127, 127]]], np.uint8)
    found = m.mosaic(tiles, columns=2, gap=1, scale=2, palette="grey")
    black, white, grey, top = (0, 0, 0), (255, 255, 255), (127, 127, 127), (254, 254, 254)
    rows = [
        [black, black, top, top, white, top, top, black, black],
        [white] * 9,
        [grey] * 4 + [white] * 5,
    ]
    assert found.boxes == ((0, 0, 2, 4), (0, 5, 2, 9), (3, 0, 5, 4)) and found.tile == (1, 2)
    assert np.array_equal(found.picture[[0, 2, 3]], np.array(rows, np.uint8))
    assert np.array_equal(found.picture[0], found.picture[1]) and np.array_equal(found.picture[3], found.picture[4])


def test_colours_stay_as_they_are() -> None:
    tiles = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    found = m.mosaic(tiles, columns=1, gap=0, scale=1)
    assert np.array_equal(found.picture, tiles.reshape(4, 2, 3)) and not found.palette


@pytest.mark.parametrize("palette", m.SCALES)
@pytest.mark.parametrize("dark", [False, True])
def test_a_colour_tells_its_step(palette: str, dark: bool) -> None:
    assert len({tuple(color) for color in m.colors(palette, dark=dark).tolist()}) == 255


def luminance(color: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB colours 0 … 255 (…, 3), by the formula of WCAG 2."""
    share = np.asarray(color) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize(("dark", "page"), [(False, (255, 255, 255)), (True, (26, 26, 24))])
def test_zero_is_near_the_page_and_what_is_stronger_stands_out_more(dark: bool, page: tuple[int, int, int]) -> None:
    away = np.abs(luminance(m.colors("signed", dark=dark)) - luminance(np.array(page)))
    contrast = (np.maximum(luminance(m.colors("signed", dark=dark)), luminance(np.array(page))) + 0.05) / (
        np.minimum(luminance(m.colors("signed", dark=dark)), luminance(np.array(page))) + 0.05
    )
    assert contrast[127] < 1.3 and min(contrast[0], contrast[254]) > 8
    assert (np.diff(away[:128:4]) < 0).all() and (np.diff(away[127::4]) > 0).all()


def test_the_dark_scale_is_blue_below_zero_and_red_above() -> None:
    below, above = m.colors("signed", dark=True)[[20, 234]].astype(int)
    assert below[2] > below[0] + 50 and above[0] > above[2] + 50


def test_scales() -> None:
    maps = np.array([[[0.0, 2.0]], [[1.0, 4.0]], [[0.0, 0.0]]])
    each = m.per_tile(maps)
    assert each.steps.tolist() == [[[0, 254]], [[64, 254]], [[0, 0]]] and each.high.tolist() == [2, 4, 0] and not each.one  # 254 / 4 = 63.5
    one = m.one_scale(maps)
    assert one.steps.tolist() == [[[0, 127]], [[64, 254]], [[0, 0]]] and one.one
    assert m.fitting(maps, each=True).palette == m.fitting(maps, each=False).palette == "sequential"


def test_zero_is_in_the_middle_of_a_signed_scale() -> None:
    maps = np.array([[[0.0, -1.0, 3.0]], [[0.0, 0.5, -0.5]], [[0.0, 0.0, 0.0]]])
    one, each = m.symmetric(maps), m.fitting(maps, each=True)
    assert one.steps[:, 0, 0].tolist() == [127] * 3 and one.steps[0, 0].tolist() == [127, 85, 254]  # 127 − 127 / 3
    assert (one.low[0], one.high[0]) == (-3, 3) and m.symmetric(maps, limit=6).steps[0, 0, 2] == 190  # 127 + 63.5
    assert each.steps[1, 0].tolist() == [127, 254, 0] and each.steps[2].tolist() == [[127, 127, 127]] and each.palette == "signed"


def test_large_maps_are_averaged_and_small_ones_enlarged() -> None:
    tiles = np.zeros((64, 224, 226), np.uint8)
    tiles[:, ::2] = 200
    found = m.mosaic(tiles)
    assert found.factor == 2 and found.tile == (112, 113) and max(found.size) <= m.LARGEST and found.picture.shape == (*found.size, 3)
    assert np.unique(found.sheet).tolist() == [100, m.GAP_COLOR]
    few, many = (m.mosaic(np.zeros((count, 5, 5), np.uint8)) for count in (4, 100))
    assert (few.columns, few.scale) == (2, 24) and (many.columns, many.scale) == (10, 11)  # tiles of 120 px; a picture of about 560


@pytest.mark.parametrize(("count", "columns"), [(16, 4), (32, 8), (24, 6), (10, 5), (96, 12), (17, 5), (1, 1), (2, 2)])
def test_the_last_row_is_full_where_it_can_be(count: int, columns: int) -> None:
    """Near √(1.6 · count): 16 is 4 × 4, not 5 + 5 + 5 + 1; 17 is prime."""
    assert m.mosaic(np.zeros((count, 5, 5), np.uint8)).columns == columns


def test_titles_stand_above_a_row() -> None:
    found = m.mosaic(np.full((3, 40, 40), 100, np.uint8), columns=3, scale=1)
    saved = m.framed(found, None, ["Red", "Green", "Blue"], above=True)
    height = len(saved) - found.size[0]
    assert np.array_equal(saved[height:], found.picture)
    assert all((saved[:height, left:right] < 100).any() for _, left, _, right in found.boxes)


@pytest.mark.parametrize("colored", [False, True])
def test_file_is_transparent_between_the_tiles_and_exact_inside(colored: bool) -> None:
    rng = np.random.default_rng(0)
    found = m.mosaic(rng.integers(0, 255, (3, 4, 5, 3) if colored else (3, 4, 5), dtype=np.uint8), columns=2, scale=1, gap=3)
    file = np.asarray(Image.open(io.BytesIO(found.png())).convert("RGBA"))
    inside = np.zeros(file.shape[:2], bool)
    for top, left, bottom, right in found.boxes:
        inside[top:bottom, left:right] = True
    assert np.array_equal(file[..., 3] == 255, inside) and not file[~inside, 3].any()
    assert np.array_equal(file[inside, :3], found.picture[inside])


def test_a_frame_stands_on_the_edge_of_one_tile() -> None:
    found = m.mosaic(np.full((2, 6, 6), 100, np.uint8), columns=2, scale=1)
    changed = (m.framed(found, 1) != found.picture).any(2)
    assert not changed[:, :8].any() and changed[:, 8:].sum() == 20 + 12
    assert np.array_equal(m.framed(found, None), found.picture) and np.array_equal(m.framed(found, 2), found.picture)


def test_the_letters_of_a_caption_grow_with_the_picture() -> None:
    """The height of the lowest line of letters, as a share of the width."""
    heights = {}
    for width in (640, 1600):
        with Image.open(io.BytesIO(captioned_png(np.full((20, width, 3), 90, np.uint8), "H"))) as file:
            dark = (np.asarray(file.convert("L"))[12 + 20 + 6 :] < 128).any(1)
        heights[width] = dark.sum()
    assert 1.7 < heights[1600] / heights[640] < 2.6


def test_a_saved_picture_carries_its_caption() -> None:
    picture, caption = np.full((20, 10, 3), 90, np.uint8), "AlexNet, conv1, 11×11, −0.3 … 0.3. " * 6 + "\nPhoto: Stéfan"
    with Image.open(io.BytesIO(captioned_png(picture, caption))) as file:
        assert file.info["Description"] == caption
        page = np.asarray(file)
    assert (page[12 : 12 + 20 * 64, 12 : 12 + 640] == 90).all()  # 64-fold: 640 pixels wide
    below = page[12 + 20 * 64 :]
    assert (below < 100).any() and (below[-12:] == 255).all() and (page[:, -8:] == 255).all()  # text within its margins
