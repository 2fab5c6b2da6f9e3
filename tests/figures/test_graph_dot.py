"""The DOT drawing has the nodes, edges and clusters of the folded graph; read back from the text Graphviz would get."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from netlib.analysis.cost import costs
from netlib.analysis.folding import all_modules, fold
from netlib.analysis.graph import Layer, LayerGraph
from netlib.analysis.tracing import trace
from netlib.figures.graph_dot import graph_dot
from netlib.figures.graph_svg import element_ids
from netlib.models.build import build
from netlib.models.registry import NETWORKS

if TYPE_CHECKING:
    from netlib.figures.graph_svg import ColorBy

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


def contrast(a: str, b: str) -> float:
    """WCAG 2's contrast ratio of two "#rrggbb"."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("by", ["category", "params"])
@pytest.mark.parametrize(("dark", "page"), [(False, "#ffffff"), (True, "#171614")])
def test_words_and_strokes_stand_out_on_either_page(by: ColorBy, dark: bool, page: str) -> None:
    """WCAG 2.2: 4.5 for words (1.4.3), 3 for strokes that mean something (1.4.11)."""
    graph = trace(build("googlenet", meta=True), NETWORKS["googlenet"].input_shape)
    folded = fold(graph, all_modules(graph) if by == "category" else None)
    source = graph_dot(graph, folded, costs=costs(graph), color_by=by, dark=dark).source
    ground = re.search(r'bgcolor="?(#\w+|transparent)', source)
    assert ground and ground[1] in (page, "transparent")
    around, inside = re.findall(r'fontcolor="(#\w+)"', source)
    assert contrast(around, page) >= 4.5
    assert min(contrast(inside, fill) for fill in re.findall(r'fillcolor="(#\w+)"', source)) >= 4.5
    assert min(contrast(stroke, page) for stroke in re.findall(r'[ \[]color="(#\w+)"', source)) >= 3


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
