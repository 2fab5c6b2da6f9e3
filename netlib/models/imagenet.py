"""ImageNet weights of torchvision's networks, and of those of netlib's own that are the same network.

netlib brings none of them: they are hundreds of megabytes. They are read from a folder of this computer (`folders`), or downloaded
when somebody asks for it. What they are is in assets/imagenet.json, so that nothing here needs torchvision before weights are loaded.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

from netlib.errors import MissingWeights
from netlib.models.registry import NETWORKS, PREFIX, spec

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from typing import IO

    from torch import Tensor

FILE = Path(__file__).parents[2] / "assets" / "imagenet.json"
MEGA = 1024 * 1024  # torchvision's megabytes
SPARE = 1_000_000  # bytes that a file may have beyond what it is said to have: torchvision rounds
MOST_BYTES = 3_000_000_000  # of a file on this computer
LEFT_FREE = 2_000_000_000  # bytes of the disk that a download does not touch
CHUNK = 512 * 1024
TIMEOUT = 20  # seconds without a byte
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")  # heads for training, which netlib shows torchvision's networks without
RENAMED = (  # what torchvision itself renames when it loads its older files
    (re.compile(r"(\.denselayer\d+\.(?:norm|relu|conv))\.([12])\."), r"\1\2."),  # DenseNet
    (re.compile(r"\.mlp\.linear_1\."), ".mlp.0."),  # ViT
    (re.compile(r"\.mlp\.linear_2\."), ".mlp.3."),
)


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


def state_dict(network: str) -> dict[str, Tensor]:
    """The ImageNet weights of a network under its own names, for `netlib.build(network, weights=…)`.

    Raises:
        MissingWeights: there are none of that network, or not on this computer; the message says which file belongs where.
        InvalidCheckpoint: the file is damaged.
    """
    from netlib.models.checkpoints import read
    from netlib.models.weights import from_torchvision

    if (path := where(network)) is None:
        raise MissingWeights(absent(network))
    state = read(path, most=MOST_BYTES)
    if not network.startswith(PREFIX):
        return from_torchvision(network, state)
    return {_current(name): tensor for name, tensor in state.items() if not name.startswith(AUXILIARY)}


def absent(network: str) -> str:
    """One sentence for a network whose weights are not on this computer: which file belongs where."""
    called = network if network.startswith(PREFIX) else spec(network).title
    if (weights := weights_of(network)) is None:
        return f"There are no ImageNet weights of {called} that torchvision offers; choose other weights."
    return (
        f"The ImageNet weights of {called} ({weights.bytes / 1e6:,.0f} MB) are not on this computer; download them, or put "
        f"{weights.file} from {weights.url.rpartition('/')[0]} into {_shown(folders()[0])}."
    )


def download(network: str) -> Generator[tuple[int, int], None, None]:
    """Fetch the network's weights into the first of `folders`: (bytes so far, bytes in all) after each piece.

    Closing the iterator stops it; what came so far is thrown away. The file appears under its name only when it is whole and its
    SHA-256 begins as its name says.

    Raises:
        MissingWeights: torchvision has none of that network, or the download failed; the message says which file belongs where.
    """
    if (weights := weights_of(network)) is None:
        raise MissingWeights(absent(network))
    yield from fetch(weights, folders()[0])


def fetch(weights: Weights, folder: Path) -> Generator[tuple[int, int], None, None]:
    """`download` of given weights into a given folder."""
    by_hand = f"put {weights.file} from {weights.url.rpartition('/')[0]} into {_shown(folder)} by hand"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < weights.bytes + LEFT_FREE:
            raise MissingWeights(f"The disk has too little room for {weights.file} ({weights.bytes / 1e6:,.0f} MB); make some first.")
        part = folder / f"{weights.file}.{token_hex(4)}.part"
        try:
            with part.open("xb") as file:  # a plain file, which whoever shares the folder may read as its other files
                digest = yield from _received(weights, file)
            if not digest.startswith(weights.digest):
                raise MissingWeights(f"{weights.file} arrived damaged and was thrown away; try again, or {by_hand}.")
            part.replace(folder / weights.file)
        finally:
            part.unlink(missing_ok=True)
    except HTTPError as error:
        raise MissingWeights(f"{_host(weights)} answered {error.code} when asked for {weights.file}; {by_hand}.") from error
    except OSError as error:  # also what urllib raises where there is no network
        said = f"{weights.file} could not be fetched from {_host(weights)}; go online and try again, or {by_hand}."
        raise MissingWeights(said) from error


def _received(weights: Weights, part: IO[bytes]) -> Generator[tuple[int, int], None, str]:
    """Write the answer into `part`; the SHA-256 of all of it."""
    digest, done, most = sha256(), 0, weights.bytes + SPARE
    with urlopen(weights.url, timeout=TIMEOUT) as answer:
        total = int(answer.headers.get("Content-Length") or weights.bytes)
        while done <= most and (piece := answer.read(CHUNK)):
            part.write(piece)
            digest.update(piece)
            done += len(piece)
            yield done, max(done, total)
    return digest.hexdigest() if done <= most else ""


def where(network: str) -> Path | None:
    """The file with the network's weights on this computer, if there is one."""
    weights = weights_of(network)
    paths = [folder / weights.file for folder in folders()] if weights else []
    return next((path for path in paths if path.is_file()), None)


def _current(name: str) -> str:
    for pattern, new in RENAMED:
        name = pattern.sub(new, name)
    return name


def _host(weights: Weights) -> str:
    return weights.url.split("/")[2]


def _shown(folder: Path) -> str:
    """A folder as a person writes it."""
    home = Path.home()
    return f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)
