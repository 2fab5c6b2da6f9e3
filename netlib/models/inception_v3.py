"""Inception v3: windows factorized into small and asymmetric ones.

The paper outlines the network in Table 1 and leaves the widths inside the modules to a file of its submission. What everybody
calls Inception v3 is Google's released code, which differs from the outline; torchvision follows it, and so does this file.

    Table 1, input           printed               built                                    output
    299×299×3                conv 3×3/2            conv_1a                                  149×149×32
    149×149×32               conv 3×3/1            conv_2a                                  147×147×32
    147×147×32               conv padded 3×3/1     conv_2b                                  147×147×64
    147×147×64               pool 3×3/2            pool_3a                                  73×73×64
    73×73×64                 conv 3×3/1            conv_3b, 1×1                             73×73×80
    71×71×80                 conv 3×3/2            conv_4a, 3×3/1                           71×71×192
    35×35×192                conv 3×3/1            pool_5a, max 3×3/2                       35×35×192
    35×35×288                3 × Figure 5          mixed_5b, 5c, 5d                         35×35×256, 288, 288
                                                   mixed_6a, Figure 10                      17×17×768
    17×17×768                5 × Figure 6          mixed_6b, 6c, 6d, 6e: four               17×17×768
                                                   mixed_7a, Figure 10                      8×8×1280
    8×8×1280                 2 × Figure 7          mixed_7b, 7c                             8×8×2048
    8×8×2048                 pool 8×8              pool                                     1×1×2048
    1×1×2048                 linear, logits        linear                                   1000

Source: Szegedy et al. 2016, section 6, Table 1, Figures 5 to 8 and 10; layer names after Google's Conv2d_1a_3x3 … Mixed_7c.
Shapes: (N, 3, 299, 299) -> (N, 1000), pixels scaled to -1 … 1 (torchvision's `transform_input` is left to preprocessing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from netlib.models.conv_bn import ConvBN

if TYPE_CHECKING:
    from collections.abc import Mapping

# What changes from block to block of the same figure; open in the paper, as in the released code.
POOL_PROJ = {"mixed_5b": 32, "mixed_5c": 64, "mixed_5d": 64}  # Figure 5: width of the projection after the pool
WIDTH_7X7 = {"mixed_6b": 128, "mixed_6c": 160, "mixed_6d": 160, "mixed_6e": 192}  # Figure 6: width inside the 7×7 branches


class InceptionV3Output(NamedTuple):
    """What the network gives with its auxiliary head: logits (N, classes) each."""

    logits: Tensor
    aux: Tensor


def _average_pool() -> nn.AvgPool2d:
    """The pool of the modules that keep the grid. Open: its zeros count in the mean, as in torchvision; in Google's code they do not."""
    return nn.AvgPool2d(3, stride=1, padding=1)


