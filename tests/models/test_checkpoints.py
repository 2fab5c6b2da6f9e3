"""Checkpoints in real files: good ones read to the last bit, hostile and broken ones refused with nothing executed."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import save
from torch import nn

from netlib.errors import InvalidCheckpoint, NetlibError
from netlib.models.checkpoints import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
STATE = {"conv.weight": torch.arange(24.0).reshape(2, 3, 2, 2), "conv.bias": torch.tensor([1.5, -2.0]), "steps": torch.tensor(7)}


def saved(value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def old(value: Any) -> bytes:
    """As PyTorch wrote before 1.6, and as torchvision's oldest weights are."""
    return saved(value, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize(
    "data",
    [
        save(STATE), saved(STATE), old(STATE), saved(OrderedDict(STATE)), saved({"state_dict": STATE, "epoch": 3, "best": 0.5}),
        saved({"model_state_dict": STATE, "optimizer": {"lr": 0.1}}), saved({f"module.{name}": tensor for name, tensor in STATE.items()}),
        saved({"model": {f"_orig_mod.{name}": nn.Parameter(tensor.float()) for name, tensor in STATE.items()}}),
    ],
    ids=["safetensors", "torch", "old", "ordered", "state_dict", "model_state_dict", "DataParallel", "compiled"],
)  # fmt: skip
def test_reads_what_was_saved(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "weights.any"
    file.write_bytes(data)
    for found in (read(data), read(file)):
        assert found.keys() == STATE.keys()
        assert all(torch.equal(found[name], tensor) for name, tensor in STATE.items())
        assert not any(tensor.requires_grad for tensor in found.values())


class Call:
    """Unpickled by ordinary means, it calls a function."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("write", [saved, old, pickle.dumps], ids=["zip", "old", "pickle"])
@pytest.mark.parametrize("place", ["entry", "whole", "beside"])
def test_pickled_code_is_never_executed(write: Callable[[Any], bytes], place: str, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    call = Call(open, str(trace), "w")
    data = write({"entry": {**STATE, "evil": call}, "whole": call, "beside": {"state_dict": STATE, "hook": call}}[place])
    with pytest.raises(InvalidCheckpoint, match="Python objects besides tensors; reading them would execute code, so it was not opened"):
        read(data)
    assert not trace.exists()
    if write is pickle.dumps and place == "whole":  # it does what it is meant to, when read carelessly
        pickle.loads(data).close()
        assert trace.exists()


def test_a_whole_network_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match=r"save it with torch\.save\(model\.state_dict\(\), …\), or as safetensors"):
        read(saved(nn.Linear(2, 3)))


def repacked(data: bytes, compression: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(file, "w", compression) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    return file.getvalue()


def test_a_zip_bomb_is_refused_unopened() -> None:
    bomb = repacked(saved({"weight": torch.zeros(20_000_000)}), zipfile.ZIP_DEFLATED)
    assert len(bomb) < 200_000
    with pytest.raises(InvalidCheckpoint, match="is a compressed archive"):
        read(bomb)
    stored = repacked(saved(STATE), zipfile.ZIP_STORED)
    assert read(stored).keys() == STATE.keys()
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        archive.writestr("a/data.pkl", b"0" * 1000)
    claimed = file.getvalue().replace(struct.pack("<I", 1000), struct.pack("<I", 2**31))  # it says it holds more than it has
    with pytest.raises(InvalidCheckpoint):
        read(claimed)


def test_one_value_that_is_said_to_be_a_billion() -> None:
    huge = torch.zeros(1).expand(10**9)
    for data in (saved({"weight": huge}), old({"weight": huge})):
        assert len(data) < 3000
        with pytest.raises(InvalidCheckpoint, match="'weight' of this file is larger than what the file holds of it"):
            read(data)


def header(entries: dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + body


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "This file is empty"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "neither safetensors nor what torch.save writes"),
        (b"PK\x03\x04" + bytes(100), "damaged or incomplete"),
        (repacked(saved(STATE), zipfile.ZIP_STORED).replace(b"data.pkl", b"data.pk_"), "damaged or incomplete"),
        (header({"w": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]}}, b"1234"), "safetensors file is damaged"),
        (header({"w": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, b"1234"), "safetensors file is damaged"),
        (struct.pack("<Q", 2**62) + b"{}", "safetensors file is damaged"),
        (saved([1, 2, 3]), "holds a list, not a state dict"),
        (saved({}), "an empty dictionary"),
        (saved(torch.zeros(3)), "holds a Tensor"),
        (saved({**STATE, "epoch": 3}), "Entry 'epoch' of this file is a int, not a tensor"),
        (saved({3: torch.zeros(2)}), "Entry 3 of this file"),
        (saved({"w": torch.zeros(3, 3).to_sparse()}), "sparse, quantized or without values"),
        (saved({"w": torch.zeros(3, device="meta")}), "without values"),
        (saved({f"{i}": torch.zeros(()) for i in range(300)}), ""),
    ],
)  # fmt: skip
def test_what_is_no_state_dict_is_said(data: bytes, says: str) -> None:
    if not says:
        assert len(read(data)) == 300
        return
    with pytest.raises(InvalidCheckpoint, match=says) as caught:
        read(data)
    assert isinstance(caught.value, NetlibError) and "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_a_torchscript_program_is_not_run() -> None:
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        archive.writestr("net/data.pkl", pickle.dumps({}, protocol=2))
        archive.writestr("net/code/__torch__.py", "")
    with pytest.raises(InvalidCheckpoint, match="TorchScript program, which is not run here"):
        read(file.getvalue())


def test_too_large_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="This file has 0 MB, and 0 MB are allowed; save the weights alone"):
        read(saved(STATE), most=100)
    file = tmp_path / "sparse.pth"
    with file.open("wb") as target:
        target.truncate(10**12)  # on the disk it takes no room
    with pytest.raises(InvalidCheckpoint, match="This file has 1,000,000 MB, and 620 MB are allowed"):
        read(file)


@pytest.mark.parametrize("write", [save, saved, old])
def test_truncated_and_damaged_files(write: Callable[[Any], bytes]) -> None:
    data = write(STATE)
    for length in (1, 7, 9, 40, len(data) // 2, len(data) - 3):
        with pytest.raises(InvalidCheckpoint):
            read(data[:length])
    random = torch.Generator().manual_seed(0)
    for _ in range(150):
        broken = bytearray(data)
        for place in torch.randint(len(data), (3,), generator=random).tolist():
            broken[place] = int(torch.randint(256, (), generator=random))
        try:
            found = read(bytes(broken))
        except InvalidCheckpoint:
            continue
        assert all(isinstance(tensor, torch.Tensor) for tensor in found.values())
