"""How deep a network is, as papers count it: layers that learn, on the longest path. Batch norm is not one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.analysis.blocks import WEIGHTED
from netlib.analysis.graph import CATEGORY

if TYPE_CHECKING:
    from collections.abc import Set

    from netlib.analysis.graph import LayerGraph

DEEP = WEIGHTED | {"subsample"}  # LeNet-5's paper counts its subsampling layers, which learn, among the seven
WITH_POOLING = DEEP | {kind for kind, category in CATEGORY.items() if category == "pooling"}  # as GoogLeNet's paper counts a second time


def depths(graph: LayerGraph, kinds: Set[str] = DEEP) -> dict[str, int]:
    """Layer name -> layers of those kinds on the longest path to it, itself included."""
    found: dict[str, int] = {}
    for layer in graph:
        found[layer.name] = max((found[name] for name in layer.inputs), default=0) + (layer.kind in kinds)
    return found


def depth(graph: LayerGraph, kinds: Set[str] = DEEP) -> int:
    """Layers of those kinds on the longest path from an input to the main output."""
    return depths(graph, kinds)[next(iter(graph.outputs.values()), graph.layers[-1].name)]
