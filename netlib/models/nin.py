"""Network in Network.

Source: Lin, Chen, Yan: Network In Network, ICLR 2014, sections 3 and 4. The paper gives no widths; they are those of the
authors' own configuration files (cuda-convnet, CIFAR-10, CIFAR-100, MNIST and SVHN), where a 1×1 convolution is called cccp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


# Per data set: input channels, and for each mlpconv block its window and the widths of its convolution and its two 1×1.
TABLE = {  #         block 1             block 2              block 3 (its last width: the classes)
    "cifar10":  (3, (5, 192, 160, 96), (5, 192, 192, 192), (3, 192, 192, 10)),
    "cifar100": (3, (5, 192, 160, 96), (5, 192, 192, 192), (3, 192, 192, 100)),
    "mnist":    (1, (5,  96,  64, 48), (5, 128,  96,  48), (5, 128,  96, 10)),
    "svhn":     (3, (5, 128,  96, 64), (5, 320, 256, 128), (5, 384, 256, 10)),
}  # fmt: skip


class NetworkInNetwork(nn.Module):
    """Three mlpconv blocks, each a convolution and a two-layer perceptron at every pixel, then global average pooling.

    The last 1×1 convolution has a ReLU too, as in the authors' configuration: logits are never negative.

    Shapes: (N, C, H, W) -> (N, classes), logits; C, and unless `num_classes` says otherwise the classes, as `data` has them; 32×32
    (MNIST: 28×28) in the paper.
    """

    def __init__(self, data: str = "cifar10", num_classes: int | None = None) -> None:
        super().__init__()
        channels, *blocks = TABLE[data]
        if num_classes is not None:
            blocks[-1] = (*blocks[-1][:-1], num_classes)
        for i, (kernel, *widths) in enumerate(blocks, start=1):
            names = (f"conv{i}", f"cccp{2 * i - 1}", f"cccp{2 * i}")
            for name, size, width in zip(names, (kernel, 1, 1), widths, strict=True):
                self.add_module(name, nn.Conv2d(channels, width, size, padding=size // 2))
                self.add_module(f"relu_{name}", nn.ReLU())
                channels = width
            if i < len(blocks):
                # Rounding up gives the paper's 32, 16, 8 (MNIST: 28, 14, 7).
                self.add_module(f"pool{i}", nn.MaxPool2d(3, stride=2, ceil_mode=True))
                self.add_module(f"dropout{i}", nn.Dropout(0.5))
        self.poolg = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():  # all of them, in the order above
            x = layer(x)
        return x


class LectureNotesNIN(nn.Module):
    """The small network that lecture notes print as NIN: one 1×1 convolution after each 3×3, no pooling, no dropout.

    The notes do not say whether the 3×3 windows are padded; the 26×26 map that they average is what is left without.

    Shapes: (N, 3, 32, 32) -> (N, num_classes), logits.
    """

    def __init__(self, num_classes: int = 100) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3)
        self.relu_conv1 = nn.ReLU()
        self.cccp1 = nn.Conv2d(16, 16, 1)
        self.relu_cccp1 = nn.ReLU()
        self.conv2 = nn.Conv2d(16, 64, 3)
        self.relu_conv2 = nn.ReLU()
        self.cccp2 = nn.Conv2d(64, 64, 1)
        self.relu_cccp2 = nn.ReLU()
        self.conv3 = nn.Conv2d(64, num_classes, 3)
        self.relu_conv3 = nn.ReLU()
        self.cccp3 = nn.Conv2d(num_classes, num_classes, 1)
        self.relu_cccp3 = nn.ReLU()
        self.poolg = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu_cccp1(self.cccp1(self.relu_conv1(self.conv1(x))))  # N, 16, 30, 30
        x = self.relu_cccp2(self.cccp2(self.relu_conv2(self.conv2(x))))  # N, 64, 28, 28
        x = self.relu_cccp3(self.cccp3(self.relu_conv3(self.conv3(x))))  # N, num_classes, 26, 26
        x = self.flatten(self.poolg(x))  # N, num_classes
        return x
