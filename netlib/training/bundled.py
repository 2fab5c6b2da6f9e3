"""The recipes of the weights that come with the project, and the command that follows them.

    python -m netlib.training.bundled                  all networks, one after the other
    python -m netlib.training.bundled zfnet-mini       this one

writes <network>.safetensors and <network>.json to assets/weights/. It runs on one thread, so that the sums of floating-point
numbers come in the same order on every machine of the same kind, and the same weights come out.
"""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import save_file

from netlib.errors import UnknownNetwork
from netlib.models.bundled import FOLDER, Bundled
from netlib.models.registry import spec
from netlib.training.evaluation import correct
from netlib.training.recipe import Recipe
from netlib.training.train import trainer

if TYPE_CHECKING:
    from collections.abc import Mapping

# Close-ups without colour make the first layer learn shapes, the small start leaves no noise in its kernels, and the limit keeps
# a few of them from outgrowing all others.
COLOUR: dict[str, Any] = {
    "learning_rate": 0.05, "shift": 4, "mirror": True, "tint": 0.2, "close_ups": 0.85, "grey": 0.6, "first_scale": 0.02,
}  # fmt: skip
RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.network: recipe
        for recipe in (
            Recipe("lenet5", "digits", epochs=40, learning_rate=0.002, loss="rbf", shift=2, border="constant"),
            Recipe("lenet5-modern", "digits", epochs=40, learning_rate=0.05, shift=2, border="constant"),
            Recipe("alexnet-mini", "patches", epochs=24, first_rms=0.032, first_decay=1e-3, **COLOUR),
            Recipe("zfnet-mini", "patches", epochs=16, first_rms=0.05, first_decay=1e-3, **COLOUR),
            Recipe("nin-mini", "patches", epochs=16, first_rms=0.07, **COLOUR),
            Recipe("vgg-mini", "patches", epochs=10, first_rms=0.15, **COLOUR | {"batch": 32, "learning_rate": 0.03, "close_ups": 0.7}),
            Recipe("googlenet-mini", "patches", epochs=12, first_rms=0.05, **COLOUR),
            Recipe("resnet-mini", "patches", epochs=20, first_rms=0.05, **COLOUR),
        )
    }
)


def make(network: str) -> Bundled:
    """Train `network` by its recipe and write its two files.

    Raises:
        UnknownNetwork: there is no recipe for it.
    """
    if network not in RECIPES:
        raise UnknownNetwork(network, RECIPES)
    recipe = RECIPES[network]
    run = trainer(recipe, device="cpu")
    model, data = run.model, run.data
    for step in run:
        if step.step % max(1, step.steps // 20) == 0:
            sys.stdout.write(f"{network}: step {step.step} of {step.steps}, loss {step.loss:.3f}\n")
            sys.stdout.flush()
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{network}.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, file)
    record = Bundled(
        network=network,
        data=data.name,
        classes=data.classes,
        shape=spec(network).input_shape,
        mean=data.mean,
        std=data.std,
        trained=len(data.train_images),
        tested=len(data.test_images),
        correct=correct(model, data.test_images, data.test_labels, data, recipe.loss),
        recipe=recipe.as_dict(),
        versions={"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        params=sum(parameter.numel() for parameter in model.parameters()),
        bytes=file.stat().st_size,
        seconds=round(run.seconds),
        date=datetime.now(UTC).date().isoformat(),
    )
    file.chmod(0o644)
    (FOLDER / f"{network}.json").write_text(json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return record


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    for name in names or RECIPES:
        record = make(name)
        score = f"{record.correct} of {record.tested} right ({record.score:.1%})"
        sys.stdout.write(f"{name}: {score}, {record.params} parameters, {record.seconds} s\n")


if __name__ == "__main__":
    main(sys.argv[1:])
