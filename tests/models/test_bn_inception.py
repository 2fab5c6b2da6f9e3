"""BN-Inception against Figure 5, carried here as printed, and the two readings of its rows 4c and 4d."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netlib.models.bn_inception import BNInception, Inception, Row, StridedInception

# Ioffe and Szegedy 2015, Figure 5: maps in, #1×1, #3×3 reduce, #3×3, double reduce, double #3×3, projection, pool,
# maps out (the widths' sum) and the side of the output's grid. A stride of 2 halves the grid.
FIGURE_5 = {
    "3a": (192, 64, 64, 64, 64, 96, 32, "avg", 256, 28),
    "3b": (256, 64, 64, 96, 64, 96, 64, "avg", 320, 28),
    "3c": (320, 0, 128, 160, 64, 96, 0, "max", 576, 14),
    "4a": (576, 224, 64, 96, 96, 128, 128, "avg", 576, 14),
    "4b": (576, 192, 96, 128, 96, 128, 128, "avg", 576, 14),
    "4c": (576, 160, 128, 160, 128, 160, 128, "avg", 608, 14),
    "4d": (608, 96, 128, 192, 160, 192, 128, "avg", 608, 14),
    "4e": (608, 0, 128, 192, 192, 256, 0, "max", 1056, 7),
    "5a": (1056, 352, 192, 320, 160, 224, 128, "avg", 1024, 7),
    "5b": (1024, 352, 192, 320, 192, 224, 128, "max", 1024, 7),
}

Convolution = tuple[str, int, tuple[int, int], tuple[int, int, int]]  # name, maps in, kernel, output (C, H, W)


def expected_convolutions() -> list[Convolution]:
    rows: list[Convolution] = [
        ("conv1", 3, (7, 7), (64, 112, 112)),
        ("conv2_reduce", 64, (1, 1), (64, 56, 56)),
        ("conv2", 64, (3, 3), (192, 56, 56)),
    ]
    for name, (c, one, reduce, three, double_reduce, double, proj, _, _, side) in FIGURE_5.items():
        module, strided = f"inception{name}", one == 0
        wide = 2 * side if strided else side  # the grid that comes in
        if not strided:
            rows.append((f"{module}.branch1x1", c, (1, 1), (one, side, side)))
        rows += [
            (f"{module}.branch3x3_reduce", c, (1, 1), (reduce, wide, wide)),
            (f"{module}.branch3x3", reduce, (3, 3), (three, side, side)),
            (f"{module}.double3x3_reduce", c, (1, 1), (double_reduce, wide, wide)),
            (f"{module}.double3x3_1", double_reduce, (3, 3), (double, wide, wide)),
            (f"{module}.double3x3_2", double, (3, 3), (double, side, side)),
        ]
        if not strided:
            rows.append((f"{module}.pool_proj", c, (1, 1), (proj, side, side)))
    return rows


def on_meta(**options: int) -> BNInception:
    with torch.device("meta"):
        return BNInception(**options).eval()


def test_every_convolution_is_the_one_of_figure_5() -> None:
    model, seen = on_meta(), []
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            assert module.bias is None
            assert module.padding == tuple(k // 2 for k in module.kernel_size)
            module.register_forward_hook(
                lambda m, _inputs, output, name=name: seen.append(
                    (name.removesuffix(".conv"), m.in_channels, m.kernel_size, tuple(output.shape[1:]))
                )
            )
    model(torch.empty(1, 3, 224, 224, device="meta"))
    assert seen == expected_convolutions()


@pytest.mark.parametrize("name", FIGURE_5)
def test_every_module_has_the_pool_and_the_output_of_figure_5(name: str) -> None:
    c, *_, pool, maps, side = FIGURE_5[name]
    module = getattr(on_meta(), f"inception{name}")
    grid = 2 * side if isinstance(module, StridedInception) else side
    assert isinstance(module.pool, nn.AvgPool2d if pool == "avg" else nn.MaxPool2d)
    assert module(torch.empty(2, c, grid, grid, device="meta")).shape == (2, maps, side, side)


def test_totals_as_printed() -> None:
    """Convolutions and batch normalizations summed from the figure; 2.0 billion is what the Inception v3 paper's Table 3 says."""
    convolutions = expected_convolutions()
    params = sum(c * kh * kw * maps + 2 * maps for _, c, (kh, kw), (maps, _, _) in convolutions) + 1024 * 1000 + 1000
    macs = sum(c * kh * kw * maps * h * w for _, c, (kh, kw), (maps, h, w) in convolutions) + 1024 * 1000
    assert (params, macs) == (11_285_224, 2_032_600_064)
    model = on_meta()
    with FlopCounterMode(display=False) as counter:
        logits = model(torch.empty(2, 3, 224, 224, device="meta"))
    assert logits.shape == (2, 1000)
    assert sum(p.numel() for p in model.parameters()) == params
    assert counter.get_total_flops() == 2 * 2 * macs  # a batch of two


def test_the_other_reading_gives_the_printed_576_and_1024_maps() -> None:
    model = on_meta(proj_4c_4d=96)
    maps = {}
    for name in ("inception4c", "inception4d", "inception4e"):
        getattr(model, name).register_forward_hook(lambda _module, _inputs, output, name=name: maps.update({name: output.shape[1]}))
    model(torch.empty(1, 3, 224, 224, device="meta"))
    assert maps == {"inception4c": 576, "inception4d": 576, "inception4e": 1024}
    # 32 maps fewer out of 4c and 4d, 32 fewer in for the reduce layers and the projection of 4d, for those of 4e and of 5a.
    less = 32 * (576 + 2) + 32 * (608 + 2) + 32 * (96 + 128 + 160 + 96) + 32 * (128 + 192) + 32 * (352 + 192 + 160 + 128)
    assert sum(p.numel() for p in model.parameters()) == 11_285_224 - less == 11_194_984


def test_branches_are_joined_in_the_order_of_the_columns() -> None:
    """With a scale of zero each branch gives its own shift: 1 for 1×1, 2 for 3×3, 3 for double 3×3, 4 for the projection."""
    module = Inception(5, Row(1, 7, 2, 8, 3, "avg", 4)).eval()
    for value, branch in enumerate((module.branch1x1, module.branch3x3, module.double3x3_2, module.pool_proj), start=1):
        nn.init.zeros_(branch.bn.weight)
        nn.init.constant_(branch.bn.bias, value)
    output = module(torch.randn(2, 5, 6, 9))
    assert output.shape == (2, 10, 6, 9)
    assert output[1, :, 5, 8].tolist() == [1, 2, 2, 3, 3, 3, 4, 4, 4, 4]


def test_a_strided_module_passes_its_pooled_input_through() -> None:
    module = StridedInception(5, Row(0, 7, 2, 8, 3, "max", 0, stride=2)).eval()
    image = torch.rand(2, 5, 6, 10)
    output = module(image)
    assert output.shape == (2, 2 + 3 + 5, 3, 5)
    assert torch.equal(output[:, 5:, 1, 2], image[:, :, 1:4, 3:6].amax(dim=(2, 3)))


def test_an_average_leaves_the_padding_out() -> None:
    pool = on_meta().inception3a.pool
    assert torch.equal(pool(torch.ones(1, 1, 3, 4)), torch.ones(1, 1, 3, 4))
