"""Two processes that torchrun starts, against one with the same batches.

What differs is the order in which numbers are added up: half a batch here and there, then both. Over 12 steps with momentum the
losses agree to 1e-5 and the weights to 1e-4 of their largest. Batch normalization, which sees half a batch, dropout and augmentation,
which each process draws for itself, are not part of that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from netlib.data.split import Split
from netlib.errors import InvalidInput
from netlib.training import checkpoint
from netlib.training.distributed import agreed, averaged, joined, place, wrapped
from netlib.training.loop import Trainer
from netlib.training.recipe import Recipe, difference
from netlib.training.records import Run
from netlib.training.runs import Store
from netlib.training.train import trainer

ROOT = Path(__file__).parents[2]
RECIPE = Recipe("lenet5-modern", "digits", steps=12, batch=64, learning_rate=0.05, device="cpu", schedule="plateau", patience=1, evaluate=4)


def shared(folder: Path, recipe: Recipe) -> tuple[Store, Run]:
    """What two processes make of the recipe, from the command to the store."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value, _ in difference(recipe, Recipe("", "", steps=1))]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*torchrun, "-m", "netlib.training", "run", *options]
    settings = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "NETLIB_RUNS": str(folder), "NETLIB_DATABASE_URL": ""}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    store = Store(folder=folder)
    (run,) = store.runs()
    return store, run


def test_two_processes_give_the_curve_of_one(tmp_path: Path) -> None:
    store, run = shared(tmp_path, replace(RECIPE, devices=2))
    assert (run.status, run.step, run.recipe.devices) == ("finished", 12, 2)
    curves = store.points(run.id, ["loss", "top1", "learning_rate"])
    alone = trainer(RECIPE)
    first = {name: tensor.clone() for name, tensor in alone.model.state_dict().items()}
    steps, scores = [], []
    for step in alone:
        steps.append((step.loss.item(), step.top1.item(), step.learning_rate))
        scores += [alone.evaluate().top1] if alone.due else []
    losses, top1, rates = zip(*steps, strict=True)
    assert curves["loss"].step.tolist() == curves["top1"].step.tolist() == list(range(1, 13))
    assert curves["loss"].value == pytest.approx(losses, rel=1e-5)
    assert curves["top1"].value == pytest.approx(top1, rel=1e-5)
    assert curves["learning_rate"].value[-1] == rates[-1] < rates[0]
    path = store.checkpoint(run.id, "last")
    assert path is not None
    weights = checkpoint.load(path).tensors
    for name, tensor in alone.model.state_dict().items():
        ours = weights[f"model/{name}"]
        assert (ours - tensor).abs().max() <= 1e-4 * tensor.abs().max(), name
        assert (ours - first[name]).abs().max() > 1e-2 * tensor.abs().max(), name
    assert [found.top1 for _, found in store.evaluations(run.id)] == pytest.approx(scores, abs=0.01)


def test_a_process_alone_needs_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    model, value = torch.nn.Linear(2, 3), torch.tensor(1.5)
    with joined() as share:
        assert share == place() == (0, 1)
    assert wrapped(model) is model
    assert averaged(value) == (value,)
    assert agreed(0.25) == 0.25


def test_several_devices_without_torchrun(tiny: Split) -> None:
    with pytest.raises(InvalidInput, match="run on 2 devices was started as 1 process.* torchrun --nproc-per-node 2"):
        Trainer(torch.nn.Linear(2, 3), tiny, replace(RECIPE, devices=2))
