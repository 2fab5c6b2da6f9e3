"""What is written on a node of the layer graph: the same words in the SVG and in the DOT drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from netlib.figures import units

if TYPE_CHECKING:

    from netlib.analysis.cost import Costs
    from netlib.analysis.folding import FoldedGraph, Node
    from netlib.analysis.graph import Layer, LayerGraph

# A number of `LayerCost` that a drawing can be coloured by -> what it is called.
NUMBERS = {
    "params": "parameters",
    "macs": "MACs",
    "activation_bytes": "activation memory",
    "kept_bytes": "memory kept for training",
    "connections": "connections",
    "neurons": "neurons",
}

_POOLS = {"max_pool2d": "max", "avg_pool2d": "avg", "adaptive_max_pool2d": "max", "adaptive_avg_pool2d": "avg"}


@dataclass(frozen=True, slots=True)
class NodeText:
    """The words of one node.

    Attributes:
        name: as the paper calls it.
        spec: what kind, in short: "11×11/4, 96", "FC, 4096".
        operations: the layers it has absorbed: "BN · ReLU".
        facts: shape, parameters and MACs, rounded.
        label: one sentence with exact numbers, for ears and search.
        tooltip: the same, a fact a line.
    """

    name: str
    spec: str
    operations: str
    facts: str
    label: str
    tooltip: str

    @property
    def title(self) -> str:
        return f"{self.name} · {self.spec}" if self.spec else self.name

    def title_in(self, width: float, size: float) -> str:
        """The title in bold at that size; where room is short, the name is shortened first."""
        spec = text_width(f" · {self.spec}", size, bold=True)
        if self.spec and text_width(self.title, size, bold=True) > width and spec < 0.7 * width:
            return f"{shorten(self.name, width - spec, size, bold=True)} · {self.spec}"
        return shorten(self.title, width, size, bold=True)


def total(node: Node, costs: Costs | None, number: str) -> int:
    """Sum of a number over the node's layers; 0 without costs."""
    return sum(getattr(costs[name], number) for name in node.layers) if costs is not None else 0


def texts(graph: LayerGraph, folded: FoldedGraph, costs: Costs | None = None) -> dict[str, NodeText]:
    """The words of every node, by node id."""
    outputs: dict[str, list[str]] = {}
    for name, layer in graph.outputs.items():
        outputs.setdefault(folded.node_of(layer).id, []).append(name)
    return {node.id: _text(graph, node, costs, outputs.get(node.id, [])) for node in folded.nodes}


def _text(graph: LayerGraph, node: Node, costs: Costs | None, outputs: list[str]) -> NodeText:
    head = graph[node.layers[0]]
    params, macs = total(node, costs, "params"), total(node, costs, "macs")
    facts = [units.shape(node.shape)]
    exact = [_kind(node, head), f"output {units.shape(node.shape)}"]
    if params:
        facts.append(units.params(params))
        exact.append(f"{units.exact(params)} parameters")
    if macs:
        facts.append(units.macs(macs))
        exact.append(f"{units.exact(macs)} MACs")
    if costs is not None:
        exact.append(f"{units.bytes_(total(node, costs, 'activation_bytes'))} of activations")
    if node.skips:
        exact.append(f"{node.skips} residual addition{'s' * (node.skips > 1)} inside")
    if outputs and tuple(graph.outputs) != ("output",):
        exact.append(f"makes the output {', '.join(outputs)}")
    followers = [graph[name] for name in node.layers[1:]] if node.kind != "block" else []
    operations = " · ".join(units.kind(layer.kind) for layer in followers)
    if operations:
        exact.insert(1, "then " + ", ".join(units.kind(layer.kind) for layer in followers))
    full = node.module or head.name
    name, spec = node.title, _spec(node, head)
    return NodeText(name, spec, operations, " · ".join(facts), f"{full}: {', '.join(exact)}", "\n".join([full, *exact]))


def _spec(node: Node, head: Layer) -> str:
    if node.kind == "block":
        return class_words(node.class_name)
    window = units.window(head)
    if head.category == "convolution":
        if head.groups > 1 and head.groups == head.shape[0]:
            return f"{window} dw, {head.shape[0]}"  # depthwise
        groups = f", {head.groups} groups" if head.groups > 1 else ""
        return f"{window}, {head.shape[0]}{groups}"
    if head.kind in _POOLS:
        return f"{_POOLS[head.kind]} {window}" if window and "adaptive" not in head.kind else f"global {_POOLS[head.kind]}"
    if head.kind == "linear":
        return f"FC, {head.shape[-1]}"
    kind = units.kind(head.kind)
    told = kind.replace(" ", "").lower() in node.title.replace("_", "").lower()
    return window if told else f"{kind} {window}".rstrip()


def _kind(node: Node, head: Layer) -> str:
    if node.kind == "block":
        times = f"{node.repeat} equal blocks" if node.repeat > 1 else "block"
        return f"{class_words(node.class_name)} ({times} of {len(node.layers) // node.repeat} layers)".strip()
    kind = units.kind(head.kind)
    if head.window is None:
        return kind
    (kh, kw), (sh, sw) = head.window.kernel, head.window.stride
    stride = "" if (sh, sw) == (1, 1) else f", stride {sh}" if sh == sw else f", stride ({sh}, {sw})"
    return f"{kh}×{kw} {kind}{stride}"


def class_words(name: str) -> str:
    """The class of a module where it says something: a mere container's says nothing."""
    return "" if name in ("Sequential", "ModuleList", "ModuleDict") else name


# ---------------------------------------------------------------- fitting text into boxes


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Upper estimate in pixels for the usual sans-serif faces: the server has no fonts to measure."""
    em = sum(_em(char) for char in text)
    return em * size * (1.06 if bold else 1.0)


def _em(char: str) -> float:
    if char in "iljtfI.,:;|!'()[]/ ·-":
        return 0.36
    if char in "mwMW%@—…":
        return 0.92
    if east_asian_width(char) in "WF":
        return 1.05
    return 0.7 if char.isupper() else 0.58


def shorten(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """The text, or as much of its two ends as fits around an ellipsis."""
    if text_width(text, size, bold=bold) <= width:
        return text
    for keep in range(len(text) - 1, 0, -1):
        short = f"{text[: (keep + 1) // 2]}…{text[len(text) - keep // 2 :]}"
        if text_width(short, size, bold=bold) <= width:
            return short
    return "…"
