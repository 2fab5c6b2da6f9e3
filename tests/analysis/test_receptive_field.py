"""Receptive fields by hand, by enumeration, and as published."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.analysis.graph import CATEGORY, Layer, LayerGraph, Window
from netlib.analysis.moves import RULES
from netlib.analysis.receptive_field import (
    Axis,
    Box,
    ReceptiveField,
    Span,
    exceeding,
    field_formula,
    input_box,
    reach,
    read,
    receptive_fields,
    touched,
)
from netlib.analysis.tracing import trace
from netlib.errors import UnknownLayer
from netlib.models.build import build
from netlib.models.registry import spec


def graph(*layers: Layer, shape: tuple[int, ...] = (1, 12, 12)) -> LayerGraph:
    return LayerGraph("tiny", (Layer("input", "input", (), shape), *layers), {"output": layers[-1].name})


def window(
    name: str, source: str, shape: tuple[int, ...], kernel, stride=(1, 1), padding=(0, 0), dilation=(1, 1), kind: str = "conv2d"
) -> Layer:
    return Layer(name, kind, (source,), shape, Window(kernel, stride, padding, dilation))


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(CATEGORY)


# --- one axis: against every tie written out ---------------------------------------------------------------------------------


def ties(axis: Axis) -> list[tuple[int, int]]:
    """All (unit, position) pairs, also for positions that are padding."""
    if axis.form == "adaptive":
        n, m = axis.inputs, axis.outputs
        return [(unit, x) for unit in range(m) for x in range(n) if unit * n < (x + 1) * m and x * m < (unit + 1) * n]
    steps = [(i, i * axis.stride - axis.padding + t * axis.dilation) for i in range(-40, 40) for t in range(axis.kernel)]
    return steps if axis.form == "window" else [(x, i) for i, x in steps]


def span(numbers: list[int]) -> Span:
    return Span(min(numbers), max(numbers) + 1) if numbers else Span(0, 0)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.builds(
        Axis, st.integers(1, 12), st.integers(1, 12), st.integers(1, 5), st.integers(1, 6), st.integers(0, 5), st.integers(1, 4),
        st.sampled_from(["window", "transposed", "adaptive"]), st.just("zeros"),
    ),
    st.integers(0, 11), st.integers(1, 12),
)  # fmt: skip
def test_read_and_touched_are_exact(axis: Axis, start: int, length: int) -> None:
    pairs = ties(axis)
    units = Span(start % axis.outputs, min(axis.outputs, start % axis.outputs + length))
    positions = Span(start % axis.inputs, min(axis.inputs, start % axis.inputs + length))
    they_read = [x for unit, x in pairs if units.start <= unit < units.stop]
    assert read(axis, units) == span(they_read)
    assert read(axis, units, inside=True) == span([x for x in they_read if 0 <= x < axis.inputs])
    changed = [unit for unit, x in pairs if positions.start <= x < positions.stop and 0 <= unit < axis.outputs]
    assert touched(axis, positions) == span(changed)


# --- small graphs, by hand ---------------------------------------------------------------------------------------------------


def test_windows_by_hand() -> None:
    tiny = graph(
        window("a", "input", (1, 5, 10), (3, 5), (2, 1), (0, 1), (1, 1)),
        window("b", "a", (1, 3, 6), (3, 2), (1, 1), (0, 0), (1, 4)),
        window("c", "b", (1, 1, 3), (3, 2), (3, 2), kind="max_pool2d"),
        Layer("d", "flatten", ("c",), (3,)),
        Layer("e", "linear", ("d",), (7,)),
    )
    fields = receptive_fields(tiny)
    assert fields["input"] == ReceptiveField((1, 1), (1, 1), (0, 0))
    assert fields["a"] == ReceptiveField((3, 5), (2, 1), (0, -1))
    assert fields["b"] == ReceptiveField((7, 9), (2, 1), (0, -1))  # 3 + 2·2, 5 + 4·1
    assert fields["c"] == ReceptiveField((11, 10), (6, 2), (0, -1))  # 7 + 2·2, 9 + 1·1
    assert fields["d"] == fields["e"] == ReceptiveField((11, 14), (0, 0), (0, -1))  # 10 + 2·2
    assert fields["a"].centre == (1.5, 1.5)
    assert exceeding(tiny) == ("d", "e")


def test_clipping_happens_at_every_layer() -> None:
    """Two rows of three are read and row 9 never: a unit on the border must not count it, though its unclipped box does."""
    tiny = graph(window("a", "input", (1, 3, 3), (2, 2), (3, 3)), window("b", "a", (1, 3, 3), (3, 3), (1, 1), (1, 1)), shape=(1, 9, 9))
    box = input_box(tiny, "b", (2, 0))
    assert box == Box(3, -3, 11, 5)
    assert box.clipped() == Box(3, 0, 8, 5)
    assert (box.height, box.width) == (8, 8)
    assert box.padding_share == 1 - (6 * 5) / 64


def test_branches_are_joined_and_misalignment_is_told() -> None:
    def branches(padding: int) -> LayerGraph:
        return graph(
            window("a", "input", (1, 12, 12), (3, 3), padding=(1, 1)),
            window("b", "input", (1, 12, 12), (5, 3), padding=(padding, 1)),
            Layer("both", "concat", ("a", "b"), (2, 12, 12), options={"axis": 0}),
        )

    assert receptive_fields(branches(2))["both"] == ReceptiveField((5, 3), (1, 1), (-2, -1))
    fields = receptive_fields(branches(4))
    assert fields["both"] == ReceptiveField((6, 3), (1, 1), (-4, -1), aligned=False)  # rows −4 … 1 and −1 … 2
    assert fields["b"].aligned


def test_a_gate_makes_every_unit_see_the_whole_map() -> None:
    tiny = graph(
        window("conv", "input", (4, 12, 12), (3, 3), padding=(1, 1)),
        Layer("squeeze", "adaptive_avg_pool2d", ("conv",), (4, 1, 1)),
        Layer("gate", "sigmoid", ("squeeze",), (4, 1, 1)),
        Layer("scale", "mul", ("conv", "gate"), (4, 12, 12)),
    )
    assert receptive_fields(tiny)["scale"] == ReceptiveField((14, 14), (0, 0), (-1, -1))
    assert input_box(tiny, "scale", (5, 7)).clipped() == Box(0, 0, 12, 12)
    assert reach(tiny, Box(0, 0, 1, 1))["scale"] == Box(0, 0, 12, 12)


def test_learned_tensors_see_nothing() -> None:
    tiny = graph(Layer("scale", "parameter", (), (1, 1, 1)), Layer("times", "mul", ("input", "scale"), (1, 12, 12)))
    assert receptive_fields(tiny)["scale"].size == (0, 0)
    assert receptive_fields(tiny)["times"].size == (1, 1)
    assert input_box(tiny, "scale", (0, 0)) == reach(tiny, Box(0, 0, 12, 12))["scale"] == Box(0, 0, 0, 0)


def test_units_that_differ() -> None:
    """Five of seven by adaptive pooling: rows 0–1, 1–2, 2–4, 4–5, 5–6."""
    tiny = graph(Layer("pool", "adaptive_avg_pool2d", ("input",), (1, 5, 12)), shape=(1, 7, 12))
    field = receptive_fields(tiny)["pool"]
    assert (field.size, field.stride, field.aligned) == ((3, 1), (7 / 5, 1), False)
    assert [(box.top, box.bottom) for box in (input_box(tiny, "pool", (row, 0)) for row in range(5))] == [
        (0, 2),
        (1, 3),
        (2, 5),
        (4, 6),
        (5, 7),
    ]


@pytest.mark.parametrize(
    ("kind", "options", "shape", "expected"),
    [
        ("option_a", {"stride": (2, 2)}, (2, 6, 6), ReceptiveField((1, 1), (2, 2), (0, 0))),
        ("pad", {"padding": (1, 2, 0, 0)}, (1, 13, 14), ReceptiveField((1, 1), (1, 1), (-1, -2))),
        ("slice", {"axis": 2, "start": 3, "step": 2}, (1, 12, 5), ReceptiveField((1, 1), (1, 2), (0, 3))),
        ("slice", {"axis": 2}, (1, 12, 12), ReceptiveField((12, 12), (0, 0), (0, 0))),  # nor in which order
        ("slice", {}, (1, 12, 12), ReceptiveField((12, 12), (0, 0), (0, 0))),
        ("slice", {"axis": 2}, (1, 12, 5), ReceptiveField((12, 12), (0, 0), (0, 0))),  # where it begins is not known
        ("permute", {"dims": (2, 1, 0)}, (12, 12, 1), ReceptiveField((1, 1), (1, 1), (0, 0))),
        ("reshape", {}, (1, 1, 12, 12), ReceptiveField((1, 1), (1, 1), (0, 0))),
        ("reshape", {}, (1, 144, 1), ReceptiveField((12, 12), (0, 0), (0, 0))),
        ("mean", {"axes": (1, 2)}, (1,), ReceptiveField((12, 12), (0, 0), (0, 0))),
        ("mean", {"axes": (0,)}, (12, 12), ReceptiveField((1, 1), (1, 1), (0, 0))),
        ("group_norm", {}, (1, 12, 12), ReceptiveField((12, 12), (0, 0), (0, 0))),
        ("linear", {}, (1, 12, 12), ReceptiveField((12, 12), (0, 0), (0, 0))),  # mixes the columns
    ],
)
def test_kinds_without_a_window(kind: str, options: dict, shape: tuple[int, ...], expected: ReceptiveField) -> None:
    assert receptive_fields(graph(Layer("x", kind, ("input",), shape, options=options)))["x"] == expected


def test_reach_by_hand() -> None:
    tiny = graph(window("a", "input", (1, 6, 6), (1, 1), (2, 2)), window("b", "a", (1, 6, 6), (3, 3), padding=(1, 1)))
    assert reach(tiny, Box(1, 0, 2, 12)) == {"input": Box(1, 0, 2, 12), "a": Box(0, 0, 0, 0), "b": Box(0, 0, 0, 0)}  # odd rows are skipped
    assert reach(tiny, Box(4, -5, 5, 1))["b"] == Box(1, 0, 4, 2)


def test_a_unit_that_is_not_there() -> None:
    tiny = graph(window("a", "input", (1, 6, 5), (2, 3), (2, 2)), Layer("flat", "flatten", ("a",), (30,)))
    with pytest.raises(UnknownLayer, match=r"no unit \(6, 0\) in layer 'a' of tiny: it has a map of 6 × 5 units. Choose a row from 0 to 5"):
        input_box(tiny, "a", (6, 0))
    with pytest.raises(UnknownLayer, match="no map"):
        input_box(tiny, "flat", (0, 3))
    with pytest.raises(UnknownLayer, match="no layer called 'b'"):
        input_box(tiny, "b", (0, 0))


@pytest.mark.parametrize("kind", ["layer_norm", "softmax", "log_softmax"])
@pytest.mark.parametrize(("axes", "size"), [((0,), (1, 1)), ((1,), (12, 1)), ((2,), (1, 9)), ((1, 2), (12, 9)), ((0, 1, 2), (12, 9))])
def test_what_mixes_some_axes_sees_all_of_those(kind: str, axes: tuple[int, ...], size: tuple[int, int]) -> None:
    layer = Layer("x", kind, ("input",), (6, 12, 9), options={"axes": axes})
    found = receptive_fields(graph(layer, shape=(6, 12, 9)))["x"]
    assert found.size == size
    assert found.stride == tuple(int(length == 1) for length in size)


def test_convnext_keeps_its_map() -> None:
    """Stem 4×4 stride 4, blocks of one 7×7, downsampling 2×2 stride 2: 4, +6·4 each of 3, +1·4, +6·8 each of 3, …"""
    fields = receptive_fields(trace(build("torchvision/convnext_tiny", meta=True), (3, 224, 224)))
    size, jump = 4, 4
    for blocks, stage in ((3, 1), (3, 3), (9, 5), (3, 7)):
        size += blocks * 6 * jump
        field = fields[f"features.{stage}.{blocks - 1}.add"]
        assert (field.size, field.stride, field.aligned) == ((size, size), (jump, jump), True)
        size, jump = size + jump, 2 * jump


# --- published figures -------------------------------------------------------------------------------------------------------


def traced(name: str) -> LayerGraph:
    return trace(build(name, meta=True), spec(name).input_shape, name=name)


# Dang Ha The Hien's program for AlexNet at 227 (size, stride, centre); fc6 is 6 more units of stride 32: 195 + 5·32 = 355
ALEXNET = {
    "conv1": (11, 4, 5.5), "pool1": (19, 8, 9.5), "conv2": (51, 8, 9.5), "pool2": (67, 16, 17.5), "conv3": (99, 16, 17.5),
    "conv4": (131, 16, 17.5), "conv5": (163, 16, 17.5), "pool5": (195, 32, 33.5),
}  # fmt: skip


def test_alexnet_layer_by_layer() -> None:
    fields = receptive_fields(traced("alexnet-single"))
    found = {name: (fields[name].size[0], fields[name].stride[0], fields[name].centre[0]) for name in ALEXNET}
    assert found == ALEXNET
    assert fields["fc6"].size == (355, 355)


# Araujo et al., Distill 2019, and their program's table; Zeiler, NIN, GoogLeNet and v1.5 from gradient support in PyTorch
LAST_MAP = {
    "alexnet": (195, 32), "zfnet": (171, 32), "vgg11": (150, 32), "vgg16": (212, 32), "vgg19": (268, 32),
    "resnet18": (435, 32), "resnet34": (899, 32), "resnet50": (483, 32), "resnet101": (1027, 32), "resnet152": (1507, 32),
    "resnet50-v1.5": (427, 32), "resnet101-v1.5": (971, 32), "resnet152-v1.5": (1451, 32),
    "googlenet": (715, 32), "googlenet-torchvision": (379, 32),
}  # fmt: skip


@pytest.mark.parametrize("name", LAST_MAP)
def test_last_map_as_published(name: str) -> None:
    network = traced(name)
    last = [layer.name for layer in network if len(layer.shape) == 3 and layer.shape[1] > 1][-1]
    field = receptive_fields(network)[last]
    assert (field.size[0], field.stride[0]) == LAST_MAP[name]
    assert field.size[0] == field.size[1]
    assert field.aligned


def test_network_in_network() -> None:
    field = receptive_fields(traced("nin-cifar10"))["cccp6"]
    assert (field.size, field.stride) == ((27, 27), (4, 4))


# --- formulas ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alexnet", "googlenet", "inception-v3", "resnet20-cifar", "dcgan-generator", "lenet5", "rnn"])
def test_formulas_give_the_field(name: str) -> None:
    network = traced(name)
    fields = receptive_fields(network)
    for layer in list(network)[:: max(1, len(network) // 40)]:
        formulas = field_formula(network, layer.name)
        sizes = [formula.result for formula in formulas]
        assert tuple(sizes if len(sizes) == 2 else sizes * 2) == fields[layer.name].size
        for formula in formulas:
            assert re.fullmatch(r"[\d\s()+·−,maxin]+", formula.values)
            assert eval(formula.values.replace("·", "*").replace("−", "-")) == formula.result, (layer.name, formula)


def test_formula_of_a_convolution() -> None:
    (formula,) = field_formula(traced("alexnet-single"), "conv2")
    assert (formula.symbols, formula.values, formula.result, formula.unit) == (
        "r_out = r_in + (k − 1) · j_in",
        "19 + (5 − 1) · 8",
        51,
        "px",
    )
