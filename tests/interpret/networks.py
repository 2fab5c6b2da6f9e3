"""Networks made for the tests of this folder: every kind of layer in little room."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from netlib.models.layers import OptionA, ScaledTanh, Subsample, TableConv2d


class Kinds(nn.Module):
    """Windows of all sorts (non-square, dilated, grouped, ceiled, padded averages), LRN, batch norm, branches, a shortcut, a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, (5, 3), stride=(2, 1), padding=(2, 1))
        self.relu1 = nn.ReLU()
        self.norm1 = nn.LocalResponseNorm(3, alpha=0.5)
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2)
        self.bn2 = nn.BatchNorm2d(8)
        self.relu2 = nn.ReLU()
        self.average = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.project = nn.Conv2d(8, 4, 1)
        self.branch = nn.Conv2d(8, 4, (1, 5), padding=(0, 2))
        self.relu3 = nn.ReLU()
        self.shortcut = OptionA(8, 10)
        self.conv4 = nn.Conv2d(8, 10, 3, stride=2, padding=1)
        self.relu4 = nn.ReLU()
        self.gate_pool = nn.AdaptiveAvgPool2d(1)
        self.gate_conv = nn.Conv2d(10, 10, 1)
        self.gate = nn.Sigmoid()
        self.pool5 = nn.MaxPool2d(2, stride=2, padding=1)
        self.global_pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(10, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(self.norm1(self.relu1(self.conv1(x))))
        x = x + self.relu2(self.bn2(self.conv2(x)))
        x = self.relu3(torch.cat([self.project(self.average(x)), self.branch(x)], 1))
        x = self.relu4(self.conv4(x) + self.shortcut(x))
        x = x * self.gate(self.gate_conv(self.gate_pool(x)))
        x = self.pool5(x)
        return self.fc(self.flatten(self.global_pool(x)))


class Older(nn.Module):
    """What LeNet-5 has: trained subsampling, a connection table, squashing functions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.squash1 = ScaledTanh()
        self.subsample = Subsample(4, 2)
        self.squash2 = ScaledTanh()
        self.table = TableConv2d(4, [(0, 1), (1, 2, 3), (3,)], 3)
        self.squash3 = ScaledTanh()
        self.flatten = nn.Flatten()
        self.fc = nn.LazyLinear(5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squash2(self.subsample(self.squash1(self.conv(x))))
        return self.fc(self.flatten(self.squash3(self.table(x))))


def lively(model: nn.Module, seed: int = 0, dtype: torch.dtype = torch.double) -> nn.Module:
    """With weights whose signals do not fade from layer to layer, and batch norms that have seen something."""
    random = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=random)
        if isinstance(module, nn.BatchNorm2d):
            for name, tensor in module.state_dict().items():
                low = 0.5 if name in ("weight", "running_var") else -0.5
                if tensor.is_floating_point():
                    tensor.uniform_(low, low + 1, generator=random)
    return model.to(dtype).eval()


def picture(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()
