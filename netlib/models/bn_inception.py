"""BN-Inception: GoogLeNet with batch normalization, 5×5 windows split into two 3×3, and strided Inception modules.

Built as Figure 5 is printed, in the form of section 4.2.1: neither dropout nor local response normalization.

Source: Ioffe and Szegedy 2015, sections 3.2 and 4.2, appendix, Figure 5.
Shapes: (N, 3, 224, 224) -> (N, 1000).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from netlib.models.conv_bn import ConvBN


class Row(NamedTuple):
    """One Inception module, in the columns of Figure 5; no 1×1 and no projection where the module has stride 2."""

    conv1x1: int
    conv3x3_reduce: int
    conv3x3: int
    double3x3_reduce: int
    double3x3: int
    pool: str
    pool_proj: int
    stride: int = 1


FIGURE_5 = {
    #     #1×1  #3×3   #3×3  double double  pool, proj
    #           reduce       reduce  #3×3                             output
    "3a": Row(64,  64,   64,   64,    96,  "avg", 32),           # 256, 28, 28
    "3b": Row(64,  64,   96,   64,    96,  "avg", 64),           # 320, 28, 28
    "3c": Row(0,   128, 160,   64,    96,  "max", 0, stride=2),  # 576, 14, 14; printed as 28×28, its input
    "4a": Row(224, 64,   96,   96,   128,  "avg", 128),          # 576, 14, 14
    "4b": Row(192, 96,  128,   96,   128,  "avg", 128),          # 576, 14, 14
    "4c": Row(160, 128, 160,  128,   160,  "avg", 128),          # 608, 14, 14; printed as 576
    "4d": Row(96,  128, 192,  160,   192,  "avg", 128),          # 608, 14, 14; printed as 576
    "4e": Row(0,   128, 192,  192,   256,  "max", 0, stride=2),  # 1056, 7, 7; printed as 1024 and as 14×14, its input
    "5a": Row(352, 192, 320,  160,   224,  "avg", 128),          # 1024, 7, 7
    "5b": Row(352, 192, 320,  192,   224,  "max", 128),          # 1024, 7, 7
}  # fmt: skip


class Inception(nn.Module):
    """A module that keeps the grid: (N, C, H, W) -> (N, #1×1 + #3×3 + double #3×3 + proj, H, W)."""

    def __init__(self, in_channels: int, row: Row) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, row.conv1x1, 1)
        self.branch3x3_reduce = ConvBN(in_channels, row.conv3x3_reduce, 1)
        self.branch3x3 = ConvBN(row.conv3x3_reduce, row.conv3x3, 3, padding=1)
        self.double3x3_reduce = ConvBN(in_channels, row.double3x3_reduce, 1)
        self.double3x3_1 = ConvBN(row.double3x3_reduce, row.double3x3, 3, padding=1)
        self.double3x3_2 = ConvBN(row.double3x3, row.double3x3, 3, padding=1)
        # Open: whether an average counts the padding; Google's code does not.
        average = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.pool = average if row.pool == "avg" else nn.MaxPool2d(3, stride=1, padding=1)
        self.pool_proj = ConvBN(in_channels, row.pool_proj, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.branch1x1(x)
        three = self.branch3x3(self.branch3x3_reduce(x))
        double = self.double3x3_2(self.double3x3_1(self.double3x3_reduce(x)))
        pooled = self.pool_proj(self.pool(x))
        return torch.cat((one, three, double, pooled), dim=1)


class StridedInception(nn.Module):
    """A module that halves the grid: (N, C, H, W) -> (N, #3×3 + double #3×3 + C, H/2, W/2); its pool passes through."""

    def __init__(self, in_channels: int, row: Row) -> None:
        super().__init__()
        self.branch3x3_reduce = ConvBN(in_channels, row.conv3x3_reduce, 1)
        self.branch3x3 = ConvBN(row.conv3x3_reduce, row.conv3x3, 3, stride=row.stride, padding=1)
        self.double3x3_reduce = ConvBN(in_channels, row.double3x3_reduce, 1)
        self.double3x3_1 = ConvBN(row.double3x3_reduce, row.double3x3, 3, padding=1)
        self.double3x3_2 = ConvBN(row.double3x3, row.double3x3, 3, stride=row.stride, padding=1)  # open: which of the two strides
        self.pool = nn.MaxPool2d(3, stride=row.stride, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3(self.branch3x3_reduce(x))
        double = self.double3x3_2(self.double3x3_1(self.double3x3_reduce(x)))
        return torch.cat((three, double, self.pool(x)), dim=1)


class BNInception(nn.Module):
    """BN-Inception; `proj_4c_4d` = 96 gives the 576 maps that Figure 5 states beside widths that sum to 608."""

    def __init__(self, num_classes: int = 1000, proj_4c_4d: int = 128) -> None:
        super().__init__()
        row4c, row4d = (FIGURE_5[name]._replace(pool_proj=proj_4c_4d) for name in ("4c", "4d"))
        self.conv1 = ConvBN(3, 64, 7, stride=2, padding=3)  # deviation: the paper's is separable, 3 × 8 maps of 7×7, then 1×1
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)  # open: padding, here as in GoogLeNet
        self.conv2_reduce = ConvBN(64, 64, 1)
        self.conv2 = ConvBN(64, 192, 3, padding=1)
        self.pool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = Inception(192, FIGURE_5["3a"])
        self.inception3b = Inception(256, FIGURE_5["3b"])
        self.inception3c = StridedInception(320, FIGURE_5["3c"])
        self.inception4a = Inception(576, FIGURE_5["4a"])
        self.inception4b = Inception(576, FIGURE_5["4b"])
        self.inception4c = Inception(576, row4c)
        self.inception4d = Inception(480 + proj_4c_4d, row4d)
        self.inception4e = StridedInception(480 + proj_4c_4d, FIGURE_5["4e"])
        self.inception5a = Inception(928 + proj_4c_4d, FIGURE_5["5a"])
        self.inception5b = Inception(1024, FIGURE_5["5b"])
        self.pool5 = nn.AvgPool2d(7, stride=1)
        self.linear = nn.Linear(1024, num_classes)  # the softmax after it is left to the loss

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)  # N, 64, 112, 112
        x = self.pool1(x)  # N, 64, 56, 56
        x = self.conv2_reduce(x)  # N, 64, 56, 56
        x = self.conv2(x)  # N, 192, 56, 56
        x = self.pool2(x)  # N, 192, 28, 28
        x = self.inception3a(x)  # N, 256, 28, 28
        x = self.inception3b(x)  # N, 320, 28, 28
        x = self.inception3c(x)  # N, 576, 14, 14
        x = self.inception4a(x)  # N, 576, 14, 14
        x = self.inception4b(x)  # N, 576, 14, 14
        x = self.inception4c(x)  # N, 608, 14, 14
        x = self.inception4d(x)  # N, 608, 14, 14
        x = self.inception4e(x)  # N, 1056, 7, 7
        x = self.inception5a(x)  # N, 1024, 7, 7
        x = self.inception5b(x)  # N, 1024, 7, 7
        x = self.pool5(x)  # N, 1024, 1, 1
        return self.linear(torch.flatten(x, 1))  # N, classes
