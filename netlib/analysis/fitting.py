"""Does a state dict belong to a network? Told in one sentence, with what is missing, unexpected or mis-shaped, and what it may be instead.

The other networks are compared by their stored graphs: none of them is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from netlib.analysis.store import graph
from netlib.errors import WeightsMismatch
from netlib.models.registry import NETWORKS, PREFIX, spec

if TYPE_CHECKING:
    from torch import Tensor

    from netlib.analysis.graph import Shape

SHOWN = 3  # entries of each kind that a sentence names
LETTERS = 60  # of a name: it comes out of the visitor's file
COUNTED = "num_batches_tracked"  # batch normalization's counter: unused in a trained network, and missing in old files
STATISTICS = ("running_mean", "running_var", COUNTED, "codes")  # not learned, so the graphs do not have them (codes: LeNet-5's)
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.", "aux.")  # heads for training, which torchvision's files have and its networks here do not


@dataclass(frozen=True, slots=True)
class Report:
    """How a state dict fits a network.

    Attributes:
        network: the network that it was asked about.
        missing, unexpected: names of entries, as the network calls them and as the file does.
        mis_shaped: (name, shape found, shape wanted).
        state: what to load, under the network's own names and in its number types; empty unless it fits.
        classes: how many classes the file's last layer tells apart, where that layer is all that differs.
        looks_like: networks of the registry that it would fit.
        sentence: all of it, in one sentence or two.
    """

    network: str
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mis_shaped: tuple[tuple[str, Shape, Shape], ...]
    state: Mapping[str, Tensor]
    classes: int | None
    looks_like: tuple[str, ...]
    sentence: str

    @property
    def fits(self) -> bool:
        return bool(self.state)


def report(network: str, state: Mapping[str, Tensor]) -> Report:
    """How `state`, under netlib's names or torchvision's, fits a network of the registry or of "torchvision/…".

    Raises:
        UnknownNetwork: there is no network of that name.
    """
    from netlib.models.build import build

    wanted = build(network, meta=True).state_dict()
    candidates = [_completed(named, wanted) for named in _namings(network, state)]
    best = min(candidates, key=lambda named: _distance(named, wanted))
    missing = tuple(name for name in wanted if name not in best)
    unexpected = tuple(name for name in best if name not in wanted)
    mis_shaped = tuple(
        (name, tuple(best[name].shape), tuple(tensor.shape))
        for name, tensor in wanted.items()
        if name in best and best[name].shape != tensor.shape
    )
    if not (missing or unexpected or mis_shaped):
        broken = _not_finite(best, wanted)
        converted = {} if broken else {name: best[name].to(tensor.dtype) for name, tensor in wanted.items()}
        said = _broken(network, broken) if broken else f"All {len(wanted)} entries fit {_called(network)}."
        return Report(network, (), (), (), converted, None, (), said)
    classes = _classes(network, mis_shaped) if not (missing or unexpected) else None
    alike = () if classes else _looks_like(state, network)
    sentence = _sentence(network, len(wanted), missing, unexpected, mis_shaped, classes, alike)
    return Report(network, missing, unexpected, mis_shaped, {}, classes, alike, sentence)


def _namings(network: str, state: Mapping[str, Tensor]) -> list[Mapping[str, Tensor]]:
    """The state dict as it is, and as it is called here if its names are torchvision's."""
    if network.startswith(PREFIX):
        return [state, {name: tensor for name, tensor in state.items() if not name.startswith(AUXILIARY)}]
    return [state, _from_torchvision(network, state)] if spec(network).torchvision else [state]


