"""Inception v4: a branching stem and uniform Inception blocks of three kinds, one for each grid, without residual connections.

    Figure 9                 output            drawn in
    input                    299×299×3
    stem                     35×35×384         Figure 3
    4 × Inception-A          35×35×384         Figure 4
    Reduction-A              17×17×1024        Figure 7, Table 1
    7 × Inception-B          17×17×1024        Figure 5
    Reduction-B              8×8×1536          Figure 8
    3 × Inception-C          8×8×1536          Figure 6
    average pooling          1536
    dropout (keep 0.8)       1536
    softmax                  1000

In four places the figures have another order of 1×n and n×1 convolutions than Google's released code. The order here is the
code's, which its weights need; parameters and multiply-accumulates are the same either way.

Source: Szegedy et al. 2017, section 3.1, Figures 3 to 9, Table 1; tensorflow/models slim inception_v4.
Shapes: (N, 3, 299, 299) -> (N, 1000). In the figures "V" is no padding; everything else keeps the grid.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from netlib.models.conv_bn import ConvBN

K, L, M, N = 192, 224, 256, 384  # Table 1: the widths of Reduction-A in Inception-v4


def _average_pool() -> nn.AvgPool2d:
    """The pool of the modules that keep the grid. Open: whether padding counts in the mean; in Google's code it does not."""
    return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)


