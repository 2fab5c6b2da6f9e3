"""Curves of moved pictures and bars of hidden parts, on numbers worked out by hand."""

from __future__ import annotations

from netlib.figures import invariance_curves, part_bars
from netlib.figures.invariance_curves import Line
from netlib.figures.part_bars import RANDOM, Row


def test_distances_are_shares_of_the_largest_and_the_hover_has_the_number() -> None:
    line = Line("A", 1, (-1.0, 0.0, 1.0), (2.0, 0.0, 8.0))
    drawn = invariance_curves.distances([line], "pixels down")
    assert list(drawn.data[0].y) == [25, 0, 100]
    assert list(drawn.data[0].customdata) == ["−1 px: distance 2.00", "0 px: distance 0", "1 px: distance 8.00"]
    assert list(invariance_curves.distances([Line("A", 0, (0.0,), (0.0,))], "").data[0].y) == [0]
    assert list(invariance_curves.probabilities([line], "").data[0].y) == [200, 0, 800]


def test_pixels_of_pictures_of_different_heights_are_drawn_as_shares_of_the_height() -> None:
    small, large = Line("A", 0, (-8.0, 8.0), (0.5, 1.0), 32), Line("B", 1, (-16.0, 16.0), (0.25, 0.5), 64)
    drawn = invariance_curves.probabilities([small, large], "pixels down")
    assert [list(line.x) for line in drawn.data] == [[-25, 25], [-25, 25]]
    assert list(drawn.data[1].customdata) == ["−16 of 64 px: 25 %", "16 of 64 px: 50 %"]
    assert (drawn.layout.xaxis.title.text, drawn.layout.xaxis.ticksuffix) == ("down, share of the height", " %")
    alone = invariance_curves.probabilities([small, Line("C", 1, (-8.0,), (0.5,), 32)], "pixels down")
    assert list(alone.data[0].x) == [-8, 8] and alone.layout.xaxis.title.text == "pixels down"
    assert list(invariance_curves.distances([small, large], "times as large").data[0].x) == [-8, 8]
    said = invariance_curves.invariance_words("A", (-8, 0, 8), (0.1, 0.8, 0.9), 0, "pixels down", "cat", 32)
    assert said == "A: cat has lost half of its 80 % at −8 of 32 px."


def test_sentence_names_the_nearest_change_that_takes_half() -> None:
    values, probability = (-10, -5, 0, 5, 10), (0.1, 0.6, 0.8, 0.3, 0.2)
    said = invariance_curves.invariance_words("ZFNet", values, probability, 0, "pixels down", "cat")
    assert said == "ZFNet: cat has lost half of its 80 % at 5 px."
    said = invariance_curves.invariance_words("ZFNet", values, (0.5, 0.6, 0.8, 0.6, 0.7), 0, "degrees counter-clockwise", "7")
    assert said == "ZFNet: class 7 keeps at least half of its 80 %; least, 50 %, at −10°."
    assert invariance_curves.value_words(1.45, "times as large") == "1.45 ×"


ROWS = [
    Row("ZFNet", "relu5", 0, {"left eye": (0.1, 0.01), "nose": (0.3, 0.02), RANDOM: (0.2, 0.03)}),
    Row("ZFNet", "relu6", 0, {"left eye": (0.4, 0.01), "nose": (0.3, 0.02), RANDOM: (0.2, 0.03)}),
]


def test_bars_table_and_sentence_of_hidden_parts() -> None:
    drawn = part_bars.figure(ROWS)
    assert list(drawn.data[0].x) == ["Left eye", "Nose", "Random"] and list(drawn.data[0].y) == [0.1, 0.3, 0.2]
    assert [bar.marker.pattern.shape for bar in drawn.data] == ["", "/"]  # the two layers of one network
    assert part_bars.table(ROWS)[0] == {
        "Network": "ZFNet", "Layer": "relu5", "Left eye": "0.100 ± 0.010", "Nose": "0.300 ± 0.020", "Random": "0.200 ± 0.030",
    }  # fmt: skip
    assert part_bars.words(ROWS[0]) == "relu5 of ZFNet answers more alike to the left eye (Δ 0.100) than to random boxes (Δ 0.200)."
    assert "no more alike" in part_bars.words(ROWS[1])
