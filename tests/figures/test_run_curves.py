"""Curves of runs: smoothing against pandas', one look a run on every line, and per cent where shares are meant."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from netlib.figures.run_curves import COLORS, DRAWN, Curves, figure, smoothed
from netlib.training.measurements import Points


def points(values: list[float], *, first: int = 1) -> Points:
    step = np.arange(first, first + len(values))
    return Points(step, np.asarray(step / 10, np.float64), np.asarray(step / 2, np.float64), np.array(values))


def test_smoothing_is_the_mean_with_weights_that_fall() -> None:
    values = np.random.default_rng(0).normal(size=500)
    np.testing.assert_allclose(smoothed(values, 0.9), pd.Series(values).ewm(alpha=0.1).mean())
    np.testing.assert_array_equal(smoothed(values, 0.0), values)


@pytest.mark.parametrize(("across", "x"), [("step", [1, 2, 3]), ("epoch", [0.1, 0.2, 0.3]), ("seconds", [0.5, 1, 1.5])])
def test_runs_share_axes_and_keep_their_looks(across: str, x: list[float]) -> None:
    one = Curves("one", 0, {"top1": points([0.25, 0.5, 1.0]), "test/top1": points([0.75], first=3)})
    other = Curves("other", 4, {"top1": points([0.1, 0.2, 0.3])})
    drawn = figure([one, other], "top1", across=across)
    assert [list(trace.x) for trace in drawn.data] == [x, x[2:], x]
    assert [list(trace.y) for trace in drawn.data] == [[25, 50, 100], [75], [10, 20, 30]]
    assert [trace.line.color for trace in drawn.data] == [COLORS[0][0], COLORS[0][0], COLORS[4][0]]
    assert [trace.name for trace in drawn.data if trace.showlegend] == ["one", "other"]


def test_a_long_curve_is_thinned_and_keeps_its_peak() -> None:
    values = [0.0] * 20_000
    values[7_777] = 1.0
    line = figure([Curves("long", 0, {"loss": points(values)})], "loss").data[0]
    assert len(line.x) <= DRAWN and dict(zip(line.x, line.y, strict=True))[7_778] == 1.0


def test_smoothed_what_was_measured_stays_palely_behind() -> None:
    pale, line = figure([Curves("one", 0, {"loss": points([4.0, 0.0, 0.0])})], "loss", smoothing=0.5).data
    assert list(pale.y) == [4, 0, 0] and list(line.y) == pytest.approx([4, 4 / 3, 4 / 7])
    assert pale.line.color != line.line.color and not pale.showlegend
