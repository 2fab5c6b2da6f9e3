"""Convolutional networks of the papers, and what there is to know about them.

    >>> import netlib
    >>> graph = netlib.graph("alexnet")              # from the store; torch is not imported
    >>> graph["conv1"].shape
    (96, 55, 55)
    >>> netlib.costs(graph).params
    60965224
    >>> netlib.receptive_fields(graph)["pool5"].size
    (195, 195)

`import netlib` imports nothing else; each name below is fetched at its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netlib.analysis.compare import compare
    from netlib.analysis.cost import costs
    from netlib.analysis.receptive_field import input_box, reach, receptive_fields
    from netlib.analysis.store import graph
    from netlib.analysis.tracing import trace
    from netlib.errors import NetlibError
    from netlib.interpret.attribution import attribute
    from netlib.interpret.effective_field import effective_field
    from netlib.interpret.grad_cam import grad_cam
    from netlib.interpret.occlusion import occlusion
    from netlib.interpret.projection import deconvnet
    from netlib.interpret.strongest import strongest
    from netlib.models.build import build
    from netlib.models.registry import NETWORKS
    from netlib.training.recipe import Recipe
    from netlib.training.train import train

_HOME = {
    "NETWORKS": "netlib.models.registry",
    "NetlibError": "netlib.errors",
    "Recipe": "netlib.training.recipe",
    "attribute": "netlib.interpret.attribution",
    "build": "netlib.models.build",
    "compare": "netlib.analysis.compare",
    "costs": "netlib.analysis.cost",
    "deconvnet": "netlib.interpret.projection",
    "effective_field": "netlib.interpret.effective_field",
    "grad_cam": "netlib.interpret.grad_cam",
    "graph": "netlib.analysis.store",
    "input_box": "netlib.analysis.receptive_field",
    "occlusion": "netlib.interpret.occlusion",
    "reach": "netlib.analysis.receptive_field",
    "receptive_fields": "netlib.analysis.receptive_field",
    "strongest": "netlib.interpret.strongest",
    "trace": "netlib.analysis.tracing",
    "train": "netlib.training.train",
}

__all__ = [
    "NETWORKS",
    "NetlibError",
    "Recipe",
    "attribute",
    "build",
    "compare",
    "costs",
    "deconvnet",
    "effective_field",
    "grad_cam",
    "graph",
    "input_box",
    "occlusion",
    "reach",
    "receptive_fields",
    "strongest",
    "trace",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"netlib has no {name!r}; it offers {', '.join(__all__)}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
