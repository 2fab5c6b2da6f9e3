"""A state dict out of a file that nobody vouches for: numbers and names are read, nothing is ever executed.

Safetensors files hold nothing else. What `torch.save` wrote is a pickle, which can hold calls to any function; it is read with
`weights_only=True`, where all but tensors and plain containers is refused.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.errors import InvalidCheckpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

MOST_BYTES = 620_000_000  # VGG-19's weights are 575 million; the server takes 629
MOST_ENTRIES = 20_000
LONGEST_NAME = 300
INSIDE = ("state_dict", "model_state_dict", "model", "net")  # where training scripts put it, beside epoch and optimizer
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and of torch.compile

SAVE = "save it with torch.save(model.state_dict(), …), or as safetensors"


def read(data: bytes | Path, *, most: int = MOST_BYTES) -> dict[str, Tensor]:
    """The state dict in a safetensors file or in one that `torch.save` wrote, also where it is an entry of a training checkpoint.

    Prefixes that DataParallel and torch.compile put before every name are taken away.

    Raises:
        InvalidCheckpoint: the file is empty, larger than `most` bytes, compressed, damaged, no state dict, or holds Python objects
            besides tensors; nothing of it was executed.
    """
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    if not size:
        raise InvalidCheckpoint(f"This file is empty; {SAVE}.")
    if size > most:
        raise InvalidCheckpoint(f"This file has {size / 1e6:,.0f} MB, and {most / 1e6:,.0f} MB are allowed; save the weights alone.")
    head = _head(data)
    if head[8:9] == b"{":  # behind the length of the table of contents
        return _checked(_safetensors(data), most)
    if head[:2] == b"PK":
        _check_archive(data, size)
    elif head[:1] != b"\x80":  # a pickle from before PyTorch 1.6, as torchvision's oldest weights are
        raise InvalidCheckpoint(f"This file is neither safetensors nor what torch.save writes; {SAVE}.")
    return _checked(_unpickled(data), most)


def _head(data: bytes | Path) -> bytes:
    if isinstance(data, bytes):
        return data[:9]
    with data.open("rb") as file:
        return file.read(9)


def _safetensors(data: bytes | Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load, load_file

    try:
        return load(data) if isinstance(data, bytes) else load_file(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError, OverflowError) as error:
        raise InvalidCheckpoint("This safetensors file is damaged or incomplete; copy or save it again.") from error


def _check_archive(data: bytes | Path, size: int) -> None:
    """A zip file may hold more than it is large; `torch.save` never compresses."""
    try:
        with zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InvalidCheckpoint("This checkpoint is damaged or incomplete; copy or save it again.") from error
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries) or sum(entry.file_size for entry in entries) > size:
        raise InvalidCheckpoint(f"This file is a compressed archive, which torch.save does not write; unpack it, or {SAVE}.")
    if len(entries) > MOST_ENTRIES:
        raise InvalidCheckpoint(f"This checkpoint has {len(entries):,} entries; at most {MOST_ENTRIES:,} are read.")
    if any("/code/" in entry.filename for entry in entries):
        raise InvalidCheckpoint(f"This is a TorchScript program, which is not run here; load it yourself and {SAVE}.")


def _unpickled(data: bytes | Path) -> Any:
    import torch

    source = io.BytesIO(data) if isinstance(data, bytes) else data
    try:
        return torch.load(source, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InvalidCheckpoint(
            f"This file holds Python objects besides tensors; reading them would execute code, so it was not opened. To show it, {SAVE}."
        ) from error
    except Exception as error:  # a reader at work on a stranger's bytes: it may raise anything
        raise InvalidCheckpoint(f"This checkpoint is damaged or incomplete; copy it again, or {SAVE}.") from error


def _checked(found: Any, most: int) -> dict[str, Tensor]:
    """Only tensors that are what they say, under plain names."""
    import torch

    state = _inside(found)
    if len(state) > MOST_ENTRIES:
        raise InvalidCheckpoint(f"This checkpoint has {len(state):,} entries; at most {MOST_ENTRIES:,} are read.")
    total = 0
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise InvalidCheckpoint(f"Entry {_short(name)} of this file is a {type(tensor).__name__}, not a tensor; {SAVE}.")
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
            raise InvalidCheckpoint(f"Entry {_short(name)} of this file is sparse, quantized or without values; save plain tensors.")
        size = tensor.numel() * tensor.element_size()
        if tensor.untyped_storage().nbytes() < size:  # one value that is said to be a billion
            raise InvalidCheckpoint(f"Entry {_short(name)} of this file is larger than what the file holds of it; {SAVE}.")
        total += size
    if total > most:
        raise InvalidCheckpoint(f"The tensors of this file take {total / 1e6:,.0f} MB, and {most / 1e6:,.0f} MB are allowed; save fewer.")
    return {_plain(name): tensor.detach() for name, tensor in state.items()}


def _inside(found: Any) -> Mapping[Any, Any]:
    """The state dict itself, where it is an entry of a larger dictionary."""
    for key in INSIDE:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not found:
        kind = "an empty dictionary" if isinstance(found, dict) else f"a {type(found).__name__}"
        raise InvalidCheckpoint(f"This file holds {kind}, not a state dict; {SAVE}.")
    return found


def _plain(name: str) -> str:
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _short(name: object) -> str:
    text = repr(name)
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
