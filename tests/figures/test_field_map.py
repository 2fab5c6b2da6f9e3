"""The intervals of rows and columns against the exact box of each unit, and the sentences against figures worked by hand."""

from __future__ import annotations

import pytest

import netlib
from netlib.analysis.graph import Layer, LayerGraph, Window
from netlib.analysis.receptive_field import input_box, last_map, receptive_fields
from netlib.figures.field_map import field_map, outgrown, percent, seeing_layers


def _misaligned() -> LayerGraph:
    """A 12×20 picture; one branch of 3×3 with padding, one of 2×5 without centre: joined they are not aligned."""
    return LayerGraph(
        "misaligned",
        (
            Layer("input", "input", (), (3, 12, 20)),
            Layer("conv", "conv2d", ("input",), (4, 6, 10), Window((3, 3), (2, 2), (1, 1)), params={"weight": (4, 3, 3, 3)}),
            Layer("pool", "max_pool2d", ("input",), (3, 6, 10), Window((2, 2), (2, 2))),
            Layer("concat", "concat", ("conv", "pool"), (7, 6, 10), options={"axis": 0}),
        ),
        {"output": "concat"},
    )


@pytest.mark.parametrize(
    "graph, layer",
    [
        (_misaligned(), "concat"),
        (netlib.graph("alexnet"), "conv5"),
        (netlib.graph("googlenet"), "inception5b.concat"),
        (netlib.graph("resnet18"), "conv5_x.1.relu"),
        (netlib.graph("lenet5"), "C5"),
        (netlib.graph("alexnet"), "fc6"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_rows_and_columns_hold_the_box_of_every_unit(graph: LayerGraph, layer: str) -> None:
    fields = field_map(graph, layer)
    height, width = fields.size
    for row in range(height):
        for column in range(width):
            box = input_box(graph, layer, (row, column))
            inside = box.clipped()
            top, bottom, first, last = fields.rows[row]
            left, right, start, stop = fields.columns[column]
            assert (top, left, bottom, right) == (box.top, box.left, box.bottom, box.right)
            assert (first, start, last, stop) == (inside.top, inside.left, inside.bottom, inside.right)
            assert fields.padding_share((row, column)) == pytest.approx(box.padding_share)


def test_the_branches_of_the_example_are_not_aligned() -> None:
    """Rows: −1 … 1 and 0 … 1, centres 0.5 apart; the test above would prove little if they were."""
    assert not receptive_fields(_misaligned())["concat"].aligned


def test_sentence_of_a_unit() -> None:
    """AlexNet's pool5: 195 px at 32 px steps from −64, so unit (0, 5) has rows −64 … 130 and columns 96 … 290 of 227.

    Inside lie 131 rows and 131 columns: 1 − 131² / 195² = 0.549.
    """
    said = field_map(netlib.graph("alexnet"), "pool5").unit_sentence((0, 5))
    assert said == "Unit (0, 5) of pool5 sees rows −64 to 130, columns 96 to 290: 195×195 px, 55 % of it on padding."


def test_sentence_without_a_map() -> None:
    """fc6 sees all six units: 195 + 5 · 32 = 355 px."""
    said = field_map(netlib.graph("alexnet"), "fc6").unit_sentence((0, 0))
    assert said.startswith("fc6 has no map; its units see rows −64 to 290") and "355×355" in said


def test_warning_where_the_field_outgrows_the_picture() -> None:
    """ResNet-50's last map sees 483 px of 224: 1 − (224 / 483)² = 0.785, in the middle as in the corner.

    The 3×3 of conv4_4 is the first to see more than the picture: 195 + 2 · 16 = 227.
    """
    graph = netlib.graph("resnet50")
    fields = receptive_fields(graph)
    assert outgrown(graph, fields, field_map(graph, "conv4_x.2.relu")) is None
    said = outgrown(graph, fields, field_map(graph, "conv5_x.2.relu"))
    assert said is not None
    assert "483×483 px of a picture of 224×224 px (conv4_x.3.conv2 is the first layer to do so); 78 % of the field is padding" in said
    first = outgrown(graph, fields, field_map(graph, "conv4_x.3.conv2"))
    assert first is not None and "the first layer to do so" in first and "conv4_x.3.conv2 is" not in first


def test_a_brace_in_a_name_is_a_brace() -> None:
    layers = Layer("input", "input", (), (1, 4, 6)), Layer("{a}.0", "relu", ("input",), (1, 4, 6))
    found = field_map(LayerGraph("braces", layers, {"output": "{a}.0"}), "{a}.0")
    assert found.unit_sentence((1, 2)).startswith("Unit (1, 2) of {a}.0 sees rows 1 to 1, columns 2 to 2: 1×1 px")


def test_last_map_leaves_auxiliary_heads_and_collapsed_maps_out() -> None:
    assert last_map(netlib.graph("googlenet-aux")) == "inception5b.concat"
    assert last_map(netlib.graph("alexnet")) == "pool5"
    assert last_map(netlib.graph("rnn")) is None
    assert last_map(netlib.graph("dcgan-generator")) is None
    assert "input" not in seeing_layers(netlib.graph("alexnet"))


@pytest.mark.parametrize("share, text", [(0, "0 %"), (0.001, "under 1 %"), (0.785, "78 %"), (0.9999, "over 99 %"), (1, "100 %")])
def test_only_nothing_is_0_percent_and_only_all_is_100(share: float, text: str) -> None:
    assert percent(share) == text
