"""The stages of a network: runs of layers that work at one resolution.

Papers number their stages by resolution (VGG's conv3_x, ResNet's conv4_x); doing it by the map size that the
convolutions write makes stages of different families comparable. What shrinks a map by pooling still belongs to the
stage it ends, what convolves at a new size begins the next one, and what has no map left is the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netlib.analysis.graph import Layer, LayerGraph, Shape

CONVOLUTIONS = frozenset({"conv2d", "table_conv2d", "conv_transpose2d"})
STEM, HEAD, AUXILIARY = "stem", "head", "auxiliary heads"
STEP = 1.5  # a new stage begins where the map is this many times smaller or larger; a window without padding is no step


@dataclass(frozen=True, slots=True)
class Stage:
    """Layers of one resolution.

    Attributes:
        title: "stage 2 · 56×56", "head" or "auxiliary heads".
        size: (height, width) of the maps its convolutions write; None for the heads.
        layers: their names, in topological order.
    """

    title: str
    size: tuple[int, ...] | None
    layers: tuple[str, ...]


def stages(graph: LayerGraph) -> tuple[Stage, ...]:
    """The stages of `graph` in the order of the forward pass; every layer but the inputs is in exactly one."""
    main = _ancestors(graph, next(iter(graph.outputs.values()))) if graph.outputs else set(graph.by_name)  # cut off: no telling yet
    key_of: dict[str, Key] = {}
    members: dict[tuple[int, ...] | str, list[str]] = {}
    maps_seen = False
    for layer in graph.layers:
        key = key_of[layer.name] = _key(graph, layer, key_of)
        maps_seen = maps_seen or isinstance(key, tuple)
        if layer.kind in ("input", "parameter"):
            continue
        vector = HEAD if maps_seen else STEM
        group = AUXILIARY if layer.name not in main else vector if key is None else key
        members.setdefault(group, []).append(layer.name)
    maps = [group for group in members if isinstance(group, tuple)]
    if not maps:  # a network that never has a map, such as an RNN
        members = {HEAD: members.get(STEM, []), **{group: names for group, names in members.items() if group != STEM}}
    ordered = [group for group in (STEM, *maps, HEAD, AUXILIARY) if group in members]
    numbers = {group: number for number, group in enumerate(maps, start=1)}
    return tuple(
        Stage(group, None, tuple(members[group]))
        if isinstance(group, str)
        else Stage(f"stage {numbers[group]} · {group[0]}×{group[1]}", group, tuple(members[group]))
        for group in ordered
    )


Key = tuple[int, ...] | None  # (height, width) that names the stage; None where there is no map


def _key(graph: LayerGraph, layer: Layer, key_of: dict[str, Key]) -> Key:
    if not layer.inputs or len(layer.shape) != 3 or layer.category in ("fully connected", "recurrent", "attention"):
        return None
    came_in = graph[layer.inputs[0]]
    keys = [came for name in layer.inputs if (came := key_of[name]) is not None]
    key = min(keys, default=None)  # the smaller map is the later stage
    size = _size(layer.shape)
    if layer.kind in CONVOLUTIONS or layer.kind == "option_a":  # a shortcut without weights begins a stage as one with weights does
        if key is None:
            return size
        gate = _size(came_in.shape) == (1, 1)  # squeeze-and-excitation works on 1×1 beside the maps of its stage
        return key if gate or not _step(key, size) else size
    if layer.category == "pooling" and key is not None and _size(came_in.shape) == size and _step(key, size):
        return size  # a pooling branch that keeps the size belongs to its module, not to the pooling before
    return key


def _step(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    return any(max(a, b) >= STEP * min(a, b) for a, b in zip(old, new, strict=True))


def _size(shape: Shape) -> tuple[int, ...]:
    return tuple(shape[-2:])


def _ancestors(graph: LayerGraph, name: str) -> set[str]:
    found, todo = set(), [name]
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            todo.extend(graph[current].inputs)
    return found
