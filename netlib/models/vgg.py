"""VGG: configurations A to E.

Source: Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from netlib.models.layers import alexnet_lrn
from netlib.models.weights import renamed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

# Table 1, a row for each of its columns. "3-64" is a 3×3 convolution to 64 channels; each stage ends in a 2×2 max pooling.
CONFIGURATIONS = {
    #         224×224     112×112        56×56                      28×28                      14×14
    "A":     ("3-64",      "3-128",       "3-256 3-256",             "3-512 3-512",             "3-512 3-512"),
    "A-LRN": ("3-64 LRN",  "3-128",       "3-256 3-256",             "3-512 3-512",             "3-512 3-512"),
    "B":     ("3-64 3-64", "3-128 3-128", "3-256 3-256",             "3-512 3-512",             "3-512 3-512"),
    "C":     ("3-64 3-64", "3-128 3-128", "3-256 3-256 1-256",       "3-512 3-512 1-512",       "3-512 3-512 1-512"),
    "D":     ("3-64 3-64", "3-128 3-128", "3-256 3-256 3-256",       "3-512 3-512 3-512",       "3-512 3-512 3-512"),
    "E":     ("3-64 3-64", "3-128 3-128", "3-256 3-256 3-256 3-256", "3-512 3-512 3-512 3-512", "3-512 3-512 3-512 3-512"),
}  # fmt: skip


class VGG(nn.Module):
    """A configuration of Table 1; `batch_norm` puts batch normalization after each convolution, as torchvision does.

    Weights start as PyTorch draws them. The paper draws them with variance 0.01, and starts B to E from a trained A.

    Shapes: (N, 3, 224, 224) -> (N, num_classes), logits.
    """

    def __init__(self, config: str = "D", batch_norm: bool = False, num_classes: int = 1000) -> None:
        super().__init__()
        channels = 3
        for s, stage in enumerate(CONFIGURATIONS[config], start=1):
            for i, word in enumerate(stage.split(), start=1):
                if word == "LRN":
                    self.add_module(f"norm{s}", alexnet_lrn())  # after the ReLU, as in AlexNet; the paper does not say
                    continue
                kernel, width = map(int, word.split("-"))
                self.add_module(f"conv{s}_{i}", nn.Conv2d(channels, width, kernel, padding=kernel // 2))
                if batch_norm:
                    self.add_module(f"bn{s}_{i}", nn.BatchNorm2d(width))
                self.add_module(f"relu{s}_{i}", nn.ReLU())
                channels = width
            self.add_module(f"pool{s}", nn.MaxPool2d(2))
        self.flatten = nn.Flatten()
        self.fc6 = nn.Linear(512 * 7 * 7, 4096)
        self.relu6 = nn.ReLU()
        self.dropout6 = nn.Dropout(0.5)
        self.fc7 = nn.Linear(4096, 4096)
        self.relu7 = nn.ReLU()
        self.dropout7 = nn.Dropout(0.5)
        self.fc8 = nn.Linear(4096, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():  # all of them, in the order above; 224, 112, 56, 28, 14, 7 pixels wide
            x = layer(x)
        return x


def from_torchvision(state_dict: Mapping[str, Tensor], *, config: str = "D", batch_norm: bool = False) -> dict[str, Tensor]:
    """torchvision's vgg11, 13, 16, 19 (`config` A, B, D, E), with or without batch normalization -> VGG."""
    return renamed(state_dict, dict(_torchvision_names(config, batch_norm)))


def _torchvision_names(config: str, batch_norm: bool) -> Iterator[tuple[str, str]]:
    """Place in torchvision's network -> our layer: torchvision numbers every layer, also those without weights."""
    place = 0
    for s, stage in enumerate(CONFIGURATIONS[config], start=1):
        for i, _ in enumerate(stage.split(), start=1):
            yield f"features.{place}", f"conv{s}_{i}"
            if batch_norm:
                yield f"features.{place + 1}", f"bn{s}_{i}"
            place += 3 if batch_norm else 2
        place += 1
    yield from (("classifier.0", "fc6"), ("classifier.3", "fc7"), ("classifier.6", "fc8"))
