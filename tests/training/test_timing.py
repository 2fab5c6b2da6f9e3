"""An estimate of a run's time, against the run."""

from __future__ import annotations

import pytest

from netlib.training import timing
from netlib.training.recipe import Recipe
from netlib.training.timing import calibrate


def test_what_follows_from_the_time_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which every step takes half a second, the first two ten: by hand."""
    times = iter([0.0, 0.0, 10.0, 10.0, 20.0, 20.0, 20.5, 20.5, 21.0, 21.0, 21.5])
    monkeypatch.setattr(timing, "perf_counter", lambda: next(times))
    found = calibrate(Recipe("lenet5-modern", "digits", 4, batch=64, device="cpu"), seconds=21.2)
    assert (found.seconds_per_step, found.images_per_second) == (0.5, 128.0)
    steps, evaluations = 4 * (1297 // 64), 4
    assert found.total_seconds == pytest.approx(0.5 * (steps + evaluations * 500 / 64 / 3))


def test_seconds_are_taken_at_their_word() -> None:
    found = calibrate(Recipe("lenet5-modern", "digits", seconds=30.0, device="cpu"), seconds=0.1)
    assert found.total_seconds == 30.0
    assert 0 < found.seconds_per_step < 5
    assert found.images_per_second == pytest.approx(64 / found.seconds_per_step)


def test_a_run_shorter_than_the_calibration() -> None:
    assert calibrate(Recipe("lenet5-modern", "digits", steps=1, device="cpu"), seconds=5).seconds_per_step > 0
