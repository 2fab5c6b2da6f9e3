"""ResNets for CIFAR-10: small pictures, three stages, and shortcuts without parameters.

Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition" (2015), section 4.2, Table 6.

The experiment that isolates depth: 6n + 2 layers, all else equal, with shortcuts and without. The shortcuts have no
parameters at all (option A: every second pixel, zeros for the new maps), so that both twins have exactly the same.

Shapes: N pictures, H rows, W columns; (N, 3, H, W) in, (N, num_classes) scores out; 32×32 in the paper.
"""

from __future__ import annotations

from torch import Tensor, nn

from netlib.errors import InvalidInput
from netlib.models.layers import OptionA
from netlib.models.resnet import BasicBlock, Block, PlainBlock, initialize, stage

# The table of section 4.2, with n = (depth - 2) / 6.
#   output map   32×32   16×16   8×8
#   layers       1 + 2n  2n      2n
#   filters      16      32      64
# In the paper n is 3, 5, 7, 9, 18 and 200, that is 20, 32, 44, 56, 110 and 1202 layers.


class CifarResNet(nn.Module):
    """A network of section 4.2, or with `shortcuts=False` its plain twin.

    Raises:
        InvalidInput: `depth` is not 6n + 2.
    """

    def __init__(self, depth: int, shortcuts: bool = True, num_classes: int = 10) -> None:
        super().__init__()
        n, rest = divmod(depth - 2, 6)
        if n < 1 or rest:
            raise InvalidInput(f"A CIFAR ResNet has 6n + 2 layers, not {depth}; choose 20, 32, 44, 56, 110 or 1202 as in the paper.")
        block: Block = BasicBlock if shortcuts else PlainBlock
        options = {"shortcut": OptionA} if shortcuts else {}

        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu1 = nn.ReLU()
        self.stage1 = stage(block, 16, 16, n, 1, **options)
        self.stage2 = stage(block, 16, 32, n, 2, **options)
        self.stage3 = stage(block, 32, 64, n, 2, **options)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(64, num_classes)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.bn1(self.conv1(x)))  # (N, 16, H, W)
        x = self.stage1(x)  # (N, 16, H, W)
        x = self.stage2(x)  # (N, 32, H / 2, W / 2)
        x = self.stage3(x)  # (N, 64, H / 4, W / 4)
        return self.fc(self.flatten(self.pool(x)))  # (N, num_classes)
