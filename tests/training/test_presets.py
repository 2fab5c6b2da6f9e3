"""Presets: the papers' numbers as the papers print them, and what a minute brings."""

from __future__ import annotations

import pytest
import torch

from netlib.analysis.store import default_input
from netlib.data.sets import about
from netlib.models.bundled import FOLDER
from netlib.training.network import network
from netlib.training.presets import PRESETS
from netlib.training.schedules import Schedule
from netlib.training.train import trainer

# As the papers have them. LeNet-5: section III-B. AlexNet: section 5. ZFNet: section 3. VGG: section 3.1. NIN: the authors' read-me and
# Table 1. ResNet: section 4.2.
PRINTED = {
    "lenet5-paper": dict(network="lenet5", data="mnist", epochs=20, batch=1, learning_rate=0.0005, loss="rbf"),
    "alexnet-paper": dict(
        network="alexnet", epochs=90, batch=128, learning_rate=0.01, momentum=0.9, weight_decay=0.0005, pca=0.1, mirror=True, crops=10,
        initialization="gaussian", optimizer="alexnet", schedule="plateau",
    ),
    "zfnet-paper": dict(network="zfnet", epochs=70, batch=128, learning_rate=0.01, momentum=0.9, kernel_rms=0.1),
    "vgg-paper": dict(network="vgg16", epochs=74, batch=256, learning_rate=0.01, momentum=0.9, weight_decay=0.0005, jitter=1.0, margin=32),
    "googlenet-paper": dict(network="googlenet-aux", auxiliary=0.3, momentum=0.9),
    "nin-paper": dict(network="nin-cifar10", data="cifar10", batch=128, dropout=0.5, momentum=0.9),
    "resnet-paper": dict(
        network="resnet20-cifar", data="cifar10", steps=64_000, batch=128, learning_rate=0.1, momentum=0.9, weight_decay=0.0001, shift=4,
        border="constant", mirror=True,
    ),
}  # fmt: skip
PAPERS = {key for key, preset in PRESETS.items() if preset.kind == "paper"}


def test_each_paper_is_held_against_what_is_printed() -> None:
    assert set(PRINTED) == PAPERS


@pytest.mark.parametrize("key", PRINTED)
def test_recipes_are_as_printed(key: str) -> None:
    recipe = PRESETS[key].recipe
    assert {field: getattr(recipe, field) for field in PRINTED[key]} == PRINTED[key]


@pytest.mark.parametrize(("step", "rate"), [(0, 0.1), (31_999, 0.1), (32_000, 0.01), (47_999, 0.01), (48_000, 0.001), (63_999, 0.001)])
def test_resnets_rate_is_divided_at_32000_and_48000(step: int, rate: float) -> None:
    assert Schedule(PRESETS["resnet-paper"].recipe).rate(step, 64_000) == pytest.approx(rate)


@pytest.mark.parametrize(("epoch", "rate"), [(0, 0.1), (199, 0.1), (200, 0.01), (229, 0.01), (230, 0.001), (259, 0.001)])
def test_nins_rate_is_divided_after_200_and_230_epochs(epoch: int, rate: float) -> None:
    steps = 50_000 // 128
    assert Schedule(PRESETS["nin-paper"].recipe).rate(epoch * steps, 260 * steps) == pytest.approx(rate)


def test_pictures_of_imagenet_are_256_pixels_high_before_the_crop() -> None:
    sizes = {"alexnet-paper": 227, "zfnet-paper": 224, "vgg-paper": 224, "googlenet-paper": 224}
    assert {key: 256 - PRESETS[key].recipe.margin for key in sizes} == sizes


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_can_be_built_for_its_data(preset) -> None:
    classes = 1000 if preset.recipe.data == "folder:imagenet" else about(preset.recipe.data).classes
    model = network(preset.recipe, classes, meta=True)
    assert model.training and preset.reduced.endswith(".") and preset.source
    x = torch.empty(2, *default_input(preset.recipe.network), device="meta")
    heads = 3 if "googlenet" in preset.key and preset.kind != "minute" else 1
    assert [out.shape for out in (model(x) if heads == 3 else [model(x)])] == heads * [(2, classes)]


def test_laptop_presets_keep_the_papers_fields() -> None:
    free = {"network", "data", "margin", "initialization", "epochs", "changes"}
    for key, preset in PRESETS.items():
        if preset.kind == "laptop":
            paper = PRESETS[key.replace("-laptop", "-paper")].recipe.as_dict()
            assert {field for field, value in preset.recipe.as_dict().items() if value != paper[field]} <= free


def test_every_small_network_has_a_minute_on_data_that_need_no_download() -> None:
    small = {path.stem for path in FOLDER.glob("*.json")}  # those with weights that come along
    minutes = [preset.recipe for preset in PRESETS.values() if preset.kind == "minute"]
    assert {recipe.network for recipe in minutes} == small
    assert all(about(recipe.data).bundled for recipe in minutes)


def test_the_modern_lenet_reads_98_in_100_digits_within_its_minute() -> None:
    run = trainer(PRESETS["lenet5-modern-minute"].recipe, device="cpu")
    for _ in run:
        pass
    assert run.evaluate().top1 >= 0.98

