"""What papers and repositories have printed about the networks, held against what we compute.

`assets/published.json` has five parts: sources; facts of structure, which `check` computes again from a LayerGraph;
results (error rates), which it cannot; the mistakes that papers and lecture notes make, with the right figure; and findings,
what a paper's experiment showed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod
from pathlib import Path
from typing import Any, Literal

from netlib.analysis.cost import Costs, costs
from netlib.analysis.depth import WITH_POOLING, depth
from netlib.analysis.graph import LayerGraph
from netlib.analysis.receptive_field import ReceptiveField, receptive_fields
from netlib.errors import UnknownLayer

FILE = Path(__file__).parents[2] / "assets" / "published.json"

Figure = float | tuple[float, ...]
Verdict = Literal["equal", "rounded", "different"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A printed figure that can be computed again.

    Attributes:
        network: registry key.
        quantity: a key of QUANTITIES.
        printed: as the source prints it, "60 million".
        value: the same as a number; shapes are (C, H, W), sizes (H, W).
        source: a key of `sources()`.
        where: place in the source, "sec. 3.5".
        layer: a layer, a block ("inception3a"), or several joined by " + "; None for the whole network.
        unit_of_rounding: what the last printed digit counts; 1,000,000 for "60 million".
        reason: why the computed figure differs; empty where it does not.
    """

    network: str
    quantity: str
    printed: str
    value: Figure
    source: str
    where: str
    layer: str | None = None
    unit_of_rounding: float = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A published error rate or accuracy.

    Attributes:
        metric: "top-1 error", "top-5 error", "error" or "accuracy".
        data: the data set and its part, "ImageNet 2012 validation".
        protocol: how it was measured, "10 crops"; figures of different protocols cannot be compared to the digit.
        value: in percent.
        models: how many networks were averaged.
        comparable: the one figure of this network for a chart over all: a single network's top-5 error on
            ImageNet's validation set, of the protocols nearest to ten crops.
    """

    network: str
    metric: str
    data: str
    protocol: str
    value: float
    source: str
    where: str
    models: int = 1
    comparable: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong or misleading statement of a paper or of lecture notes, set right.

    Attributes:
        network: registry key of the network it is about, if it is about one.
        kind: "paper" (the paper itself is wrong), "error", "mislabel" (true of something else), "nuance" (true in part)
            or "ocr" (a slip of typing or scanning).
        printed, right: the wrong statement and the right one.
        arithmetic: how the right one comes about, in words.
        checks: the same for a machine: {"expression", "equals"}, or {"network", "quantity", "layer", "equals"}.
    """

    id: str
    network: str | None
    kind: str
    where: str
    printed: str
    right: str
    arithmetic: str = ""
    checks: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out of a paper's experiment, which `netlib.training.experiments` repeats in small.

    Attributes:
        experiment: its key there.
        metric: what `values` are, one for each arm for which the paper gives a number.
        effect: how much better what the paper proposes is: a difference of errors in points, or a ratio of times; None without a number.
        printed: the paper's statement, as half a sentence.
    """

    experiment: str
    metric: str
    values: Mapping[str, float]
    effect: float | None
    printed: str
    source: str
    where: str


@dataclass(frozen=True, slots=True)
class Check:
    """A fact beside the figure computed for it."""

    fact: Fact
    computed: Figure
    verdict: Verdict


def facts(network: str | None = None) -> tuple[Fact, ...]:
    """The printed figures of `network`, or of all."""
    return _of(network, _published()["facts"])


def results(network: str | None = None) -> tuple[Result, ...]:
    """The published error rates of `network`, or of all."""
    return _of(network, _published()["results"])


def mistakes(network: str | None = None) -> tuple[Mistake, ...]:
    """The known mistakes about `network`, or all, also those about no network in particular."""
    return _of(network, _published()["mistakes"])


def finding(experiment: str) -> Finding:
    """What the paper found in this experiment."""
    return _published()["findings"][experiment]


def sources() -> Mapping[str, Mapping[str, str]]:
    """Key -> {"title": …, "url": …}; not every source has an address."""
    return _published()["sources"]


def check(graph: LayerGraph) -> tuple[Check, ...]:
    """Every fact about the network called `graph.name`, computed again from the graph.

    "rounded": the computed figure lies within half a unit of rounding of the printed one; a figure that was cut off
    instead is "different".
    """
    network = _Network(graph)
    computed = ((fact, network.measure(fact.quantity, fact.layer)) for fact in facts(graph.name))
    return tuple(Check(fact, figure, verdict(fact, figure)) for fact, figure in computed)


def measure(graph: LayerGraph, quantity: str, layer: str | None = None) -> Figure:
    """One quantity of a layer, of a block or of the whole graph, as `Fact` names them.

    Raises:
        UnknownLayer: the graph has neither a layer nor a block of that name.
    """
    return _Network(graph).measure(quantity, layer)


def verdict(fact: Fact, computed: Figure) -> Verdict:
    """How `computed` stands to what is printed."""
    if computed == fact.value:
        return "equal"
    if isinstance(computed, tuple) or isinstance(fact.value, tuple):
        return "different"
    return "rounded" if 2 * abs(computed - fact.value) <= fact.unit_of_rounding else "different"


class _Network:
    """A graph with its costs and receptive fields, each computed once and only when asked for."""

    def __init__(self, graph: LayerGraph) -> None:
        self.graph = graph

    @cached_property
    def costs(self) -> Costs:
        return costs(self.graph)

    @cached_property
    def fields(self) -> Mapping[str, ReceptiveField]:
        return receptive_fields(self.graph)

    def measure(self, quantity: str, layer: str | None) -> Figure:
        return QUANTITIES[quantity](self, self.layers(layer))

    def layers(self, path: str | None) -> list[str]:
        """Names of the layers that `path` stands for, in topological order."""
        if path is None:
            return list(self.graph.by_name)
        parts = path.split(" + ")
        if not all(any(_stands_in(name, part) for name in self.graph.by_name) for part in parts):
            raise UnknownLayer.named(path, self.graph.name, (*self.graph.by_name, *self.graph.modules))
        return [name for name in self.graph.by_name if any(_stands_in(name, part) for part in parts)]

    def sum(self, field: str, names: list[str]) -> int:
        return getattr(self.costs.sum(names), field)

    def neurons(self, names: list[str]) -> int:
        """AlexNet's paper counts the pixels as neurons where it lists the layers, but not in its total."""
        if names == [self.graph.inputs[0].name]:
            return prod(self.graph.input_shape)
        return self.sum("neurons", names)