class Stem(nn.Module):
    """Figure 3: (N, 3, 299, 299) -> (N, 384, 35, 35)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = ConvBN(3, 32, 3, stride=2)
        self.conv2 = ConvBN(32, 32, 3)
        self.conv3 = ConvBN(32, 64, 3, padding=1)
        self.pool4 = nn.MaxPool2d(3, stride=2)
        self.conv4 = ConvBN(64, 96, 3, stride=2)
        self.branch3x3_reduce = ConvBN(160, 64, 1)
        self.branch3x3 = ConvBN(64, 96, 3)
        self.branch7x7_reduce = ConvBN(160, 64, 1)
        self.branch7x7_1x7 = ConvBN(64, 64, (1, 7), padding=(0, 3))  # deviation: Figure 3 has the 7×1 before the 1×7
        self.branch7x7_7x1 = ConvBN(64, 64, (7, 1), padding=(3, 0))
        self.branch7x7_3x3 = ConvBN(64, 96, 3)
        self.conv6 = ConvBN(192, 192, 3, stride=2)  # deviation: Figure 3 omits the stride, without which 71×71 cannot become 35×35
        self.pool6 = nn.MaxPool2d(3, stride=2)  # open: Figure 3 omits the window

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)  # N, 32, 149, 149
        x = self.conv2(x)  # N, 32, 147, 147
        x = self.conv3(x)  # N, 64, 147, 147
        x = torch.cat((self.pool4(x), self.conv4(x)), dim=1)  # N, 64 + 96, 73, 73
        three = self.branch3x3(self.branch3x3_reduce(x))
        seven = self.branch7x7_7x1(self.branch7x7_1x7(self.branch7x7_reduce(x)))
        seven = self.branch7x7_3x3(seven)
        x = torch.cat((three, seven), dim=1)  # N, 96 + 96, 71, 71
        return torch.cat((self.conv6(x), self.pool6(x)), dim=1)  # N, 192 + 192, 35, 35


class InceptionA(nn.Module):
    """Figure 4: (N, 384, H, W) -> (N, 4 × 96, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(384, 96, 1)
        self.branch3x3_reduce = ConvBN(384, 64, 1)
        self.branch3x3 = ConvBN(64, 96, 3, padding=1)
        self.double3x3_reduce = ConvBN(384, 64, 1)
        self.double3x3_1 = ConvBN(64, 96, 3, padding=1)
        self.double3x3_2 = ConvBN(96, 96, 3, padding=1)
        self.pool = _average_pool()
        self.pool_proj = ConvBN(384, 96, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.branch1x1(x)
        three = self.branch3x3(self.branch3x3_reduce(x))
        double = self.double3x3_2(self.double3x3_1(self.double3x3_reduce(x)))
        pooled = self.pool_proj(self.pool(x))
        return torch.cat((one, three, double, pooled), dim=1)


class ReductionA(nn.Module):
    """Figure 7: (N, 384, 35, 35) -> (N, 384 + 256 + 384, 17, 17)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch3x3 = ConvBN(384, N, 3, stride=2)
        self.double3x3_reduce = ConvBN(384, K, 1)
        self.double3x3_1 = ConvBN(K, L, 3, padding=1)
        self.double3x3_2 = ConvBN(L, M, 3, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3(x)
        double = self.double3x3_2(self.double3x3_1(self.double3x3_reduce(x)))
        return torch.cat((three, double, self.pool(x)), dim=1)


class InceptionB(nn.Module):
    """Figure 5: (N, 1024, H, W) -> (N, 384 + 256 + 256 + 128, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(1024, 384, 1)
        self.branch7x7_reduce = ConvBN(1024, 192, 1)
        self.branch7x7_1x7 = ConvBN(192, 224, (1, 7), padding=(0, 3))
        self.branch7x7_7x1 = ConvBN(224, 256, (7, 1), padding=(3, 0))  # deviation: Figure 5 prints a second 1×7
        self.double7x7_reduce = ConvBN(1024, 192, 1)
        self.double7x7_1 = ConvBN(192, 192, (7, 1), padding=(3, 0))  # deviation: Figure 5 begins each pair with 1×7
        self.double7x7_2 = ConvBN(192, 224, (1, 7), padding=(0, 3))
        self.double7x7_3 = ConvBN(224, 224, (7, 1), padding=(3, 0))
        self.double7x7_4 = ConvBN(224, 256, (1, 7), padding=(0, 3))
        self.pool = _average_pool()
        self.pool_proj = ConvBN(1024, 128, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.branch1x1(x)
        seven = self.branch7x7_7x1(self.branch7x7_1x7(self.branch7x7_reduce(x)))
        double = self.double7x7_2(self.double7x7_1(self.double7x7_reduce(x)))
        double = self.double7x7_4(self.double7x7_3(double))
        pooled = self.pool_proj(self.pool(x))
        return torch.cat((one, seven, double, pooled), dim=1)


class ReductionB(nn.Module):
    """Figure 8: (N, 1024, 17, 17) -> (N, 192 + 320 + 1024, 8, 8)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch3x3_reduce = ConvBN(1024, 192, 1)
        self.branch3x3 = ConvBN(192, 192, 3, stride=2)
        self.branch7x7_reduce = ConvBN(1024, 256, 1)
        self.branch7x7_1x7 = ConvBN(256, 256, (1, 7), padding=(0, 3))
        self.branch7x7_7x1 = ConvBN(256, 320, (7, 1), padding=(3, 0))
        self.branch7x7_3x3 = ConvBN(320, 320, 3, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3(self.branch3x3_reduce(x))
        seven = self.branch7x7_7x1(self.branch7x7_1x7(self.branch7x7_reduce(x)))
        seven = self.branch7x7_3x3(seven)
        return torch.cat((three, seven, self.pool(x)), dim=1)


class InceptionC(nn.Module):
    """Figure 6: (N, 1536, H, W) -> (N, 256 + 2 × 256 + 2 × 256 + 256, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(1536, 256, 1)
        self.branch3x3_reduce = ConvBN(1536, 384, 1)
        self.branch3x3_1x3 = ConvBN(384, 256, (1, 3), padding=(0, 1))
        self.branch3x3_3x1 = ConvBN(384, 256, (3, 1), padding=(1, 0))
        self.double3x3_reduce = ConvBN(1536, 384, 1)
        self.double3x3_1 = ConvBN(384, 448, (3, 1), padding=(1, 0))  # deviation: Figure 6 has the 1×3 before the 3×1
        self.double3x3_2 = ConvBN(448, 512, (1, 3), padding=(0, 1))
        self.double3x3_1x3 = ConvBN(512, 256, (1, 3), padding=(0, 1))
        self.double3x3_3x1 = ConvBN(512, 256, (3, 1), padding=(1, 0))
        self.pool = _average_pool()
        self.pool_proj = ConvBN(1536, 256, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.branch1x1(x)
        three = self.branch3x3_reduce(x)
        double = self.double3x3_2(self.double3x3_1(self.double3x3_reduce(x)))
        pooled = self.pool_proj(self.pool(x))
        return torch.cat(
            (one, self.branch3x3_1x3(three), self.branch3x3_3x1(three), self.double3x3_1x3(double), self.double3x3_3x1(double), pooled),
            dim=1,
        )


class InceptionV4(nn.Module):
    """Inception v4, Figure 9; gives logits."""

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.stem = Stem()
        self.inception_a = nn.Sequential(*(InceptionA() for _ in range(4)))
        self.reduction_a = ReductionA()
        self.inception_b = nn.Sequential(*(InceptionB() for _ in range(7)))
        self.reduction_b = ReductionB()
        self.inception_c = nn.Sequential(*(InceptionC() for _ in range(3)))
        self.pool = nn.AdaptiveAvgPool2d(1)  # 8×8 for a 299×299 input
        self.dropout = nn.Dropout(0.2)
        self.linear = nn.Linear(1536, num_classes)  # open: Figure 9 draws none, but its softmax turns 1536 into 1000

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)  # N, 384, 35, 35
        x = self.inception_a(x)  # N, 384, 35, 35
        x = self.reduction_a(x)  # N, 1024, 17, 17
        x = self.inception_b(x)  # N, 1024, 17, 17
        x = self.reduction_b(x)  # N, 1536, 8, 8
        x = self.inception_c(x)  # N, 1536, 8, 8
        x = self.pool(x)  # N, 1536, 1, 1
        x = self.dropout(torch.flatten(x, 1))  # N, 1536
        return self.linear(x)  # N, classes
