"""The paper's figure beside ours: both sides have the arms in one order, and ours are means worked out by hand."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace
from typing import Any

from netlib.figures import experiment_words
from netlib.figures.experiment_bars import measured, published
from netlib.training.experiments import EXPERIMENTS
from netlib.training.verdicts import Comparison, Summary, Verdict


def verdict(key: str, **values: tuple[float, ...]) -> Verdict:
    return Verdict(EXPERIMENTS[key].measure, {arm: Summary(arm, found) for arm, found in values.items()}, ())


def bars(drawn: Any) -> list[tuple[str, float | None, str]]:
    bar, words = drawn.data[:2]
    texts = dict(zip(words.y, words.text, strict=True))
    return [(arm, length, texts.get(arm, "").strip()) for arm, length in zip(bar.y, bar.x, strict=True)]


def test_the_papers_epochs_beside_our_steps() -> None:
    """AlexNet's Figure 1: 25 % training error after 6 epochs with ReLUs, after 36 with tanh."""
    assert bars(published(EXPERIMENTS["relu"])) == [("ReLU", 6, "6"), ("tanh", 36, "36")]
    ours = measured(EXPERIMENTS["relu"], verdict("relu", ReLU=(50, 54), tanh=(340, inf)))
    assert bars(ours) == [("ReLU", 52, "mean 52"), ("tanh", 340, "340, reached in 1 of 2 trials")]
    assert [(ring.y, ring.x) for ring in ours.data[2:]] == [(("ReLU", "ReLU"), (50, 54)), (("tanh",), (340,))]
    assert ours.data[1].x == (54, 340)  # where the words stand: behind the last ring
    assert ours.layout.yaxis.categoryarray == ("tanh", "ReLU")  # from below


def test_an_arm_without_a_trial_and_one_that_never_got_there() -> None:
    assert bars(measured(EXPERIMENTS["relu"], verdict("relu", tanh=(inf,)))) == [("ReLU", None, ""), ("tanh", 0, "not reached")]


def test_what_came_out_of_all_comparisons_together() -> None:
    def outcome(*found: Any) -> str:
        comparisons = tuple(Comparison("a", "b", None, one, None) for one in found)
        return experiment_words.outcome(Verdict(EXPERIMENTS["relu"].measure, {}, comparisons))

    assert outcome("as published", "as published") == "as published"
    assert outcome("as published", "opposite") == outcome("as published", "unclear") == "mixed"
    assert outcome("missing", "as published") == "missing"
    assert outcome("few", "unclear") == "few"


def test_what_stands_behind_the_numbers_and_which_seed_comes_next() -> None:
    def run(seed: int, status: str, seconds: float = 0.0) -> Any:
        recipe = SimpleNamespace(seed=seed)
        return SimpleNamespace(recipe=recipe, status=status, device="cpu", host="lab", device_seconds=seconds, versions={"torch": "2.13.0"})

    runs = {"A": [run(1, "finished", 40), run(0, "finished", 30)], "B": [run(1, "failed"), run(0, "finished", 50)]}
    told = "1 to 2 trials of each arm · seeds 0 and 1 · cpu of lab · 2 min of training in all · torch 2.13.0"
    assert experiment_words.honest(runs) == told
    assert experiment_words.next_seed(runs) == 1  # B's has failed
    assert experiment_words.going_on({"A": [run(0, "queued"), run(1, "running")], "B": [run(0, "queued")]}) == "2 waiting, 1 training"
    assert experiment_words.honest({"A": [], "B": []}) == "" and experiment_words.next_seed({"A": [], "B": []}) == 0
