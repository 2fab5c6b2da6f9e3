"""LeNet-5 against the paper's counts (section II-B) and its Table 1."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from netlib.models.build import build
from netlib.models.lenet import c3_table, digit_codes

# Table 1, read map by map.
C3 = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5), (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip


def test_layers_of_the_paper(measure):
    seen = measure(build("lenet5", meta=True), (1, 32, 32))
    assert {name: seen[name] for name in ("C1", "S2", "C3", "S4", "C5", "F6", "output")} == {
        "C1": ((6, 28, 28), 156),
        "S2": ((6, 14, 14), 12),
        "C3": ((16, 10, 10), 1_516),
        "S4": ((16, 5, 5), 32),
        "C5": ((120, 1, 1), 48_120),
        "F6": ((84,), 10_164),
        "output": ((10,), 0),
    }
    assert sum(params for _, params in seen.values()) == 60_000


def test_every_layer_up_to_f6_is_squashed(measure):
    names = [name for name in measure(build("lenet5", meta=True), (1, 32, 32)) if name != "flatten"]
    assert names[1:12:2] == [f"squash{i}" for i in range(1, 7)]


def test_c3_reads_table_1():
    assert c3_table() == C3
    layer = build("lenet5").C3
    x = torch.randn(1, 6, 14, 11, generator=torch.Generator().manual_seed(0))
    kernels = iter(layer.weight)
    maps = [sum(F.conv2d(x[:, s : s + 1], next(kernels)[None, None]) for s in inputs) + layer.bias[j] for j, inputs in enumerate(C3)]
    torch.testing.assert_close(layer(x), torch.cat(maps, 1))


def test_c3_costs_60_kernels():
    with FlopCounterMode(display=False) as counter:
        build("lenet5", meta=True).C3(torch.empty(1, 6, 14, 14, device="meta"))
    assert counter.get_total_flops() == 2 * 60 * 25 * 100


def test_codes_are_ten_pictures_well_apart():
    codes = digit_codes()
    assert codes.shape == (10, 7 * 12)
    assert codes.abs().eq(1).all()
    different = (codes[:, None] != codes).sum(-1) + 84 * torch.eye(10, dtype=torch.int64)
    assert different.min() >= 10  # pixels
    one = codes[1].reshape(12, 7)
    assert (one[:, 3] == 1).all()  # row by row: the stroke of the 1 stands upright


def test_output_is_the_distance_of_f6_to_the_codes():
    network = build("lenet5")
    x = torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    f6 = x
    for name, layer in network.named_children():
        if name != "output":
            f6 = layer(f6)
    assert f6.abs().max() <= 1.7159
    torch.testing.assert_close(network(x), torch.cdist(f6, digit_codes()) ** 2, rtol=1e-4, atol=1e-4)


def test_modern_form(measure):
    seen = measure(build("lenet5-modern", meta=True), (1, 32, 32))
    assert {name: params for name, (_, params) in seen.items() if params} == {
        "C1": 156, "C3": (6 * 25 + 1) * 16, "C5": 48_120, "F6": 10_164, "output": 850,
    }  # fmt: skip
    assert sum(params for _, params in seen.values()) == 61_706
    assert seen["output"][0] == (10,)
