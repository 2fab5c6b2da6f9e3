"""Network in Network against counts worked out from the authors' configuration files."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from netlib.models.build import build
from netlib.models.registry import spec

COUNTS = {
    "nin-cifar10": (966_986, 222_486_528),
    "nin-cifar100": (984_356, 223_592_448),
    "nin-mnist": (349_674, 50_699_712),
    "nin-svhn": (1_986_026, 274_235_392),
    "nin-notes": (81_960, 56_753_408),  # by hand: 30² · (27·16 + 16²) + 28² · (144·64 + 64²) + 26² · (576·100 + 100²)
}


@pytest.mark.parametrize("name", COUNTS)
def test_totals(measure, name):
    params, macs = COUNTS[name]
    with FlopCounterMode(display=False) as counter:
        seen = measure(build(name, meta=True), spec(name).input_shape)
    assert sum(count for _, count in seen.values()) == params
    assert counter.get_total_flops() == 2 * 2 * macs  # two pictures


def test_layers_for_cifar10(measure):
    seen = measure(build("nin-cifar10", meta=True), (3, 32, 32))
    assert [(name, *row) for name, row in seen.items() if not name.startswith("relu")] == [
        ("conv1", (192, 32, 32), 14_592),
        ("cccp1", (160, 32, 32), 30_880),
        ("cccp2", (96, 32, 32), 15_456),
        ("pool1", (96, 16, 16), 0),
        ("dropout1", (96, 16, 16), 0),
        ("conv2", (192, 16, 16), 460_992),
        ("cccp3", (192, 16, 16), 37_056),
        ("cccp4", (192, 16, 16), 37_056),
        ("pool2", (192, 8, 8), 0),
        ("dropout2", (192, 8, 8), 0),
        ("conv3", (192, 8, 8), 331_968),
        ("cccp5", (192, 8, 8), 37_056),
        ("cccp6", (10, 8, 8), 1_930),
        ("poolg", (10, 1, 1), 0),
        ("flatten", (10,), 0),
    ]


def test_svhn_and_mnist_see_5x5_in_the_third_block(measure):
    assert measure(build("nin-svhn", meta=True), (3, 32, 32))["conv3"] == ((384, 8, 8), 1_229_184)
    assert measure(build("nin-mnist", meta=True), (1, 28, 28))["conv3"] == ((128, 7, 7), 153_728)


def test_notes_average_a_26x26_map(measure):
    seen = measure(build("nin-notes", meta=True), (3, 32, 32))
    assert [seen[name] for name in ("cccp1", "cccp2", "cccp3")] == [((16, 30, 30), 272), ((64, 28, 28), 4_160), ((100, 26, 26), 10_100)]


def test_every_convolution_has_its_relu_also_the_last():
    x = torch.randn(2, 3, 32, 40, generator=torch.Generator().manual_seed(0))
    for name in ("nin-cifar10", "nin-notes"):
        network = build(name)
        names = [name for name, _ in network.named_children()]
        for i, layer in enumerate(names):
            assert not layer.startswith(("conv", "cccp")) or names[i + 1] == f"relu_{layer}"
        with torch.no_grad():
            assert (network(x) >= 0).all()
