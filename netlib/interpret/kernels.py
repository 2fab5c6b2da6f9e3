"""The kernels of a convolution: as pictures, in a telling order, and in numbers.

Source: Krizhevsky et al. 2012, Figure 3: the first layer's kernels as colour pictures, those of the two towers apart. Orders and
statistics are our own; sparsity is Hoyer, Non-negative Matrix Factorization with Sparseness Constraints, JMLR 2004, section 3.1.
K, C, h, w: kernels, input channels that each of them reads, height, width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from netlib.errors import InvalidInput, UnknownLayer
from netlib.models.layers import TableConv2d

if TYPE_CHECKING:
    from torch import Tensor

    from netlib.analysis.graph import Layer, LayerGraph

ORDERS = "index", "norm", "frequency", "orientation", "color"
DEAD = 0.01  # of the median norm
ORIENTED = 0.5  # a kernel has an orientation when the spectrum across it is below this share of its peak
GRID = 64  # frequencies at which the spectrum is looked at, along each axis
AT_ONCE = 64  # kernels whose spectra are in memory together
_KINDS = ("conv2d", "table_conv2d", "conv_transpose2d")
_PASSING = (  # kinds of layers whose channel c is made of channel c alone, or of its neighbours
    "batch_norm", "relu", "relu6", "leaky_relu", "tanh", "scaled_tanh", "sigmoid", "hardswish", "silu", "gelu", "elu", "prelu", "mish",
    "softplus", "hardtanh", "clamp", "lrn", "max_pool2d", "avg_pool2d", "subsample", "dropout", "identity", "pad",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KernelStatistics:
    """One kernel in numbers.

    Attributes:
        norm: Euclidean norm of all its weights.
        sparsity: Hoyer's: 0 when all weights are equally large, 1 when all but one are zero, whatever the norm.
        frequency: where its spectrum is strongest, in cycles per pixel of the map it reads; 0 for a blob.
        orientation: degrees of its stripes or its edge, counter-clockwise: 0 horizontal, 45 rising to the right, 90 vertical;
            below 180. None for a blob, a ring or a checkerboard, which have none.
        colorfulness: share of its energy off the grey axis, 0 … 1; None unless it reads three channels.
        dead: its norm is below 1 % of the layer's median.
    """

    norm: float
    sparsity: float
    frequency: float
    orientation: float | None
    colorfulness: float | None
    dead: bool


def kernels(model: nn.Module, layer: str) -> Tensor:
    """The weights of a convolution, a copy: one kernel for each of its output maps.

    C is the number of maps that each kernel reads: those of its own group where there are groups. Where LeNet-5's table has no
    kernel the weights are zero, and `present` tells. A transposed convolution's kernels are turned to the maps that they make.

    Shapes: -> (K, C, h, w).

    Raises:
        UnknownLayer: no such layer, or it is no module that convolves.
    """
    module = _module(model, layer)
    weight = module.weight.detach()
    if isinstance(module, TableConv2d):
        placed = weight.new_zeros(module.out_channels, module.in_channels, *module.kernel_size)  # (K, C, h, w)
        placed[present(model, layer)] = weight  # entries are stored row by row of this mask
        return placed
    if isinstance(module, nn.ConvTranspose2d):
        groups = module.groups
        parts = weight.unflatten(0, (groups, -1))  # (groups, C, K / groups, h, w)
        return parts.transpose(1, 2).flatten(0, 1).clone()  # (K, C, h, w)
    return weight.clone()


def present(model: nn.Module, layer: str) -> Tensor:
    """Which of the (K, C) kernels exist: all of them, but for LeNet-5's C3, whose table leaves some out.

    Raises:
        UnknownLayer: as `kernels`.
    """
    module = _module(model, layer)
    if not isinstance(module, TableConv2d):
        count, channels = (module.out_channels, module.in_channels // module.groups)
        return torch.ones(count, channels, dtype=torch.bool)
    mask = torch.zeros(module.out_channels, module.in_channels, dtype=torch.bool)
    for row, sources in enumerate(module.table):
        mask[row, list(sources)] = True
    return mask


def layers(graph: LayerGraph) -> tuple[str, ...]:
    """The layers that have kernels, in order; a second use of a module is left out."""
    return tuple(layer.name for layer in graph if layer.kind in _KINDS and layer.params)


def statistics(weights: Tensor) -> list[KernelStatistics]:
    """Each kernel in numbers. Shapes: weights (K, C, h, w)."""
    norms = weights.flatten(1).norm(dim=1)
    dead = norms < DEAD * norms.median() if len(norms) else norms.bool()
    colors = _colorfulness(weights).tolist() if weights.shape[1] == 3 else [None] * len(weights)
    waves = [wave for part in weights.split(AT_ONCE) for wave in _waves(part)]
    rows = zip(norms.tolist(), _sparsity(weights).tolist(), waves, colors, dead.tolist(), strict=True)
    return [KernelStatistics(norm, sparsity, *wave, color, gone) for norm, sparsity, wave, color, gone in rows]


def order(weights: Tensor, by: str = "norm") -> Tensor:
    """Indices of the kernels: strongest first, or lowest frequency, smallest angle or greyest first; without an angle last.

    Shapes: weights (K, C, h, w) -> (K,), whole numbers.

    Raises:
        InvalidInput: an order that there is not, or by colour where a kernel does not read three channels.
    """
    if by not in ORDERS:
        raise InvalidInput(f"Kernels cannot be sorted by {by!r}; choose one of: {', '.join(ORDERS)}.")
    if by == "index":
        return torch.arange(len(weights))
    if by == "norm":
        return weights.flatten(1).norm(dim=1).argsort(descending=True, stable=True)
    if by == "color":
        if weights.shape[1] != 3:
            raise InvalidInput(f"Kernels that read {weights.shape[1]} channels have no colour; sort them by norm or by frequency.")
        return _colorfulness(weights).argsort(stable=True)
    found = statistics(weights)
    if by == "frequency":
        return torch.tensor([row.frequency for row in found]).argsort(stable=True)
    return torch.tensor([math.inf if row.orientation is None else row.orientation for row in found]).argsort(stable=True)


def rgb(weights: Tensor, *, limit: float | None = None) -> Tensor:
    """Kernels as pictures, all on one scale: 0.5 is a weight of zero, 0 and 1 the largest weight of any kernel, or `limit`.

    Shapes: weights (K, 3 or 1, h, w) -> (K, h, w, 3), 0 … 1; one channel comes out grey.

    Raises:
        InvalidInput: another number of channels.
    """
    if weights.shape[1] not in (1, 3):
        raise InvalidInput(f"A kernel that reads {weights.shape[1]} channels has no colours; choose the first layer, or a channel to show.")
    largest = float(weights.abs().max()) if limit is None else limit
    scaled = 0.5 + weights / (2 * largest or 1.0)
    return scaled.clamp(0, 1).permute(0, 2, 3, 1).expand(-1, -1, -1, 3)


def towers(graph: LayerGraph, layer: str) -> list[range]:
    """The kernels of each tower; one range where the layer is not divided.

    A layer is divided by its own groups; without any, by those of the convolution that reads its maps, as AlexNet's conv1 is
    by conv2, if only layers that keep the maps apart lie between. A depthwise convolution divides nothing.

    Source: Krizhevsky et al. 2012, section 3.5 and Figure 3.

    Raises:
        UnknownLayer: the graph has no such layer.
    """
    start = graph[layer]
    count = start.shape[0]
    groups = _groups(start) or _groups_above(graph, start)
    return [range(i * count // groups, (i + 1) * count // groups) for i in range(groups)]


def _groups(layer: Layer) -> int:
    """Groups that divide a convolution; 0 for one that is not divided."""
    return layer.groups if layer.kind in _KINDS and 1 < layer.groups < layer.shape[0] else 0


def _groups_above(graph: LayerGraph, start: Layer) -> int:
    readers = [graph[name] for name in graph.consumers[start.name]]
    found = set()
    while readers:
        reader = readers.pop()
        depthwise = reader.kind == "conv2d" and reader.groups == reader.shape[0] == start.shape[0]
        if reader.kind in _PASSING or depthwise:
            readers += [graph[name] for name in graph.consumers[reader.name]]
        else:
            found.add(_groups(reader) or 1)
    return found.pop() if len(found) == 1 else 1


def _module(model: nn.Module, layer: str) -> nn.Conv2d | nn.ConvTranspose2d | TableConv2d:
    path = layer.partition("@")[0]
    modules = dict(model.named_modules())
    module = modules.get(path)
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | TableConv2d):
        return module
    having = [name for name, part in modules.items() if isinstance(part, nn.Conv2d | nn.ConvTranspose2d | TableConv2d)]
    if module is None:
        raise UnknownLayer.named(layer, type(model).__name__, having)
    some = ", ".join(having[:3])
    raise UnknownLayer(f"{layer!r} is a {type(module).__name__}, which has no kernels; choose a convolution, such as {some}.")


def _sparsity(weights: Tensor) -> Tensor:
    """(√n − |w|₁ / |w|₂) / (√n − 1); 1 for a kernel of zeros, 0 for a single weight."""
    flat = weights.flatten(1)
    root, norms = flat.shape[1] ** 0.5, flat.norm(dim=1)
    if root == 1:
        return (norms == 0).to(flat)
    spread = flat.abs().sum(1) / norms.clamp_min(torch.finfo(flat.dtype).tiny)
    return torch.where(norms > 0, (root - spread) / (root - 1), 1.0)


def _colorfulness(weights: Tensor) -> Tensor:
    energy = weights.square().sum((1, 2, 3))
    grey = 3 * weights.mean(1).square().sum((1, 2))
    return (1 - grey / energy.clamp_min(torch.finfo(weights.dtype).tiny)).clamp(0, 1) * (energy > 0)


def _waves(weights: Tensor) -> list[tuple[float, float | None]]:
    """(frequency, orientation) of each kernel, from the peak of its power spectrum summed over the channels.

    The channels are summed as powers, so that an edge between red and green counts like one between black and white.
    """
    size = 2 * weights.shape[-2], 2 * weights.shape[-1]
    power = torch.fft.fft2(weights.double(), s=size).abs().square().sum(1)  # (K, 2h, 2w): enough to know it between these points too
    lags = torch.fft.fftshift(torch.fft.ifft2(power).real, dim=(1, 2))
    grid = torch.zeros(len(weights), GRID, GRID, dtype=torch.double)
    at = [torch.arange(-(n // 2), n - n // 2) for n in size]
    grid.index_put_((torch.arange(len(weights))[:, None, None], at[0][:, None] % GRID, at[1] % GRID), lags, accumulate=True)
    fine = torch.fft.fft2(grid).real  # (K, GRID, GRID), the same spectrum at GRID frequencies
    return [_peak(spectrum, max(size) // 2) for spectrum in fine]


def _peak(spectrum: Tensor, side: int) -> tuple[float, float | None]:
    height = float(spectrum.max())
    if height <= 0:
        return 0.0, None
    row, column = divmod(int(spectrum.argmax()), GRID)
    down = _signed(row + _vertex(*(float(spectrum[(row + step) % GRID, column]) for step in (-1, 0, 1))))  # cycles per pixel
    right = _signed(column + _vertex(*(float(spectrum[row, (column + step) % GRID]) for step in (-1, 0, 1))))
    frequency = math.hypot(down, right)
    if frequency < 0.5 / side:  # less than half a wave over the kernel: a blob
        return frequency if side > 1 else 0.0, None
    across = float(spectrum[round(right * GRID) % GRID, round(-down * GRID) % GRID])  # as fast, at a right angle
    if across >= ORIENTED * height:
        return frequency, None
    return frequency, (math.degrees(math.atan2(-down, right)) + 90) % 180  # rows go down, angles up; stripes lie across the wave


def _signed(place: float) -> float:
    """A place of the grid in cycles per pixel, −0.5 … 0.5."""
    return (place / GRID + 0.5) % 1 - 0.5


def _vertex(before: float, at: float, after: float) -> float:
    """Where between the points the parabola through three of them is highest."""
    bend = before - 2 * at + after
    return 0.0 if bend == 0 else max(-0.5, min(0.5, (before - after) / (2 * bend)))
