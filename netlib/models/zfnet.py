"""ZFNet.

Source: Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014, section 3.1 and Figure 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from netlib.models.layers import alexnet_lrn

if TYPE_CHECKING:
    from torch import Tensor


class ZFNet(nn.Module):
    """AlexNet in one tower, with a 7×7, stride-2 first layer and stride 2 in the second.

    Figure 3 gives the sizes 224, 110, 55, 26, 13, 13, 13, 13, 6. They need a padding of 1 in conv1 and pools that round up;
    the paper states neither. Weights start as PyTorch draws them, not at the paper's scale of 0.01.

    Shapes: (N, 3, 224, 224) -> (N, num_classes), logits.
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 7, stride=2, padding=1)  # or no padding and rounding up: that gives 110 as well
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.norm1 = alexnet_lrn()  # "contrast normalized across feature maps", after the pool; the constants are not given
        self.conv2 = nn.Conv2d(96, 256, 5, stride=2)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.norm2 = alexnet_lrn()
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.relu3 = nn.ReLU()
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1)
        self.relu4 = nn.ReLU()
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1)
        self.relu5 = nn.ReLU()
        self.pool5 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.flatten = nn.Flatten()
        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.relu6 = nn.ReLU()
        self.dropout6 = nn.Dropout(0.5)
        self.fc7 = nn.Linear(4096, 4096)
        self.relu7 = nn.ReLU()
        self.dropout7 = nn.Dropout(0.5)
        self.fc8 = nn.Linear(4096, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.conv1(x))  # N, 96, 110, 110
        x = self.norm1(self.pool1(x))  # N, 96, 55, 55
        x = self.relu2(self.conv2(x))  # N, 256, 26, 26
        x = self.norm2(self.pool2(x))  # N, 256, 13, 13
        x = self.relu3(self.conv3(x))  # N, 384, 13, 13
        x = self.relu4(self.conv4(x))  # N, 384, 13, 13
        x = self.relu5(self.conv5(x))  # N, 256, 13, 13
        x = self.pool5(x)  # N, 256, 6, 6
        x = self.flatten(x)  # N, 9216
        x = self.dropout6(self.relu6(self.fc6(x)))  # N, 4096
        x = self.dropout7(self.relu7(self.fc7(x)))  # N, 4096
        x = self.fc8(x)  # N, num_classes
        return x
