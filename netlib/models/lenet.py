"""LeNet-5.

Source: LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition, 1998, section II-B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from netlib.models.layers import RBF, ScaledTanh, Subsample, TableConv2d

if TYPE_CHECKING:
    from torch import Tensor

# Table 1: the column says which maps of S2 the map of C3 reads.
TABLE_1 = """
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
    0   X . . . X X X . . X X  X  X  .  X  X
    1   X X . . . X X X . . X  X  X  X  .  X
    2   X X X . . . X X X . .  X  .  X  X  X
    3   . X X X . . X X X X .  .  X  .  X  X
    4   . . X X X . . X X X X  .  X  X  .  X
    5   . . . X X X . . X X X  X  .  X  X  X
"""

# Figure 3 draws the codes of the output units as 7×12 pictures of the characters, to be compared with F6's 84 units.
# It does not print them as numbers: these are digits in the same style. # is +1, . is −1.
FIGURE_3 = """
    ..###.. ...#... .#####. .#####. ....##.
    .##.##. ..##... ##...## ##...## ....##.
    ##...## .###... ##...## ##...## ...###.
    ##...## ...#... .....## .....## ..#.##.
    ##...## ...#... .....## .....## ..#.##.
    ##...## ...#... ....##. ..####. .#..##.
    ##...## ...#... ...##.. .....## ##..##.
    ##...## ...#... ..##... .....## #######
    ##...## ...#... .##.... .....## ....##.
    ##...## ...#... ##..... ##...## ....##.
    .##.##. ...#... ##..... ##...## ....##.
    ..###.. .#####. ####### .#####. ....##.

    ####### ..####. ####### .#####. .#####.
    ##..... .##..## .....## ##...## ##...##
    ##..... ##..... .....## ##...## ##...##
    ##..... ##..... ....##. ##...## ##...##
    ######. ##..... ....##. .##.##. ##...##
    ##...## ##.###. ...##.. ..###.. .######
    .....## ###..## ...##.. .##.##. .....##
    .....## ##...## ..##... ##...## .....##
    .....## ##...## ..##... ##...## .....##
    ##...## ##...## .##.... ##...## .....##
    ##..##. .##..## .##.... ##...## ##..##.
    .####.. ..####. .##.... .#####. .####..
"""


def c3_table() -> tuple[tuple[int, ...], ...]:
    """For each of C3's 16 maps, the maps of S2 that it reads."""
    rows = [line.split()[1:] for line in TABLE_1.strip().splitlines()[1:]]
    return tuple(tuple(s2 for s2, mark in enumerate(column) if mark == "X") for column in zip(*rows, strict=True))


def digit_codes() -> Tensor:
    """The target code of each digit, row by row of its picture; (10, 84), entries ±1."""
    bitmaps: list[list[float]] = []
    for block in FIGURE_3.strip().split("\n\n"):
        lines = [line.split() for line in block.splitlines()]
        bitmaps += [[1.0 if pixel == "#" else -1.0 for row in digit for pixel in row] for digit in zip(*lines, strict=True)]
    return torch.tensor(bitmaps)


class LeNet5(nn.Module):
    """LeNet-5 as published; its output is a squared distance to each digit's code, so the smallest wins.

    Shapes: (N, 1, 32, 32) -> (N, 10).
    """

    def __init__(self) -> None:
        super().__init__()
        # Weights start as PyTorch draws them, not uniformly from ±2.4 / fan-in as in appendix A.
        self.C1 = nn.Conv2d(1, 6, 5)
        self.squash1 = ScaledTanh()
        self.S2 = Subsample(6, 2)
        self.squash2 = ScaledTanh()
        self.C3 = TableConv2d(6, c3_table(), 5)
        self.squash3 = ScaledTanh()
        self.S4 = Subsample(16, 2)
        self.squash4 = ScaledTanh()
        self.C5 = nn.Conv2d(16, 120, 5)  # a convolution, the paper says, because a larger input would give a larger map
        self.squash5 = ScaledTanh()
        self.flatten = nn.Flatten()
        self.F6 = nn.Linear(120, 84)
        self.squash6 = ScaledTanh()
        self.output = RBF(digit_codes())

    def forward(self, x: Tensor) -> Tensor:
        x = self.squash1(self.C1(x))  # N, 6, 28, 28
        x = self.squash2(self.S2(x))  # N, 6, 14, 14
        x = self.squash3(self.C3(x))  # N, 16, 10, 10
        x = self.squash4(self.S4(x))  # N, 16, 5, 5
        x = self.squash5(self.C5(x))  # N, 120, 1, 1
        x = self.flatten(x)  # N, 120
        x = self.squash6(self.F6(x))  # N, 84
        x = self.output(x)  # N, 10
        return x


class ModernLeNet5(nn.Module):
    """LeNet-5 as lecture notes teach it: ReLU, max pooling, every map of C3 reads all of S2, logits for a softmax.

    Shapes: (N, 1, 32, 32) -> (N, num_classes).
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.C1 = nn.Conv2d(1, 6, 5)
        self.relu1 = nn.ReLU()
        self.S2 = nn.MaxPool2d(2)
        self.C3 = nn.Conv2d(6, 16, 5)
        self.relu3 = nn.ReLU()
        self.S4 = nn.MaxPool2d(2)
        self.C5 = nn.Conv2d(16, 120, 5)
        self.relu5 = nn.ReLU()
        self.flatten = nn.Flatten()
        self.F6 = nn.Linear(120, 84)
        self.relu6 = nn.ReLU()
        self.output = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.C1(x))  # N, 6, 28, 28
        x = self.S2(x)  # N, 6, 14, 14
        x = self.relu3(self.C3(x))  # N, 16, 10, 10
        x = self.S4(x)  # N, 16, 5, 5
        x = self.relu5(self.C5(x))  # N, 120, 1, 1
        x = self.flatten(x)  # N, 120
        x = self.relu6(self.F6(x))  # N, 84
        x = self.output(x)  # N, num_classes
        return x