class InceptionA(nn.Module):
    """Figure 5, for 35×35 maps: (N, C, H, W) -> (N, 64 + 64 + 96 + pool_proj, H, W). torchvision's InceptionA."""

    def __init__(self, in_channels: int, pool_proj: int) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, 64, 1)
        self.branch5x5_reduce = ConvBN(in_channels, 48, 1)
        self.branch5x5 = ConvBN(48, 64, 5, padding=2)  # deviation: a 3×3 in Figure 5
        self.double3x3_reduce = ConvBN(in_channels, 64, 1)
        self.double3x3_1 = ConvBN(64, 96, 3, padding=1)
        self.double3x3_2 = ConvBN(96, 96, 3, padding=1)
        self.pool = _average_pool()
        self.pool_proj = ConvBN(in_channels, pool_proj, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.branch1x1(x)
        five = self.branch5x5(self.branch5x5_reduce(x))
        double = self.double3x3_2(self.double3x3_1(self.double3x3_reduce(x)))
        pooled = self.pool_proj(self.pool(x))
        return torch.cat((one, five, double, pooled), dim=1)


class ReductionA(nn.Module):
    """Figure 10, 35×35 -> 17×17: (N, C, H, W) -> (N, 384 + 96 + C, H/2, W/2). torchvision's InceptionB."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3 = ConvBN(in_channels, 384, 3, stride=2)  # open: a variation of Figure 10, which has a 1×1 before it
        self.double3x3_reduce = ConvBN(in_channels, 64, 1)
        self.double3x3_1 = ConvBN(64, 96, 3, padding=1)
        self.double3x3_2 = ConvBN(96, 96, 3, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3(x)
        double = self.double3x3_2(self.double3x3_1(self.double3x3_reduce(x)))
        return torch.cat((three, double, self.pool(x)), dim=1)


class InceptionB(nn.Module):
    """Figure 6 with n = 7, for 17×17 maps: (N, 768, H, W) -> (N, 4 × 192, H, W). torchvision's InceptionC."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, 192, 1)
        self.branch7x7_reduce = ConvBN(in_channels, width, 1)
        self.branch7x7_1x7 = ConvBN(width, width, (1, 7), padding=(0, 3))
        self.branch7x7_7x1 = ConvBN(width, 192, (7, 1), padding=(3, 0))
        self.double7x7_reduce = ConvBN(in_channels, width, 1)
        self.double7x7_1 = ConvBN(width, width, (7, 1), padding=(3, 0))  # deviation: Figure 6 begins each pair with 1×7
        self.double7x7_2 = ConvBN(width, width, (1, 7), padding=(0, 3))
        self.double7x7_3 = ConvBN(width, width, (7, 1), padding=(3, 0))
        self.double7x7_4 = ConvBN(width, 192, (1, 7), padding=(0, 3))
        self.pool = _average_pool()
        self.pool_proj = ConvBN(in_channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.branch1x1(x)
        seven = self.branch7x7_7x1(self.branch7x7_1x7(self.branch7x7_reduce(x)))
        double = self.double7x7_2(self.double7x7_1(self.double7x7_reduce(x)))
        double = self.double7x7_4(self.double7x7_3(double))
        pooled = self.pool_proj(self.pool(x))
        return torch.cat((one, seven, double, pooled), dim=1)


class ReductionB(nn.Module):
    """Figure 10, 17×17 -> 8×8: (N, C, H, W) -> (N, 320 + 192 + C, H/2, W/2). torchvision's InceptionD."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3_reduce = ConvBN(in_channels, 192, 1)
        self.branch3x3 = ConvBN(192, 320, 3, stride=2)
        self.branch7x7_reduce = ConvBN(in_channels, 192, 1)
        self.branch7x7_1x7 = ConvBN(192, 192, (1, 7), padding=(0, 3))  # open: a variation of Figure 10, which has one 3×3 for the pair
        self.branch7x7_7x1 = ConvBN(192, 192, (7, 1), padding=(3, 0))
        self.branch7x7_3x3 = ConvBN(192, 192, 3, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3(self.branch3x3_reduce(x))
        seven = self.branch7x7_7x1(self.branch7x7_1x7(self.branch7x7_reduce(x)))
        seven = self.branch7x7_3x3(seven)
        return torch.cat((three, seven, self.pool(x)), dim=1)


class InceptionC(nn.Module):
    """Figure 7, for 8×8 maps: (N, C, H, W) -> (N, 320 + 2 × 384 + 2 × 384 + 192, H, W). torchvision's InceptionE."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, 320, 1)
        self.branch3x3_reduce = ConvBN(in_channels, 384, 1)
        self.branch3x3_1x3 = ConvBN(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3_3x1 = ConvBN(384, 384, (3, 1), padding=(1, 0))
        self.double3x3_reduce = ConvBN(in_channels, 448, 1)
        self.double3x3_1 = ConvBN(448, 384, 3, padding=1)
        self.double3x3_1x3 = ConvBN(384, 384, (1, 3), padding=(0, 1))
        self.double3x3_3x1 = ConvBN(384, 384, (3, 1), padding=(1, 0))
        self.pool = _average_pool()
        self.pool_proj = ConvBN(in_channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.branch1x1(x)
        three = self.branch3x3_reduce(x)
        double = self.double3x3_1(self.double3x3_reduce(x))
        pooled = self.pool_proj(self.pool(x))
        return torch.cat(
            (one, self.branch3x3_1x3(three), self.branch3x3_3x1(three), self.double3x3_1x3(double), self.double3x3_3x1(double), pooled),
            dim=1,
        )


class AuxHead(nn.Module):
    """Figure 8, the batch-normalized auxiliary classifier: (N, 768, 17, 17) -> (N, classes)."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(5, stride=3)
        self.reduce = ConvBN(768, 128, 1)
        self.conv5x5 = ConvBN(128, 768, 5)  # deviation: Figure 8 has a fully connected layer of 1024 here; on 5×5 maps this is one of 768
        self.global_pool = nn.AdaptiveAvgPool2d(1)  # changes nothing for a 299×299 input
        self.linear = nn.Linear(768, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(x)  # N, 768, 5, 5
        x = self.reduce(x)  # N, 128, 5, 5
        x = self.conv5x5(x)  # N, 768, 1, 1
        x = self.global_pool(x)  # N, 768, 1, 1
        return self.linear(torch.flatten(x, 1))  # N, classes


class InceptionV3(nn.Module):
    """Inception v3 as released; gives logits, or an InceptionV3Output with `aux_head`."""

    def __init__(self, aux_head: bool = False, num_classes: int = 1000) -> None:
        super().__init__()
        self.conv_1a = ConvBN(3, 32, 3, stride=2)
        self.conv_2a = ConvBN(32, 32, 3)
        self.conv_2b = ConvBN(32, 64, 3, padding=1)
        self.pool_3a = nn.MaxPool2d(3, stride=2)
        self.conv_3b = ConvBN(64, 80, 1)  # deviation: 3×3 in Table 1
        self.conv_4a = ConvBN(80, 192, 3)  # deviation: stride 2 in Table 1
        self.pool_5a = nn.MaxPool2d(3, stride=2)  # deviation: a 3×3 convolution to 288 maps in Table 1
        self.mixed_5b = InceptionA(192, POOL_PROJ["mixed_5b"])
        self.mixed_5c = InceptionA(256, POOL_PROJ["mixed_5c"])
        self.mixed_5d = InceptionA(288, POOL_PROJ["mixed_5d"])
        self.mixed_6a = ReductionA(288)
        self.mixed_6b = InceptionB(768, WIDTH_7X7["mixed_6b"])  # deviation: four of these, five in Table 1
        self.mixed_6c = InceptionB(768, WIDTH_7X7["mixed_6c"])
        self.mixed_6d = InceptionB(768, WIDTH_7X7["mixed_6d"])
        self.mixed_6e = InceptionB(768, WIDTH_7X7["mixed_6e"])
        self.mixed_7a = ReductionB(768)
        self.mixed_7b = InceptionC(1280)
        self.mixed_7c = InceptionC(2048)
        self.pool = nn.AdaptiveAvgPool2d(1)  # 8×8 for a 299×299 input
        self.dropout = nn.Dropout(0.5)  # open: not in the paper; torchvision drops 0.5, Google's code 0.2
        self.linear = nn.Linear(2048, num_classes)
        self.aux_head = aux_head
        if aux_head:
            self.aux = AuxHead(num_classes)

    def forward(self, x: Tensor) -> Tensor | InceptionV3Output:
        x = self.conv_1a(x)  # N, 32, 149, 149
        x = self.conv_2a(x)  # N, 32, 147, 147
        x = self.conv_2b(x)  # N, 64, 147, 147
        x = self.pool_3a(x)  # N, 64, 73, 73
        x = self.conv_3b(x)  # N, 80, 73, 73
        x = self.conv_4a(x)  # N, 192, 71, 71
        x = self.pool_5a(x)  # N, 192, 35, 35
        x = self.mixed_5b(x)  # N, 256, 35, 35
        x = self.mixed_5c(x)  # N, 288, 35, 35
        x = self.mixed_5d(x)  # N, 288, 35, 35
        x = self.mixed_6a(x)  # N, 768, 17, 17
        x = self.mixed_6b(x)  # N, 768, 17, 17
        x = self.mixed_6c(x)  # N, 768, 17, 17
        x = self.mixed_6d(x)  # N, 768, 17, 17
        x = x6e = self.mixed_6e(x)  # N, 768, 17, 17
        x = self.mixed_7a(x)  # N, 1280, 8, 8
        x = self.mixed_7b(x)  # N, 2048, 8, 8
        x = self.mixed_7c(x)  # N, 2048, 8, 8
        x = self.pool(x)  # N, 2048, 1, 1
        x = self.dropout(torch.flatten(x, 1))  # N, 2048
        logits = self.linear(x)  # N, classes
        if not self.aux_head:
            return logits
        return InceptionV3Output(logits, self.aux(x6e))


# A step of a path in torchvision's state dict -> the same step here; steps that are not listed only lose their capitals.
RENAMED = {
    "Conv2d_1a_3x3": "conv_1a",
    "Conv2d_2a_3x3": "conv_2a",
    "Conv2d_2b_3x3": "conv_2b",
    "Conv2d_3b_1x1": "conv_3b",
    "Conv2d_4a_3x3": "conv_4a",
    "branch5x5_1": "branch5x5_reduce",
    "branch5x5_2": "branch5x5",
    "branch3x3dbl_1": "double3x3_reduce",
    "branch3x3dbl_2": "double3x3_1",
    "branch3x3dbl_3": "double3x3_2",
    "branch7x7_1": "branch7x7_reduce",
    "branch7x7_2": "branch7x7_1x7",
    "branch7x7_3": "branch7x7_7x1",
    "branch7x7dbl_1": "double7x7_reduce",
    "branch7x7dbl_2": "double7x7_1",
    "branch7x7dbl_3": "double7x7_2",
    "branch7x7dbl_4": "double7x7_3",
    "branch7x7dbl_5": "double7x7_4",
    "branch3x3_1": "branch3x3_reduce",
    "branch3x3_2": "branch3x3",
    "branch7x7x3_1": "branch7x7_reduce",
    "branch7x7x3_2": "branch7x7_1x7",
    "branch7x7x3_3": "branch7x7_7x1",
    "branch7x7x3_4": "branch7x7_3x3",
    "branch3x3_2a": "branch3x3_1x3",
    "branch3x3_2b": "branch3x3_3x1",
    "branch3x3dbl_3a": "double3x3_1x3",
    "branch3x3dbl_3b": "double3x3_3x1",
    "branch_pool": "pool_proj",
    "AuxLogits": "aux",
    "conv0": "reduce",
    "conv1": "conv5x5",
    "fc": "linear",
}


def from_torchvision(state_dict: Mapping[str, Tensor], *, aux_head: bool = False) -> dict[str, Tensor]:
    """A state dict of torchvision's inception_v3 under our names; its auxiliary head is dropped unless `aux_head`."""
    return {
        ".".join(RENAMED.get(step, step.lower()) for step in name.split(".")): tensor
        for name, tensor in state_dict.items()
        if aux_head or not name.startswith("AuxLogits.")
    }
