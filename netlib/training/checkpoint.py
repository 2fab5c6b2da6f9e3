"""Checkpoints: all that a run needs to go on, in one file that is there as a whole or not at all.

A run's folder holds last-<step>.safetensors and best-<step>.safetensors, a bounded number of each. The values that are no tensors
stand as JSON in the file's own header. Nothing in a file is executed when it is read.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from netlib.errors import InvalidCheckpoint
from netlib.training.records import State

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"(last|best)-(\d+)\.safetensors")


def place(folder: Path, which: str, step: int) -> Path:
    """Where the checkpoint of this step belongs."""
    return folder / f"{which}-{step:09d}.safetensors"


def step(path: Path) -> int:
    """
    >>> from pathlib import Path
    >>> step(place(Path("run"), "best", 12))
    12
    """
    return int(path.stem.partition("-")[2])


def save(path: Path, state: State) -> None:
    """Write the state under a temporary name, wait until it is on the disk, and give it its name.

    Raises:
        OSError: the disk is full or cannot be written; what was there before still is.
    """
    from safetensors import SafetensorError  # with torch, which those who only list files need not wait for
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors.items()}
        save_file(tensors, part, {"state": json.dumps(dict(state.values))})
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
        _sync(path.parent)
    except SafetensorError as error:
        part.unlink(missing_ok=True)
        raise OSError(str(error)) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load(path: Path, part: str = "") -> State:
    """What was saved there, on the CPU; of the tensors only those whose names begin with `part`, such as "model/".

    Raises:
        InvalidCheckpoint: the file is damaged, or no checkpoint of a run.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            values = json.loads((file.metadata() or {})["state"])
            names: list[str] = file.keys()
            return State({name: file.get_tensor(name) for name in names if name.startswith(part)}, values)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise InvalidCheckpoint(f"{path.name} is no checkpoint of a run, or is damaged ({error}); use an earlier one.") from error


def files(folder: Path, which: str | None = None) -> list[Path]:
    """The checkpoints in a folder, that of the latest step first: all, or only "last" or "best"."""
    found = [(name, path) for path in folder.glob("*.safetensors") if (name := _NAME.fullmatch(path.name))]
    found = [(name, path) for name, path in found if which in (None, name[1])]
    return [path for _, path in sorted(found, key=lambda pair: (int(pair[0][2]), pair[0][1]), reverse=True)]


def newest(folder: Path, which: str | None = None) -> Path | None:
    return next(iter(files(folder, which)), None)


def keep(folder: Path, newest: int = 2, best: int = 1) -> None:
    """Delete all but so many of the latest checkpoints of each sort, and what was left half written."""
    unfinished = *folder.glob("*.part"), *folder.glob(".tmp*")  # the second by safetensors, which has a name of its own until it is done
    for path in (*files(folder, "last")[newest:], *files(folder, "best")[best:], *unfinished):
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Wait until the folder's own list of names is on the disk, where a system has that."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
