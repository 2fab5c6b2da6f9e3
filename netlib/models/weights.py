"""State dicts in and out of the networks: strict loading with a readable complaint, and torchvision's weights."""

from __future__ import annotations

from collections import OrderedDict
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING

from netlib.errors import WeightsMismatch
from netlib.models.registry import NETWORKS, spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor, nn

SHOWN = 3  # entries of each kind that a complaint names


def load(module: nn.Module, state_dict: Mapping[str, Tensor], name: str) -> None:
    """Load `state_dict` into `module`, the network called `name`, or leave it untouched.

    Raises:
        WeightsMismatch: an entry is missing, unexpected or of another shape; the message counts them and names the first.
    """
    wanted = module.state_dict()
    missing = [key for key in wanted if key not in state_dict]
    unexpected = [key for key in state_dict if key not in wanted]
    mis_shaped = [
        f"{key} ({_shape(state_dict[key])} instead of {_shape(tensor)})"
        for key, tensor in wanted.items()
        if key in state_dict and state_dict[key].shape != tensor.shape
    ]
    if missing or unexpected or mis_shaped:
        raise WeightsMismatch(
            f"These weights do not fit {name}, which has {len(wanted)} entries: {_counted('missing', missing)}; "
            f"{_counted('unexpected', unexpected)}; {_counted('mis-shaped', mis_shaped)}. Choose the network they were trained with."
        )
    given = OrderedDict(state_dict)
    given._metadata = wanted._metadata  # type: ignore[attr-defined]  # MNASNet asks for the version of what it is given
    module.load_state_dict(given)


def from_torchvision(name: str, state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of torchvision's twin of network `name` (`spec(name).torchvision`) under netlib's names.

    The conversion is `from_torchvision` in the network's own file; it gets those of the builder's options that it asks for.
    Weights of another network come out as they may: `load` says what does not fit.

    Raises:
        UnknownNetwork: the registry has no such name.
        WeightsMismatch: torchvision has no network that is the same.
    """
    row = spec(name)
    if row.torchvision is None:
        known = ", ".join(key for key, other in NETWORKS.items() if other.torchvision)
        raise WeightsMismatch(f"torchvision has no network that is the same as {name}; choose one of those it has: {known}.")
    convert = import_module(row.builder.partition(":")[0]).from_torchvision
    asked = signature(convert).parameters
    converted: dict[str, Tensor] = convert(state_dict, **{key: value for key, value in row.options.items() if key in asked})
    return converted


def renamed(state_dict: Mapping[str, Tensor], modules: Mapping[str, str]) -> dict[str, Tensor]:
    """The state dict with the path of each module replaced; an unknown one stays, for `load` to complain about."""
    split = ((*key.rpartition("."), tensor) for key, tensor in state_dict.items())
    return {modules.get(module, module) + dot + entry: tensor for module, dot, entry, tensor in split}


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "scalar"


def _counted(kind: str, entries: Iterable[str]) -> str:
    entries = list(entries)
    shown = ", ".join(entries[:SHOWN]) + (", …" if len(entries) > SHOWN else "")
    return f"{len(entries)} {kind}" + (f" ({shown})" if entries else "")
