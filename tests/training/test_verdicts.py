"""What is read off the runs of an experiment, on points made by hand."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from netlib.analysis.published import Finding
from netlib.figures.verdict_words import verdict_sentence
from netlib.training.experiments import EXPERIMENTS
from netlib.training.measurements import Points
from netlib.training.measures import DOMINANCE, HELD_BACK_ERROR, PACE, TRAINING_ERROR, Trial, steps_to
from netlib.training.verdicts import verdict

FINDING = Finding("relu", "epochs", {}, 6, "ReLUs are six times faster", "ALEXNET12", "Fig. 1")


def points(values: list[float], every: int = 1) -> Points:
    step = np.arange(1, len(values) + 1) * every
    return Points(step, step / 10, step / 2, np.array(values))


def trial(values: list[float], seed: int = 0) -> Trial:
    return Trial(seed, {"top1": points(values)})


def falling_at(step: int, seed: int) -> Trial:
    """All wrong up to this step, then all right: the average of 20 falls to a quarter 15 steps later."""
    return trial([0.0] * step + [1.0] * 50, seed)


def test_steps_are_counted_to_the_end_of_the_window_that_is_good_enough():
    assert steps_to(0.25).read(falling_at(30, 0)) == 45
    assert steps_to(0.5).read(falling_at(30, 0)) == 40
    assert steps_to(0.25).read(trial([0.7] * 40)) == inf
    assert steps_to(0.25).read(trial([1.0] * 5)) == 5  # a run shorter than the window


def test_points_that_were_not_written_at_every_step_keep_their_steps():
    assert steps_to(0.25).read(Trial(0, {"top1": points([0.0] * 30 + [1.0] * 50, every=3)})) == 3 * 45


def test_errors_are_those_of_the_end():
    assert TRAINING_ERROR.read(trial([0.0] * 18 + [0.8, 0.9])) == pytest.approx(15)
    tested = Trial(0, {"test/top1": points([0.5, 0.95, 0.9], every=100)})
    assert HELD_BACK_ERROR.read(tested) == pytest.approx(10)  # not the best


def test_pace_and_dominance():
    assert PACE.read(Trial(0, {"images_per_second": points([10, 500, 400])})) == pytest.approx(2.5)
    kernels = np.ones((5, 3, 2, 4)) * np.array([1, 2, 3, -12, 1])[:, None, None, None]
    assert DOMINANCE.read(Trial(0, {}, kernels.astype(np.float16))) == pytest.approx(6)


def judged(relu: list[int], tanh: list[int]):
    trials = {"ReLU": [falling_at(step - 15, seed) for seed, step in enumerate(relu)],
              "tanh": [falling_at(step - 15, seed) for seed, step in enumerate(tanh)]}  # fmt: skip
    return verdict(EXPERIMENTS["relu"], trials)


@pytest.mark.parametrize(
    ("relu", "tanh", "outcome", "effect", "words"),
    [
        ([40], [], "missing", None, "tanh has no finished run yet"),
        ([40], [80], "few", 2, "ReLU 40, tanh 80, which is 2.00 times as much; in the paper's order, but one trial each cannot tell"),
        ([80], [40], "few", 0.5, "which is 0.500 times as much; not in the paper's order, but one trial"),
        ([40, 50], [80, 90, 100], "few", 2, "ReLU 45 (40 to 50), tanh 90 (80 to 100), which is 2.00 times as much; in the paper's"),
        ([40, 50, 60], [70, 90, 140], "as published", 2, "as the paper says, whichever of the 3 and 3 trials are compared"),
        ([70, 90, 140], [40, 50, 60], "opposite", 0.5, "the other way round than the paper says"),
        ([40, 50, 75], [70, 90, 140], "unclear", 300 / 165, "the 3 and 3 trials overlap, so no difference is shown"),
    ],
)
def test_an_outcome_is_claimed_only_when_every_trial_agrees(relu, tanh, outcome, effect, words):
    found = judged(relu, tanh)
    (comparison,) = found.comparisons
    assert (comparison.outcome, comparison.effect) == (outcome, effect and pytest.approx(effect))
    sentence = verdict_sentence(found, FINDING)
    assert words in sentence
    assert sentence.startswith("Steps to 25 % training error: ")
    assert sentence.endswith(". In the paper ReLUs are six times faster (Fig. 1).")


def test_what_never_got_there_has_no_effect_in_numbers():
    found = verdict(EXPERIMENTS["relu"], {"ReLU": [falling_at(20, 0)], "tanh": [trial([0.1] * 60)]})
    (comparison,) = found.comparisons
    assert (comparison.effect, comparison.agrees) == (None, True)
    assert "tanh not reached; in the paper's order" in verdict_sentence(found, FINDING)
    both = verdict(EXPERIMENTS["relu"], {"ReLU": [trial([0.1] * 60)], "tanh": [trial([0.1] * 60)]})
    assert both.comparisons[0].agrees is None


def test_differences_are_in_points():
    arms = {arm: [Trial(0, {"test/top1": points([score])})] for arm, score in (("with LRN", 0.87), ("without LRN", 0.845))}
    found = verdict(EXPERIMENTS["lrn"], arms)
    assert found.comparisons[0].effect == pytest.approx(2.5)
    assert "with LRN 13.0 %, without LRN 15.5 %, which is 2.5 points more;" in verdict_sentence(found, FINDING)


def test_numbers_stand_by_rising_seed():
    trials = [replace(falling_at(step, 0), seed=seed) for seed, step in ((2, 30), (0, 10), (1, 20))]
    assert verdict(EXPERIMENTS["relu"], {"ReLU": trials}).summaries["ReLU"].values == (25, 35, 45)
