"""The papers' ideas on a network for a laptop: 32×32 or 64×64 colour pictures, about a quarter of a million parameters.

AlexNet's and ZFNet's first layers have the papers' own windows, 11×11 with stride 4 against 7×7 with stride 2, and ZFNet's second
layer has its stride of 2. All that follows is the same in both: what ZFNet changed in AlexNet is all that differs. The other four
keep what their paper is about: 3×3 after 3×3, perceptrons at every pixel, Inception modules, shortcuts.

Sources: Krizhevsky et al. 2012, section 3.5; Zeiler, Fergus 2014, section 3.1; Simonyan, Zisserman 2015, section 2.1; Lin et al.
2014, section 3; Szegedy et al. 2015, section 5; He et al. 2015, section 3.3. Widths, paddings and heads are our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from netlib.models.googlenet import ConvReLU, GoogLeNetOutput, Inception, Row
from netlib.models.layers import alexnet_lrn
from netlib.models.resnet import BasicBlock, initialize, stage

if TYPE_CHECKING:
    from torch import Tensor

# The first three stages of the paper's configurations, narrow: "3-24" is a 3×3 convolution to 24 channels.
VGG_TABLE = {
    #     32×32       16×16       8×8
    "A": ("3-24",      "3-48",      "3-64 3-64"),
    "B": ("3-24 3-24", "3-48 3-48", "3-64 3-64"),
    "C": ("3-24 3-24", "3-48 3-48", "3-64 3-64 1-64"),
    "D": ("3-24 3-24", "3-48 3-48", "3-64 3-64 3-64"),
    "E": ("3-24 3-24", "3-48 3-48", "3-64 3-64 3-64 3-64"),
}  # fmt: skip

# For each mlpconv block its window and the widths of its convolution and its two 1×1; the last width is the classes'.
NIN_TABLE = ((5, 32, 32, 24), (5, 64, 48, 48), (3, 64, 64))

GOOGLENET_TABLE = {
    #     #1×1 #3×3  #3×3 #5×5  #5×5 pool
    #          reduce     reduce     proj     output
    "3a": Row(16, 24, 32,  8,   16,  16),  # 80, 16, 16
    "3b": Row(24, 32, 48,  8,   16,  16),  # 104, 16, 16
    "4a": Row(32, 32, 64,  8,   24,  24),  # 144, 8, 8
    "4b": Row(48, 48, 96,  8,   24,  24),  # 192, 8, 8
}  # fmt: skip


def _started(network: nn.Module) -> None:
    """He et al. 2015, biases at 0: PyTorch's default fades from layer to layer, and learns late."""
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_normal_(parameter, nonlinearity="relu")
        else:
            nn.init.zeros_(parameter)