# A block's shape and receptive field are those of its last layer.
QUANTITIES: Mapping[str, Callable[[_Network, list[str]], Figure]] = {
    "params": lambda network, names: network.sum("params", names),
    "weights": lambda network, names: network.sum("weights", names),  # without biases
    "macs": lambda network, names: network.sum("macs", names),
    "connections": lambda network, names: network.sum("connections", names),
    "neurons": lambda network, names: network.neurons(names),
    "depth": lambda network, names: depth(network.graph),
    "depth_with_pooling": lambda network, names: depth(network.graph, WITH_POOLING),
    "shape": lambda network, names: network.graph[names[-1]].shape,
    "size": lambda network, names: network.graph[names[-1]].shape[-2:],
    "rf_size": lambda network, names: _one(network.fields[names[-1]].size),
    "rf_stride": lambda network, names: _one(network.fields[names[-1]].stride),
    "rf_padding": lambda network, names: _one(tuple(-offset for offset in network.fields[names[-1]].offset)),
}


def _one(pair: tuple[float, ...]) -> Figure:
    """One number for a square."""
    return pair[0] if len(set(pair)) == 1 else pair


def _stands_in(name: str, path: str) -> bool:
    return name == path or name.startswith(f"{path}.")


def _of(network: str | None, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    return rows if network is None else tuple(row for row in rows if row.network == network)


@cache
def _published() -> Mapping[str, Any]:
    data = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        "sources": data["sources"],
        "facts": tuple(Fact(**{**row, "value": _figure(row["value"])}) for row in data["facts"]),
        "results": tuple(Result(**row) for row in data["results"]),
        "mistakes": tuple(Mistake(**{**row, "checks": tuple(row.get("checks", ()))}) for row in data["mistakes"]),
        "findings": {row["experiment"]: Finding(**row) for row in data["findings"]},
    }


def _figure(value: Any) -> Figure:
    return tuple(value) if isinstance(value, list) else value
