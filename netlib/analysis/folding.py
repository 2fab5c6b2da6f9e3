"""A layer graph at a chosen level of detail: modules closed to one node, runs of equal modules folded to ×N.

    tree   modules as a tree whose members can each be drawn as one box: no path leaves a group and comes back
    fold   the tree, some groups open -> nodes and edges; every layer is in exactly one node, every edge is kept

A group's key is its module path; a run of equal siblings has the key "layer3.1×35", after its first member.
"""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from netlib.analysis.graph import Layer, LayerGraph, Shape

NODE_LIMIT = 40  # what still fits on two screens, and the most the default opens

_ELEMENTWISE_CATEGORIES = ("activation", "regularization")
_ELEMENTWISE_KINDS = ("batch_norm", "identity")


@dataclass(frozen=True, slots=True)
class Node:
    """One box of the drawing.

    Attributes:
        id: the first member's name for layers, the group's key for a closed block.
        title: short name within its frame.
        kind: kind of the first layer, or "block".
        layers: names of the member layers, in topological order.
        repeat: how many equal modules follow one another inside (×N); 1 for a plain node.
        shape: output shape of the last member.
        inputs: ids of the nodes it reads, in order.
        module: the key that opens it, None for layers.
        class_name: class of the module, "" for layers.
        expandable: whether there is something to open.
        skips: residual additions hidden inside.
        frame: key of the innermost open group around it, None at the top.
    """

    id: str
    title: str
    kind: str
    layers: tuple[str, ...]
    repeat: int
    shape: Shape
    inputs: tuple[str, ...]
    module: str | None
    class_name: str
    expandable: bool
    skips: int
    frame: str | None


@dataclass(frozen=True, slots=True)
class Frame:
    """An open group, drawn around its nodes; `parent` is the key of the next open group outwards."""

    key: str
    title: str
    class_name: str
    repeat: int
    parent: str | None


@dataclass(frozen=True)
class FoldedGraph:
    """Nodes in topological order, the frames around them (outer before inner), and the groups that are open."""

    name: str
    nodes: tuple[Node, ...]
    frames: Mapping[str, Frame]
    opened: frozenset[str]
    detail: bool = False

    def __getitem__(self, node_id: str) -> Node:
        return self.by_id[node_id]

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def _homes(self) -> Mapping[str, Node]:
        return {layer: node for node in self.nodes for layer in node.layers}

    def node_of(self, layer: str) -> Node:
        """The node that contains the layer."""
        return self._homes[layer]

    @property
    def edges(self) -> Iterator[tuple[str, str]]:
        """(source id, target id), each once, in drawing order."""
        return ((source, node.id) for node in self.nodes for source in node.inputs)


@dataclass(slots=True)
class Group:
    """A module, or a run of equal modules, with its members in topological order."""

    key: str
    title: str
    class_name: str
    members: list[Group | str] = field(default_factory=list)
    repeat: int = 1
    layers: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)  # first layer -> path of the module that is drawn as one node

    def groups(self) -> Iterator[Group]:
        """All groups inside, outer before inner."""
        for member in self.members:
            if isinstance(member, Group):
                yield member
                yield from member.groups()


def fold(graph: LayerGraph, opened: Iterable[str] | None = None, *, detail: bool = False) -> FoldedGraph:
    """The graph with the groups in `opened` shown by their members and all others closed.

    None opens as much as stays readable; unknown keys are ignored. `detail` shows every layer as a node of its own
    instead of "conv · BN · ReLU" as one.
    """
    root = tree(graph)
    if opened is None:
        return _fold(graph, root, _default_opened(graph, root), detail)
    return _fold(graph, root, frozenset(opened), detail)


def all_modules(graph: LayerGraph) -> frozenset[str]:
    """The keys of everything that can be opened."""
    return _keys(tree(graph))


def around(graph: LayerGraph, layer: str) -> frozenset[str]:
    """The keys that must be open for the layer's own node to show."""
    return frozenset(group.key for group in tree(graph).groups() if layer in group.layers)


# ---------------------------------------------------------------- the tree


def tree(graph: LayerGraph) -> Group:
    """Modules that can be drawn as one box, runs of equal ones gathered; the root stands for the network."""
    root = Group("", graph.name, "")
    found: dict[str, Group] = {}
    for layer in graph:
        holder = root
        for path in layer.modules:
            if path in graph:  # a layer has that name already
                continue
            if path not in found:
                found[path] = Group(path, path, graph.modules.get(path, ""))
                holder.members.append(found[path])
            holder = found[path]
        holder.members.append(layer.name)
    _complete(graph, root, {name: i for i, name in enumerate(graph.by_name)})
    return root


