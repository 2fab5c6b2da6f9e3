"""The layer that BN-Inception and every later Inception is made of: convolution, batch normalization, ReLU."""

from __future__ import annotations

from torch import Tensor, nn


class ConvBN(nn.Module):
    """Convolution, batch normalization, ReLU: (N, C, H, W) -> (N, K, H', W').

    The convolution has no bias: batch normalization subtracts the mean, and its own shift takes the bias's place.

    Source: Ioffe and Szegedy 2015, section 3.2.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int | tuple[int, int], *, stride: int = 1, padding: int | tuple[int, int] = 0
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)  # open: no paper gives epsilon; this is Google's code's and torchvision's
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = self.bn(x)
        return self.relu(x)
