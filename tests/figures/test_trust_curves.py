"""The curves of deletion and insertion, and the sentences of a trust check."""

from __future__ import annotations

import pytest

from netlib.figures import trust_curves
from netlib.figures.trust_curves import Curve

FALLING = Curve((0.0, 0.5, 1.0), (1.0, 0.0, 0.0), 0.25)
SLOW = Curve((0.0, 0.5, 1.0), (1.0, 1.0, 0.0), 0.75)
RISING = Curve((0.0, 0.5, 1.0), (0.0, 1.0, 1.0), 0.75)
LATE = Curve((0.0, 0.5, 1.0), (0.0, 0.0, 1.0), 0.25)


def test_figure_has_both_curves_and_both_of_chance() -> None:
    drawn = trust_curves.figure(FALLING, RISING, SLOW, SLOW)
    assert [line.name for line in drawn.data] == [
        "Deletion, strongest first: area 0.25", "Deletion, random order: area 0.75",
        "Insertion, strongest first: area 0.75", "Insertion, random order: area 0.75",
    ]  # fmt: skip
    assert list(drawn.data[0].x) == [0, 50, 100] and list(drawn.data[0].y) == [100, 0, 0]
    assert [line.line.dash for line in drawn.data] == ["solid", "dot", "solid", "dot"]


def test_less_area_is_better_for_deletion_and_more_for_insertion() -> None:
    said = trust_curves.curve_words(FALLING, RISING, SLOW, LATE)
    assert said == (
        "Deleting the strongest pixels first leaves an area of 0.25, in random order 0.75: better than chance. "
        "Inserting them first gives 0.75, in random order 0.25: better than chance."
    )
    assert trust_curves.curve_words(SLOW, LATE, FALLING, RISING).count("worse than chance") == 2
    assert trust_curves.curve_words(SLOW, LATE, SLOW, LATE).count("no better than chance") == 2


def test_where_the_picture_without_the_pixels_says_the_class_the_test_says_nothing() -> None:
    """A blurred picture of 96 % and a whole one of 75 %: 0.94 against 0.94 is then no verdict on the map."""
    whole, blurred = Curve((0.0, 1.0), (0.75, 0.1), 0.3), Curve((0.0, 1.0), (0.96, 0.75), 0.94)
    said = trust_curves.curve_words(whole, blurred, SLOW, blurred)
    assert said.startswith("Deleting the strongest pixels first leaves an area of 0.30, in random order 0.75: better than chance. ")
    assert said.endswith(
        "Insertion says nothing here: blurred, with none put in, the picture alone already gives the class 96.0 %, whole it gives 75.0 %."
    )
    stays = Curve((0.0, 1.0), (0.5, 0.4), 0.45)  # four fifths of it are left
    said = trust_curves.curve_words(stays, LATE, stays, LATE)
    assert said.startswith("Deletion says nothing here: with all pixels taken out, the picture alone already gives the class 40 %, whole")
    assert "Inserting them first gives 0.25, in random order 0.25: no better than chance." in said


def test_a_line_below_a_map_that_was_checked() -> None:
    line = "Trust check: rank correlation −0.12 when all weights are random; deletion area 0.25, in random order 0.75."
    assert trust_curves.checked_words(-0.12, (FALLING, SLOW)) == line
    stays = Curve((0.0, 1.0), (0.5, 0.4), 0.45)
    assert trust_curves.checked_words(None, (stays, stays)) == "Trust check: deletion says nothing here."
    assert trust_curves.checked_words(None, None) == ""


@pytest.mark.parametrize(
    "last, verdict", [(0.97, "says little about this network"), (-0.3, "part of the map does not"), (0.1, "depends on what the network")]
)
def test_verdict_on_random_weights(last: float, verdict: str) -> None:
    said = trust_curves.randomized_words([None, "fc8", "conv1"], [1.0, 0.5, last])
    assert said.startswith("With fc8 alone made random, its rank correlation with the map above is 0.50; with all down to conv1")
    assert verdict in said


def test_likeness_to_edges_and_signs() -> None:
    assert "looks much like the plain edges" in trust_curves.edge_words(0.6)
    assert "looks not like the plain edges" in trust_curves.edge_words(0.1)
    assert trust_curves.similarity_text(-0.25, -0.001) == "rank correlation −0.25, SSIM 0.00"
