"""GoogLeNet as torchvision has it, without its auxiliary heads.

Batch normalization stands in for biases and local response normalization, a 3×3 window where the paper has 5×5, and a
2×2 window in pool4. Layers carry the names of `netlib.models.googlenet`, so that the two can be read side by side.

Source: torchvision.models.googlenet; widths from Szegedy et al. 2015, Table 1.
Shapes: (N, 3, 224, 224) -> (N, 1000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from netlib.models.conv_bn import ConvBN
from netlib.models.googlenet import TABLE_1, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

# Part of a name in torchvision's state dict -> the same part here.
RENAMED = {
    "conv2.": "conv2_reduce.",
    "conv3.": "conv2.",
    ".branch1.": ".branch1x1.",
    ".branch2.0.": ".branch3x3_reduce.",
    ".branch2.1.": ".branch3x3.",
    ".branch3.0.": ".branch5x5_reduce.",
    ".branch3.1.": ".branch5x5.",
    ".branch4.1.": ".pool_proj.",
    "fc.": "linear.",
}


class Inception(nn.Module):
    """torchvision's Inception module, (N, C, H, W) -> (N, #1×1 + #3×3 + #5×5 + pool proj, H, W)."""

    def __init__(self, in_channels: int, row: Row) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, row.conv1x1, 1)
        self.branch3x3_reduce = ConvBN(in_channels, row.conv3x3_reduce, 1)
        self.branch3x3 = ConvBN(row.conv3x3_reduce, row.conv3x3, 3, padding=1)
        self.branch5x5_reduce = ConvBN(in_channels, row.conv5x5_reduce, 1)
        self.branch5x5 = ConvBN(row.conv5x5_reduce, row.conv5x5, 3, padding=1)  # deviation: 3×3, in spite of the paper's name
        self.pool = nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True)
        self.pool_proj = ConvBN(in_channels, row.pool_proj, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.branch1x1(x)
        three = self.branch3x3(self.branch3x3_reduce(x))
        five = self.branch5x5(self.branch5x5_reduce(x))
        pooled = self.pool_proj(self.pool(x))
        return torch.cat((one, three, five, pooled), dim=1)


class TorchvisionGoogLeNet(nn.Module):
    """torchvision's googlenet as it is used after training: logits only."""

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = ConvBN(3, 64, 7, stride=2, padding=3)
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2_reduce = ConvBN(64, 64, 1)
        self.conv2 = ConvBN(64, 192, 3, padding=1)
        self.pool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = Inception(192, TABLE_1["3a"])
        self.inception3b = Inception(256, TABLE_1["3b"])
        self.pool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception4a = Inception(480, TABLE_1["4a"])
        self.inception4b = Inception(512, TABLE_1["4b"])
        self.inception4c = Inception(512, TABLE_1["4c"])
        self.inception4d = Inception(512, TABLE_1["4d"])
        self.inception4e = Inception(528, TABLE_1["4e"])
        self.pool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True)  # deviation: the paper has 3×3
        self.inception5a = Inception(832, TABLE_1["5a"])
        self.inception5b = Inception(832, TABLE_1["5b"])
        self.pool5 = nn.AdaptiveAvgPool2d(1)  # 7×7 for a 224×224 input
        self.dropout = nn.Dropout(0.2)  # deviation: the paper has 0.4
        self.linear = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)  # N, 64, 112, 112
        x = self.pool1(x)  # N, 64, 56, 56
        x = self.conv2_reduce(x)  # N, 64, 56, 56
        x = self.conv2(x)  # N, 192, 56, 56
        x = self.pool2(x)  # N, 192, 28, 28
        x = self.inception3a(x)  # N, 256, 28, 28
        x = self.inception3b(x)  # N, 480, 28, 28
        x = self.pool3(x)  # N, 480, 14, 14
        x = self.inception4a(x)  # N, 512, 14, 14
        x = self.inception4b(x)  # N, 512, 14, 14
        x = self.inception4c(x)  # N, 512, 14, 14
        x = self.inception4d(x)  # N, 528, 14, 14
        x = self.inception4e(x)  # N, 832, 14, 14
        x = self.pool4(x)  # N, 832, 7, 7
        x = self.inception5a(x)  # N, 832, 7, 7
        x = self.inception5b(x)  # N, 1024, 7, 7
        x = self.pool5(x)  # N, 1024, 1, 1
        x = self.dropout(torch.flatten(x, 1))  # N, 1024
        return self.linear(x)  # N, classes


def from_torchvision(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of torchvision's googlenet under our names, without its auxiliary heads."""
    return {_renamed(name): tensor for name, tensor in state_dict.items() if not name.startswith(("aux1.", "aux2."))}


def _renamed(name: str) -> str:
    for theirs, ours in RENAMED.items():
        if theirs in name:
            return name.replace(theirs, ours)  # only once: what was conv3 and is now conv2 must not be renamed again
    return name
