"""Checkpoints: there as a whole or not at all, and no more of them than is said."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from netlib.errors import InvalidCheckpoint
from netlib.training import checkpoint
from netlib.training.records import State

ROOT = Path(__file__).parents[2]
STATE = State(
    {
        "weight": torch.arange(6.0).reshape(2, 3).T, "half": torch.tensor([1.5, -2]).bfloat16(),
        "random": torch.get_rng_state(), "count": torch.tensor(3), "empty": torch.zeros(0, 2),
    },
    {"step": 7, "order": [3, 1, 2], "best": float("inf"), "nested": {"a": None, "π": True}},
)  # fmt: skip


def equal(a: State, b: State) -> bool:
    pairs = [(tensor, b.tensors[name]) for name, tensor in a.tensors.items()]
    return a.values == b.values and len(pairs) == len(b.tensors) and all(torch.equal(x, y) and x.dtype == y.dtype for x, y in pairs)


def test_a_state_comes_back_bit_for_bit(tmp_path: Path) -> None:
    path = checkpoint.place(tmp_path / "run", "last", 7)
    checkpoint.save(path, STATE)
    assert equal(checkpoint.load(path), STATE)
    assert [file.name for file in path.parent.iterdir()] == ["last-000000007.safetensors"]


def test_only_the_latest_are_kept_and_listed_by_step(tmp_path: Path) -> None:
    names = ("last-000000005", "last-000000040", "last-1000000000", "best-000000003", "best-000000060")
    for name in names:
        (tmp_path / f"{name}.safetensors").touch()
    for other in ("last-000000050.part", "notes.txt", "last-x.safetensors"):
        (tmp_path / other).touch()
    assert [path.stem for path in checkpoint.files(tmp_path)] == [names[i] for i in (2, 4, 1, 0, 3)]
    assert checkpoint.newest(tmp_path, "last") == tmp_path / f"{names[2]}.safetensors"
    checkpoint.keep(tmp_path, newest=2, best=1)
    assert {path.stem for path in checkpoint.files(tmp_path)} == {names[2], names[4], names[1]}
    assert (tmp_path / "notes.txt").exists() and not list(tmp_path.glob("*.part"))
    assert checkpoint.newest(tmp_path / "nothing") is None


@pytest.mark.parametrize("content", [b"", b"\x10\0\0\0\0\0\0\0{", bytes(range(256)) * 16, None])
def test_what_is_no_checkpoint_is_told_in_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "last-000000001.safetensors"
    path.write_bytes(content) if content is not None else save_file({"weight": torch.ones(2)}, path)  # a file of weights alone
    with pytest.raises(InvalidCheckpoint, match=r"last-000000001\.safetensors is no checkpoint of a run, or is damaged"):
        checkpoint.load(path)
    with pytest.raises(InvalidCheckpoint):
        checkpoint.load(tmp_path / "missing.safetensors")


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path = checkpoint.place(tmp_path, "last", 1)
    checkpoint.save(path, STATE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # no file of this process may grow beyond that: EFBIG, as ENOSPC on a full disk
    try:
        with pytest.raises(OSError):
            checkpoint.save(path, State({"weight": torch.zeros(10_000)}, {}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.name for file in tmp_path.iterdir()] == [path.name] and equal(checkpoint.load(path), STATE)


KILLED = """
import os, signal, sys, time, torch
from pathlib import Path
from netlib.training import checkpoint
from netlib.training.records import State

path = Path(sys.argv[1])
for kill in range(8):
    path.unlink(missing_ok=True)
    pid = os.fork()
    step = 0
    while not pid:  # the child saves one state after the other
        step += 1
        checkpoint.save(path, State({"all": torch.full((400_000,), step)}, {"step": step}))
    while not path.exists():
        time.sleep(0.001)
    time.sleep(0.003 * kill)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    state = checkpoint.load(path)
    assert (state.tensors["all"] == state.values["step"]).all()
"""


def test_who_is_killed_while_saving_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    path = checkpoint.place(tmp_path, "last", 1)
    subprocess.run([sys.executable, "-c", KILLED, path], cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True)
    checkpoint.keep(tmp_path)
    assert list(tmp_path.iterdir()) == [path], "what was left half written"
