"""The SVG is well-formed whatever the names, says the right numbers, and its text fits its boxes."""

from __future__ import annotations

from functools import cache
from xml.etree import ElementTree

import pytest

from netlib.analysis.cost import costs
from netlib.analysis.folding import all_modules, fold
from netlib.analysis.graph import Layer, LayerGraph, Window
from netlib.analysis.tracing import trace
from netlib.figures.colors import STEPS
from netlib.figures.graph_svg import ColorBy, fill_levels, graph_svg
from netlib.figures.node_text import shorten, text_width, texts
from netlib.models.build import build
from netlib.models.registry import NETWORKS

SVG = "{http://www.w3.org/2000/svg}"


@cache
def graph_of(name: str) -> LayerGraph:
    return trace(build(name, meta=True), NETWORKS[name].input_shape)


def elements(text: str, css: str) -> list[ElementTree.Element]:
    return [e for e in ElementTree.fromstring(text).iter() if css in (e.get("class") or "").split()]


def test_alexnets_first_layer_says_its_numbers() -> None:
    """Source: AlexNet paper, section 3.5; 96 · (11 · 11 · 3 + 1) parameters, 55² · 96 · 363 products."""
    graph = graph_of("alexnet")
    svg = graph_svg(graph, fold(graph), costs=costs(graph), title="AlexNet")
    node = next(e for e in elements(svg, "node") if e.get("data-node") == "conv1")
    label = node.get("aria-label") or ""
    assert label.startswith("conv1: 11×11 convolution, stride 4, then ReLU, output 55×55×96, 34,944 parameters, 105,415,200 MACs")
    words = [e.text for e in node.iter(f"{SVG}text")]
    assert words == ["conv1 · 11×11/4, 96", "ReLU", "55×55×96 · 34.9 k params · 105 M MACs"]
    assert node.get("role") == "button" and node.get("id") == "n_conv1" and node.get("data-layer") == "conv1"
    caption = [e.text or "" for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert caption[0] == "AlexNet" and "60,965,224 parameters" in caption[1]


@pytest.mark.parametrize("standalone", [True, False])
@pytest.mark.parametrize("color_by", ["category", "params", "macs", "activation_bytes"])
def test_every_node_and_edge_is_drawn_once(standalone: bool, color_by: str) -> None:
    graph = graph_of("resnet20-cifar")
    folded = fold(graph)
    svg = graph_svg(graph, folded, costs=costs(graph), color_by=color_by, standalone=standalone, selected="fc")  # type: ignore[arg-type]
    assert [e.get("data-node") for e in elements(svg, "node")] == [node.id for node in folded.nodes]
    drawn = {(e.get("data-from"), e.get("data-to")) for e in elements(svg, "edge") if e.get("data-from")}
    assert drawn == set(folded.edges)
    openers = [e.get("data-module") for e in elements(svg, "toggle")]
    assert sorted(map(str, openers)) == sorted([*folded.frames, *(n.id for n in folded.nodes if n.expandable)])
    ids = [e.get("id") for e in ElementTree.fromstring(svg).iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert bool(elements(svg, "paper")) == standalone
    assert [e.get("data-node") for e in elements(svg, "selected")] == [n.id for n in folded.nodes if n.id == "fc"]


def test_folded_blocks_tell_how_often_and_that_skips_are_inside() -> None:
    graph = graph_of("resnet152")
    svg = graph_svg(graph, fold(graph), costs=costs(graph))
    node = next(e for e in elements(svg, "node") if e.get("data-node") == "conv4_x.1×35")
    assert "×35" in [e.text for e in node.iter(f"{SVG}text")]
    assert [e for e in node.iter() if "skip" in (e.get("class") or "")]
    assert "35 residual additions inside" in (node.get("aria-label") or "")
    assert "conv4_x.35.conv2" in (node.get("data-words") or "").split()


HOSTILE = ['a"><script>alert(1)</script>', "<b>&amp;", "x' onload='y", "zero\x00width", "漢字の層", "]]>", "n" * 300]


def test_hostile_names_stay_text() -> None:
    layers = [Layer("input", "input", (), (3, 9, 7))]
    for name in HOSTILE:
        layers.append(Layer(f"m{name}.{name}", "conv2d", (layers[-1].name,), (4, 9, 7), Window((3, 5)), params={"weight": (4, 3, 3, 5)}))
        layers.append(Layer(f"m{name}.end", "conv2d", (layers[-1].name,), (4, 9, 7), Window((1, 1))))
    graph = LayerGraph("<evil>", tuple(layers), {"o": layers[-1].name}, {f"m{name}": "<Class>" for name in HOSTILE})
    for opened in (frozenset(), all_modules(graph)):
        svg = graph_svg(graph, fold(graph, opened), title="<title>")
        assert not list(ElementTree.fromstring(svg).iter(f"{SVG}script")) and "<script" not in svg
        shown = {e.get("data-node") for e in elements(svg, "node")}
        assert {node.id.replace("\x00", "\ufffd") for node in fold(graph, opened).nodes} == shown


@pytest.mark.parametrize("name", ["inception-v4", "googlenet", "resnet50", "lenet5"])
def test_words_fit_their_boxes(name: str) -> None:
    graph = graph_of(name)
    for e in elements(graph_svg(graph, fold(graph, all_modules(graph)), costs=costs(graph)), "node"):
        width = max(float(r.get("width", 0)) for r in e.iter(f"{SVG}rect"))
        title, *rest = [t for t in e.iter(f"{SVG}text") if "badge" not in (t.get("class") or "")]
        start = float(title.get("x", 0))
        assert start + text_width(title.text or "", 13, bold=True) <= width
        for t in rest:
            long = text_width(t.text or "", 11)
            ends = "ops" in (t.get("class") or "")
            left = float(t.get("x", 0)) - long if ends else float(t.get("x", 0))
            assert left >= 0 and left + long <= width
            if ends and t.get("y") == title.get("y"):
                assert left >= start + text_width(title.text or "", 13, bold=True)


def test_shorten_keeps_both_ends() -> None:
    long = "features.denseblock4.denselayer16.conv2"
    short = shorten(long, 120, 13)
    assert short.startswith("featu") and short.endswith("conv2") and "…" in short
    assert text_width(short, 13) <= 120 < text_width(long, 13)
    assert shorten("conv1", 120, 13) == "conv1" and shorten("conv1", 1, 13) == "…"


def test_without_costs_there_are_shapes_only() -> None:
    graph = graph_of("lenet5")
    text = texts(graph, fold(graph))["C1"]
    assert (text.facts, text.operations) == ("28×28×6", "scaled tanh")
    assert "parameters" not in text.label


@pytest.mark.parametrize(
    ("number", "heaviest"),
    [
        ("params", "fc6"), ("macs", "conv2"), ("connections", "conv2"),
        ("neurons", "conv1"), ("activation_bytes", "conv1"), ("kept_bytes", "norm1"),
    ],
)
def test_each_number_colours_its_heaviest_node_darkest(number: ColorBy, heaviest: str) -> None:
    # AlexNet by hand: fc6 has 37.8 M of 61.0 M parameters, conv2 224 of 724 M MACs, conv1 290,400 of 659,272 neurons
    graph = graph_of("alexnet")
    folded = fold(graph)
    levels = fill_levels(folded, costs(graph), number)
    assert [name for name, level in levels.items() if level == STEPS - 1] == [heaviest]
