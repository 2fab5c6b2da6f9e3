"""What a network is built of: its units, and how alike two units are.

A unit is a block (the outermost module with several weighted layers, such as a Bottleneck), or a weighted layer by itself.
A Sequential is no block, nor is a module that only holds blocks, such as the encoder of a vision transformer.
Names do not count: units of the same form are equal. Auxiliary heads are left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from netlib.analysis.align import align
from netlib.analysis.graph import CATEGORY
from netlib.analysis.stages import AUXILIARY, stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.graph import Layer, LayerGraph, Pair

WEIGHTED = frozenset({"conv2d", "table_conv2d", "conv_transpose2d", "linear", "rbf", "rnn", "lstm", "gru", "attention"})
LEAST_LIKENESS = 0.3  # below it two units are not one unit that changed


class Form(NamedTuple):
    """What a weighted layer is, its name aside; `channels` is 0 where the network's classes decide it."""

    kind: str
    kernel: Pair | None
    stride: Pair | None
    groups: int
    channels: int
    padding: Pair | str | None
    dilation: Pair | None


# What makes two layers alike, and by how much; padding and dilation only tell equal from changed. The stride says the most: a
# block that halves its maps is another one than its neighbours, though all of its other looks are theirs.
LOOKS = {"kind": 1, "kernel": 1, "stride": 3, "groups": 1, "channels": 1}


@dataclass(frozen=True)
class Unit:
    """A block, or a weighted layer outside of all blocks.

    Attributes:
        class_name: class of the block's module, "" for a layer by itself.
        stage: title of the stage that its last weighted layer is in.
        first: whether it is the first unit of its stage.
        layers: its weighted layers, in topological order.
        members: names of all layers of a block; of the layer itself otherwise.
        forms: what its weighted layers are; equal for equal units.
        joins: whether branches are joined inside, as in an Inception module.
    """

    name: str
    class_name: str
    stage: str
    first: bool
    layers: tuple[Layer, ...]
    members: tuple[str, ...]
    forms: tuple[Form, ...]
    joins: bool


def units(graph: LayerGraph) -> tuple[Unit, ...]:
    """The blocks, and the weighted layers outside of blocks, of the way to the main output."""
    stage_of = {name: stage.title for stage in stages(graph) for name in stage.layers}
    main = {layer.name for layer in main_layers(graph)}
    weighted = [layer for layer in graph if layer.kind in WEIGHTED and layer.name in main]
    last = weighted[-1] if weighted else None
    homes = _blocks(graph, weighted)
    inner: dict[str, list[Layer]] = {}
    members: dict[str, list[Layer]] = {}
    for layer in graph:
        home = next((module for module in layer.modules if module in homes), layer.name)
        members.setdefault(home, []).append(layer)
        if layer.name in main and layer.kind in WEIGHTED:
            inner.setdefault(home, []).append(layer)
    found, seen = [], set()
    for name, layers in inner.items():
        stage, block = stage_of[layers[-1].name], len(layers) > 1
        forms = tuple(_form(graph, layer, layer is last) for layer in layers)
        joins = any(layer.kind == "concat" for layer in members[name])
        names = tuple(layer.name for layer in (members[name] if block else layers))
        found.append(Unit(name, graph.modules[name] if block else "", stage, stage not in seen, tuple(layers), names, forms, joins))
        seen.add(stage)
    return tuple(found)


def _blocks(graph: LayerGraph, weighted: Sequence[Layer]) -> set[str]:
    """Paths of the modules that can be units; not a Sequential, nor what only holds several blocks of one class."""
    sizes = Counter(module for layer in weighted for module in layer.modules)
    held = {module: Counter[str]() for module in sizes}
    for module in sizes:
        if sizes[module] > 1 and graph.modules[module] != "Sequential":
            parts = module.split(".")
            for i in range(1, len(parts)):
                held[".".join(parts[:i])][graph.modules[module]] += 1
    return {module for module in sizes if graph.modules[module] != "Sequential" and max(held[module].values(), default=0) < 2}


def main_layers(graph: LayerGraph) -> tuple[Layer, ...]:
    """All layers but those of auxiliary heads."""
    aside = {name for stage in stages(graph) if stage.title == AUXILIARY for name in stage.layers}
    return tuple(layer for layer in graph if layer.name not in aside)


def _form(graph: LayerGraph, layer: Layer, last: bool) -> Form:
    maps = len(layer.shape) == 3
    channels = 0 if last else layer.shape[0 if maps else -1]
    if layer.window is None:
        return Form(layer.kind, None, None, layer.groups, channels, None, None)
    w = layer.window
    same = tuple(d * (k - 1) // 2 for d, k in zip(w.dilation, w.kernel, strict=True))
    padding = "same" if w.padding == same else w.padding  # a 3×3 padded by 1 and a 1×1 without padding keep the size alike
    depthwise = layer.groups == graph[layer.inputs[0]].shape[0]
    return Form(layer.kind, w.kernel, w.stride, 0 if depthwise and layer.groups > 1 else layer.groups, channels, padding, w.dilation)


@cache
def layer_likeness(a: Form, b: Form) -> float:
    """1 for equal forms, 0 for a convolution and a fully connected layer."""
    if a == b:
        return 1.0
    if CATEGORY[a.kind] != CATEGORY[b.kind]:
        return 0.0
    return 0.9 * sum(weight for look, weight in LOOKS.items() if getattr(a, look) == getattr(b, look)) / sum(LOOKS.values())


def unit_likeness(a: Unit, b: Unit) -> float:
    """1 for the same forms, 0 for what one unit cannot have become."""
    return _forms_likeness(a.forms, b.forms) if a.joins == b.joins else 0.0


@cache
def _forms_likeness(a: tuple[Form, ...], b: tuple[Form, ...]) -> float:
    if a == b:
        return 1.0
    if (len(a) > 1) != (len(b) > 1):
        return 0.0
    alike = sum(layer_likeness(one, other) for one, other in align(a, b, layer_likeness) if one and other)
    found = min(0.9, 2 * alike / (len(a) + len(b)))
    return found if found >= LEAST_LIKENESS else 0.0
