"""Inception v4 against the paper's figures, carried here convolution by convolution.

Where the figures misprint (the stride in Figure 3, the second 1×7 in Figure 5) or have another order of 1×n and n×1, the
lists follow Google's slim inception_v4.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netlib.analysis.tracing import trace
from netlib.models.inception_v4 import InceptionV4

# Szegedy et al. 2017: for each figure the convolutions branch by branch, as "kernel (height × width) maps side of the output
# grid"; the maps that come in follow after "<" where they are not those of the convolution before.
STEM = """3x3 32 149 <3 | 3x3 32 147 | 3x3 64 147 | 3x3 96 73
          1x1 64 73 <160 | 3x3 96 71 | 1x1 64 73 <160 | 1x7 64 73 | 7x1 64 73 | 3x3 96 71 | 3x3 192 35 <192"""  # Figure 3
INCEPTION_A = """1x1 96 35 <384
                 1x1 64 35 <384 | 3x3 96 35
                 1x1 64 35 <384 | 3x3 96 35 | 3x3 96 35
                 1x1 96 35 <384"""  # Figure 4
REDUCTION_A = """3x3 384 17 <384
                 1x1 192 35 <384 | 3x3 224 35 | 3x3 256 17"""  # Figure 7 with k, l, m, n of Table 1
INCEPTION_B = """1x1 384 17 <1024
                 1x1 192 17 <1024 | 1x7 224 17 | 7x1 256 17
                 1x1 192 17 <1024 | 7x1 192 17 | 1x7 224 17 | 7x1 224 17 | 1x7 256 17
                 1x1 128 17 <1024"""  # Figure 5
REDUCTION_B = """1x1 192 17 <1024 | 3x3 192 8
                 1x1 256 17 <1024 | 1x7 256 17 | 7x1 320 17 | 3x3 320 8"""  # Figure 8
INCEPTION_C = """1x1 256 8 <1536
                 1x1 384 8 <1536 | 1x3 256 8 <384 | 3x1 256 8 <384
                 1x1 384 8 <1536 | 3x1 448 8 | 1x3 512 8 | 1x3 256 8 <512 | 3x1 256 8 <512
                 1x1 256 8 <1536"""  # Figure 6
FIGURE_9 = [STEM, *4 * [INCEPTION_A], REDUCTION_A, *7 * [INCEPTION_B], REDUCTION_B, *3 * [INCEPTION_C]]

Convolution = tuple[tuple[int, int], int, tuple[int, int, int]]  # kernel, maps in, output (C, H, W)


def expected_convolutions() -> list[Convolution]:
    rows: list[Convolution] = []
    for text in "|".join(figure.replace("\n", "|") for figure in FIGURE_9).split("|"):
        kernel, maps, side, *source = text.split()
        height, width = kernel.split("x")
        maps_in = int(source[0].removeprefix("<")) if source else rows[-1][2][0]
        rows.append(((int(height), int(width)), maps_in, (int(maps), int(side), int(side))))
    return rows


def on_meta() -> InceptionV4:
    with torch.device("meta"):
        return InceptionV4().eval()


def test_every_convolution_is_the_one_of_the_figures() -> None:
    """By registration, which follows the branches of the figures; a hook sees each layer's output."""
    model, outputs = on_meta(), {}
    convolutions = {name: module for name, module in model.named_modules() if isinstance(module, nn.Conv2d)}
    for name, module in convolutions.items():
        module.register_forward_hook(lambda _module, _inputs, output, name=name: outputs.update({name: tuple(output.shape[1:])}))
    model(torch.empty(1, 3, 299, 299, device="meta"))
    built = [(module.kernel_size, module.in_channels, outputs[name]) for name, module in convolutions.items()]
    assert built == expected_convolutions()
    assert len(built) == 149
    assert all(module.bias is None for module in convolutions.values())


def test_totals_of_the_figures() -> None:
    """Convolutions and batch normalizations summed from the lists; timm gives 42.68 million."""
    rows = expected_convolutions()
    params = sum(c * kh * kw * maps + 2 * maps for (kh, kw), c, (maps, _, _) in rows) + 1536 * 1000 + 1000
    macs = sum(c * kh * kw * maps * h * w for (kh, kw), c, (maps, h, w) in rows) + 1536 * 1000
    assert (params, macs) == (42_679_816, 12_253_974_624)
    model = on_meta()
    with FlopCounterMode(display=False) as counter:
        logits = model(torch.empty(2, 3, 299, 299, device="meta"))
    assert logits.shape == (2, 1000)
    assert sum(p.numel() for p in model.parameters()) == params
    assert counter.get_total_flops() == 2 * 2 * macs  # a batch of two


def test_every_block_has_the_output_of_figure_9() -> None:
    model, seen = on_meta(), []
    for name, child in model.named_children():
        child.register_forward_hook(lambda _module, _inputs, output, name=name: seen.append((name, tuple(output.shape[1:]))))
    model(torch.empty(1, 3, 299, 299, device="meta"))
    assert seen == [
        ("stem", (384, 35, 35)),
        ("inception_a", (384, 35, 35)),
        ("reduction_a", (1024, 17, 17)),
        ("inception_b", (1024, 17, 17)),
        ("reduction_b", (1536, 8, 8)),
        ("inception_c", (1536, 8, 8)),
        ("pool", (1536, 1, 1)),
        ("dropout", (1536,)),
        ("linear", (1000,)),
    ]
    assert [len(blocks) for blocks in (model.inception_a, model.inception_b, model.inception_c)] == [4, 7, 3]


def test_an_image_that_is_not_square_passes() -> None:
    model, seen = on_meta(), []
    model.inception_c.register_forward_hook(lambda _module, _inputs, output: seen.append(tuple(output.shape)))
    assert model(torch.empty(1, 3, 299, 363, device="meta")).shape == (1, 1000)
    assert seen == [(1, 1536, 8, 10)]


def test_branches_are_joined_as_in_the_released_code() -> None:
    """The order in which slim concatenates, which the figures leave open and released weights need."""
    graph = trace(on_meta(), (3, 299, 299))
    joined: dict[str, list[list[str]]] = {}
    for layer in graph:
        if layer.kind == "concat":
            block = layer.name.removesuffix(".concat").removesuffix(".concat_2").removesuffix(".concat_3")
            branches = [name.removeprefix(f"{block}.").removesuffix(".relu") for name in layer.inputs]
            joined.setdefault(block, []).append(branches)
    a = ["branch1x1", "branch3x3", "double3x3_2", "pool_proj"]
    b = ["branch1x1", "branch7x7_7x1", "double7x7_4", "pool_proj"]
    c = ["branch1x1", "branch3x3_1x3", "branch3x3_3x1", "double3x3_1x3", "double3x3_3x1", "pool_proj"]
    assert joined == {
        "stem": [["pool4", "conv4"], ["branch3x3", "branch7x7_3x3"], ["conv6", "pool6"]],
        **{f"inception_a.{i}": [a] for i in range(4)},
        "reduction_a": [["branch3x3", "double3x3_2", "pool"]],
        **{f"inception_b.{i}": [b] for i in range(7)},
        "reduction_b": [["branch3x3", "branch7x7_3x3", "pool"]],
        **{f"inception_c.{i}": [c] for i in range(3)},
    }


def test_an_average_leaves_the_padding_out() -> None:
    pool = on_meta().inception_b[0].pool
    assert torch.equal(pool(torch.ones(1, 1, 3, 4)), torch.ones(1, 1, 3, 4))
