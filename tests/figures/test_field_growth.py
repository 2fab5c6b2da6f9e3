"""The curves against the papers' arithmetic, and what a click on them carries."""

from __future__ import annotations

import pytest

import netlib
from netlib.figures.field_growth import COLORS, covering, figure, growth, summary


def test_vgg16_by_hand() -> None:
    """r + (k − 1)·j through conv-conv-pool twice and conv-conv-conv-pool three times, with 3×3 convolutions and 2×2 pooling."""
    sizes, field, jump = [], 1, 1
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            field += 2 * jump
            sizes.append(field)
        field += jump
        jump *= 2
        sizes.append(field)
    found = growth(netlib.graph("vgg16"))
    assert [point.size for point in found.points] == sizes and sizes[-1] == 212
    assert [point.depth for point in found.points] == list(range(1, 19))
    assert found.envelope == found.points
    assert found.whole is not None and (found.whole.layer, found.whole.depth, found.whole.size) == ("flatten", 19, 212 + 6 * 32)


def test_the_envelope_takes_the_widest_branch() -> None:
    """GoogLeNet's 3a: at depth 6 (after the reductions) 5×5 sees 27 + 4 · 8 = 59 px and 3×3 only 27 + 2 · 8 = 43."""
    found = growth(netlib.graph("googlenet"))
    widest = {point.depth: point for point in found.envelope}
    five = next(point for point in found.points if point.layer == "inception3a.branch5x5.conv")
    three = next(point for point in found.points if point.layer == "inception3a.branch3x3.conv")
    assert (five.size, three.size) == (59, 43)
    assert five.depth == three.depth and widest[five.depth] is five


def test_auxiliary_heads_are_left_out() -> None:
    found = growth(netlib.graph("googlenet-aux"))
    assert not [name for name in (*found.nearest, *(point.layer for point in found.points)) if name.startswith("aux")]
    assert found.points == growth(netlib.graph("googlenet")).points


def test_a_layer_without_a_window_is_shown_at_the_window_before_it() -> None:
    nearest = growth(netlib.graph("resnet50")).nearest
    assert nearest["conv5_x.2.relu"] == nearest["conv5_x.2.add"] == "conv5_x.2.conv3"
    assert nearest["conv1"] == "conv1"
    assert growth(netlib.graph("alexnet")).nearest["fc8"] == "flatten"


@pytest.mark.parametrize("name", ["rnn", "dcgan-generator"])
def test_a_network_without_maps_has_no_curve(name: str) -> None:
    found = growth(netlib.graph(name), "It")
    assert not found.points
    assert summary([found]) == "It has no map whose field could grow."
    assert len(figure([found]).data) > 0  # an empty chart is no error


def test_every_marker_carries_its_network_and_layer() -> None:
    growths = [growth(netlib.graph(name), name) for name in ("alexnet", "resnet18")]
    chart = figure(growths, selected=["pool5", "conv5_x.1.relu"], looks=[0, 2], by="share", log=True, ruler=100)
    markers = [trace for trace in chart.data if trace.mode == "markers"]
    assert [list(trace.customdata[0]) for trace in markers] == [[0, "conv1"], [1, "conv1"]]
    assert [trace.marker.color for trace in markers] == [COLORS[0][0], COLORS[2][0]]
    assert max(markers[0].x) == max(markers[1].x) == 100
    ringed = [trace.customdata[list(trace.marker.size).index(13)][1] for trace in markers]
    assert ringed == ["pool5", "conv5_x.1.conv2"]
    assert "object 100 px" in [text for trace in chart.data if trace.mode == "text" for text in trace.text]


def test_inputs_close_to_each_other_share_a_label() -> None:
    growths = [growth(netlib.graph(name)) for name in ("alexnet", "vgg16", "lenet5")]
    labels = [text for trace in figure(growths).data if trace.mode == "text" for text in trace.text if text]
    assert labels == ["input 32 px", "inputs 224 to 227 px"]


def test_sentences() -> None:
    growths = [growth(netlib.graph("alexnet"), "AlexNet"), growth(netlib.graph("resnet50"), "ResNet-50")]
    assert summary(growths) == (
        "AlexNet: from 11×11 px at conv1 to 195×195 px at pool5, within its 227×227 input. "
        "ResNet-50: from 7×7 px at conv1 to 483×483 px at conv5_x.2.conv3, and outgrows its 224×224 input at conv4_x.3.conv2."
    )
    assert "in AlexNet from conv4 (131×131 px) on" in covering(growths, 120)
    assert "in AlexNet nowhere" in covering(growths, 400)
