"""Several runs in words: their names, and what differs between their recipes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netlib.figures import run_list
from netlib.training.recipe import Recipe
from netlib.training.runs import Store

if TYPE_CHECKING:
    from netlib.training.records import Run

RECIPE = Recipe("lenet5-modern", "digits", epochs=3)


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    store = Store(folder=tmp_path)
    tanh = replace(RECIPE, changes=("tanh",), epochs=0, steps=50)
    return [store.create(RECIPE, name="ReLU"), store.create(tanh, name="tanh", owner="Ada"), store.create(RECIPE), store.create(RECIPE)]


def test_names_that_are_alike_are_told_apart(runs: list[Run]) -> None:
    unnamed = [f"LeNet-5, modern form on Digits ({run.id})" for run in runs[2:]]
    assert run_list.titles(runs) == ["ReLU", "tanh", *unnamed]
    assert run_list.titles(runs[:3])[2] == "LeNet-5, modern form on Digits"


def test_only_what_differs_is_listed(runs: list[Run]) -> None:
    assert run_list.difference_rows(runs[:2], ["ReLU", "tanh"]) == [
        {"Field": "Epochs", "ReLU": "3", "tanh": "–"},
        {"Field": "Steps", "ReLU": "–", "tanh": "50"},
        {"Field": "Changes to the network", "ReLU": "none", "tanh": "tanh for every ReLU"},
    ]
    assert "differ in epochs, steps and changes to the network; the other" in run_list.difference_words(runs[:2])
    assert run_list.difference_rows(runs[2:], ["a", "b"]) == [] and "are the same" in run_list.difference_words(runs[2:])


def test_the_table_says_how_each_stands(runs: list[Run]) -> None:
    row = run_list.rows(runs)[1]
    assert (row["Run"], row["Status"], row["By"], row["Steps"], row["Held-back right"]) == ("tanh", "waiting", "Ada", "0", None)
    assert run_list.counts(runs) == "Four runs: 4 waiting"