class _Mini(nn.Module):
    """The network that AlexNet's and ZFNet's forms share; shapes for 64×64 (and 32×32)."""

    def __init__(self, kernel1: int, stride1: int, stride2: int, num_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, kernel1, stride=stride1, padding=kernel1 // 2)
        self.relu1 = nn.ReLU()
        self.norm1 = alexnet_lrn()  # before the pool, as in AlexNet; ZFNet has it after
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = nn.Conv2d(32, 64, 5, stride=stride2, padding=2)
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
        _started(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(self.relu1(self.conv1(x)))  # N, 32, 16, 16 (8, 8); ZFNet: N, 32, 32, 32 (16, 16)
        x = self.pool1(x)  # N, 32, 8, 8 (4, 4); ZFNet: N, 32, 16, 16 (8, 8)
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


class MiniVGG(nn.Module):
    """Three of VGG's stages of 3×3 convolutions and one hidden fully connected layer; all layers of A are in each of the others too.

    Shapes: (N, 3, 32, 32) -> (N, num_classes), logits.
    """

    def __init__(self, config: str = "B", num_classes: int = 10) -> None:
        super().__init__()
        channels = 3
        for s, stage_words in enumerate(VGG_TABLE[config], start=1):
            for i, word in enumerate(stage_words.split(), start=1):
                kernel, width = map(int, word.split("-"))
                self.add_module(f"conv{s}_{i}", nn.Conv2d(channels, width, kernel, padding=kernel // 2))
                self.add_module(f"relu{s}_{i}", nn.ReLU())
                channels = width
            self.add_module(f"pool{s}", nn.MaxPool2d(2))
        self.flatten = nn.Flatten()
        self.fc6 = nn.Linear(channels * 4 * 4, 128)
        self.relu6 = nn.ReLU()
        self.dropout6 = nn.Dropout(0.5)
        self.fc8 = nn.Linear(128, num_classes)
        _started(self)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():  # all of them, in the order above; 32, 16, 8, 4 pixels wide
            x = layer(x)
        return x


class MiniNIN(nn.Module):
    """Network in Network with a quarter of the widths: three mlpconv blocks, then global average pooling.

    conv1 has stride 2, so that from there on the maps of a 64×64 picture are those of the paper's 32×32.

    Shapes: (N, 3, H, W) -> (N, num_classes), logits; 64×64 is meant.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        channels = 3
        *blocks, last = NIN_TABLE
        for i, (kernel, *widths) in enumerate((*blocks, (*last, num_classes)), start=1):
            names = (f"conv{i}", f"cccp{2 * i - 1}", f"cccp{2 * i}")
            for name, size, width in zip(names, (kernel, 1, 1), widths, strict=True):
                self.add_module(name, nn.Conv2d(channels, width, size, stride=2 if name == "conv1" else 1, padding=size // 2))
                if name != "cccp6":  # the classes' scores may be negative here
                    self.add_module(f"relu_{name}", nn.ReLU())
                channels = width
            if i <= len(blocks):
                self.add_module(f"pool{i}", nn.MaxPool2d(3, stride=2, ceil_mode=True))
                self.add_module(f"dropout{i}", nn.Dropout(0.2))
        self.poolg = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        _started(self)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():  # all of them, in the order above; 32, 16, 8 pixels wide
            x = layer(x)
        return x


class _MiniAuxHead(nn.Sequential):
    """GoogLeNet's auxiliary classifier, narrow, on a map of any size: (N, C, H, W) -> (N, classes)."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(4)
        self.conv = ConvReLU(in_channels, 32, 1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(32 * 4 * 4, 64)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.7)
        self.linear = nn.Linear(64, num_classes)
        _started(self)


class MiniGoogLeNet(nn.Module):
    """GoogLeNet's stem and four of its Inception modules, narrow; gives logits, or a GoogLeNetOutput with `aux_heads`.

    Without `reductions` the modules lack their 1×1 convolutions before the 3×3 and the 5×5.

    Shapes: (N, 3, H, W) -> (N, num_classes), logits; 64×64 is meant.
    """

    def __init__(self, num_classes: int = 10, aux_heads: bool = False, reductions: bool = True) -> None:
        super().__init__()
        self.conv1 = ConvReLU(3, 32, 7, stride=2, padding=3)
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.norm1 = nn.LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)
        self.conv2_reduce = ConvReLU(32, 32, 1)
        self.conv2 = ConvReLU(32, 64, 3, padding=1)
        self.norm2 = nn.LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)
        self.inception3a = Inception(64, GOOGLENET_TABLE["3a"], reductions)
        self.inception3b = Inception(80, GOOGLENET_TABLE["3b"], reductions)
        self.pool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception4a = Inception(104, GOOGLENET_TABLE["4a"], reductions)
        self.inception4b = Inception(144, GOOGLENET_TABLE["4b"], reductions)
        self.pool5 = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.4)
        self.linear = nn.Linear(192, num_classes)
        _started(self)
        self.aux_heads = aux_heads
        if aux_heads:
            self.aux1 = _MiniAuxHead(80, num_classes)
            self.aux2 = _MiniAuxHead(144, num_classes)

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutput:
        x = self.conv1(x)  # N, 32, 32, 32
        x = self.norm1(self.pool1(x))  # N, 32, 16, 16
        x = self.conv2_reduce(x)  # N, 32, 16, 16
        x = self.norm2(self.conv2(x))  # N, 64, 16, 16
        x = x3a = self.inception3a(x)  # N, 80, 16, 16
        x = self.inception3b(x)  # N, 104, 16, 16
        x = self.pool3(x)  # N, 104, 8, 8
        x = x4a = self.inception4a(x)  # N, 144, 8, 8
        x = self.inception4b(x)  # N, 192, 8, 8
        x = self.flatten(self.pool5(x))  # N, 192
        x = self.linear(self.dropout(x))  # N, num_classes
        return GoogLeNetOutput(x, self.aux1(x3a), self.aux2(x4a)) if self.aux_heads else x


class MiniResNet(nn.Module):
    """ResNet's stem and three stages of two basic blocks, narrow: 14 layers with weights.

    Shapes: (N, 3, H, W) -> (N, num_classes), logits; 64×64 is meant.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2_x = stage(BasicBlock, 32, 32, 2, 1)
        self.conv3_x = stage(BasicBlock, 32, 48, 2, 2)
        self.conv4_x = stage(BasicBlock, 48, 64, 2, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(64, num_classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.bn1(self.conv1(x)))  # N, 32, 32, 32
        x = self.conv2_x(self.pool1(x))  # N, 32, 16, 16
        x = self.conv3_x(x)  # N, 48, 8, 8
        x = self.conv4_x(x)  # N, 64, 4, 4
        return self.fc(self.flatten(self.pool(x)))  # N, num_classes
