"""Charts as pictures: heights are read back from the pixels, against the numbers that went in."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from netlib.figures.chart_picture import chart_picture


def of_color(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Where the picture has the colour, without the legend's rows."""
    there = (np.abs(picture.astype(int) - color) < 8).all(2)
    there[:60] = False
    return there


def test_bars_are_as_high_as_their_numbers() -> None:
    """3 is three times as high as 1: the colour's pixels at a quarter and at three quarters of the coloured width."""
    drawn = go.Figure([go.Bar(x=["a", "b"], y=[3.0, 1.0], name="bars", marker={"color": "#ff0000"})])
    drawn.update_yaxes(range=[0, 3.5])
    heights = of_color(chart_picture(drawn), (255, 0, 0)).sum(0)
    first, *_, last = heights.nonzero()[0]
    quarter = (last - first) // 4
    assert heights[first + quarter] / heights[last - quarter] == pytest.approx(3, rel=0.03)


def test_a_line_goes_through_its_points() -> None:
    """From 0 at the left to 100 at the right: the middle column of the line is half as high as its end."""
    drawn = go.Figure([go.Scatter(x=[0, 1], y=[0, 100], mode="lines", name="up", line={"color": "#0000ff", "dash": "solid"})])
    drawn.update_yaxes(range=[-3, 105], title="height", ticksuffix=" %")
    there = of_color(chart_picture(drawn), (0, 0, 255))
    tops = there[:, there.any(0)].argmax(0)
    middle = tops[len(tops) // 2]
    assert tops[-1] < middle < tops[0] and middle == pytest.approx((tops[0] + tops[-1]) / 2, abs=3)


def test_what_it_cannot_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="kind pie"):
        chart_picture(go.Figure([go.Pie(values=[1])]))
