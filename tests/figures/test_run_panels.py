"""What the page of a run draws: norms as a table, confusions against scikit-learn, pictures beside their maps, and words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from netlib.figures import run_confusion, run_live, run_norms, run_pictures, run_words
from netlib.figures.mosaic import colors
from netlib.training.measurements import Points
from netlib.training.recipe import Recipe
from netlib.training.records import Mistake, Run


def points(steps: list[int], values: list[float]) -> Points:
    step = np.array(steps)
    return Points(step, step / 10, step / 2, np.array(values))


def run(**values: Any) -> Run:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    given: dict[str, Any] = {
        "id": "a", "name": "", "owner": "", "recipe": Recipe("lenet5-modern", "digits", epochs=3), "status": "running", "created": moment,
        "started": moment, "ended": None, "heartbeat": moment, "host": "", "pid": 0, "process": "", "device": "cpu", "versions": {},
        "step": 25, "steps": 100, "epoch": 1.0, "best": None, "seconds": 10.0, "device_seconds": 10.0, "bytes": 0, "message": "",
        "after": "", "folder": Path(), "token": "",
    }  # fmt: skip
    return Run(**given | values)


def test_norms_stand_in_the_order_of_the_network_and_gaps_stay_open() -> None:
    measured = {"gradient_norm/b": points([1, 3], [2, 6]), "gradient_norm/a": points([1, 2, 3], [1, 2, 3]), "loss": points([1], [9])}
    found = run_norms.norms(measured, "gradient_norm", ["a", "b"])
    assert found and found.layers == ("a", "b") and found.steps.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(found.values, [[1, 2, 3], [2, np.nan, 6]])
    assert run_norms.summary(found, "gradient_norm") == "At step 3 the gradients are largest in b (6.00) and smallest in a (3.00)."
    heat = run_norms.figure(found, "gradient_norm").data[0]
    np.testing.assert_allclose(10 ** np.asarray(heat.z), found.values)
    assert heat.colorbar.ticktext[0] == "1.00" and heat.colorbar.ticktext[-1] == "6.00"
    assert run_norms.norms({"loss": points([1], [9])}, "weight_norm") is None


def test_confusions_are_shares_of_the_true_class() -> None:
    rng = np.random.default_rng(0)
    true, said = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    counts = confusion_matrix(true, said)
    heat = run_confusion.figure(counts, "abcd").data[0]
    np.testing.assert_allclose(heat.z, 100 * confusion_matrix(true, said, normalize="true"))
    assert heat.text[2][1] == str(counts[2, 1])
    wrong = {(t, s): n for (t, s), n in np.ndenumerate(counts) if t != s}
    worst = max(wrong, key=wrong.__getitem__)
    told = run_confusion.summary(counts, "abcd", most=1)
    assert told.endswith(f"Most often {'abcd'[worst[0]]} is taken for {'abcd'[worst[1]]} ({wrong[worst]}).")


def test_maps_stand_right_of_their_picture() -> None:
    pictures = np.full((2, 1, 8, 8), [[[[30]]], [[[200]]]], np.uint8)
    maps = np.zeros((2, 3, 4, 4), np.uint8)
    maps[1, 2] = 255
    (found,) = run_pictures.feature_maps({"maps/relu1": maps, "range/relu1": np.array([0.0, 2.5])}, pictures)
    assert (found.layer, found.high, found.sheet.columns) == ("relu1", 2.5, 4)
    middles = [found.sheet.picture[(top + bottom) // 2, (left + right) // 2].tolist() for top, left, bottom, right in found.sheet.boxes]
    dark, bright = colors("sequential")[0].tolist(), colors("sequential")[254].tolist()
    assert middles == [[30] * 3, dark, dark, dark, [200] * 3, dark, dark, bright]


def test_mistakes_are_shown_with_both_classes() -> None:
    found = (Mistake(4, 1, 0, 0.75),)
    sheet = run_pictures.mistakes(np.full((1, 3, 8, 8), 90, np.uint8), found, ("cat", "dog"))
    assert (sheet == 90).all(2).sum() >= 96 * 96 and (sheet == 255).all(2).any()
    assert run_pictures.mistakes_words(found, ("cat", "dog")) == "dog taken for cat (75 %)."


@pytest.mark.parametrize(
    "values, share, words",
    [
        ({}, 0.25, "step 25 of 100 · 30 s left"),
        ({"recipe": Recipe("lenet5-modern", "digits", seconds=40.0)}, 0.25, "step 25 of about 100 · 30 s left"),
        ({"step": 0}, 0.0, "its first step is not done yet"),
        ({"status": "stopped"}, 0.25, "step 25 of 100"),
    ],
)
def test_how_far_a_run_is(values: dict[str, Any], share: float, words: str) -> None:
    assert run_words.progress(run(**values)) == (share, words)


def test_every_field_of_a_recipe_has_words() -> None:
    recipe = Recipe("lenet5-modern", "digits", epochs=1)
    assert [row["In the recipe"] for row in run_words.rows(recipe)] == list(recipe.as_dict())
    assert run_words.deviations(recipe, Recipe("lenet5-modern", "digits", epochs=1, mirror=True)) == ["Mirror: no → yes"]


def test_the_live_chart_gets_what_was_measured_and_its_running_mean() -> None:
    (loss,) = run_live.panels({"loss": points([1, 2, 3], [4, 0, 0])}, across="seconds", smoothing=0.5, log=True)
    pale, mean = loss.lines
    assert loss.log and pale.pale and not mean.pale
    assert pale.x == [0.5, 1.0, 1.5] and pale.y == [4.0, 0.0, 0.0]
    assert mean.y == [pytest.approx(value, rel=1e-4) for value in (4, 4 / 3, 4 / 7)]
    assert run_live.summary({"loss": points([1, 3], [2, 1])}) == "Up to step 3 the loss of the training batches went from 2.00 to 1.00."
