"""The DOT drawing has the nodes, edges and clusters of the folded graph; read back from the text Graphviz would get."""

from __future__ import annotations

import re
import shutil

import pytest

from netlib.analysis.cost import costs
from netlib.analysis.folding import all_modules, fold
from netlib.analysis.graph import Layer, LayerGraph
from netlib.analysis.tracing import trace
from netlib.figures.graph_dot import graph_dot
from netlib.figures.graph_svg import element_ids
from netlib.models.build import build
from netlib.models.registry import NETWORKS

_NODE = re.compile(r'^\s*"?([\w-]+)"? \[label=', re.MULTILINE)
_EDGE = re.compile(r'^\s*"?([\w-]+)"? -> "?([\w-]+)"?$', re.MULTILINE)


@pytest.mark.parametrize("name", ["alexnet", "googlenet", "resnet50"])
@pytest.mark.parametrize("everything", [False, True])
def test_same_nodes_and_edges(name: str, everything: bool) -> None:
    graph = trace(build(name, meta=True), NETWORKS[name].input_shape)
    folded = fold(graph, all_modules(graph) if everything else None)
    source = graph_dot(graph, folded, costs=costs(graph)).source
    ids = element_ids(folded)
    assert sorted(_NODE.findall(source)) == sorted(ids.values())
    assert sorted(_EDGE.findall(source)) == sorted((ids[a], ids[b]) for a, b in folded.edges)
    assert source.count("subgraph cluster_") == len(folded.frames)
    assert source.count("{") == source.count("}") == 1 + len(folded.frames)
    assert "transparent" in source


def test_colour_by_number_changes_fills_only() -> None:
    graph = trace(build("lenet5", meta=True), NETWORKS["lenet5"].input_shape)
    plain, shaded = (graph_dot(graph, fold(graph), costs=costs(graph), color_by=by).source for by in ("category", "params"))
    assert plain != shaded
    assert re.sub(r'fillcolor="#\w+"', "", plain) == re.sub(r'fillcolor="#\w+"', "", shaded)


def test_names_are_escaped() -> None:
    names = ["<b>", 'quote"', "back\\nslash", "semi;colon{}", "a:b"]
    layers = [Layer("input", "input", (), (1, 1, 1))]
    for name in names:
        layers.append(Layer(name, "conv2d", (layers[-1].name,), (1, 1, 1)))
    graph = LayerGraph('<"evil">', tuple(layers), {"o": layers[-1].name})
    dot = graph_dot(graph, fold(graph))
    assert "label=<" not in dot.source and r'quote\"' in dot.source and r"back\\nslash" in dot.source
    assert len(_EDGE.findall(dot.source)) == len(names)
    if shutil.which("dot"):
        assert dot.pipe("svg").count(b'class="node"') == len(layers)
