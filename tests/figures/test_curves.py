"""Curves over depth: held against hand-worked layers, published tables and the sums over all layers."""

from __future__ import annotations

from itertools import accumulate, combinations

import numpy as np
import pytest

from netlib.analysis import compare, store
from netlib.analysis.cost import costs
from netlib.analysis.depth import depths
from netlib.analysis.graph import Layer, LayerGraph, Window
from netlib.analysis.receptive_field import receptive_fields
from netlib.figures import curves
from netlib.models.registry import NETWORKS

# AlexNet in two towers, layer by layer: k·k·C_in/groups·C_out + C_out.
ALEXNET_PARAMS = (34_944, 307_456, 885_120, 663_936, 442_624, 37_752_832, 16_781_312, 4_097_000)
# VGG-16's fields after each convolution, and after the pooling where one follows.
VGG16_FIELDS = (1, 3, 6, 10, 16, 24, 32, 44, 60, 76, 100, 132, 164, 212)


def network(name_or_graph: str | LayerGraph, index: int = 0) -> curves.Network:
    graph = store.graph(name_or_graph) if isinstance(name_or_graph, str) else name_or_graph
    return curves.Network(graph.name, index, graph, costs(graph), receptive_fields(graph))


def branching() -> LayerGraph:
    """A 3×1 convolution beside a 1×5 and a 1×1 one, joined and pooled by a 2×1 window: no pair is square."""
    layers = (
        Layer("input", "input", (), (1, 12, 20)),
        Layer("tall", "conv2d", ("input",), (2, 10, 20), Window((3, 1)), params={"weight": (2, 1, 3, 1)}),
        Layer("wide", "conv2d", ("input",), (2, 12, 16), Window((1, 5)), params={"weight": (2, 1, 1, 5)}),
        Layer("tip", "conv2d", ("wide",), (2, 10, 20), Window((3, 1), padding=(0, 2)), params={"weight": (2, 2, 3, 1), "bias": (2,)}),
        Layer("join", "concat", ("tall", "tip"), (4, 10, 20), options={"axis": 0}),
        Layer("pool", "max_pool2d", ("join",), (4, 5, 20), Window((2, 1), (2, 1))),
    )
    return LayerGraph("branching", layers, {"output": "pool"})


@pytest.mark.parametrize(
    ("name", "depth"), [("alexnet", 8), ("vgg16", 16), ("googlenet", 22), ("resnet50", 50), ("resnet152", 152), ("resnet110-cifar", 110)]
)
def test_networks_are_as_deep_as_their_papers_say(name: str, depth: int) -> None:
    assert max(depths(store.graph(name)).values()) == depth


@pytest.mark.parametrize("name", NETWORKS)
def test_curves_end_where_the_totals_are(name: str) -> None:
    if "1202" in name:
        pytest.skip("as its smaller kin, and slow")
    drawn = network(name)
    total = compare.totals(drawn.graph)
    for curve, whole in (("params", total.params), ("macs", total.macs)):
        values = [point.value for point in curves.points(drawn, curve)]
        assert values[-1] == whole
        assert values == sorted(values)
    assert sum(point.value for point in curves.points(drawn, "activations")) == total.activation_bytes
    assert depths(drawn.graph)[next(iter(drawn.graph.outputs.values()))] == total.depth
    fields = [point.value for point in curves.points(drawn, "field")]
    if total.receptive_field is None:
        assert not fields
    else:
        assert fields[-1] >= total.receptive_field[0]


def test_parameters_add_up_layer_by_layer() -> None:
    points = curves.points(network("alexnet"), "params")
    assert [point.value for point in points] == [0, *accumulate(ALEXNET_PARAMS)]
    assert [point.layers for point in points][:2] == [("input",), ("conv1",)]


def test_fields_grow_as_published() -> None:
    assert tuple(point.value for point in curves.points(network("vgg16"), "field")) == VGG16_FIELDS


def test_branches_side_by_side_share_their_depth() -> None:
    drawn = network(branching())
    assert curves.depths(drawn.graph) == {"input": 0, "tall": 1, "wide": 1, "tip": 2, "join": 2, "pool": 2}
    params, macs, fields = (curves.points(drawn, curve) for curve in ("params", "macs", "field"))
    assert [(point.value, point.layers) for point in params] == [(0, ("input",)), (6 + 10, ("tall", "wide")), (16 + 14, ("tip",))]
    assert [point.value for point in macs] == [0, 3 * 400 + 5 * 384, 3 * 400 + 5 * 384 + 6 * 400]
    assert [point.value for point in fields] == [1, 3, 4]  # heights: the 3×1 window, then two rows of it pooled


def test_figure_has_one_line_a_network_that_colour_alone_does_not_tell() -> None:
    drawn = curves.figure([network(name, index) for index, name in enumerate(("alexnet", "vgg16", "resnet50", "googlenet"))], "params")
    for look in zip(*((line.line.dash, line.marker.symbol, line.line.color) for line in drawn.data), strict=True):
        assert len(set(look)) == 4
    assert [line.x[-1] for line in drawn.data] == [100] * 4
    assert "depth 1 of 8: conv1<br>34,944 parameters so far (0.0573 %)" in drawn.data[0].customdata[1]


def test_axes() -> None:
    drawn = [network("alexnet"), network("resnet50", 1)]
    assert curves.figure(drawn, "macs", log=True).layout.yaxis.type == "log"
    by_depth = curves.figure(drawn, "activations", across="depth")
    assert [line.x[-1] for line in by_depth.data] == [8, 50]
    assert by_depth.data[0].y[0] == pytest.approx(3 * 227 * 227 * 4 / 2**20)  # MiB of the picture
    assert [text.text for text in curves.figure(drawn, "field").layout.annotations] == ["inputs 224 to 227 px"]


def test_summaries() -> None:
    drawn = [network("alexnet"), network("resnet50", 1)]
    start = "Half-way through its depth, alexnet has 3 % of its 61.0 M parameters and resnet50 has "
    assert curves.summary(drawn, "params").startswith(start)
    assert "alexnet grows to 195 px and stays within its input of 227 px" in curves.summary(drawn, "field")
    assert "resnet50 grows to 483 px and is larger than its input of 224 px from depth 33 of 50 on" in curves.summary(drawn, "field")
    assert "at depth 1 of 8 in alexnet (3.59 MiB)" in curves.summary(drawn, "activations")
    assert curves.summary([network("rnn")], "field").startswith("None of these networks has a map")


# --- colours ---------------------------------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.0.
SIGHT = {
    "full": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("dark", [False, True])
def test_colours_stay_apart_for_every_eye(sight: str, dark: bool) -> None:
    seen = [_lab(np.asarray(SIGHT[sight]) @ _linear(curves.color(i, dark=dark))) for i in range(4)]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 25  # 2.3 is just noticeable


@pytest.mark.parametrize(("dark", "ground"), [(False, "#ffffff"), (True, "#171614")])
def test_lines_stand_out_from_the_page(dark: bool, ground: str) -> None:
    below = _luminance(ground)
    for i in range(4):
        light, deep = sorted((_luminance(curves.color(i, dark=dark)), below), reverse=True)
        assert (light + 0.05) / (deep + 0.05) >= 3  # WCAG 2.2, 1.4.11


def _linear(color: str) -> np.ndarray:
    parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _luminance(color: str) -> float:
    return float(_linear(color) @ [0.2126, 0.7152, 0.0722])


def _lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, D65."""
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    xyz = to_xyz @ np.clip(linear, 0, 1) / [0.95047, 1, 1.08883]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
