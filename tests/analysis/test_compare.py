"""The block-aware difference, held against what the papers' tables say the networks differ in."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.analysis import published
from netlib.analysis.align import align
from netlib.analysis.blocks import units
from netlib.analysis.compare import compare, last_field, totals
from netlib.analysis.cost import costs
from netlib.analysis.depth import depth
from netlib.analysis.difference import difference
from netlib.analysis.folding import is_residual
from netlib.analysis.graph import Layer, LayerGraph, Window
from netlib.analysis.stages import stages
from netlib.analysis.store import graph
from netlib.errors import InvalidInput


def between(before, after):
    return difference(graph(before), graph(after))


def traits(found):
    return {trait.name: (trait.before, trait.after) for trait in found.traits}


def chain(name, *layers):
    """Layers after one another; a convolution is (name, kernel, stride, shape), anything else (name, kind, shape)."""
    built = [Layer("input", "input", (), (3, 40, 60))]
    for layer_name, *rest in layers:
        inputs = (built[-1].name,)
        if len(rest) == 3:
            kernel, stride, shape = rest
            weight = (shape[0], built[-1].shape[0], *kernel)
            built.append(Layer(layer_name, "conv2d", inputs, shape, Window(kernel, stride), params={"weight": weight}))
        else:
            built.append(Layer(layer_name, rest[0], inputs, rest[1]))
    return LayerGraph(name, tuple(built), {"output": built[-1].name})


# --- totals --------------------------------------------------------------------------------------------------------------


def test_totals_of_vgg16_are_the_published_ones():
    # 138 M parameters (the paper's Table 2), 13 convolutions and 3 fully connected layers (its Table 1), field 212 (Araujo et al. 2019)
    found = totals(graph("vgg16"))
    assert (found.params, found.macs) == (138_357_544, 15_470_264_320)
    assert (found.depth, found.convolutions, found.fully_connected) == (16, 13, 3)
    assert found.receptive_field == (212, 212)


@pytest.mark.parametrize(
    ("name", "layers"),
    [("lenet5", 7), ("alexnet", 8), ("zfnet", 8), ("vgg11", 11), ("vgg16-c", 16), ("vgg19-bn", 19), ("googlenet-aux", 22),
     ("lstm", 2), ("resnet18", 18), ("plain34", 34), ("resnet50", 50), ("resnet152", 152), ("resnet56-cifar", 56)],
)  # fmt: skip
def test_depth_is_the_number_in_the_paper(name, layers):
    assert depth(graph(name)) == layers == published.measure(graph(name), "depth")


@pytest.mark.parametrize(
    ("name", "size"), [("alexnet", 195), ("vgg16", 212), ("resnet50", 483), ("resnet50-v1.5", 427), ("resnet101", 1027)]
)
def test_last_field_is_that_of_araujo_et_al(name, size):
    assert last_field(graph(name)) == (size, size)


def test_last_field_of_a_window_that_is_not_square():
    # 1 + (3 - 1) = 3 and 1 + (5 - 1) = 5, then 3 + (2 - 1) * 2 = 5 and 5 + (4 - 1) * 1 = 8; the pooling has one unit and is no map
    built = chain(
        "tall", ("a", (3, 5), (2, 1), (4, 19, 56)), ("b", (2, 4), (1, 1), (4, 18, 53)), ("pool", "adaptive_avg_pool2d", (4, 1, 1))
    )
    assert last_field(built) == (5, 8)


def test_a_network_without_maps_has_no_last_field():
    layers = Layer("input", "input", (), (10,)), Layer("fc", "linear", ("input",), (2,), params={"weight": (2, 10)})
    built = LayerGraph("perceptron", layers, {"output": "fc"})
    assert last_field(built) is None
    assert totals(built).depth == 1


def test_what_starts_from_numbers_has_no_field_of_a_picture():
    assert last_field(graph("dcgan-generator")) is None
    assert last_field(graph("dcgan-discriminator")) is not None


# --- rows ----------------------------------------------------------------------------------------------------------------


def test_two_to_four_networks():
    one = graph("lenet5")
    for number in (0, 1, 5):
        with pytest.raises(InvalidInput, match=f"not {number}"):
            compare([one] * number)
    assert len(compare([one] * 4).differences) == 3


def titles(comparison):
    return [tuple(cell and cell.stage.title for cell in row.cells) for row in comparison.rows]


def test_stages_stand_beside_those_of_their_resolution():
    found = titles(compare([graph("alexnet"), graph("resnet50"), graph("googlenet-aux")]))
    assert found == [
        (None, "stage 1 · 112×112", "stage 1 · 112×112"),
        ("stage 1 · 55×55", "stage 2 · 56×56", "stage 2 · 56×56"),
        ("stage 2 · 27×27", "stage 3 · 28×28", "stage 3 · 28×28"),
        ("stage 3 · 13×13", "stage 4 · 14×14", "stage 4 · 14×14"),
        (None, "stage 5 · 7×7", "stage 5 · 7×7"),
        ("head", "head", "head"),
        (None, None, "auxiliary heads"),
    ]


def test_resolution_goes_before_order():
    # five stages each, but VGG's first works on all 224×224 pixels and ResNet's last on 7×7
    found = titles(compare([graph("vgg16"), graph("resnet50")]))
    assert found[:2] == [("stage 1 · 224×224", None), ("stage 2 · 112×112", "stage 1 · 112×112")]


def test_stages_of_one_order_stand_side_by_side_where_resolutions_differ():
    # AlexNet's conv1 divides by 4, ZFNet's by 2: still the same layer of the two
    assert titles(compare([graph("alexnet"), graph("zfnet")]))[0] == ("stage 1 · 55×55", "stage 1 · 110×110")


@pytest.mark.parametrize(
    "names", [("vgg11", "zfnet", "resnet18", "googlenet-aux"), ("lenet5", "rnn"), ("dcgan-generator", "dcgan-discriminator")]
)
def test_rows_hold_every_stage_once_and_add_up(names):
    comparison = compare([graph(name) for name in names])
    for number, built in enumerate(comparison.graphs):
        cells = [row.cells[number] for row in comparison.rows]
        assert [cell.stage for cell in cells if cell] == list(stages(built))
        assert sum(cell.cost.params for cell in cells if cell) == costs(built).params
        assert sum(cell.cost.macs for cell in cells if cell) == comparison.totals[number].macs


# --- alignment -----------------------------------------------------------------------------------------------------------


def best_by_trying(a, b, likeness):
    sizes = range(min(len(a), len(b)) + 1)
    return max(
        sum(likeness(a[i], b[j]) for i, j in zip(left, right, strict=True))
        for size in sizes
        for left in combinations(range(len(a)), size)
        for right in combinations(range(len(b)), size)
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 8), max_size=5), st.lists(st.integers(0, 8), max_size=5))
def test_no_other_alignment_is_better(a, b):
    def likeness(x, y):
        return max(0, 4 - abs(x - y)) / 4

    pairs = align(a, b, likeness)
    assert [x for x, _ in pairs if x is not None] == a
    assert [y for _, y in pairs if y is not None] == b
    assert sum(likeness(x, y) for x, y in pairs if x is not None and y is not None) == best_by_trying(a, b, likeness)


# --- units and changes ------------------------------------------------------------------------------------------------------


def test_units_are_blocks_and_the_layers_outside_of_them():
    found = units(graph("resnet50"))
    assert [unit.class_name for unit in found] == ["", *["Bottleneck"] * 16, ""]
    assert [len(unit.layers) for unit in found] == [1, 4, 3, 3, 4, 3, 3, 3, 4, 3, 3, 3, 3, 3, 4, 3, 3, 1]  # projections: first of a stage
    assert [unit.name for unit in units(graph("googlenet"))][:4] == ["conv1", "conv2_reduce", "conv2", "inception3a"]


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        ("vgg16", "vgg19", ["conv3_4", "conv4_4", "conv5_4"]),
        ("vgg13", "vgg16-c", ["conv3_3", "conv4_3", "conv5_3"]),
        ("resnet18", "resnet34", ["conv2_x.2", "conv3_x.2", "conv3_x.3", *(f"conv4_x.{i}" for i in range(2, 6)), "conv5_x.2"]),
        ("resnet50", "resnet101", [f"conv4_x.{i}" for i in range(6, 23)]),
        ("resnet20-cifar", "resnet56-cifar", [f"stage{s}.{i}" for s in (1, 2, 3) for i in range(3, 9)]),
    ],
)
def test_deeper_networks_of_a_family_only_have_more_units(before, after, added):
    found, back = between(before, after), between(after, before)
    assert [unit.name for unit in found.added] == added == [unit.name for unit in back.removed]
    assert len(found.changes) == len(back.changes) == len(added)  # nothing else
    assert found.traits == back.traits == ()  # the pooling after the last convolution of a stage is no difference, nor is a block's norm
    assert found.shared > 0.8


def fields(found):
    """What changed in the units that both have."""
    both = [change for change in found.changes if change.before and change.after]
    return {change.before.name: [(layer.before.name, layer.fields) for layer in change.layers] for change in both}


def test_alexnet_to_zfnet():
    found = between("alexnet", "zfnet")
    assert fields(found) == {
        "conv1": [("conv1", ("kernel", "stride", "padding"))],
        "conv2": [("conv2", ("stride", "groups", "padding"))],
        "conv4": [("conv4", ("groups",))],
        "conv5": [("conv5", ("groups",))],
    }
    assert traits(found) == {"input": ((3, 227, 227), (3, 224, 224))}


def test_alexnet_to_its_single_tower():
    assert fields(between("alexnet", "alexnet-single")) == {name: [(name, ("groups",))] for name in ("conv2", "conv4", "conv5")}


def test_v1_5_moves_the_stride_of_three_blocks():
    blocks = [f"conv{stage}_x.0" for stage in (3, 4, 5)]
    found = between("resnet50", "resnet50-v1.5")
    assert fields(found) == {block: [(f"{block}.conv1", ("stride",)), (f"{block}.conv2", ("stride",))] for block in blocks}
    assert found.traits == ()


def test_plain34_lacks_shortcuts_and_their_projections():
    found = between("resnet34", "plain34")
    assert traits(found) == {"shortcuts": (16, 0)}
    gone = [[layer.before.name for layer in change.layers if layer.after is None] for change in found.changes]
    assert gone == [[f"conv{stage}_x.0.shortcut.conv"] for stage in (3, 4, 5)]


def test_a_block_that_halves_its_maps_is_paired_with_one_that_does():
    found = between("plain18", "resnet34")  # ResNet-34's first blocks have a projection, their neighbours look like Plain-18's
    assert [a.first for a, _ in found.pairs] == [b.first for _, b in found.pairs]
    assert traits(found) == {"shortcuts": (0, 8)}  # those of the eight blocks that both have


def test_torchvisions_googlenet():
    found = between("googlenet", "googlenet-torchvision")
    modules = [f"inception{row}" for row in "3a 3b 4a 4b 4c 4d 4e 5a 5b".split()]
    assert fields(found) == {module: [(f"{module}.branch5x5.conv", ("kernel",))] for module in modules}
    assert traits(found) == {
        "batch_norm": (0, 57),  # 3 convolutions, then 9 modules of 6
        "bias": (58, 1),  # only the fully connected layer keeps one
        "lrn": (("conv1.conv", "conv2.conv"), ()),
        "dropout": ((0.4,), (0.2,)),
        "pooling": (((("max_pool2d", (3, 3), (2, 2)), 1),), ((("max_pool2d", (2, 2), (2, 2)), 1),)),
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("vgg11", "vgg11-lrn", {"lrn": ((), ("conv1_1",))}),
        ("vgg16", "vgg16-bn", {"batch_norm": (0, 13)}),
        ("googlenet", "googlenet-aux", {"auxiliary heads": (0, 2)}),
        ("nin-cifar10", "nin-cifar100", {"classes": (10, 100)}),
        ("vgg13", "vgg19-bn", {"batch_norm": (0, 10)}),  # of the convolutions that both have
    ],
)
def test_what_carries_no_window_is_a_trait(before, after, expected):
    found = between(before, after)
    assert traits(found) == expected
    assert all(change.before is None for change in found.changes)


def test_lenet5_to_its_modern_form():
    found = between("lenet5", "lenet5-modern")
    assert fields(found) == {"C3": [("C3", ("kind",))], "output": [("output", ("kind",))]}
    two = ("subsample", (2, 2), (2, 2)), ("max_pool2d", (2, 2), (2, 2))
    assert traits(found) == {"activation": (("scaled_tanh",), ("relu",)), "pooling": (((two[0], 2),), ((two[1], 2),))}


def test_networks_that_share_little():
    assert between("alexnet", "resnet50").shared < 0.2
    assert between("resnet50", "googlenet").shared < 0.2  # blocks with branches are never blocks with shortcuts that changed


def test_channels_kernels_and_strides_that_are_not_square():
    a = chain("a", ("one", (3, 5), (1, 1), (4, 38, 56)), ("two", (3, 3), (1, 1), (8, 36, 54)))
    b = chain("b", ("one", (5, 3), (1, 1), (4, 36, 58)), ("two", (3, 3), (1, 1), (9, 34, 56)), ("three", (3, 3), (1, 1), (8, 32, 54)))
    found = difference(a, b)
    assert fields(found) == {"one": [("one", ("kernel",))]}
    assert [unit.name for unit in found.added] == ["two"]  # "three" is like a's "two", which is what the classes decide


# --- identity ------------------------------------------------------------------------------------------------------------


def renamed(built):
    def new(name):
        return name if name == "input" else f"net.{name}"

    layers = tuple(replace(layer, name=new(layer.name), inputs=tuple(map(new, layer.inputs))) for layer in built)
    modules = {"net": "Sequential"} | {f"net.{path}": kind for path, kind in built.modules.items()}
    return LayerGraph("renamed", layers, {key: new(name) for key, name in built.outputs.items()}, modules)


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet-aux"])
def test_names_do_not_count(name):
    found = difference(graph(name), renamed(graph(name)))
    assert found.identical
    assert found.changes == found.traits == ()
    assert found.shared == 1


def test_one_constant_makes_two_networks():
    one = graph("vgg11-lrn")
    layers = (replace(layer, options={**layer.options, "k": 1.0}) if layer.kind == "lrn" else layer for layer in one)
    other = replace(one, layers=tuple(layers))
    found = difference(one, other)
    assert not found.identical
    assert found.changes == found.traits == ()


def test_attention_sees_the_whole_picture_and_a_position_is_no_shortcut() -> None:
    """ViT-B/16: each of 12 blocks has two shortcuts; the addition of the learned positions is none."""
    vit = graph("torchvision/vit_b_16")
    assert last_field(vit) == (224, 224)
    assert sum(is_residual(vit, layer.name) for layer in vit) == 24
