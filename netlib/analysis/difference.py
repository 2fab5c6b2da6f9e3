"""What turns one network into another, block by block.

    Change    a unit (`blocks.py`) that was added, removed or changed, with what changed in each of its layers
    Trait     what is not a unit: normalization, dropout, activations, pooling, shortcuts, biases, input, classes, auxiliary heads

Names do not count: two networks with the same layers under other names are identical.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from netlib.analysis.align import align, place_likeness, placed
from netlib.analysis.blocks import WEIGHTED, Form, Unit, layer_likeness, main_layers, unit_likeness, units
from netlib.analysis.counts import bias_of
from netlib.analysis.folding import is_residual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from netlib.analysis.graph import Layer, LayerGraph, Pair


@dataclass(frozen=True, slots=True)
class LayerChange:
    """A weighted layer that changed; one that was added has no `before`, one that was removed no `after`."""

    before: Layer | None
    after: Layer | None
    fields: tuple[str, ...] = ()  # of Form


@dataclass(frozen=True, slots=True)
class Change:
    """A unit that changed; one that was added has no `before`, one that was removed no `after`."""

    before: Unit | None
    after: Unit | None
    layers: tuple[LayerChange, ...] = ()

    @property
    def only_parts(self) -> bool:
        """Whether a block only gains or loses layers, such as the 1×1 convolution of its shortcut."""
        return all(layer.before is None or layer.after is None for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Trait:
    """A difference that is not a unit's.

    Attributes:
        name: and what `before` and `after` then are:
            "input": shapes; "classes", "auxiliary heads", "shortcuts", "concatenations": numbers;
            "batch_norm", "layer_norm", "group_norm", "bias": how many weighted layers of the common units have one;
            "activation": kinds that only one of the two has; "lrn": names of the layers it follows; "dropout": rates;
            "pooling": ((kind, kernel, stride), how many), of what the two do not share.
    """

    name: str
    before: object
    after: object


@dataclass(frozen=True)
class Difference:
    """What turns `before` into `after`.

    Attributes:
        pairs: units that stand in for each other, changed or not.
        changes: units that were added, removed or changed.
        traits: everything else that differs.
        identical: nothing but names differs.
    """

    before: LayerGraph
    after: LayerGraph
    pairs: tuple[tuple[Unit, Unit], ...]
    changes: tuple[Change, ...]
    traits: tuple[Trait, ...]
    identical: bool

    @property
    def added(self) -> tuple[Unit, ...]:
        return tuple(change.after for change in self.changes if change.before is None and change.after)

    @property
    def removed(self) -> tuple[Unit, ...]:
        return tuple(change.before for change in self.changes if change.after is None and change.before)

    @cached_property
    def shared(self) -> float:
        """How much of the two is alike, 0 to 1; more units of a kind that both have do not make them less alike."""
        known = ({a.forms for a, _ in self.pairs}, {b.forms for _, b in self.pairs})
        strange = sum(unit.forms not in known[0] for unit in self.removed) + sum(unit.forms not in known[1] for unit in self.added)
        alike = sum(unit_likeness(a, b) for a, b in self.pairs)
        return alike / (len(self.pairs) + max(strange, min(len(self.removed), len(self.added))) or 1)


def difference(before: LayerGraph, after: LayerGraph) -> Difference:
    """What turns `before` into `after`."""
    pairs, changes = [], []
    theirs, ours = units(before), units(after)
    for old, new in align(placed(before), placed(after), place_likeness):
        a = [unit for unit in theirs if old and unit.stage == old[1].title]
        b = [unit for unit in ours if new and unit.stage == new[1].title]
        for one, other in align(a, b, unit_likeness):
            if one and other:
                pairs.append((one, other))
            if not (one and other) or one.forms != other.forms:
                changes.append(Change(one, other, _layer_changes(one, other) if one and other else ()))
    removed = [change.before for change in changes if change.after is None and change.before]
    added = [change.after for change in changes if change.before is None and change.after]
    a_side = _Side(before, [a for a, _ in pairs], removed)
    b_side = _Side(after, [b for _, b in pairs], added)
    return Difference(before, after, tuple(pairs), tuple(changes), tuple(_traits(a_side, b_side)), _structure(before) == _structure(after))


def _layer_changes(old: Unit, new: Unit) -> tuple[LayerChange, ...]:
    a, b = list(zip(old.layers, old.forms, strict=True)), list(zip(new.layers, new.forms, strict=True))
    found = []
    for one, other in align(a, b, lambda u, v: layer_likeness(u[1], v[1])):
        if one and other:
            if fields := tuple(field for field in Form._fields if getattr(one[1], field) != getattr(other[1], field)):
                found.append(LayerChange(one[0], other[0], fields))
        else:
            found.append(LayerChange(one and one[0], other and other[0]))
    return tuple(found)


# --- traits --------------------------------------------------------------------------------------------------------------

NORMS = ("batch_norm", "layer_norm", "group_norm")


class _Side:
    """One of the two networks, without the blocks that the other does not have: what comes with a block is no trait."""

    def __init__(self, graph: LayerGraph, common: Sequence[Unit], alone: Iterable[Unit]) -> None:
        left_out = {name for unit in alone for name in unit.members}
        self.graph, self.main = graph, main_layers(graph)
        self.rest = [layer for layer in self.main if layer.name not in left_out]
        self.weighted = {layer.name for unit in common for layer in unit.layers}

    def count(self, *kinds: str) -> int:
        return sum(layer.kind in kinds for layer in self.rest)

    def normalized(self, kind: str) -> int:
        """Weighted layers of the common units that a normalization follows."""
        return sum(layer.kind == kind and bool(self.weighted & {*layer.inputs}) for layer in self.rest)

    def biased(self) -> int:
        layers = map(self.graph.by_name.__getitem__, self.weighted)
        return sum(layer.kind == "rbf" or bias_of(self.graph, layer) for layer in layers)  # RBF's codes are fixed: no bias to miss

    def follows(self, kind: str) -> tuple[str, ...]:
        """Names of the weighted layers that layers of this kind come after."""
        found = []
        for layer in self.rest:
            if layer.kind == kind:
                while layer.inputs and layer.kind not in WEIGHTED:
                    layer = self.graph[layer.inputs[0]]
                found.append(layer.name)
        return tuple(found)

    def pooling(self) -> Counter[tuple[str, Pair, Pair]]:
        """(kind, kernel, stride) -> how many; kernel (0, 0) is the whole map, stride (0, 0) adapts to a size: that is its kernel."""
        found: Counter[tuple[str, Pair, Pair]] = Counter()
        for layer in self.rest:
            if layer.category != "pooling":
                continue
            came_in = self.graph[layer.inputs[0]].shape
            if prod(layer.shape[1:]) == 1 < prod(came_in[1:]):
                found[layer.kind.removeprefix("adaptive_").replace("mean", "avg_pool2d"), (0, 0), (0, 0)] += 1
            elif layer.window:
                found[layer.kind, layer.window.kernel, layer.window.stride] += 1
            elif layer.shape != came_in:  # else it adapts to the size that comes in, and does nothing
                found[layer.kind, (layer.shape[-2], layer.shape[-1]), (0, 0)] += 1
        return found

    def classes(self) -> int:
        shape = self.graph[next(iter(self.graph.outputs.values()))].shape
        return shape[0] if len(shape) == 1 else 0


def _traits(a: _Side, b: _Side) -> Iterator[Trait]:
    def told(name: str, measure: Callable[[_Side], object]) -> Iterator[Trait]:
        before, after = measure(a), measure(b)
        if before != after:
            yield Trait(name, before, after)

    yield from told("input", lambda side: side.graph.input_shape)
    yield from told("shortcuts", lambda side: sum(is_residual(side.graph, layer.name) for layer in side.rest))
    yield from told("concatenations", lambda side: side.count("concat"))
    for norm in NORMS:
        before, after = a.normalized(norm), b.normalized(norm)
        lacking = len(a.weighted) - before, len(b.weighted) - after
        if before != after and lacking[0] != lacking[1]:  # a block that loses a layer loses its norm as well: no trait
            yield Trait(norm, before, after)
    yield from told("bias", _Side.biased)
    if len(a.follows("lrn")) != len(b.follows("lrn")):
        yield Trait("lrn", a.follows("lrn"), b.follows("lrn"))
    kinds = [{layer.kind for layer in side.main if layer.category == "activation"} for side in (a, b)]
    if kinds[0] != kinds[1]:
        yield Trait("activation", tuple(sorted(kinds[0] - kinds[1])), tuple(sorted(kinds[1] - kinds[0])))
    yield from told("dropout", lambda side: tuple(layer.options.get("p") for layer in side.rest if layer.kind == "dropout"))
    pools = a.pooling(), b.pooling()
    if pools[0] != pools[1]:
        yield Trait("pooling", tuple((pools[0] - pools[1]).items()), tuple((pools[1] - pools[0]).items()))
    yield from told("classes", _Side.classes)
    yield from told("auxiliary heads", lambda side: sum(name not in {x.name for x in side.main} for name in side.graph.outputs.values()))


def _structure(graph: LayerGraph) -> object:
    """Everything about a network but its names."""
    place = {layer.name: number for number, layer in enumerate(graph)}
    return [
        (layer.kind, *(place[name] for name in layer.inputs), layer.shape, layer.window, layer.groups, sorted(layer.params.items()),
         sorted(layer.options.items()), place.get(layer.shares or ""))
        for layer in graph
    ], [place[name] for name in graph.outputs.values()]  # fmt: skip
