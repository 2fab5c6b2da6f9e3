"""AlexNet and ZFNet for a laptop: 32×32 to 64×64 colour pictures, about a third of a million parameters.

The first layers have the papers' own windows, 11×11 with stride 4 against 7×7 with stride 2, and ZFNet's second layer has
its stride of 2. All that follows is the same in both: what ZFNet changed in AlexNet is all that differs.

Sources: Krizhevsky et al. 2012, section 3.5; Zeiler, Fergus 2014, section 3.1. Widths, paddings and the head are our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from netlib.models.layers import alexnet_lrn

if TYPE_CHECKING:
    from torch import Tensor


class _Mini(nn.Module):
    """The network that both share; shapes for 64×64 (and 32×32)."""

    def __init__(self, kernel1: int, stride1: int, stride2: int, num_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 48, kernel1, stride=stride1, padding=kernel1 // 2)
        self.relu1 = nn.ReLU()
        self.norm1 = alexnet_lrn()  # before the pool, as in AlexNet; ZFNet has it after
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = nn.Conv2d(48, 64, 5, stride=stride2, padding=2)
        self.relu2 = nn.ReLU()
        self.norm2 = alexnet_lrn()  # the papers' second pool follows here; a picture this small has no pixels to spare for it
        self.conv3 = nn.Conv2d(64, 96, 3, padding=1)
        self.relu3 = nn.ReLU()
        self.conv4 = nn.Conv2d(96, 96, 3, padding=1)
        self.relu4 = nn.ReLU()
        self.conv5 = nn.Conv2d(96, 64, 3, padding=1)
        self.relu5 = nn.ReLU()
        self.pool5 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.avgpool = nn.AdaptiveAvgPool2d((2, 2))  # whatever the input's size, fc6 sees four places
        self.flatten = nn.Flatten()
        self.fc6 = nn.Linear(64 * 2 * 2, 128)
        self.relu6 = nn.ReLU()
        self.dropout6 = nn.Dropout(0.5)
        self.fc8 = nn.Linear(128, num_classes)  # fc7 is left out
        for parameter in self.parameters():  # He et al. 2015: PyTorch's default fades from layer to layer, and learns late
            if parameter.ndim > 1:
                nn.init.kaiming_normal_(parameter, nonlinearity="relu")
            else:
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(self.relu1(self.conv1(x)))  # N, 48, 16, 16 (8, 8); ZFNet: N, 48, 32, 32 (16, 16)
        x = self.pool1(x)  # N, 48, 8, 8 (4, 4); ZFNet: N, 48, 16, 16 (8, 8)
        x = self.norm2(self.relu2(self.conv2(x)))  # N, 64, 8, 8 (4, 4)
        x = self.relu3(self.conv3(x))  # N, 96, 8, 8 (4, 4)
        x = self.relu4(self.conv4(x))  # N, 96, 8, 8 (4, 4)
        x = self.relu5(self.conv5(x))  # N, 64, 8, 8 (4, 4)
        x = self.pool5(x)  # N, 64, 4, 4 (2, 2)
        x = self.avgpool(x)  # N, 64, 2, 2
        x = self.flatten(x)  # N, 256
        x = self.dropout6(self.relu6(self.fc6(x)))  # N, 128
        x = self.fc8(x)  # N, num_classes
        return x


class MiniAlexNet(_Mini):
    """AlexNet's first layer, 11×11 with stride 4, on a small network.

    Shapes: (N, 3, H, W) -> (N, num_classes), logits; H and W from 32 to 64 are meant.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(kernel1=11, stride1=4, stride2=1, num_classes=num_classes)


class MiniZFNet(_Mini):
    """ZFNet's first layers, 7×7 with stride 2, then 5×5 with stride 2, on a small network.

    Shapes: (N, 3, H, W) -> (N, num_classes), logits; H and W from 32 to 64 are meant.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(kernel1=7, stride1=2, stride2=2, num_classes=num_classes)
