"""Modules that work in place on what another layer reads afterwards: that layer gets other numbers than the graph says.

A method that takes a network apart, or puts its modules out of place to hang hooks on them, would explain another network than
the one that runs. In place on what nobody else reads any more, as in torchvision's networks, does no harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.errors import UnsupportedLayer

if TYPE_CHECKING:
    from torch import nn

    from netlib.analysis.graph import LayerGraph

VIEWS = frozenset("identity dropout stochastic_depth flatten reshape permute slice expand".split())  # in eval mode: of the same memory


def overwritten(model: nn.Module, graph: LayerGraph) -> UnsupportedLayer | None:
    """What to raise where a module works in place on what a later layer reads too; None where none does."""
    modules, memory = dict(model.named_modules()), dict[str, str]()  # layer -> the layer in whose memory its output lies
    changed: dict[str, str] = {}  # layer -> the layer that has overwritten its memory
    for layer in graph:
        for source in layer.inputs:
            if (by := changed.get(memory[source])) is not None:
                return UnsupportedLayer(
                    f"{by} of {graph.name} works in place on the output of {source}, which {layer.name} reads afterwards; "
                    "build it with inplace=False.", layer=by,
                )  # fmt: skip
        memory[layer.name] = memory[layer.inputs[0]] if layer.kind in VIEWS and layer.inputs else layer.name
        if getattr(modules.get(layer.name.partition("@")[0]), "inplace", False) and layer.kind not in VIEWS:
            changed[memory[layer.inputs[0]]] = layer.name
    return None
