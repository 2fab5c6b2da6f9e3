"""ResNet: blocks that learn what to add to their input.

Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition" (2015), section 3, Table 1, Figures 3 and 5.

A deeper network should never fit its training set worse than a shallow one, yet plain stacks of layers do (the paper
calls it degradation). With a shortcut around every two or three layers, a block that has nothing to add only has to
learn zero.

Shapes: N pictures, C channels, H rows, W columns; (N, 3, H, W) in, (N, num_classes) scores out. Maps are halved by
conv1, by pool1 and by the first block of conv3_x, conv4_x and conv5_x: 32 times in all.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Table 1. Output for a 224×224 picture:  56×56    28×28    14×14    7×7
TABLE_1 = {  # depth: blocks in          conv2_x, conv3_x, conv4_x, conv5_x
    18: (2, 2, 2, 2),  # basic blocks: 3×3, 3×3
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),  # bottlenecks: 1×1, 3×3, 1×1
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}


class Projection(nn.Sequential):
    """Option B, the shortcut where the shape changes: a 1×1 convolution with the block's stride."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        conv = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
        super().__init__(OrderedDict(conv=conv, bn=nn.BatchNorm2d(out_channels)))


def shortcut_for(make: Callable[[int, int, int], nn.Module], in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """What `make` makes where the shape changes; elsewhere the identity, as an empty sequence: no layer at all."""
    changes = in_channels != out_channels or stride != 1
    return make(in_channels, out_channels, stride) if changes else nn.Sequential()


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut; Figure 5, left."""

    expansion = 1

    def __init__(
        self, in_channels: int, width: int, stride: int, shortcut: Callable[[int, int, int], nn.Module] = Projection
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.shortcut = shortcut_for(shortcut, in_channels, width, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        residual = self.relu1(self.bn1(self.conv1(x)))  # (N, width, H / stride, W / stride)
        residual = self.bn2(self.conv2(residual))  # the same
        return self.relu(residual + self.shortcut(x))


class Bottleneck(nn.Module):
    """1×1 to `width` maps, 3×3, 1×1 to four times as many, and a shortcut; Figure 5, right.

    A block that halves its maps does so in the first 1×1 as published ("1x1"), or in the 3×3 ("3x3", known as v1.5):
    a 1×1 with stride 2 never reads three quarters of its input, but saves 6 % of ResNet-50's work.
    """

    expansion = 4

    def __init__(self, in_channels: int, width: int, stride: int, stride_on: str = "1x1") -> None:
        super().__init__()
        out_channels = self.expansion * width
        stride1, stride2 = (stride, 1) if stride_on == "1x1" else (1, stride)
        self.conv1 = nn.Conv2d(in_channels, width, 1, stride1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, stride2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut = shortcut_for(Projection, in_channels, out_channels, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        residual = self.relu1(self.bn1(self.conv1(x)))  # (N, width, …)
        residual = self.relu2(self.bn2(self.conv2(residual)))  # (N, width, H / stride, W / stride)
        residual = self.bn3(self.conv3(residual))  # (N, 4 width, H / stride, W / stride)
        return self.relu(residual + self.shortcut(x))


class PlainBlock(nn.Sequential):
    """A basic block without its shortcut: two layers of a plain network; Figure 3, middle."""

    expansion = 1

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__(
            OrderedDict(
                conv1=nn.Conv2d(in_channels, width, 3, stride, padding=1, bias=False),
                bn1=nn.BatchNorm2d(width),
                relu1=nn.ReLU(),
                conv2=nn.Conv2d(width, width, 3, padding=1, bias=False),
                bn2=nn.BatchNorm2d(width),
                relu=nn.ReLU(),
            )
        )


Block = type[BasicBlock | Bottleneck | PlainBlock]


def stage(block: Block, in_channels: int, width: int, count: int, stride: int, **options: Any) -> nn.Sequential:
    """`count` blocks; the first changes the size and the number of maps, the others keep them."""
    first = block(in_channels, width, stride, **options)
    return nn.Sequential(first, *(block(width * block.expansion, width, 1, **options) for _ in range(count - 1)))


def initialize(network: nn.Module) -> None:
    """Normal weights of variance 2 / fan-out in every convolution, as in the authors' "Delving Deep into Rectifiers"."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and not module.weight.is_meta:  # no values there, and the first draw takes a second
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


class ResNet(nn.Module):
    """A column of Table 1, or with `shortcuts=False` its plain twin (18 and 34 layers, as in the paper).

    Raises:
        InvalidInput: Table 1 has no such depth, or the paper no such variant.
    """

    def __init__(self, depth: int, stride_on: str = "1x1", shortcuts: bool = True, num_classes: int = 1000) -> None:
        super().__init__()
        if depth not in TABLE_1:
            raise InvalidInput(f"There is no ResNet-{depth} in the paper; choose a depth of {', '.join(map(str, TABLE_1))}.")
        if stride_on not in ("1x1", "3x3"):
            raise InvalidInput(f"A bottleneck has its stride on the '1x1' or on the '3x3', not on {stride_on!r}; choose one of the two.")
        if depth >= 50 and not shortcuts:
            raise InvalidInput(f"The paper has no plain network of {depth} layers; choose a depth of 18 or 34.")
        block: Block = Bottleneck if depth >= 50 else BasicBlock if shortcuts else PlainBlock
        options = {"stride_on": stride_on} if block is Bottleneck else {}
        e, counts = block.expansion, TABLE_1[depth]

        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2_x = stage(block, 64, 64, counts[0], 1, **options)
        self.conv3_x = stage(block, 64 * e, 128, counts[1], 2, **options)
        self.conv4_x = stage(block, 128 * e, 256, counts[2], 2, **options)
        self.conv5_x = stage(block, 256 * e, 512, counts[3], 2, **options)
        self.pool = nn.AdaptiveAvgPool2d(1)  # global: any input size will do
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(512 * e, num_classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.bn1(self.conv1(x)))  # (N, 64, H / 2, W / 2)
        x = self.conv2_x(self.pool1(x))  # (N, 64 e, H / 4, W / 4); e = 1 for basic blocks, 4 for bottlenecks
        x = self.conv3_x(x)  # (N, 128 e, H / 8, W / 8)
        x = self.conv4_x(x)  # (N, 256 e, H / 16, W / 16)
        x = self.conv5_x(x)  # (N, 512 e, H / 32, W / 32)
        return self.fc(self.flatten(self.pool(x)))  # (N, num_classes)


# torchvision's names and ours; the other names are the same.
RENAMED = {
    "layer1.": "conv2_x.",
    "layer2.": "conv3_x.",
    "layer3.": "conv4_x.",
    "layer4.": "conv5_x.",
    "downsample.0.": "shortcut.conv.",
    "downsample.1.": "shortcut.bn.",
}


def from_torchvision(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of torchvision's ResNet under our names; theirs are the v1.5 networks (stride_on="3x3")."""

    def renamed(name: str) -> str:
        for theirs, ours in RENAMED.items():
            name = name.replace(theirs, ours)
        return name

    return {renamed(name): tensor for name, tensor in state_dict.items()}
