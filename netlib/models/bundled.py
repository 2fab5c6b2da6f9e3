"""The trained weights that come with the project: what each file in assets/weights/ is, told without torch.

`python -m netlib.training.bundled` makes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from netlib.errors import MissingWeights
from netlib.models.registry import NETWORKS, PREFIX, spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

FOLDER = Path(__file__).parents[2] / "assets" / "weights"


@dataclass(frozen=True, slots=True)
class Bundled:
    """A trained network of the registry, as its .json beside its .safetensors says.

    Attributes:
        network: key of the registry.
        data: name of the data set that it learned from, "digits" or "patches".
        classes: the name of each class, in the order of the outputs.
        shape: (C, H, W) of the pictures it was trained on.
        mean, std: what was taken from each channel of a picture between 0 and 1, and what that was divided by.
        trained: pictures that it learned from.
        tested: pictures held back.
        correct: those of the held-back ones that it puts into their class; `score` is their share.
        recipe: all settings of the training, the seed among them.
        versions: of what it was trained with, by name.
        params: trained numbers.
        bytes: size of the file.
        seconds: how long the training took, on one thread.
        date: of the training, "2026-11-24".
    """

    network: str
    data: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    trained: int
    tested: int
    correct: int
    recipe: Mapping[str, Any]
    versions: Mapping[str, str]
    params: int
    bytes: int
    seconds: int
    date: str

    @property
    def score(self) -> float:
        """Share of the held-back pictures that it puts into their class."""
        return self.correct / self.tested

    @property
    def seed(self) -> int:
        """Of the initial weights and of all that was drawn while it learned."""
        return int(self.recipe["seed"])

    @property
    def file(self) -> Path:
        """Its weights, as safetensors."""
        return FOLDER / f"{self.network}.safetensors"

    @classmethod
    def from_json(cls, text: str) -> Bundled:
        """The record that `text`, one of the .json files beside the weights, holds."""
        return cls(**{key: _frozen(value) for key, value in json.loads(text).items()})


def _frozen(value: Any) -> Any:
    """A value of JSON that nobody can change."""
    if isinstance(value, dict):
        return MappingProxyType(value)
    return tuple(value) if isinstance(value, list) else value


def _table() -> Mapping[str, Bundled]:
    """In the order of the registry; a network without a file is not in it."""
    records = {name: FOLDER / f"{name}.json" for name in NETWORKS}
    return MappingProxyType({name: Bundled.from_json(file.read_text(encoding="utf-8")) for name, file in records.items() if file.is_file()})


BUNDLED: Mapping[str, Bundled] = _table()


def state_dict(network: str) -> dict[str, Tensor]:
    """The trained weights of `network`, for `netlib.build(network, weights=…)`.

    Raises:
        UnknownNetwork: there is no network of that name.
        MissingWeights: no trained weights of that network come with the project, or their file is missing.
    """
    if network not in BUNDLED:
        if not network.startswith(PREFIX):
            spec(network)
        raise MissingWeights(f"No trained weights of {network} come with the project; choose one of: {', '.join(BUNDLED)}.")
    file = BUNDLED[network].file
    if not file.is_file():
        raise MissingWeights(f"The file {file.name} of trained weights is missing; run: python -m netlib.training.bundled {network}.")
    from safetensors.torch import load_file  # imports torch

    return load_file(file)
