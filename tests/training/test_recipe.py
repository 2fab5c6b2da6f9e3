"""A recipe is plain data, and says at once what makes no sense."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from netlib.errors import InvalidInput
from netlib.training.recipe import Recipe


def test_goes_through_json_and_back() -> None:
    recipe = Recipe("zfnet-mini", "patches", 3, mirror=True, tint=0.25, seed=4)
    assert Recipe(**json.loads(json.dumps(recipe.as_dict()))) == recipe


def test_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Recipe("lenet5", "digits", 1).epochs = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (dict(epochs=0), "0 epochs in batches of 64 .* at least 1"),
        (dict(epochs=1, batch=0), "batches of 0"),
        (dict(epochs=1, loss="hinge"), "no loss called 'hinge'; choose one of: cross-entropy, rbf"),
        (dict(epochs=1, border="wrap"), "no border called 'wrap'; choose one of: constant, reflect"),
    ],
)
def test_says_what_is_wrong(settings: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        Recipe("lenet5", "digits", **settings)
