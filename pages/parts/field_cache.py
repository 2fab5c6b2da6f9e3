"""Fields and curves by the names of network and layer, computed once for all visitors."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from netlib.analysis import store
from netlib.analysis.receptive_field import field_formula, last_map
from netlib.figures import field_growth
from netlib.figures import field_map as maps
from pages.parts import networks

if TYPE_CHECKING:
    from netlib.analysis.formula import Formula
    from netlib.figures.field_growth import Growth
    from netlib.figures.field_map import FieldMap


@lru_cache(maxsize=64)
def layers(name: str) -> tuple[tuple[str, ...], str | None]:
    """The layers that depend on the picture, and the last of them that has a map."""
    graph = store.graph(name)
    return maps.seeing_layers(graph), last_map(graph)


@lru_cache(maxsize=512)
def step(name: str, layer: str) -> tuple[str, tuple[Formula, ...]]:
    """The layer itself, or the last one before it that did more than to pass the field on, and how the field came about there."""
    graph = store.graph(name)
    found = field_formula(graph, layer)
    while all(formula.symbols == "r_out = r_in" for formula in found) and graph[before := graph[layer].inputs[0]].inputs:
        layer, found = before, field_formula(graph, before)
    return layer, found


@lru_cache(maxsize=512)
def field_map(name: str, layer: str) -> FieldMap:
    """What every unit of the layer sees."""
    return maps.field_map(store.graph(name), layer)


@lru_cache(maxsize=64)
def growth(name: str) -> Growth:
    """How the field grows along the network."""
    return field_growth.growth(store.graph(name), networks.title(name))
