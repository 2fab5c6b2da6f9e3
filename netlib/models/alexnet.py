"""AlexNet, and the one-column network that torchvision calls alexnet.

Sources: Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012.
Krizhevsky: One weird trick for parallelizing convolutional neural networks, arXiv 1404.5997, 2014.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from netlib.models.layers import alexnet_lrn
from netlib.models.weights import renamed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

# Place in torchvision's alexnet -> our layer.
TORCHVISION = {
    "features.0": "conv1",
    "features.3": "conv2",
    "features.6": "conv3",
    "features.8": "conv4",
    "features.10": "conv5",
    "classifier.1": "fc6",
    "classifier.4": "fc7",
    "classifier.6": "fc8",
}


class AlexNet(nn.Module):
    """AlexNet as published, or with `towers=1`, where every kernel sees all maps of the layer below.

    The paper splits the network over two GPUs; a kernel of conv2, conv4 and conv5 sees only the maps of its own GPU.
    That is a convolution in two groups. Weights start as PyTorch draws them, not from N(0, 0.01²) with some biases at 1.

    Source: sections 3.2 to 3.5 and Figure 2.
    Shapes: (N, 3, 227, 227) -> (N, num_classes), logits.
    """

    def __init__(self, towers: int = 2, num_classes: int = 1000) -> None:
        super().__init__()
        # The paper says 224, which does not give its 55×55 maps without padding; 227 does.
        self.conv1 = nn.Conv2d(3, 96, 11, stride=4)
        self.relu1 = nn.ReLU()
        self.norm1 = alexnet_lrn()  # over all 96 maps: maps 48 and 49 are neighbours here, though on different GPUs
        self.pool1 = nn.MaxPool2d(3, stride=2)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=towers)  # paddings are not stated: they follow from the sizes
        self.relu2 = nn.ReLU()
        self.norm2 = alexnet_lrn()
        self.pool2 = nn.MaxPool2d(3, stride=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)  # here the towers meet
        self.relu3 = nn.ReLU()
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=towers)
        self.relu4 = nn.ReLU()
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=towers)
        self.relu5 = nn.ReLU()
        self.pool5 = nn.MaxPool2d(3, stride=2)
        self.flatten = nn.Flatten()
        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.relu6 = nn.ReLU()
        self.dropout6 = nn.Dropout(0.5)  # scales up in training; the paper halves the outputs at test time instead
        self.fc7 = nn.Linear(4096, 4096)
        self.relu7 = nn.ReLU()
        self.dropout7 = nn.Dropout(0.5)
        self.fc8 = nn.Linear(4096, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(self.relu1(self.conv1(x)))  # N, 96, 55, 55
        x = self.pool1(x)  # N, 96, 27, 27
        x = self.norm2(self.relu2(self.conv2(x)))  # N, 256, 27, 27
        x = self.pool2(x)  # N, 256, 13, 13
        x = self.relu3(self.conv3(x))  # N, 384, 13, 13
        x = self.relu4(self.conv4(x))  # N, 384, 13, 13
        x = self.relu5(self.conv5(x))  # N, 256, 13, 13
        x = self.pool5(x)  # N, 256, 6, 6
        x = self.flatten(x)  # N, 9216
        x = self.dropout6(self.relu6(self.fc6(x)))  # N, 4096
        x = self.dropout7(self.relu7(self.fc7(x)))  # N, 4096
        x = self.fc8(x)  # N, num_classes
        return x


class OneColumnAlexNet(nn.Module):
    """torchvision's alexnet: other widths, no normalization, conv1 padded by 2, dropout before fc6 and fc7.

    Source: One weird trick, 2014, as torchvision reads it: the paper has normalization after conv1 and conv2.
    Shapes: (N, 3, 224, 224) -> (N, num_classes), logits.
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 11, stride=4, padding=2)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(3, stride=2)
        self.conv2 = nn.Conv2d(64, 192, 5, padding=2)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(3, stride=2)
        self.conv3 = nn.Conv2d(192, 384, 3, padding=1)
        self.relu3 = nn.ReLU()
        self.conv4 = nn.Conv2d(384, 256, 3, padding=1)
        self.relu4 = nn.ReLU()
        self.conv5 = nn.Conv2d(256, 256, 3, padding=1)
        self.relu5 = nn.ReLU()
        self.pool5 = nn.MaxPool2d(3, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))  # changes nothing at 224×224; lets other sizes through
        self.flatten = nn.Flatten()
        self.dropout6 = nn.Dropout(0.5)
        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.relu6 = nn.ReLU()
        self.dropout7 = nn.Dropout(0.5)
        self.fc7 = nn.Linear(4096, 4096)
        self.relu7 = nn.ReLU()
        self.fc8 = nn.Linear(4096, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.conv1(x))  # N, 64, 55, 55
        x = self.pool1(x)  # N, 64, 27, 27
        x = self.relu2(self.conv2(x))  # N, 192, 27, 27
        x = self.pool2(x)  # N, 192, 13, 13
        x = self.relu3(self.conv3(x))  # N, 384, 13, 13
        x = self.relu4(self.conv4(x))  # N, 256, 13, 13
        x = self.relu5(self.conv5(x))  # N, 256, 13, 13
        x = self.pool5(x)  # N, 256, 6, 6
        x = self.avgpool(x)  # N, 256, 6, 6
        x = self.flatten(x)  # N, 9216
        x = self.relu6(self.fc6(self.dropout6(x)))  # N, 4096
        x = self.relu7(self.fc7(self.dropout7(x)))  # N, 4096
        x = self.fc8(x)  # N, num_classes
        return x


def from_torchvision(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """torchvision's alexnet -> OneColumnAlexNet."""
    return renamed(state_dict, TORCHVISION)