def _complete(graph: LayerGraph, group: Group, place: Mapping[str, int]) -> None:
    """Fill in `layers`, splice modules that are no box of their own, gather runs; from the inside out."""
    members: list[Group | str] = []
    for member in group.members:
        if isinstance(member, Group):
            _complete(graph, member, place)
            group.names.update(member.names)
            if _is_chain(graph, member):
                group.names[member.layers[0]] = member.key
                members += member.layers
                continue
        members.append(member)
    members = _acyclic(graph, members)
    if len(members) == 1 and isinstance(members[0], Group):  # a box in a box says nothing
        members = members[0].members
    group.layers = tuple(sorted((name for member in members for name in _layers(member)), key=place.__getitem__))
    group.members = _gather_runs(graph, members)


def _is_chain(graph: LayerGraph, group: Group) -> bool:
    """Whether the group is one node at most: a layer and what it absorbs, such as conv–BN–ReLU."""
    chain = zip(group.layers, group.layers[1:], strict=False)
    return all(isinstance(member, str) for member in group.members) and all(_absorbed(graph, graph[b]) == a for a, b in chain)


def _absorbed(graph: LayerGraph, layer: Layer) -> str | None:
    """The producer whose node an element-wise layer joins, if there is one."""
    if layer.category not in _ELEMENTWISE_CATEGORIES and layer.kind not in _ELEMENTWISE_KINDS:
        return None
    if len(layer.inputs) != 1 or graph[layer.inputs[0]].category == "input" or len(graph.consumers[layer.inputs[0]]) != 1:
        return None
    return layer.inputs[0]


def _acyclic(graph: LayerGraph, members: list[Group | str]) -> list[Group | str]:
    """Members in topological order; groups on a cycle, which cannot be one box, give way to their own members."""
    while True:
        sources = _sources(graph, members)
        order = topological(len(members), sources)
        if len(order) == len(members):
            return [members[i] for i in order]
        stuck = _on_cycles(sources, set(range(len(members))) - set(order))
        spliced: list[Group | str] = []
        for i, member in enumerate(members):
            spliced += member.members if i in stuck and isinstance(member, Group) else [member]
        members = spliced


def _sources(graph: LayerGraph, members: list[Group | str]) -> list[set[int]]:
    """For each member the members it reads."""
    home = {name: i for i, member in enumerate(members) for name in _layers(member)}
    return [
        {home[source] for name in _layers(member) for source in graph[name].inputs if home.get(source, i) != i}
        for i, member in enumerate(members)
    ]


def topological(size: int, sources: list[set[int]]) -> list[int]:
    """Indices, each after its sources, otherwise in the given order; what lies on or behind a cycle is left out."""
    readers: list[list[int]] = [[] for _ in range(size)]
    missing = [len(s) for s in sources]
    for i, found in enumerate(sources):
        for source in found:
            readers[source].append(i)
    ready = [i for i in range(size) if not missing[i]]
    order = []
    while ready:
        order.append(heapq.heappop(ready))
        for reader in readers[order[-1]]:
            missing[reader] -= 1
            if not missing[reader]:
                heapq.heappush(ready, reader)
    return order


def _on_cycles(sources: list[set[int]], stuck: set[int]) -> set[int]:
    """Of the members behind a cycle those that also lead into one: peel off what nobody stuck reads."""
    while True:
        read = {source for i in stuck for source in sources[i]}
        if stuck <= read:
            return stuck
        stuck = stuck & read


def _gather_runs(graph: LayerGraph, members: list[Group | str]) -> list[Group | str]:
    gathered: list[Group | str] = []
    run: list[Group] = []
    signature: object = None

    def close() -> None:
        gathered.extend([_run(run)] if len(run) > 1 else run)
        run.clear()

    for member in members:
        if isinstance(member, str):
            close()
            gathered.append(member)
            continue
        own = _signature(graph, member)
        if not (run and own == signature and _follows(graph, run[-1], member)):
            close()
        run.append(member)
        signature = own
    close()
    return gathered


def _run(run: list[Group]) -> Group:
    first, last = run[0].key, run[-1].key.rpartition(".")[2]
    layers = tuple(name for member in run for name in member.layers)
    number = re.search(r"\d+$", last)
    title = f"{first}–{number[0] if number else last}"
    return Group(f"{first}×{len(run)}", title, run[0].class_name, list(run), len(run), layers)


def _signature(graph: LayerGraph, group: Group) -> object:
    """Equal for modules that differ in names only: layers, wiring inside, and which inputs come from one place outside."""
    place = {name: i for i, name in enumerate(group.layers)}
    outside: dict[str, int] = {}
    rows = []
    for name in group.layers:
        layer = graph[name]
        wires = tuple(place[s] if s in place else ~outside.setdefault(s, len(outside)) for s in layer.inputs)
        learned = tuple(layer.params.items())
        options = tuple(sorted((key, repr(value)) for key, value in layer.options.items()))
        rows.append((layer.kind, layer.shape, layer.window, layer.groups, learned, options, layer.shares is None, wires))
    return group.class_name, tuple(rows)


