"""GoogLeNet (Inception v1) as published.

Nine Inception modules look at each place through 1×1, 3×3 and 5×5 windows and a pool at once; 1×1 reductions keep that
affordable. The paper gives sizes, not paddings: those (and the constants of the local response normalization) are
Caffe's, whose bvlc_googlenet has exactly the same 6,998,552 parameters.

Source: Szegedy et al. 2015, section 5, Table 1, Figure 3.
Shapes: (N, 3, 224, 224) -> (N, 1000).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Row(NamedTuple):
    """The widths of one Inception module, in the columns of Table 1."""

    conv1x1: int
    conv3x3_reduce: int
    conv3x3: int
    conv5x5_reduce: int
    conv5x5: int
    pool_proj: int


TABLE_1 = {
    #     #1×1  #3×3   #3×3  #5×5   #5×5  pool
    #           reduce       reduce       proj       output
    "3a": Row(64,  96,  128,   16,   32,   32),  # 256, 28, 28
    "3b": Row(128, 128, 192,   32,   96,   64),  # 480, 28, 28
    "4a": Row(192, 96,  208,   16,   48,   64),  # 512, 14, 14
    "4b": Row(160, 112, 224,   24,   64,   64),  # 512, 14, 14
    "4c": Row(128, 128, 256,   24,   64,   64),  # 512, 14, 14
    "4d": Row(112, 144, 288,   32,   64,   64),  # 528, 14, 14
    "4e": Row(256, 160, 320,   32,  128,  128),  # 832, 14, 14
    "5a": Row(256, 160, 320,   32,  128,  128),  # 832, 7, 7
    "5b": Row(384, 192, 384,   48,  128,  128),  # 1024, 7, 7
}  # fmt: skip


class GoogLeNetOutput(NamedTuple):
    """What the network gives with auxiliary heads: logits (N, classes) each; in training aux1 and aux2 weigh 0.3 in the loss."""

    logits: Tensor
    aux1: Tensor
    aux2: Tensor


class ConvReLU(nn.Module):
    """Convolution with bias, ReLU: (N, C, H, W) -> (N, K, H', W')."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.conv(x))


class Inception(nn.Module):
    """Figure 2(b): four branches side by side, (N, C, H, W) -> (N, #1×1 + #3×3 + #5×5 + pool proj, H, W).

    Without `reductions` the 3×3 and the 5×5 read all maps, as in Figure 2(a); the 1×1 after the pool stays, and with it the widths.
    """

    def __init__(self, in_channels: int, row: Row, reductions: bool = True) -> None:
        super().__init__()
        reduced3x3, reduced5x5 = (row.conv3x3_reduce, row.conv5x5_reduce) if reductions else (in_channels, in_channels)
        self.branch1x1 = ConvReLU(in_channels, row.conv1x1, 1)
        self.branch3x3_reduce = ConvReLU(in_channels, reduced3x3, 1) if reductions else nn.Sequential()  # empty: no layer at all
        self.branch3x3 = ConvReLU(reduced3x3, row.conv3x3, 3, padding=1)
        self.branch5x5_reduce = ConvReLU(in_channels, reduced5x5, 1) if reductions else nn.Sequential()
        self.branch5x5 = ConvReLU(reduced5x5, row.conv5x5, 5, padding=2)
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.pool_proj = ConvReLU(in_channels, row.pool_proj, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.branch1x1(x)
        three = self.branch3x3(self.branch3x3_reduce(x))
        five = self.branch5x5(self.branch5x5_reduce(x))
        pooled = self.pool_proj(self.pool(x))
        return torch.cat((one, three, five, pooled), dim=1)


class AuxHead(nn.Module):
    """An auxiliary classifier on a map of the middle, (N, C, 14, 14) -> (N, classes). Source: section 5, last list."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(5, stride=3)
        self.conv = ConvReLU(in_channels, 128, 1)
        self.fc = nn.Linear(128 * 4 * 4, 1024)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.7)
        self.linear = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(x)  # N, C, 4, 4
        x = self.conv(x)  # N, 128, 4, 4
        x = torch.flatten(x, 1)  # N, 2048
        x = self.relu(self.fc(x))  # N, 1024
        x = self.dropout(x)
        return self.linear(x)  # N, classes


class GoogLeNet(nn.Module):
    """GoogLeNet as published; gives logits, or a GoogLeNetOutput with `aux_heads`."""

    def __init__(self, aux_heads: bool = False, num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = ConvReLU(3, 64, 7, stride=2, padding=3)  # open: padding is Caffe's
        # Open: 112 -> 56 and so on need one more column and row at the right and bottom; ceil_mode is Caffe's way.
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        # Open: constants are Caffe's; its formula divides alpha by n = 5, as PyTorch's does.
        self.norm1 = nn.LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)
        self.conv2_reduce = ConvReLU(64, 64, 1)
        self.conv2 = ConvReLU(64, 192, 3, padding=1)
        self.norm2 = nn.LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)
        self.pool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = Inception(192, TABLE_1["3a"])
        self.inception3b = Inception(256, TABLE_1["3b"])
        self.pool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception4a = Inception(480, TABLE_1["4a"])
        self.inception4b = Inception(512, TABLE_1["4b"])
        self.inception4c = Inception(512, TABLE_1["4c"])
        self.inception4d = Inception(512, TABLE_1["4d"])
        self.inception4e = Inception(528, TABLE_1["4e"])
        self.pool4 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception5a = Inception(832, TABLE_1["5a"])
        self.inception5b = Inception(832, TABLE_1["5b"])
        self.pool5 = nn.AvgPool2d(7, stride=1)
        self.dropout = nn.Dropout(0.4)
        self.linear = nn.Linear(1024, num_classes)  # the softmax after it is left to the loss
        self.aux_heads = aux_heads
        if aux_heads:
            self.aux1 = AuxHead(512, num_classes)
            self.aux2 = AuxHead(528, num_classes)

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutput:
        x = self.conv1(x)  # N, 64, 112, 112
        x = self.norm1(self.pool1(x))  # N, 64, 56, 56
        x = self.conv2_reduce(x)  # N, 64, 56, 56
        x = self.norm2(self.conv2(x))  # N, 192, 56, 56
        x = self.pool2(x)  # N, 192, 28, 28
        x = self.inception3a(x)  # N, 256, 28, 28
        x = self.inception3b(x)  # N, 480, 28, 28
        x = self.pool3(x)  # N, 480, 14, 14
        x = x4a = self.inception4a(x)  # N, 512, 14, 14
        x = self.inception4b(x)  # N, 512, 14, 14
        x = self.inception4c(x)  # N, 512, 14, 14
        x = x4d = self.inception4d(x)  # N, 528, 14, 14
        x = self.inception4e(x)  # N, 832, 14, 14
        x = self.pool4(x)  # N, 832, 7, 7
        x = self.inception5a(x)  # N, 832, 7, 7
        x = self.inception5b(x)  # N, 1024, 7, 7
        x = self.pool5(x)  # N, 1024, 1, 1
        x = self.dropout(torch.flatten(x, 1))  # N, 1024
        logits = self.linear(x)  # N, classes
        if not self.aux_heads:
            return logits
        return GoogLeNetOutput(logits, self.aux1(x4a), self.aux2(x4d))
