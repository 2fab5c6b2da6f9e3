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
    from netlib.interpret.effective_field import effective_field
    from netlib.models.build import build
    from netlib.models.registry import NETWORKS

_HOME = {
    "NETWORKS": "netlib.models.registry",
    "NetlibError": "netlib.errors",
    "build": "netlib.models.build",
    "compare": "netlib.analysis.compare",
    "costs": "netlib.analysis.cost",
    "effective_field": "netlib.interpret.effective_field",
    "graph": "netlib.analysis.store",
    "input_box": "netlib.analysis.receptive_field",
    "reach": "netlib.analysis.receptive_field",
    "receptive_fields": "netlib.analysis.receptive_field",
    "trace": "netlib.analysis.tracing",
}

__all__ = [
    "NETWORKS",
    "NetlibError",
    "build",
    "compare",
    "costs",
    "effective_field",
    "graph",
    "input_box",
    "reach",
    "receptive_fields",
    "trace",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"netlib has no {name!r}; it offers {', '.join(__all__)}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
