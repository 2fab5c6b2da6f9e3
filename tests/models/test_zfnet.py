"""ZFNet against the sizes that Figure 3 prints."""

from __future__ import annotations

from torch.utils.flop_counter import FlopCounterMode

from netlib.models.build import build


def test_sizes_of_figure_3(measure):
    seen = measure(build("zfnet", meta=True), (3, 224, 224))
    maps = {name: shape for name, (shape, _) in seen.items() if name.startswith(("conv", "pool"))}
    assert maps == {
        "conv1": (96, 110, 110), "pool1": (96, 55, 55), "conv2": (256, 26, 26), "pool2": (256, 13, 13),
        "conv3": (384, 13, 13), "conv4": (384, 13, 13), "conv5": (256, 13, 13), "pool5": (256, 6, 6),
    }  # fmt: skip


def test_counts(measure):
    with FlopCounterMode(display=False) as counter:
        seen = measure(build("zfnet", meta=True), (3, 224, 224))
    assert {name: params for name, (_, params) in seen.items() if params} == {
        "conv1": (7 * 7 * 3 + 1) * 96,
        "conv2": (5 * 5 * 96 + 1) * 256,
        "conv3": (3 * 3 * 256 + 1) * 384,
        "conv4": (3 * 3 * 384 + 1) * 384,
        "conv5": (3 * 3 * 384 + 1) * 256,
        "fc6": (6 * 6 * 256 + 1) * 4096,
        "fc7": (4096 + 1) * 4096,
        "fc8": (4096 + 1) * 1000,
    }
    assert sum(params for _, params in seen.values()) == 62_357_608
    assert counter.get_total_flops() == 2 * 2 * 1_168_032_896  # two pictures


def test_normalization_follows_the_pool(measure):
    names = list(measure(build("zfnet", meta=True), (3, 224, 224)))
    assert names[:8] == ["conv1", "relu1", "pool1", "norm1", "conv2", "relu2", "pool2", "norm2"]
