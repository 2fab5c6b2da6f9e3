"""The data sets that need no download, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.data.digits import digits
from netlib.data.patches import patches
from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from netlib.data.split import Split

NAMES = ("digits", "patches")


def data_set(name: str, shape: tuple[int, ...]) -> Split:
    """The data set called `name` with pictures of `shape`, (C, H, W), as a network takes them.

    Raises:
        InvalidInput: there is none of that name, or not at that shape.
        NetlibError: the package that carries the pictures is not installed.
    """
    if name not in NAMES:
        raise InvalidInput(f"There is no data set called {name!r}; choose one of: {', '.join(NAMES)}.")
    found = digits() if name == "digits" else patches(shape[-1])
    if found.shape != tuple(shape):
        raise InvalidInput(f"The pictures of {name} are {found.shape}, and {tuple(shape)} was asked for; choose a network that takes them.")
    return found
