"""AlexNet against the counts that follow from section 3.5, and its one-column form against torchvision's."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from netlib.models.build import build
from netlib.models.weights import from_torchvision
from netlib.models.zoo import build_torchvision

# Worked out from section 3.5: outputs × (window × inputs per group + 1).
TWO_TOWERS = {
    "conv1": ((96, 55, 55), 34_944),
    "pool1": ((96, 27, 27), 0),
    "conv2": ((256, 27, 27), 307_456),
    "pool2": ((256, 13, 13), 0),
    "conv3": ((384, 13, 13), 885_120),
    "conv4": ((384, 13, 13), 663_936),
    "conv5": ((256, 13, 13), 442_624),
    "pool5": ((256, 6, 6), 0),
    "fc6": ((4096,), 37_752_832),
    "fc7": ((4096,), 16_781_312),
    "fc8": ((1000,), 4_097_000),
}
ONE_TOWER = TWO_TOWERS | {"conv2": ((256, 27, 27), 614_656), "conv4": ((384, 13, 13), 1_327_488), "conv5": ((256, 13, 13), 884_992)}


@pytest.mark.parametrize(
    "name, layers, params, macs",
    [("alexnet", TWO_TOWERS, 60_965_224, 724_406_816), ("alexnet-single", ONE_TOWER, 62_378_344, 1_135_256_096)],
)
def test_layers_of_the_paper(measure, name, layers, params, macs):
    with FlopCounterMode(display=False) as counter:
        seen = measure(build(name, meta=True), (3, 227, 227))
    assert {name: seen[name] for name in layers} == layers
    assert sum(count for _, count in seen.values()) == params
    assert counter.get_total_flops() == 2 * 2 * macs  # two pictures


def test_order_of_layers(measure):
    assert " ".join(measure(build("alexnet", meta=True), (3, 227, 227))) == (
        "conv1 relu1 norm1 pool1 conv2 relu2 norm2 pool2 conv3 relu3 conv4 relu4 conv5 relu5 pool5 "
        "flatten fc6 relu6 dropout6 fc7 relu7 dropout7 fc8"
    )


def test_towers_meet_only_in_conv3():
    network = build("alexnet")
    x = torch.randn(1, 96, 9, 7, generator=torch.Generator().manual_seed(0))
    other = torch.cat([x[:, :48], torch.zeros(1, 48, 9, 7)], 1)
    first, second = (network.conv2(x) != network.conv2(other)).chunk(2, 1)
    assert not first.any()
    assert second.any()
    assert network.conv3.groups == 1


def test_one_column_form_is_torchvisions():
    torch.manual_seed(0)
    theirs = build_torchvision("alexnet").eval()
    ours = build("alexnet-torchvision", weights=from_torchvision("alexnet-torchvision", theirs.state_dict()))
    x = 10 * torch.randn(1, 3, 224, 240)
    with torch.no_grad():
        expected = theirs(x)
        assert expected.std() > 0.01
        torch.testing.assert_close(ours(x), expected, rtol=0, atol=1e-5)
    assert sum(p.numel() for p in ours.parameters()) == 61_100_840  # torchvision's published num_params
