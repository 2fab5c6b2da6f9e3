"""The registry's graphs as files, so that the pages about structure need no torch.

`python -m netlib.analysis` writes them; a test traces each network again and compares.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from netlib.analysis.graph import LayerGraph, checked_shape
from netlib.models.registry import NETWORKS, PREFIX, spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.graph import Shape

FOLDER = Path(__file__).parents[2] / "assets" / "graphs"


_UNDER_WAY: dict[tuple[str, Shape], Lock] = {}


def graph(name: str, input_shape: Sequence[int] | None = None) -> LayerGraph:
    """The layers of a network of the registry, or of "torchvision/…", for its own input or another.

    A registry network at its own input size comes from the store; anything else is traced, which imports torch.

    Raises:
        UnknownNetwork: there is no network of that name.
        InvalidInput: `input_shape` is not of positive whole numbers.
        ShapeMismatch: the network cannot take `input_shape`; .graph holds the layers that fit.
        UnsupportedLayer: a torchvision network has an operation without a rule.
        TraceError: its forward pass stops for another reason.
    """
    key = name, default_input(name) if input_shape is None else checked_shape(input_shape)
    with _UNDER_WAY.setdefault(key, Lock()):  # of many who ask for a graph at once one makes it, and the others wait for that one
        try:
            return _graph(*key)
        finally:
            _UNDER_WAY.pop(key, None)


@lru_cache(maxsize=32)
def _graph(name: str, input_shape: Shape) -> LayerGraph:
    if not name.startswith(PREFIX) and input_shape == spec(name).input_shape:
        return load(name)
    from netlib.analysis.tracing import trace  # torch takes seconds to import
    from netlib.models.build import build

    return trace(build(name, meta=True), input_shape, name=name)


def default_input(name: str) -> Shape:
    """The input shape a network is shown with unless another is asked for."""
    if not name.startswith(PREFIX):
        return spec(name).input_shape
    return (3, 299, 299) if name.endswith("inception_v3") else (3, 224, 224)


def load(name: str) -> LayerGraph:
    """A registry network's graph as the store holds it."""
    return LayerGraph.from_json((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def save_all() -> None:
    """Trace every network of the registry and write its graph."""
    from netlib.analysis.tracing import trace
    from netlib.models.build import build

    FOLDER.mkdir(parents=True, exist_ok=True)
    for stale in FOLDER.glob("*.json"):
        stale.unlink()
    for name, row in NETWORKS.items():
        traced = trace(build(name, meta=True), row.input_shape, name=name)
        (FOLDER / f"{name}.json").write_text(traced.to_json(), encoding="utf-8", newline="\n")
