"""The errors a user of netlib can meet.

    NetlibError                  anything below; its message is one sentence fit for a screen
    ├── UnknownNetwork           no network of that name in the registry
    ├── UnknownLayer             no such layer in the graph, or no such unit in the layer's map
    ├── InvalidInput             an input shape (or value) the network cannot take
    │   └── InvalidPicture       a file that is no picture, or one that cannot be opened safely
    ├── InvalidCheckpoint        a file that is no state dict, or one that cannot be read safely
    ├── WeightsMismatch          a state dict that does not belong to the network
    ├── MissingWeights           weights that are not on this computer and could not be fetched
    ├── MissingData              a data set that is not on this computer, or damaged there, or could not be fetched
    ├── UnknownRun               no training run of that name in the store
    ├── StoreUnavailable         a store of runs that cannot be opened, read or written now
    └── TraceError               a module that cannot be turned into a LayerGraph; .graph holds what could be
        ├── UnsupportedLayer     an operation netlib has no rule for
        └── ShapeMismatch        a layer that what comes in does not fit

Every message says what was asked, what was found and what to do.
"""

from __future__ import annotations

from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netlib.analysis.graph import LayerGraph


class NetlibError(Exception):
    """Base of all errors that netlib raises for a user's mistake."""


class UnknownNetwork(NetlibError):
    """The registry has no network of that name; `called` gives names that people use to the name that is meant by each."""

    def __init__(self, name: str, known: Iterable[str], called: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(f"There is no network called {name!r}.{_nearest(name, known, called)}")
        self.name = name


class UnknownLayer(NetlibError):
    """The graph has no layer of that name, or the layer no unit at that place."""

    @classmethod
    def named(cls, name: str, network: str, known: Iterable[str]) -> UnknownLayer:
        return cls(f"{network} has no layer called {name!r}.{_nearest(name, known)}")


class InvalidInput(NetlibError):
    """An input the network cannot take."""


class InvalidPicture(InvalidInput):
    """A file that is no picture of a known format, is damaged, or is too large to be opened safely."""


class InvalidCheckpoint(NetlibError):
    """A file that is no state dict, is damaged, or holds more than numbers; nothing in it was executed."""


class WeightsMismatch(NetlibError):
    """A state dict that does not fit the network."""


class MissingWeights(NetlibError):
    """Weights that are not on this computer and could not be fetched; the message says which file belongs where."""


class UnknownRun(NetlibError):
    """The store has no run of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no run called {name!r} here; it may have been deleted, or belong to another store of runs.")
        self.name = name


class StoreUnavailable(NetlibError):
    """The store of runs cannot be opened, read or written now: it is locked, its disk is full, or its server does not answer."""


class MissingData(NetlibError):
    """A data set that is not on this computer, is damaged there, or could not be fetched; the message says which file belongs where."""


class TraceError(NetlibError):
    """A module cannot be turned into a LayerGraph.

    Attributes:
        layer: path of the layer at which tracing stopped.
        graph: the LayerGraph up to that layer, or None when nothing was traced.
    """

    def __init__(self, message: str, *, layer: str = "", graph: LayerGraph | None = None) -> None:
        super().__init__(message)
        self.layer = layer
        self.graph = graph


class UnsupportedLayer(TraceError):
    """An operation netlib has no rule for; never counted as zero in silence."""


class ShapeMismatch(TraceError):
    """What comes into a layer does not fit it."""


def _nearest(name: str, known: Iterable[str], called: Mapping[str, str] = MappingProxyType({})) -> str:
    names = list(known)
    meant = [called.get(other, other) for other in (*names, *called) if _letters(other) == _letters(name)]
    if meant:  # ResNet-50, vgg_16: but for how it is written
        return f" Did you mean {meant[0]}?"
    group = name[: name.rfind("/") + 1]  # "torchvision/", which all names of its group share, says nothing of how near they are
    short = {other.removeprefix(group): other for other in names if other.startswith(group)}
    asked = name.removeprefix(group)
    alike = 0.5 if len(asked) < 5 else 0.6  # in a short name, such as a layer's, one letter is much
    close = [short[other] for other in get_close_matches(asked, short, n=3, cutoff=alike)]
    if not close:
        letters = {_letters(other): meant for other, meant in called.items()}
        close = list(dict.fromkeys(letters[other] for other in get_close_matches(_letters(name), letters, n=3, cutoff=alike)))
    return f" Did you mean {' or '.join(close)}?" if close else f" Choose one of: {', '.join(names[:8])}, …"


def _letters(name: str) -> str:
    """A name without what people write differently: capitals, spaces and signs; the group it is of stays."""
    return "".join(sign for sign in name.casefold() if sign.isalnum() or sign == "/")
