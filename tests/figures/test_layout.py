"""No two boxes meet, edges run downwards and around boxes, frames hold their members and nothing else."""

from __future__ import annotations

import time
from functools import cache
from itertools import pairwise

import pytest

from netlib.analysis.folding import FoldedGraph, all_modules, fold
from netlib.analysis.graph import Layer, LayerGraph
from netlib.analysis.tracing import trace
from netlib.figures.layered import Layers, Link, arrange, longest_path
from netlib.figures.layout import Box, Curve, Layout, Point, layout
from netlib.models.build import build
from netlib.models.registry import NETWORKS

NETS = ["lenet5", "alexnet", "googlenet-aux", "inception-v4", "resnet50", "resnet20-cifar", "lstm"]


@cache
def graph_of(name: str) -> LayerGraph:
    return trace(build(name, meta=True), NETWORKS[name].input_shape)


def draw(folded: FoldedGraph) -> Layout:
    sizes = {node.id: (90.0, 26.0) if node.kind == "add" else (220.0, 46.0) for node in folded.nodes}
    return layout(folded, sizes | dict.fromkeys(folded.frames, (160.0, 26.0)))


def overlap(a: Box, b: Box, slack: float = 0.0) -> bool:
    return a.x < b.right - slack and b.x < a.right - slack and a.y < b.bottom - slack and b.y < a.bottom - slack


def within(inner: Box, outer: Box) -> bool:
    return outer.x <= inner.x and inner.right <= outer.right and outer.y <= inner.y and inner.bottom <= outer.bottom


def points(curve: Curve, steps: int = 8) -> list[Point]:
    """Points of a Bézier curve by de Casteljau's construction."""

    def mix(p: Point, q: Point, t: float) -> Point:
        return p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t

    found = []
    for i in range(steps + 1):
        row = list(curve)
        while len(row) > 1:
            row = [mix(p, q, i / steps) for p, q in pairwise(row)]
        found.append(row[0])
    return found


def check(folded: FoldedGraph, placed: Layout) -> None:
    boxes = list(placed.boxes.items())
    for i, (name, a) in enumerate(boxes):
        assert within(a, Box(0, 0, placed.width, placed.height))
        assert not [other for other, b in boxes[i + 1 :] if overlap(a, b)], name
    for key, frame in placed.frames.items():
        for node in folded.nodes:
            inside, at = False, node.frame
            while at is not None:
                inside, at = inside or at == key, folded.frames[at].parent
            box = placed.boxes[node.id]
            assert within(box, frame) if inside else not overlap(box, frame)
    assert {(edge.source, edge.target) for edge in placed.edges} == set(folded.edges)
    for edge in placed.edges:
        source, target = placed.boxes[edge.source], placed.boxes[edge.target]
        assert source.bottom < target.y + target.h / 2
        way = [p for curve in edge.curves for p in points(curve)]
        assert all(b[1] >= a[1] - 1e-6 for a, b in pairwise(way)), "an edge runs upwards"
        for one, following in pairwise(edge.curves):
            assert one[3] == pytest.approx(following[0])
        assert source.x - 0.2 <= way[0][0] <= source.right + 0.2 and source.y <= way[0][1] <= source.bottom + 0.2
        assert target.x - 0.2 <= way[-1][0] <= target.right + 0.2 and target.y - 0.2 <= way[-1][1] <= target.bottom
        near = [(name, b) for name, b in boxes if b.y < way[-1][1] and b.bottom > way[0][1] and name not in (edge.source, edge.target)]
        for name, box in near:
            crossed = [p for p in way if box.x + 1 < p[0] < box.right - 1 and box.y + 1 < p[1] < box.bottom - 1]
            assert not crossed, f"{edge.source} -> {edge.target} runs through {name}"


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("level", ["default", "closed", "open"])
def test_drawings_are_clean(name: str, level: str) -> None:
    graph = graph_of(name)
    folded = fold(graph, {"default": None, "closed": frozenset(), "open": all_modules(graph)}[level])
    placed = draw(folded)
    check(folded, placed)
    assert placed == draw(folded)


def test_details_are_clean_too() -> None:
    graph = graph_of("resnet20-cifar")
    folded = fold(graph, all_modules(graph), detail=True)
    check(folded, draw(folded))


