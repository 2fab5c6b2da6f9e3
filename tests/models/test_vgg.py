"""VGG against Tables 1 and 2, and against torchvision's networks."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from netlib.models.build import build
from netlib.models.registry import spec
from netlib.models.weights import from_torchvision
from netlib.models.zoo import build_torchvision

# Parameters of Table 2 (133, 133, 133, 134, 138, 144 million) counted to the end; with batch norm torchvision's num_params.
COUNTS = {
    "vgg11": (132_863_336, 7_609_090_048),
    "vgg11-lrn": (132_863_336, 7_609_090_048),
    "vgg13": (133_047_848, 11_308_466_176),
    "vgg16-c": (133_638_952, 11_770_888_192),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
    "vgg11-bn": (132_868_840, 7_609_090_048),
    "vgg13-bn": (133_053_736, 11_308_466_176),
    "vgg16-bn": (138_365_992, 15_470_264_320),
    "vgg19-bn": (143_678_248, 19_632_062_464),
}
TWINS = ("vgg11", "vgg13", "vgg16", "vgg19", "vgg11-bn", "vgg13-bn", "vgg16-bn", "vgg19-bn")


@pytest.mark.parametrize("name", COUNTS)
def test_totals(measure, name):
    params, macs = COUNTS[name]
    with FlopCounterMode(display=False) as counter:
        seen = measure(build(name, meta=True), (3, 224, 224))
    assert sum(count for _, count in seen.values()) == params
    assert counter.get_total_flops() == 2 * 2 * macs  # two pictures
    assert [seen[f"pool{s}"][0] for s in range(1, 6)] == [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7)]


def test_layers_of_c(measure):
    seen = measure(build("vgg16-c", meta=True), (3, 224, 224))
    assert {name: params for name, (_, params) in seen.items() if params} == {
        "conv1_1": 1_792, "conv1_2": 36_928,
        "conv2_1": 73_856, "conv2_2": 147_584,
        "conv3_1": 295_168, "conv3_2": 590_080, "conv3_3": 65_792,
        "conv4_1": 1_180_160, "conv4_2": 2_359_808, "conv4_3": 262_656,
        "conv5_1": 2_359_808, "conv5_2": 2_359_808, "conv5_3": 262_656,
        "fc6": 102_764_544, "fc7": 16_781_312, "fc8": 4_097_000,
    }  # fmt: skip


def test_order_of_layers(measure):
    assert list(measure(build("vgg11-lrn", meta=True), (3, 224, 224)))[:5] == ["conv1_1", "relu1_1", "norm1", "pool1", "conv2_1"]
    assert list(measure(build("vgg13-bn", meta=True), (3, 224, 224)))[3:7] == ["conv1_2", "bn1_2", "relu1_2", "pool1"]
    assert list(measure(build("vgg16", meta=True), (3, 224, 224)))[-8:] == [
        "flatten", "fc6", "relu6", "dropout6", "fc7", "relu7", "dropout7", "fc8",
    ]  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_torchvisions_state_dict_fits_in_order(name):
    with torch.device("meta"):
        theirs = build_torchvision(spec(name).torchvision).state_dict()
    converted = from_torchvision(name, theirs)
    assert list(converted.values()) == list(theirs.values())
    assert [(key, t.shape) for key, t in converted.items()] == [(key, t.shape) for key, t in build(name, meta=True).state_dict().items()]


@pytest.mark.parametrize("name", ["vgg11", "vgg11-bn"])
def test_torchvisions_weights_give_the_same_logits(name):
    torch.manual_seed(0)
    theirs = build_torchvision(spec(name).torchvision).eval()
    for layer in theirs.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):  # or mean and variance, scale and shift could be swapped unseen
            for tensor in (layer.running_mean, layer.running_var, layer.weight.data, layer.bias.data):
                tensor.uniform_(0.5, 1.5)
    ours = build(name, meta=True)
    ours.load_state_dict(from_torchvision(name, theirs.state_dict()), assign=True)
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        expected = theirs(x)
        assert expected.std() > 0.01
        torch.testing.assert_close(ours(x), expected, rtol=0, atol=1e-5)
