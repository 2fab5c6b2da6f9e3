"""A script for torchrun: a few steps on a share of each batch; process 0 writes the curve and the weights to a file.

    torchrun --nproc-per-node 2 -m tests.training.sharing <file> <recipe as JSON>
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from netlib.training.distributed import joined
from netlib.training.recipe import Recipe
from netlib.training.train import trainer


def main(file: Path, text: str) -> None:
    torch.set_num_threads(1)
    with joined() as (rank, _):
        run = trainer(Recipe.from_dict(json.loads(text)))
        losses = [(step.loss.item(), step.top1.item(), step.learning_rate) for step in run]
        score = run.evaluate().top1
        if rank == 0:
            save_file({name: tensor.contiguous() for name, tensor in run.model.state_dict().items()}, file)
            file.with_suffix(".json").write_text(json.dumps({"losses": losses, "score": score}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
