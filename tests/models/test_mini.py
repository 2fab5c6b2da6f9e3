"""The laptop networks: size, the sizes of input they take, and what differs between AlexNet's and ZFNet's."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from netlib.models.build import build
from netlib.models.registry import NETWORKS

PAIR = ("alexnet-mini", "zfnet-mini")
NAMES = tuple(name for name in NETWORKS if name.endswith("-mini"))
VGGS = tuple(name for name in NETWORKS if name.startswith("vgg-mini-"))


@pytest.mark.parametrize(
    ("name", "size"),
    [(name, size) for name in NAMES for size in [(32, 32), (64, 64), (33, 64), (48, 40)] if name != "vgg-mini" or size == (32, 32)],
)
def test_takes_small_pictures_of_any_shape(name, size):
    assert build(name, meta=True)(torch.empty(2, 3, *size, device="meta")).shape == (2, 10)


@pytest.mark.parametrize("size", [(32, 32), (64, 64)])
def test_from_conv2_on_the_maps_are_the_same(measure, size):
    alexnet, zfnet = (measure(build(name, meta=True), (3, *size)) for name in PAIR)
    later = list(alexnet)[list(alexnet).index("conv2") :]
    assert list(zfnet) == list(alexnet)
    assert [zfnet[name] for name in later] == [alexnet[name] for name in later]
    assert alexnet["conv1"][0] == (32, size[0] // 4, size[1] // 4)
    assert zfnet["conv1"][0] == (32, size[0] // 2, size[1] // 2)


def inception(channels, one, reduce3, three, reduce5, five, pool):
    """Parameters of a module by hand, and the channels that come out."""
    branches = (channels + 1) * (one + reduce3 + reduce5 + pool) + (9 * reduce3 + 1) * three + (25 * reduce5 + 1) * five
    return branches, one + three + five + pool


def by_hand(name):
    if name in PAIR:
        first = (121 if name == "alexnet-mini" else 49) * 3 * 32 + 32
        rest = (25 * 32 + 1) * 64 + (9 * 64 + 1) * 96 + (9 * 96 + 1) * 96 + (9 * 96 + 1) * 64 + (4 * 64 + 1) * 128 + (128 + 1) * 10
        return first + rest
    if name == "vgg-mini":
        pairs = [(3, 24), (24, 24), (24, 48), (48, 48), (48, 64), (64, 64)]
        return sum((9 * c + 1) * k for c, k in pairs) + (64 * 16 + 1) * 128 + 129 * 10
    if name.startswith("vgg-mini-"):  # what is less or more than in vgg-mini
        one_more = (9 * 64 + 1) * 64
        changes = {"a": -(9 * 24 + 1) * 24 - (9 * 48 + 1) * 48, "c": 65 * 64, "d": one_more, "e": 2 * one_more}
        return by_hand("vgg-mini") + changes[name[-1]]
    if name == "nin-mini":
        block1 = (25 * 3 + 1) * 32 + 33 * 32 + 33 * 24
        block2 = (25 * 24 + 1) * 64 + 65 * 48 + 49 * 48
        return block1 + block2 + (9 * 48 + 1) * 64 + 65 * 64 + 65 * 10
    if name == "googlenet-mini":
        total, channels = (49 * 3 + 1) * 32 + 33 * 32 + (9 * 32 + 1) * 64, 64
        for row in ((16, 24, 32, 8, 16, 16), (24, 32, 48, 8, 16, 16), (32, 32, 64, 8, 24, 24), (48, 48, 96, 8, 24, 24)):
            module, channels = inception(channels, *row)
            total += module
        return total + (channels + 1) * 10
    convolutions = 49 * 3 * 32 + 4 * 9 * 32 * 32 + 9 * 32 * 48 + 3 * 9 * 48 * 48 + 32 * 48 + 9 * 48 * 64 + 3 * 9 * 64 * 64 + 48 * 64
    normalizations = 2 * (32 + 4 * 32 + 5 * 48 + 5 * 64)
    return convolutions + normalizations + 65 * 10


@pytest.mark.parametrize("name", [*NAMES, *VGGS])
def test_parameters_by_hand(name):
    assert sum(p.numel() for p in build(name, meta=True).parameters()) == by_hand(name)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("vgg-mini", {"pool1": 16, "pool2": 8, "pool3": 4}),
        ("nin-mini", {"conv1": 32, "pool1": 16, "pool2": 8, "cccp6": 8}),
        ("googlenet-mini", {"conv1": 32, "pool1": 16, "inception3b": 16, "pool3": 8, "inception4b": 8}),
        ("resnet-mini", {"conv1": 32, "pool1": 16, "conv2_x": 16, "conv3_x": 8, "conv4_x": 4}),
    ],
)
def test_maps_by_hand(measure, name, sizes):
    seen = measure(build(name, meta=True), NETWORKS[name].input_shape)
    assert {layer: seen[layer][0][1:] for layer in sizes} == {layer: (size, size) for layer, size in sizes.items()}


def test_each_vgg_has_the_layers_of_those_before_it_and_the_depth_of_the_papers_first_three_stages():
    shapes = {name: {key: p.shape for key, p in build(name, meta=True).named_parameters()} for name in ("vgg-mini", *VGGS)}
    order = ("vgg-mini-a", "vgg-mini", "vgg-mini-d", "vgg-mini-e")
    for shallow, deep in pairwise(order):
        assert shapes[shallow].items() < shapes[deep].items()
    # VGG-11, 13, 16 and 19 without their last two stages, of 4, 4, 6 and 8 layers, and with one hidden layer less.
    assert [sum(len(shape) > 1 for shape in shapes[name].values()) for name in order] == [11 - 5, 13 - 5, 16 - 7, 19 - 9]


@pytest.mark.parametrize("name", NAMES)
def test_one_batch_can_be_learned_by_heart(name):
    torch.manual_seed(0)
    network = build(name)  # eval mode: no dropout
    x, target = torch.randn(4, 3, 32, 32), torch.arange(4)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(40):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(x), target).backward()
        optimizer.step()
    assert (network(x).argmax(1) == target).all()
