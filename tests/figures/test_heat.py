"""Scales, maps over photos, class maps and bars, against colours and numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.analysis.receptive_field import Box
from netlib.figures import heat_words as words
from netlib.figures.class_map import COLORS, OTHERS, class_picture, legend
from netlib.figures.color_bar import bar, with_bar, with_legend
from netlib.figures.heat import Scale, enlarged, flattened, heat_scale, nearest_done, over_photo, plain, signed_scale, spread

GREY = np.full((2, 3, 3), 100, dtype=np.uint8)
# Ends and middle of the colour scales as their makers publish them: Nuñez et al. 2018 (Cividis), Brewer's PuOr of 11 classes.
CIVIDIS = ((0, 34, 78), (254, 232, 56))
PURPLE, NEUTRAL, ORANGE = (45, 0, 75), (247, 247, 247), (127, 59, 8)


def test_heat_goes_from_the_first_colour_to_the_last() -> None:
    scale = heat_scale([np.array([[2.0, 4.0]]), np.array([[np.nan, 6.0]])])
    assert (scale.low, scale.high) == (2, 6)
    assert [tuple(pixel) for pixel in plain([[2.0, 6.0, 9.0]], scale)[0]] == [*CIVIDIS, CIVIDIS[1]]
    assert heat_scale([[3.0]], low=0).shares([3.0, 1.5, -1]).tolist() == [1, 0.5, 0]


def test_signed_scale_is_symmetric_and_zero_is_neutral() -> None:
    scale = signed_scale([[-4.0, 1.0], [2.0, 0.0]], percentile=100)
    assert (scale.low, scale.high) == (-4, 4)
    low, zero, high = (tuple(pixel) for pixel in plain([[-4.0, 0.0, 4.0]], scale)[0])
    assert (low, high) == (PURPLE, ORANGE)
    assert zero == pytest.approx(NEUTRAL, abs=2)  # of 256 colours none is exactly the middle


def test_signed_scale_is_clipped_at_the_percentile_of_the_sizes() -> None:
    """Sizes 1 … 100 and one of 1000: the 99th percentile of 101 numbers is the 100th of them."""
    values = np.append(np.arange(1, 101) * np.where(np.arange(100) % 2, 1, -1), 1000.0)
    assert signed_scale([values]).high == pytest.approx(100)
    assert signed_scale([np.eye(1, 500)]).high == 1  # all but one are zero: the one is still seen
    assert signed_scale([np.zeros(4)]).shares([0.0]).tolist() == [0.5]


def test_heat_covers_the_dimmed_photo_by_its_opacity() -> None:
    picture = over_photo([[0.0, 1.0, np.nan], [0.5, 0.5, 0.5]], GREY, Scale(0, 1), opacity=0.5)
    assert tuple(picture[0, 0]) == tuple(round(0.5 * 55 + 0.5 * part) for part in CIVIDIS[0])  # 0.55 · 100 = 55
    assert tuple(picture[0, 2]) == (55, 55, 55)  # no value yet: the photo alone


def test_zero_of_a_signed_map_shows_the_photo() -> None:
    picture = over_photo([[0.0, 1.0, -1.0], [0.0, 0.0, 0.0]], GREY, Scale(-1, 1, "PuOr_r"), opacity=1)
    assert tuple(picture[0, 0]) == pytest.approx((190, 190, 190), abs=12)  # 150 + 0.4 · 100
    assert tuple(picture[0, 1]) == ORANGE
    assert tuple(picture[0, 2]) == PURPLE


def test_a_value_at_each_pixel_is_that_of_the_nearest_box() -> None:
    """Boxes of 2 rows at 0 and 3 of 5 rows: middles 1 and 4, so pixels 0 to 2 (middles 0.5 to 2.5, the last a tie) are the first's."""
    spread_ = spread([[1.0], [2.0]], [(0, 2), (3, 5)], [(0, 4)], (5, 4))
    assert spread_[:, 0].tolist() == [1, 1, 1, 2, 2] and spread_.shape == (5, 4)


def test_open_places_take_the_nearest_finished_value() -> None:
    done = np.array([[True, False, False], [False, False, True]])
    assert nearest_done([[5.0, 0, 0], [0, 0, 7.0]], done).tolist() == [[5, 5, 7], [5, 7, 7]]
    assert np.isnan(nearest_done([[1.0]], [[False]])).all()


def test_channels_are_summed_and_pixels_become_squares() -> None:
    assert flattened([[[1.0, -2]], [[1.0, 5]]]).tolist() == [[2, 3]]
    assert enlarged(GREY, 10).shape == (8, 12, 3)


