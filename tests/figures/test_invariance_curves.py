"""Curves of moved pictures and bars of hidden parts, on numbers worked out by hand."""

from __future__ import annotations

from netlib.figures import invariance_curves, part_bars
from netlib.figures.invariance_curves import Line
from netlib.figures.part_bars import RANDOM, Row


def test_distances_are_shares_of_the_largest_and_the_hover_has_the_number() -> None:
    line = Line("A", 1, (-1.0, 0.0, 1.0), (2.0, 0.0, 8.0))
    drawn = invariance_curves.distances([line], "pixels down")
    assert list(drawn.data[0].y) == [25, 0, 100]
    assert list(drawn.data[0].customdata) == ["2.00", "0", "8.00"]
    assert list(invariance_curves.distances([Line("A", 0, (0.0,), (0.0,))], "").data[0].y) == [0]
    assert list(invariance_curves.probabilities([line], "").data[0].y) == [200, 0, 800]


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
