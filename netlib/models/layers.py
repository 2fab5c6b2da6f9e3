"""Layers that torch.nn lacks, and one that it has under other constants. N, C, H, W: batch, channels, height, width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

Pair = tuple[int, int]


def _pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value


class ScaledTanh(nn.Module):
    """A·tanh(S·x), elementwise: passes through (1, 1) and (−1, −1), the targets, and saturates at ±1.7159.

    Source: LeCun et al. 1998, equation (6) and appendix A.
    """

    A = 1.7159
    S = 2 / 3

    def forward(self, x: Tensor) -> Tensor:
        return self.A * torch.tanh(self.S * x)


class Subsample(nn.Module):
    """Sum of each window, times a coefficient, plus a bias; both are trained, one of each per channel.

    The squashing function that follows in the paper is a layer of its own. The paper leaves the initial values open:
    the coefficient starts at 1 / window area, which makes the sum an average, the bias at 0.

    Source: LeCun et al. 1998, section II-B, layers S2 and S4.
    Shapes: (N, C, H, W) -> (N, C, (H − kernel) // stride + 1, the same of W).
    """

    def __init__(self, channels: int, kernel_size: int | Pair = 2, stride: int | Pair | None = None) -> None:
        super().__init__()
        self.channels = channels
        self.kernel_size = _pair(kernel_size)
        self.stride = self.kernel_size if stride is None else _pair(stride)
        self.weight = nn.Parameter(torch.full((channels,), 1 / (self.kernel_size[0] * self.kernel_size[1])))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        area = self.kernel_size[0] * self.kernel_size[1]
        total = area * F.avg_pool2d(x, self.kernel_size, self.stride)  # not with divisor_override=1, which the way to ONNX loses
        return total * self.weight[:, None, None] + self.bias[:, None, None]

    def extra_repr(self) -> str:
        return f"{self.channels}, kernel_size={self.kernel_size}, stride={self.stride}"


class TableConv2d(nn.Module):
    """A convolution whose map j sees only the input maps `table[j]`.

    One kernel is stored for each entry of the table, in its order, so `weight` is (entries, h, w) and `bias` (maps,).
    Maps that see equally many inputs are computed together, as one grouped convolution over gathered channels: no
    multiplication by a kernel that does not exist. Weights start as nn.Conv2d's do, by the fan-in of their map.

    Source: LeCun et al. 1998, section II-B, layer C3 and Table 1.
    Shapes: (N, C, H, W) -> (N, len(table), (H + 2·padding − kernel) // stride + 1, the same of W).
    """

    def __init__(
        self,
        in_channels: int,
        table: Sequence[Sequence[int]],
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = len(table)
        self.table = tuple(tuple(inputs) for inputs in table)
        self.kernel_size = _pair(kernel_size)
        self.stride = _pair(stride)
        self.padding = _pair(padding)

        entries = [(j, source) for j, inputs in enumerate(self.table) for source in inputs]
        height, width = self.kernel_size
        bounds = [(len(inputs) * height * width) ** -0.5 for inputs in self.table]
        kernel_bounds = torch.tensor([bounds[j] for j, _ in entries])[:, None, None]
        self.weight = nn.Parameter(torch.empty(len(entries), height, width).uniform_(-1, 1) * kernel_bounds)
        self.bias = nn.Parameter(torch.empty(len(self.table)).uniform_(-1, 1) * torch.tensor(bounds))

        self.fan_ins = sorted({len(inputs) for inputs in self.table})
        order: list[int] = []
        for fan_in in self.fan_ins:
            mine = [k for k, (j, _) in enumerate(entries) if len(self.table[j]) == fan_in]
            self._constant(f"kernels{fan_in}", mine)
            self._constant(f"sources{fan_in}", [entries[k][1] for k in mine])
            order += [j for j, inputs in enumerate(self.table) if len(inputs) == fan_in]
        self._constant("place", [order.index(j) for j in range(len(self.table))])

    def _constant(self, name: str, indices: list[int]) -> None:
        self.register_buffer(name, torch.tensor(indices), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for fan_in in self.fan_ins:
            kernels = self.weight[self.get_buffer(f"kernels{fan_in}")].reshape(-1, fan_in, *self.kernel_size)  # (maps, fan_in, h, w)
            sources = x[:, self.get_buffer(f"sources{fan_in}")]  # (N, maps · fan_in, H, W)
            maps.append(F.conv2d(sources, kernels, None, self.stride, self.padding, groups=len(kernels)))
        return torch.cat(maps, 1)[:, self.get_buffer("place")] + self.bias[:, None, None]

    def extra_repr(self) -> str:
        shape = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        return f"{self.in_channels}, {self.out_channels}, entries={len(self.weight)}, {shape}"


class RBF(nn.Module):
    """Squared Euclidean distance to each of K fixed codes: the smallest output wins.

    Source: LeCun et al. 1998, equation (7).
    Shapes: codes (K, F); (N, F) -> (N, K).
    """

    codes: Tensor

    def __init__(self, codes: Tensor) -> None:
        super().__init__()
        self.register_buffer("codes", codes)

    def forward(self, x: Tensor) -> Tensor:
        return (x.unsqueeze(-2) - self.codes).square().sum(-1)

    def extra_repr(self) -> str:
        return f"{self.codes.shape[1]}, {self.codes.shape[0]}"


class OptionA(nn.Module):
    """A shortcut without parameters: every `stride`-th pixel, and zeros for the channels that are new.

    The paper does not say on which side the zero channels go. As most code does, they are put evenly before and after.

    Source: He et al. 2015, section 3.3, option (A).
    Shapes: (N, in_channels, H, W) -> (N, out_channels, ⌈H / stride⌉, ⌈W / stride⌉).
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 2) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        new = self.out_channels - self.in_channels
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, new // 2, new - new // 2))

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, stride={self.stride}"


def alexnet_lrn() -> nn.LocalResponseNorm:
    """Local response normalization with AlexNet's constants: x / (2 + 10⁻⁴ · Σ x²)^0.75 over 5 neighbouring maps.

    PyTorch divides alpha by the number of maps, the paper does not: hence 5 · 10⁻⁴.

    Source: Krizhevsky et al. 2012, section 3.3.
    """
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)