def small(*rows: str) -> FoldedGraph:
    parts = [row.split() for row in rows]
    layers = tuple(Layer(name, kind, tuple(inputs), (1, 1, 1)) for name, kind, *inputs in parts)
    return fold(LayerGraph("small", layers, {"output": layers[-1].name}))


def test_a_chain_is_one_straight_column() -> None:
    folded = fold(graph_of("alexnet"))
    placed = draw(folded)
    assert len({round(box.cx) for box in placed.boxes.values()}) == 1
    tops = [placed.boxes[node.id].y for node in folded.nodes]
    assert tops == sorted(tops)


def test_the_main_line_stays_straight_beside_a_skip() -> None:
    folded = small("x input", "a conv2d x", "b conv2d a", "s add b x", "c conv2d s")
    placed = draw(folded)
    assert len({box.cx for box in placed.boxes.values()}) == 1
    skips = [edge for edge in placed.edges if edge.skip]
    assert [(edge.source, edge.target) for edge in skips] == [("x", "s")]
    assert max(p[0] for curve in skips[0].curves for p in curve) > placed.boxes["a"].right
    assert skips[0].curves[-1][3] == (placed.boxes["s"].right, placed.boxes["s"].cy)  # it ends at the side


def test_branches_stand_in_columns() -> None:
    placed = draw(small("x input", "a conv2d x", "b conv2d x", "b2 conv2d b", "c conv2d x", "c2 conv2d c", "cat concat a b2 c2"))
    at = {name: box.cx for name, box in placed.boxes.items()}
    assert at["a"] < at["b"] < at["c"]
    assert at["b"] == at["b2"] and at["c"] == at["c2"]
    assert at["x"] == pytest.approx((at["a"] + at["b"] + at["c"]) / 3, abs=0.2)
    assert at["cat"] == pytest.approx(at["x"], abs=0.2)


def test_longest_path_by_hand() -> None:
    assert longest_path([[], [0], [1], [0, 2], []]) == [0, 1, 2, 3, 0]
    assert longest_path([[], [0], [1], [], [2, 3]]) == [0, 1, 2, 2, 3]  # the lone source stands above its reader


def test_crossings_are_removed() -> None:
    links = [Link(0, 3, 0, 0, 2), Link(1, 2, 0, 0, 2)]
    layers = Layers([10.0] * 4, [[0, 1], [2, 3]], links, [5.0] * 4)
    arrange(layers)
    assert (layers.x[0] < layers.x[1]) == (layers.x[3] < layers.x[2])
    assert layers.x[0] == pytest.approx(layers.x[3])


def test_a_thousand_layers_take_seconds() -> None:
    graph = graph_of("resnet1202-cifar")
    folded = fold(graph, all_modules(graph))
    begin = time.perf_counter()
    assert len(draw(folded).boxes) == len(folded.nodes) > 1500
    assert time.perf_counter() - begin < 15


def test_dense_connections_leave_the_main_line_straight() -> None:
    """DenseNet's pattern: each module reads all before it; what is not from the module just before is a skip."""
    rows = ["x input"]
    for i in range(4):
        rows += [f"d{i}.cat concat x {' '.join(f'd{j}.conv' for j in range(i))}", f"d{i}.conv conv2d d{i}.cat"]
    layers = tuple(Layer(name, kind, tuple(inputs), (1, 1, 1)) for name, kind, *inputs in (row.split() for row in rows))
    graph = LayerGraph("dense", layers, {"output": "d3.conv"}, {f"d{i}": "Dense" for i in range(4)})
    folded = fold(graph, all_modules(graph))
    placed = draw(folded)
    check(folded, placed)
    assert len({box.cx for box in placed.boxes.values()}) == 1
    plain = {(edge.source, edge.target) for edge in placed.edges if not edge.skip}
    chain = [name for row in rows for name in row.split()[:1]]
    assert plain == set(pairwise(chain))


def test_a_head_that_leads_nowhere_stands_beside_the_main_line() -> None:
    placed = draw(small("x input", "a conv2d x", "aux linear a", "b conv2d a", "c conv2d b"))
    at = {name: box.cx for name, box in placed.boxes.items()}
    assert at["x"] == at["a"] == at["b"] == at["c"] < at["aux"]
