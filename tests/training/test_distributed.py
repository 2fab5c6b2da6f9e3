"""Two processes that torchrun starts, against one with the same batches.

What differs is the order in which numbers are added up: half a batch here and there, then both. Over 12 steps with momentum the
losses agree to 1e-5 and the weights to 1e-4 of their largest. Batch normalization, which sees half a batch, dropout and augmentation,
which each process draws for itself, are not part of that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from netlib.data.split import Split
from netlib.errors import InvalidInput
from netlib.training.distributed import agreed, averaged, joined, place, wrapped
from netlib.training.loop import Trainer
from netlib.training.recipe import Recipe
from netlib.training.train import trainer

ROOT = Path(__file__).parents[2]
RECIPE = Recipe("lenet5-modern", "digits", steps=12, batch=64, learning_rate=0.05, device="cpu", schedule="plateau", patience=1, evaluate=4)


def shared(folder: Path, recipe: Recipe) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What two processes make of the recipe."""
    file = folder / "weights.safetensors"
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "tests.training.sharing", str(file),
        json.dumps(recipe.as_dict()),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(file.with_suffix(".json").read_text(encoding="utf-8")), load_file(file)


def test_two_processes_give_the_curve_of_one(tmp_path: Path) -> None:
    found, weights = shared(tmp_path, replace(RECIPE, devices=2))
    alone = trainer(RECIPE)
    losses = torch.tensor([(step.loss.item(), step.top1.item(), step.learning_rate) for step in alone], dtype=torch.float64)
    torch.testing.assert_close(torch.tensor(found["losses"], dtype=torch.float64), losses, rtol=1e-5, atol=1e-6)
    first = trainer(RECIPE).model.state_dict()
    for name, tensor in alone.model.state_dict().items():
        assert (weights[name] - tensor).abs().max() <= 1e-4 * tensor.abs().max(), name
        assert (weights[name] - first[name]).abs().max() > 1e-2 * tensor.abs().max(), name
    assert found["score"] == pytest.approx(alone.evaluate().top1, abs=0.01)


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
