"""ImageNet weights of torchvision's networks, and of those of netlib's own that are the same network.

netlib brings none of them: they are hundreds of megabytes. They are read from a folder of this computer (`folders`), or downloaded
when somebody asks for it. What they are is in assets/imagenet.json, so that nothing here needs torchvision before weights are loaded.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from netlib.models.registry import NETWORKS, PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).parents[2] / "assets" / "imagenet.json"
MEGA = 1024 * 1024  # torchvision's megabytes


@dataclass(frozen=True, slots=True)
class Weights:
    """torchvision's weights of one network.

    Attributes:
        name: torchvision's name of the network.
        weights: torchvision's name of the weights, such as "IMAGENET1K_V1".
        bytes: size of the file, as torchvision states it.
        top1: share of ImageNet's validation pictures that the network gets right, as torchvision states it.
        resize, crop, filter, mean, std: its preprocessing: the shorter side, the middle, how it is scaled, what is taken away.
    """

    name: str
    weights: str
    url: str
    bytes: int
    top1: float
    resize: int
    crop: int
    filter: str
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def file(self) -> str:
        """Its file's name, which ends in the beginning of its SHA-256."""
        return self.url.rpartition("/")[2]

    @property
    def digest(self) -> str:
        """The first digits of the file's SHA-256."""
        match = re.search(r"-([0-9a-f]{8,})\.pth$", self.file)
        return match[1] if match else ""


def _read() -> tuple[tuple[str, ...], Mapping[str, Weights]]:
    data = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {"classes": [], "networks": {}}
    rows = {
        name: Weights(
            name, row["weights"], row["url"], round(row["megabytes"] * MEGA), row["top1"] / 100, row["resize"], row["crop"],
            row["filter"], tuple(row["mean"]), tuple(row["std"]),
        )
        for name, row in data["networks"].items()
    }  # fmt: skip
    return tuple(data["classes"]), MappingProxyType(rows)


CLASSES, WEIGHTS = _read()


def weights_of(network: str) -> Weights | None:
    """The ImageNet weights of a network of the registry or of "torchvision/…"; None where there are none."""
    if network.startswith(PREFIX):
        return WEIGHTS.get(network.removeprefix(PREFIX))
    return WEIGHTS.get(NETWORKS[network].torchvision or "") if network in NETWORKS else None


def folders() -> tuple[Path, ...]:
    """Where weights are looked for, in this order: the folder that NETLIB_WEIGHTS names, and the one in which torch keeps its downloads."""
    named = os.environ.get("NETLIB_WEIGHTS")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    torch_home = Path(os.environ.get("TORCH_HOME") or cache / "torch")
    hub = torch_home / "hub" / "checkpoints"
    return (Path(named).expanduser(), hub) if named else (hub,)


def where(network: str) -> Path | None:
    """The file with the network's weights on this computer, if there is one."""
    weights = weights_of(network)
    paths = [folder / weights.file for folder in folders()] if weights else []
    return next((path for path in paths if path.is_file()), None)