def test_class_map_has_a_colour_for_each_class_and_grey_for_the_rest() -> None:
    entries = legend([[4, 4, 4], [1, 1, 9]], first=9)
    assert [(entry.classes, entry.color) for entry in entries] == [((9,), COLORS[0]), ((4,), COLORS[1]), ((1,), COLORS[2])]
    assert [entry.share for entry in entries] == pytest.approx([1 / 6, 3 / 6, 2 / 6])
    many = legend(np.arange(20).reshape(4, 5))
    assert len(many) == len(COLORS) and many[-1].color == OTHERS and many[-1].classes == tuple(range(7, 20))
    picture = class_picture([[9, 4, -1], [1, 1, 1]], GREY, entries, opacity=1)
    assert tuple(picture[0, 0]) == (0x56, 0xB4, 0xE9) and tuple(picture[0, 2]) == (55, 55, 55)


def test_bar_names_ends_zero_unit_and_clipping() -> None:
    shown = bar(Scale(-0.25, 0.25, "PuOr_r", 99), "attribution")
    assert shown.ticks == ((0.0, "−0.250"), (0.5, "0"), (1.0, "0.250"))
    assert shown.label == "attribution; colours end at the 99th percentile" and shown.stops[16] == "#f7f7f6"  # of 256 colours
    assert [text for _, text in bar(Scale(0, 1), "probability", percent=True).ticks] == ["0 %", "50 %", "100 %"]
    picture = with_bar(np.zeros((10, 200, 3), dtype=np.uint8), shown)
    assert picture.shape[1:] == (200, 3) and tuple(picture[20, 0]) == PURPLE and tuple(picture[20, 199]) == ORANGE
    below = with_legend(np.zeros((10, 200, 3), dtype=np.uint8), legend([[3]]), ["cat"])
    assert tuple(below[10 + 8 + 6, 6]) == (0x56, 0xB4, 0xE9)


def boxes() -> list[list[Box]]:
    return [[Box(top, left, top + 4, left + 4) for left in (0, 4, 8)] for top in (0, 4)]


def test_sentence_of_the_most_sensitive_place() -> None:
    said = words.most_sensitive([[0.9, 0.8, 0.9], [0.9, 0.9, 0.1]], boxes(), 0.9, (8, 12), "cat")
    assert said == (
        "Most sensitive at the bottom right (rows 4 to 7, columns 8 to 11): cat falls from 90 % to 10 %. "
        "17 % of the places take away at least half of it."
    )
    assert "Nowhere does cat fall below its 50 %" in words.most_sensitive(np.full((2, 3), 0.6), boxes(), 0.5, (8, 12), "cat")


def test_sentences_of_activity_classes_and_hand() -> None:
    said = words.activity_words([[4, 4, 4], [1, 4, 4]], boxes(), 4.0, (8, 12))
    assert said == "Weakest at the bottom left (rows 4 to 7, columns 0 to 3): 25 % of its activity of 4.00 is left."
    assert words.classes_words([[0, 0], [1, 0]], 0, ["cat", "dog"]) == "Predicted: cat at 75 %, dog at 25 % of the places."
    assert "never changes it" in words.classes_words([[1, 1]], 1, ["cat", "dog"])
    assert words.harder_places([[0.1, 0.5], [0.6, 0.7]], 0.5) == "25 % of the map’s places hit harder than your box."


def test_sentence_and_bars_of_a_covered_picture() -> None:
    names = ["cat", "dog", "hen", "cow", "pig"]
    before, after = [0.6, 0.2, 0.1, 0.06, 0.04], [0.1, 0.2, 0.1, 0.1, 0.5]
    assert words.covered_words(before, after, 0, names) == "Cat: 60 % → 10 %. The prediction becomes pig."
    assert words.covered_words(before, before, 1, names) == "Dog: 20 % → 20 %. The prediction stays cat."
    assert words.classes_to_show(before, after, 0) == [0, 1, 2, 4]  # three of the clean picture, and the new winner
    assert words.classes_to_show(before, before, 3) == [0, 1, 2, 3]


def test_sentence_of_an_attribution() -> None:
    values = np.zeros((10, 10))
    values[0, 9], values[5, 5] = -3, 1
    said = words.attribution_words(values, signed=True)
    assert said == "Strongest at the top right (row 0, column 9): −3.00, against the class. A tenth of the pixels holds 100 % of the map."
    assert "zero everywhere" in words.attribution_words(np.zeros((2, 2)), signed=True)
