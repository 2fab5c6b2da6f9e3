"""The paper's figure beside ours: both sides have the arms in one order, and ours are means worked out by hand."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace
from typing import Any

from netlib.figures import experiment_words
from netlib.figures.experiment_bars import figure
from netlib.training.experiments import EXPERIMENTS
from netlib.training.verdicts import Comparison, Summary, Verdict


def verdict(key: str, **values: tuple[float, ...]) -> Verdict:
    return Verdict(EXPERIMENTS[key].measure, {arm: Summary(arm, found) for arm, found in values.items()}, ())


def bars(drawn: Any) -> list[tuple[tuple[str, ...], tuple[float, ...], tuple[str, ...]]]:
    return [(bar.y, bar.x, tuple(text.strip() for text in bar.text)) for bar in drawn.data if bar.type == "bar"]


def test_the_papers_epochs_stand_beside_our_steps() -> None:
    """AlexNet's Figure 1: 25 % training error after 6 epochs with ReLUs, after 36 with tanh."""
    drawn = figure(EXPERIMENTS["relu"], verdict("relu", ReLU=(50, 54), tanh=(340, inf)))
    assert bars(drawn) == [
        (("ReLU", "tanh"), (6, 36), ("6", "36")),
        (("ReLU", "tanh"), (52, 340), ("52", "340, reached in 1 of 2 trials")),
    ]
    rings = [(trace.y, trace.x) for trace in drawn.data if trace.type == "scatter"]
    assert rings == [(("ReLU", "ReLU"), (50, 54)), (("tanh",), (340,))]
    headings = [text.text for text in drawn.layout.annotations]
    assert headings == ["The paper: epochs to 25 % training error", "Here: steps to 25 % training error"]


def test_before_the_first_run_and_without_numbers_in_the_paper() -> None:
    assert "not measured yet" in [text.text for text in figure(EXPERIMENTS["relu"], verdict("relu")).layout.annotations]
    ((arms, means, _),) = bars(figure(EXPERIMENTS["kernel-limit"], verdict("kernel-limit", **{"without the limit": (4.0, 6.0)})))
    assert (arms, means) == (("without the limit",), (5,))


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