def _follows(graph: LayerGraph, before: Group, after: Group) -> bool:
    """Whether `after` reads `before` alone, and nothing else does."""
    own, earlier = set(after.layers), set(before.layers)
    reads = {source for name in after.layers for source in graph[name].inputs} - own
    read_by = {reader for name in before.layers for reader in graph.consumers[name]} - earlier
    leaves = {name for name in before.layers if name in graph.outputs.values()}
    return bool(reads) and reads <= earlier and read_by <= own and not leaves


# ---------------------------------------------------------------- the folding


def _fold(graph: LayerGraph, root: Group, opened: frozenset[str], detail: bool) -> FoldedGraph:
    frames: dict[str, Frame] = {}
    nodes: list[Node] = []

    def show(group: Group, frame: str | None, prefix: str) -> None:
        chains: dict[str, list[str]] = {}  # last layer so far -> the chain it ends
        items: list[Group | list[str]] = []
        for member in group.members:
            if isinstance(member, Group):
                items.append(member)
                continue
            before = None if detail else _absorbed(graph, graph[member])
            if before in chains:
                chains[member] = chains.pop(before)
                chains[member].append(member)
            else:
                items.append(chains.setdefault(member, [member]))
        for item in items:
            if isinstance(item, list):
                path = item[0] if detail else root.names.get(item[0], item[0])
                nodes.append(_layer_node(graph, tuple(item), _short(path, prefix), frame))
            elif item.key in opened:
                frames[item.key] = Frame(item.key, _short(item.title, prefix), item.class_name, item.repeat, frame)
                show(item, item.key, item.key if item.repeat == 1 else prefix)
            else:
                nodes.append(_block_node(graph, item, _short(item.title, prefix), frame))

    show(root, None, "")
    return FoldedGraph(graph.name, _wired(graph, nodes), frames, opened & _keys(root), detail)


def _keys(root: Group) -> frozenset[str]:
    return frozenset(group.key for group in root.groups())


def _layer_node(graph: LayerGraph, layers: tuple[str, ...], title: str, frame: str | None) -> Node:
    shape = graph[layers[-1]].shape
    return Node(layers[0], title, graph[layers[0]].kind, layers, 1, shape, (), None, "", False, 0, frame)


def _block_node(graph: LayerGraph, group: Group, title: str, frame: str | None) -> Node:
    shape = graph[group.layers[-1]].shape
    skips = sum(is_residual(graph, name) for name in group.layers)
    return Node(group.key, title, "block", group.layers, group.repeat, shape, (), group.key, group.class_name, True, skips, frame)


def _wired(graph: LayerGraph, nodes: list[Node]) -> tuple[Node, ...]:
    """The nodes with their inputs, in topological order."""
    home = {name: i for i, node in enumerate(nodes) for name in node.layers}
    inputs = [
        list(dict.fromkeys(home[source] for name in node.layers for source in graph[name].inputs if home[source] != i))
        for i, node in enumerate(nodes)
    ]
    order = topological(len(nodes), [set(found) for found in inputs])
    return tuple(replace(nodes[i], inputs=tuple(nodes[source].id for source in inputs[i])) for i in order)


def is_residual(graph: LayerGraph, name: str) -> bool:
    """Whether the layer adds a shortcut: an addition of two different computed maps."""
    layer = graph[name]
    return layer.kind == "add" and len({s for s in layer.inputs if graph[s].kind != "parameter"}) > 1


def _short(path: str, prefix: str) -> str:
    """A path as seen from inside the frame `prefix`; a bare number keeps its parent's name."""
    inside = path[len(prefix) + 1 :] if prefix and path.startswith(f"{prefix}.") else path
    if inside and inside[0].isdigit() and "." in path:
        return ".".join(path.split(".")[-2 - inside.count(".") :])
    return inside


def _default_opened(graph: LayerGraph, root: Group) -> frozenset[str]:
    """Open top down, all modules of one class at one depth together, biggest first, until the nodes get too many; runs stay folded."""
    opened: frozenset[str] = frozenset()
    while True:
        closed: dict[tuple[int, str], list[Group]] = {}
        for depth, group in _closed(root, opened):
            if group.repeat == 1:
                closed.setdefault((depth, group.class_name), []).append(group)
        if not closed:
            return opened
        best = min(closed, key=lambda family: (family[0], -sum(len(group.layers) for group in closed[family]), family[1]))
        wider = opened | {group.key for group in closed[best]}
        if len(_fold(graph, root, wider, False).nodes) > NODE_LIMIT:
            return opened
        opened = wider


def _closed(root: Group, opened: frozenset[str], depth: int = 0) -> Iterator[tuple[int, Group]]:
    for member in root.members:
        if isinstance(member, Group):
            if member.key in opened:
                yield from _closed(member, opened, depth + 1)
            else:
                yield depth, member


def _layers(member: Group | str) -> tuple[str, ...]:
    return (member,) if isinstance(member, str) else member.layers
