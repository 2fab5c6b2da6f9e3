"""Recipes to start from: one minute for each small network, and those of the papers, as far as their data are at hand.

    >>> from netlib.training.presets import PRESETS
    >>> PRESETS["resnet-paper"].recipe.steps
    64000
    >>> [preset.recipe.network for preset in PRESETS.values() if preset.kind == "minute"][:2]
    ['lenet5-modern', 'lenet5']
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from netlib.models.registry import spec
from netlib.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Preset:
    """A recipe to start from.

    Attributes:
        kind: "minute", on bundled data; "paper", as the paper has it, on the paper's data or the nearest that can be had; "laptop", the
            paper's numbers for the laptop size of its network, on bundled data.
        source: where the recipe stands.
        reduced: what deviates from the source, and what the source leaves open, in sentences.
    """

    key: str
    title: str
    recipe: Recipe
    source: str
    reduced: str
    kind: Literal["minute", "paper", "laptop"]


# A crop of a quarter of the picture costs a quarter of a step. What else the bundled weights' recipes do to pictures takes longer to pay.
_PATCHES: dict[str, Any] = {"mirror": True, "close_ups": 0.7, "evaluate": 100}
_OWN = "Our own recipe, for pictures that come with the project"


def _minute(network: str, data: str, about: str, **fields: Any) -> Preset:
    recipe = Recipe(network, data, **fields)
    return Preset(f"{network}-minute", f"{spec(network).title}: one minute", recipe, _OWN, about, "minute")


def _minutes() -> Iterable[Preset]:
    digits = "Long before the minute is over, all of its epochs are done."
    yield _minute("lenet5-modern", "digits", digits, epochs=30, learning_rate=0.05, shift=2, border="constant")
    yield _minute("lenet5", "digits", digits, epochs=15, learning_rate=0.002, loss="rbf", shift=2, border="constant")
    patches = "It ends after 60 seconds, so a faster machine learns more; for the same numbers again give its steps instead."
    rates = {"alexnet": 0.03, "zfnet": 0.03, "nin": 0.05, "vgg": 0.02, "googlenet": 0.03, "resnet": 0.05}
    for family, rate in rates.items():
        yield _minute(f"{family}-mini", "patches", patches, seconds=60.0, learning_rate=rate, **_PATCHES)


# Caffe's SGD has the learning rate inside the momentum, as AlexNet's authors write it: VGG, ZFNet and ResNet were trained so too.
_SGD: dict[str, Any] = {"optimizer": "alexnet", "momentum": 0.9, "learning_rate": 0.01, "schedule": "plateau"}
_ALEXNET = _SGD | {"batch": 128, "epochs": 90, "weight_decay": 5e-4, "first_decay": 5e-4, "mirror": True, "pca": 0.1, "crops": 10}
_ZFNET = _SGD | {"batch": 128, "epochs": 70, "weight_decay": 0.0, "first_decay": 0.0, "mirror": True, "kernel_rms": 0.1, "crops": 10}
_VGG = _ALEXNET | {"batch": 256, "epochs": 74, "jitter": 1.0}
_GOOGLENET: dict[str, Any] = {
    "batch": 32, "epochs": 60, "learning_rate": 0.01, "warmup": 0.0, "weight_decay": 2e-4, "first_decay": 2e-4, "mirror": True,
    "jitter": 1.0, "auxiliary": 0.3, "crops": 10,
}  # fmt: skip
_PLATEAU = "The rate is divided by 10 after 3 epochs without a better score; the authors did it by hand, three times."
_VARIED = "Crops are drawn at any place, and answers are averaged over 10 crops, where the paper"

_CAFFES = (
    "The paper gives neither batch nor first rate: batch 32, rate 0.01 and decay 0.0002 are Caffe's; the rate falls along a cosine, "
    f"not by 4 % every 8 epochs. {_VARIED} takes 144, and crops keep their proportions."
)

# Key, title, source, network and its laptop size, recipe, pixels around it, what deviates.
_IMAGENET = (
    ("alexnet", "AlexNet, 2012", "Krizhevsky et al. 2012, sections 3.5 to 5", "alexnet", "alexnet-mini", _ALEXNET, 29, _PLATEAU),
    (
        "zfnet", "ZFNet, 2014", "Zeiler and Fergus 2014, section 3", "zfnet", "zfnet-mini", _ZFNET, 32,
        f"{_PLATEAU} Crops are drawn anywhere instead of out of ten places, and the paper states no weight decay, so there is none.",
    ),
    (
        "vgg", "VGG-16, 2014", "Simonyan and Zisserman 2015, sections 3.1 and 3.2", "vgg16", "vgg-mini", _VGG, 32,
        f"{_PLATEAU} {_VARIED} reads the whole picture; weights start as Glorot and Bengio propose, not from a trained A.",
    ),
    (
        "googlenet", "GoogLeNet, 2014", "Szegedy et al. 2015, sections 5 and 6; what it leaves open: Caffe's replication",
        "googlenet-aux", "googlenet-mini", _GOOGLENET, 32,
        _CAFFES,
    ),
)  # fmt: skip
_STARTS = {"alexnet": "gaussian", "zfnet": "gaussian", "vgg": "xavier"}  # the weights of the published networks


def _papers() -> Iterable[Preset]:
    yield Preset(
        "lenet5-paper", "LeNet-5, 1998",
        Recipe(
            "lenet5", "mnist", epochs=20, batch=1, learning_rate=5e-4, momentum=0.0, weight_decay=0.0, first_decay=0.0, loss="rbf",
            border="constant", schedule="step", milestones=(0.25, 0.6),
        ),
        "LeCun et al. 1998, sections III-A and III-B, appendix C",
        "The paper scales each weight's rate by an estimate of its curvature (diagonal Levenberg–Marquardt); here all weights have the "
        "global rate. It falls from 0.0005 to 0.00001 in four steps there, and by 10 after passes 5 and 12 here.",
        "paper",
    )  # fmt: skip
    yield Preset(
        "nin-paper", "Network in Network, 2014",
        Recipe(
            "nin-cifar10", "cifar10", epochs=260, batch=128, learning_rate=0.1, weight_decay=1e-4, first_decay=1e-4, optimizer="alexnet",
            schedule="step", milestones=(200 / 260, 230 / 260), dropout=0.5,
        ),
        "Lin et al. 2014, section 4.1, and the authors' configuration for CIFAR-10",
        "Pictures are neither whitened nor contrast-normalized, but only brought to mean 0 and deviation 1; all layers and biases have one "
        "rate, where the authors' biases have twice and the last layer a tenth of it.",
        "paper",
    )  # fmt: skip
    yield Preset(
        "resnet-paper", "ResNet-20 on CIFAR-10, 2015",
        Recipe(
            "resnet20-cifar", "cifar10", steps=64_000, batch=128, learning_rate=0.1, weight_decay=1e-4, first_decay=1e-4,
            optimizer="alexnet", schedule="step", milestones=(0.5, 0.75), shift=4, border="constant", mirror=True,
        ),
        "He et al. 2015, section 4.2",
        "Means are taken for each channel, not for each pixel, and weights decay, but not biases and batch normalization.",
        "paper",
    )  # fmt: skip
    for key, title, source, network, mini, fields, margin, deviates in _IMAGENET:
        yield Preset(
            f"{key}-paper", title,
            Recipe(network, "folder:imagenet", margin=margin, initialization=_STARTS.get(key, ""), **fields),
            source,
            f"Made for ImageNet, whose class folders belong into folders/imagenet of the data folder; others do as well. {deviates}",
            "paper",
        )  # fmt: skip
        auxiliary = {"changes": ("aux-heads",)} if key == "googlenet" else {}
        yield Preset(
            f"{key}-laptop", f"{title}, on its laptop size",
            Recipe(mini, "patches", margin=8, **fields | {"epochs": 20} | auxiliary),
            source,
            f"Reduced: {spec(mini).title}, photo patches, 20 epochs, a margin of 8 pixels, weights as He et al. 2015 draw them. {deviates}",
            "laptop",
        )  # fmt: skip


PRESETS: Mapping[str, Preset] = MappingProxyType({preset.key: preset for preset in (*_minutes(), *_papers())})
