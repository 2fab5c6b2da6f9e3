"""The layer to look at first for a class: the last map as the last convolution and its ReLU leave it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netlib.analysis.graph import LayerGraph


@lru_cache(maxsize=64)
def deep_layer(graph: LayerGraph) -> tuple[tuple[str, ...], str]:
    """The layers with a map that the answer is made of, and the last of them before only pooling and averaging follow.

    Raises:
        UnknownLayer: the network has none.
    """
    from netlib.interpret import grad_cam

    options = grad_cam.layers(graph)
    made = [name for name in options if graph[name].category not in ("pooling", "normalization", "reshape", "regularization")]
    return options, made[-1] if made else grad_cam.default_layer(graph)
