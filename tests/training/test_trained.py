"""What a run has learned comes back as a network of its own: held against the run's own score, counted again by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from netlib.analysis.cost import costs
from netlib.data.sets import data_set
from netlib.errors import InvalidInput, MissingWeights, UnknownRun
from netlib.training.recipe import Recipe
from netlib.training.runs import Store
from netlib.training.trained import trained
from netlib.training.worker import work

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = Recipe(
    "lenet5-modern", "digits", steps=30, learning_rate=0.05, evaluate=30, device="cpu",
    changes=("tanh", "batch-norm"), initialization="xavier",
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(folder=tmp_path_factory.mktemp("runs"))
    assert work(made, made.create(RECIPE, device="cpu")).status == "finished"
    return made


def test_the_network_is_the_one_that_was_tested(store: Store) -> None:
    (run,) = store.runs()
    found = trained(store, run.id)
    assert (found.step, found.classes) == (30, tuple("0123456789"))
    data = data_set("digits", (1, 32, 32))
    pictures = torch.from_numpy(data.test_images / np.float32(255)).sub(found.mean[0]).div(found.std[0])
    with torch.no_grad():
        said = found.build()(pictures).argmax(1).numpy()
    assert run.best is not None and (said == data.test_labels).mean() == pytest.approx(run.best)


def test_its_layers_are_those_of_the_changed_network(store: Store) -> None:
    found = trained(store, store.runs()[0].id)
    kinds = [layer.kind for layer in found.graph()]
    assert "relu" not in kinds and kinds.count("tanh") == 4 and kinds.count("batch_norm") == 3  # C1, C3 and C5
    assert costs(found.graph()).params == sum(parameter.numel() for parameter in found.build().parameters())


def test_a_run_without_a_checkpoint_and_one_whose_checkpoint_went(store: Store, tmp_path: Path) -> None:
    found = trained(store, store.runs()[0].id)
    with pytest.raises(MissingWeights, match="a better checkpoint than that of step 30"):
        replace(found, path=tmp_path / "best-000000030.safetensors").build()
    waiting = store.create(RECIPE)
    with pytest.raises(InvalidInput, match="has no checkpoint yet"):
        trained(store, waiting.id)
    store.delete(waiting.id)
    with pytest.raises(UnknownRun):
        trained(store, waiting.id)
