"""The records of the bundled weights: read without torch, in the registry's order, clear where something is missing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from netlib.errors import MissingWeights, NetlibError
from netlib.models import bundled
from netlib.models.bundled import BUNDLED, state_dict
from netlib.models.registry import NETWORKS

CODE = """
import sys
from netlib.models.bundled import BUNDLED
print(BUNDLED["lenet5"].score > 0.9, {"torch", "safetensors"} & {*sys.modules})
"""


def test_read_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True)
    assert done.stdout == "True set()\n"


def test_in_the_order_of_the_registry_and_every_file_has_its_record() -> None:
    assert list(BUNDLED) == [name for name in NETWORKS if name in BUNDLED]
    assert {file.stem for file in bundled.FOLDER.iterdir()} == set(BUNDLED)


def test_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        BUNDLED["lenet5"].correct = 500  # type: ignore[misc]
    with pytest.raises(TypeError):
        BUNDLED["lenet5"].recipe["seed"] = 1  # type: ignore[index]


def test_a_network_without_weights_and_a_missing_file_say_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    with pytest.raises(MissingWeights, match="alexnet come with the project; choose one of: lenet5"):
        state_dict("alexnet")
    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    with pytest.raises(NetlibError, match=r"lenet5\.safetensors .* missing; run: python -m netlib\.training\.bundled lenet5"):
        state_dict("lenet5")
