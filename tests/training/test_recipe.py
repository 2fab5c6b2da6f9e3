"""A recipe is plain data, and says at once what makes no sense."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from netlib.errors import InvalidInput
from netlib.training.recipe import CHANGES, CHOICES, FIELDS, RANGES, Recipe, difference


def test_goes_through_json_and_back() -> None:
    recipe = Recipe("zfnet-mini", "patches", 3, mirror=True, tint=0.25, seed=4, changes=("tanh", "no-lrn"), dropout=0.2)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe
    assert hash(Recipe.from_dict(json.loads(json.dumps(recipe.as_dict())))) == hash(recipe)


def test_a_record_of_an_older_version_has_fewer_fields() -> None:
    assert Recipe.from_dict({"network": "lenet5", "data": "digits", "epochs": 2, "tint": 0}) == Recipe("lenet5", "digits", 2)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"network": "lenet5", "data": "digits", "epoch": 2}, "no field called epoch; it has network, data, epochs"),
        ({"network": "lenet5", "epochs": 2}, "does not say its data"),
        ({"network": "lenet5", "data": "digits", "epochs": "2"}, "epochs = '2' was given, which is no int"),
        ({"network": "lenet5", "data": "digits", "epochs": True}, "epochs = True was given, which is no int"),
        ({"network": "lenet5", "data": "digits", "epochs": 2, "tint": "much"}, "tint = 'much' was given, which is no float"),
        ({"network": "lenet5", "data": "digits", "epochs": 2, "changes": "tanh"}, "changes = 'tanh' was given, which is no tuple"),
    ],
)
def test_says_what_is_wrong_with_a_record(values: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        Recipe.from_dict(values)


def test_differences_in_the_order_of_the_fields() -> None:
    one = Recipe("lenet5", "digits", 2, seed=1)
    other = Recipe("lenet5-modern", "digits", steps=7, seed=1, changes=("tanh",))
    assert difference(one, other) == [("network", "lenet5", "lenet5-modern"), ("epochs", 2, 0), ("steps", 0, 7), ("changes", (), ("tanh",))]
    assert difference(one, one) == []


def test_each_field_is_explained_and_each_rule_is_of_a_field() -> None:
    assert Recipe.__doc__ is not None
    assert [name for name in FIELDS if f"{name}:" not in Recipe.__doc__ and f"`{name}`" not in Recipe.__doc__] == []
    assert {*RANGES, *CHOICES} <= FIELDS.keys()
    assert len(set(CHANGES)) == len(CHANGES)


def test_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Recipe("lenet5", "digits", 1).epochs = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (dict(epochs=0), "0 epochs, 0 steps and 0 seconds .* exactly one"),
        (dict(epochs=1, steps=5), "1 epochs, 5 steps and 0 seconds .* exactly one"),
        (dict(epochs=-1), "epochs = -1 .* of at least 0"),
        (dict(epochs=1, batch=0), "batch = 0 was asked for; give a number of at least 1"),
        (dict(epochs=1, learning_rate=0.0), "learning rate of 0"),
        (dict(epochs=1, learning_rate=float("nan")), "learning_rate = nan"),
        (dict(epochs=1, grey=1.5), "grey = 1.5 .* from 0 to 1"),
        (dict(epochs=1, optimizer="lion"), "no optimizer called 'lion'; choose one of: sgd, alexnet, adam, adamw"),
        (dict(epochs=1, changes=("tanh", "no-pools")), "no change called 'no-pools'; choose among: tanh"),
        (dict(epochs=1, changes=("batch-norm", "no-batch-norm")), "both added and taken away"),
        (dict(epochs=1, milestones=(0.7, 0.2)), "milestones are"),
        (dict(epochs=1, milestones=(0.7, 1.0)), "milestones are"),
        (dict(epochs=1, crops=3), "no crops called 3; choose one of: 1, 5, 10"),
        (dict(epochs=1, crops=5), "give a margin"),
        (dict(epochs=1, device="gpu"), "no device called 'gpu'; choose auto, cpu, cuda"),
        (dict(epochs=1, batch=10, devices=4), "batch of 10 cannot be shared evenly by 4 devices; give a multiple"),
        (dict(seconds=3.0, devices=2), "2 devices .* 3 seconds .* give epochs or steps"),
        (dict(epochs=1, loss="hinge"), "no loss called 'hinge'; choose one of: cross-entropy, rbf"),
        (dict(epochs=1, border="wrap"), "no border called 'wrap'; choose one of: constant, reflect"),
    ],
)
def test_says_what_is_wrong(settings: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        Recipe("lenet5", "digits", **settings)
