"""Whatever is open, every layer is in exactly one node and every edge of the layer graph is an edge or inside a node."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.analysis.folding import FoldedGraph, all_modules, around, fold
from netlib.analysis.graph import Layer, LayerGraph
from netlib.analysis.tracing import trace
from netlib.models.build import build
from netlib.models.registry import NETWORKS

SHAPE = (8, 6, 4)


@cache
def graph_of(name: str) -> LayerGraph:
    return trace(build(name, meta=True), NETWORKS[name].input_shape)


def network(*rows: str) -> LayerGraph:
    """A graph from lines such as "a.add add a.conv x"."""
    parts = [row.split() for row in rows]
    layers = tuple(Layer(name, kind, tuple(inputs), SHAPE) for name, kind, *inputs in parts)
    modules = {path: "Block" for layer in layers for path in layer.modules}
    return LayerGraph("small", layers, {"output": layers[-1].name}, modules)


def residual(block: str, source: str) -> list[str]:
    return [
        f"{block}.conv conv2d {source}",
        f"{block}.bn batch_norm {block}.conv",
        f"{block}.relu relu {block}.bn",
        f"{block}.conv2 conv2d {block}.relu",
        f"{block}.add add {block}.conv2 {source}",
    ]


CHAIN = network(
    "x input",
    "stem conv2d x",
    *residual("s.0", "stem"),
    *residual("s.1", "s.0.add"),
    *residual("s.2", "s.1.add"),
    "fc linear s.2.add",
    "relu relu fc",
    "drop dropout relu",
)


def check(graph: LayerGraph, folded: FoldedGraph) -> None:
    homes = [layer for node in folded.nodes for layer in node.layers]
    assert sorted(homes) == sorted(graph.by_name)
    home = {layer: node.id for node in folded.nodes for layer in node.layers}
    assert len({node.id for node in folded.nodes}) == len(folded.nodes)
    assert all(folded.node_of(layer).id == node for layer, node in home.items())
    wanted = {(home[source], home[layer.name]) for layer in graph for source in layer.inputs}
    assert set(folded.edges) == {(a, b) for a, b in wanted if a != b}
    seen: set[str] = set()
    for node in folded.nodes:
        assert set(node.inputs) <= seen  # topological order
        seen.add(node.id)
        assert node.frame is None or node.frame in folded.frames
    assert all(frame.parent is None or frame.parent in folded.frames for frame in folded.frames.values())


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "googlenet-aux", "inception-v4", "resnet152", "plain20-cifar", "lstm"])
def test_nothing_is_lost_at_any_level(name: str) -> None:
    graph = graph_of(name)
    everything = all_modules(graph)
    for opened in (None, frozenset(), everything, frozenset(sorted(everything)[::2])):
        check(graph, fold(graph, opened))
        check(graph, fold(graph, opened, detail=True))
    assert len(fold(graph, everything, detail=True).nodes) == len(graph)
    assert len(fold(graph).nodes) <= 40


@pytest.mark.parametrize("name", NETWORKS)
def test_the_default_is_readable_and_repeatable(name: str) -> None:
    if "1202" in name:
        pytest.skip("the same classes as resnet110-cifar, ten times as many")
    folded = fold(graph_of(name))
    assert 5 <= len(folded.nodes) <= 40
    assert folded == fold(graph_of(name))


def test_elementwise_layers_join_their_only_producer() -> None:
    folded = fold(CHAIN, all_modules(CHAIN))
    assert folded.node_of("drop").layers == ("fc", "relu", "drop")
    assert folded.node_of("s.1.relu").layers == ("s.1.conv", "s.1.bn", "s.1.relu")
    assert folded["s.1.add"].layers == ("s.1.add",)
    shared = network("x input", "c conv2d x", "r relu c", "d conv2d c", "a add r d")
    assert fold(shared).node_of("r").layers == ("r",)  # c has a second reader


def test_a_run_of_equal_blocks_is_one_node() -> None:
    closed = fold(CHAIN, {"s"})
    run = closed["s.0×3"]
    assert (run.repeat, run.skips, run.title, run.class_name, run.inputs) == (3, 3, "s.0–2", "Block", ("stem",))
    opened = fold(CHAIN, {"s", "s.0×3"})
    assert [node.id for node in opened.nodes] == ["x", "stem", "s.0", "s.1", "s.2", "fc"]
    assert [node.skips for node in opened.nodes] == [0, 0, 1, 1, 1, 0]
    assert opened["s.1"].frame == "s.0×3" and opened.frames["s.0×3"].parent == "s"


def test_resnet152_folds_its_third_stage_to_35() -> None:
    """Source: ResNet paper, table 1: 36 blocks in conv4_x; the first one changes the shape."""
    folded = fold(graph_of("resnet152"))
    assert [node.repeat for node in folded.nodes if node.repeat > 1] == [2, 7, 35, 2]
    assert [node.skips for node in folded.nodes if node.repeat > 1] == [2, 7, 35, 2]
    closed = fold(graph_of("resnet152"), frozenset())
    assert [node.skips for node in closed.nodes if node.kind == "block"] == [3, 8, 36, 3]
    assert not any(node.skips for node in fold(graph_of("plain34"), frozenset()).nodes)


def test_blocks_that_differ_do_not_fold() -> None:
    other = network("x input", *residual("s.0", "x"), *residual("s.1", "s.0.add"), "s.2.conv conv2d s.1.add", "s.2.fc linear s.2.conv")
    assert "s.2" in [node.id for node in fold(other, {"s"}).nodes]
    looked_at = network("x input", *residual("s.0", "x"), *residual("s.1", "s.0.add"), "cat concat s.0.add s.1.add")
    assert [node.repeat for node in fold(looked_at, {"s"}).nodes] == [1, 1, 1, 1]


def test_towers_that_read_each_other_are_not_closed() -> None:
    crossed = network("x input", "a.1 conv2d x", "b.1 conv2d x", "a.2 conv2d a.1 b.1", "b.2 conv2d b.1 a.1", "cat concat a.2 b.2")
    folded = fold(crossed, frozenset())
    check(crossed, folded)
    assert not all_modules(crossed) and len(folded.nodes) == 6


def test_a_module_that_is_used_twice_is_not_closed_over_what_lies_between() -> None:
    again = network("x input", "m.a conv2d x", "m.b linear m.a", "mid conv2d m.b", "m.a@2 conv2d mid", "m.b@2 linear m.a@2")
    check(again, fold(again, frozenset()))
    assert fold(again, frozenset()).node_of("mid").layers == ("mid",)


def test_around_opens_the_way_to_a_layer() -> None:
    assert around(CHAIN, "s.1.conv2") == {"s", "s.0×3", "s.1"}
    assert fold(CHAIN, around(CHAIN, "s.1.conv2")).node_of("s.1.conv2").layers == ("s.1.conv2",)
    assert around(CHAIN, "stem") == frozenset()


@st.composite
def graphs(draw: st.DrawFn) -> LayerGraph:
    rows = ["x input"]
    names = ["x"]
    for i in range(draw(st.integers(1, 14))):
        path = draw(st.sampled_from(["", "a.", "b.", "a.c.", "a.d.", "b.c."]))
        sources = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        kind = draw(st.sampled_from(["conv2d", "relu"])) if len(sources) == 1 else "add"
        names.append(f"{path}l{i}")
        rows.append(f"{names[-1]} {kind} {' '.join(sources)}")
    return network(*rows)


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_any_graph_folds(graph: LayerGraph, data: st.DataObject) -> None:
    keys = sorted(all_modules(graph))
    opened = data.draw(st.sets(st.sampled_from(keys))) if keys else set()
    check(graph, fold(graph, opened))
    check(graph, fold(graph, opened, detail=True))
    check(graph, fold(graph))