def _from_torchvision(network: str, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    from netlib.models.weights import from_torchvision

    try:
        return from_torchvision(network, state)
    except (WeightsMismatch, KeyError, IndexError, ValueError):  # names that the conversion was never meant for
        return {}


def _completed(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    import torch

    counters = {name: torch.zeros((), dtype=torch.long) for name in wanted if name.endswith(COUNTED) and name not in state}
    return {**state, **counters} if counters else state


def _distance(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> int:
    return len(wanted.keys() ^ state.keys()) + sum(state[name].shape != wanted[name].shape for name in wanted.keys() & state.keys())


def _not_finite(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str | None:
    """Name of an entry that has no numbers where numbers are wanted."""
    import torch

    for name, tensor in wanted.items():
        given = state[name]
        if not tensor.is_floating_point():
            continue
        if not given.is_floating_point() or not bool(torch.isfinite(given).all()):
            return name
    return None


def _broken(network: str, name: str) -> str:
    return f"The entries fit {_called(network)}, but {name} holds values that are not finite numbers; the training may have diverged."


def _classes(network: str, mis_shaped: tuple[tuple[str, Shape, Shape], ...]) -> int | None:
    """How many classes the file has, if its last layer counts others and all else is the same."""
    if not all(len(found) == len(wanted) and found[:1] and found[1:] == wanted[1:] for _, found, wanted in mis_shaped):
        return None
    counts = {found[0] for _, found, _ in mis_shaped}
    modules = {name.rpartition(".")[0] for name, *_ in mis_shaped}
    return counts.pop() if len(counts) == 1 and modules <= _last_layers(network) else None


def _last_layers(network: str) -> set[str]:
    """The modules with parameters nearest to the outputs."""
    layers, found = graph(network), set()
    for name in layers.outputs.values():
        layer = layers[name]
        while not layer.params and layer.inputs:
            layer = layers[layer.inputs[0]]
        found.add(layer.name.partition("@")[0])
    return found


def _looks_like(state: Mapping[str, Tensor], but: str) -> tuple[str, ...]:
    """The networks whose parameters have these names and shapes, the last layer's number of classes left aside."""
    exact, nearly = [], []
    for name in NETWORKS:
        if name == but:
            continue
        wanted = _parameters(name)
        for named in _namings(name, state):
            found = {key: tuple(tensor.shape) for key, tensor in named.items() if not key.endswith(STATISTICS)}
            if found == wanted:
                exact.append(name)
            elif found.keys() == wanted.keys() and len(found) > 2:
                other = tuple((key, found[key], wanted[key]) for key in wanted if found[key] != wanted[key])
                if _classes(name, other) is not None:
                    nearly.append(name)
    return tuple(dict.fromkeys(exact or nearly))


@lru_cache(maxsize=128)
def _parameters(name: str) -> Mapping[str, Shape]:
    layers = graph(name)
    used = {f"{layer.name.partition('@')[0]}.{key}": shape for layer in layers if not layer.shares for key, shape in layer.params.items()}
    return {**used, **layers.unused}


def _sentence(
    network: str,
    count: int,
    missing: tuple[str, ...],
    unexpected: tuple[str, ...],
    mis_shaped: tuple[tuple[str, Shape, Shape], ...],
    classes: int | None,
    alike: tuple[str, ...],
) -> str:
    if classes is not None:
        own = mis_shaped[0][2][0]
        return (
            f"All but the last layer fits {_called(network)}: the file tells {classes:,} classes apart and the network here {own:,}. "
            f"Give the last layer {own:,} outputs before you save it; nothing was loaded."
        )
    shapes = [f"{_short(name)} ({_text(found)} instead of {_text(wanted)})" for name, found, wanted in mis_shaped]
    parts = [
        _counted("missing", [_short(name) for name in missing]),
        _counted("unexpected", [_short(name) for name in unexpected]),
        _counted("mis-shaped", shapes),
    ]
    advice = f"They look like the weights of {' or '.join(alike[:SHOWN])}" if alike else "Choose the network that they were trained with"
    return f"These weights do not fit {_called(network)}, which has {count} entries: {'; '.join(parts)}. {advice}."


def _called(network: str) -> str:
    return network if network.startswith(PREFIX) else spec(network).title


def _counted(kind: str, entries: list[str]) -> str:
    shown = ", ".join(entries[:SHOWN]) + (", …" if len(entries) > SHOWN else "")
    return f"{len(entries)} {kind}" + (f" ({shown})" if entries else "")


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "scalar"
