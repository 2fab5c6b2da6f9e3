"""Whether an attribution map can be trusted: does it change with the weights, and do the pixels that it names matter?

Sources: Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018, section 3.1 (cascading randomization, similarities of section
3.3); Petsiuk, Das, Saenko, RISE, BMVC 2018, section 4.2 (deletion and insertion).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from skimage.metrics import structural_similarity

from netlib.errors import InvalidInput
from netlib.interpret.attribution import attribute
from netlib.interpret.grad_cam import enlarged, grad_cam
from netlib.interpret.regularizers import blurred
from netlib.interpret.scores import checked_image, checked_target, probabilities
from netlib.interpret.stepwise import stepwise
from netlib.interpret.twin import twin
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from netlib.analysis.graph import LayerGraph

_STOPS = "convolution", "fully connected", "recurrent", "attention"  # what else is learned becomes random with the next of these
GRAD_CAM = "grad_cam"  # may be checked beside the methods of netlib.interpret.attribution
WINDOW = 7  # pixels, of the structural similarity
BLUR = 5.0  # pixels: insertion starts from a picture blurred so far that the network knows little of it; RISE uses a kernel of 11, σ = 5


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike two maps are, their channels summed first. 1: the same; 0: nothing in common.

    Attributes:
        spearman: correlation of the ranks of the pixels, signs counted.
        spearman_absolute: the same of the absolute values.
        ssim: structural similarity of the absolute values, each map scaled to 0 … 1.
    """

    spearman: float
    spearman_absolute: float
    ssim: float


@dataclass(frozen=True, slots=True)
class Randomized:
    """A stop of the cascade.

    Attributes:
        layer: the last one that was randomized, with all above it; None before the first.
        map: what the method gives now.
        similarity: of this map to the one before the first.
    """

    layer: str | None
    map: Tensor
    similarity: Similarity


@dataclass(frozen=True, slots=True)
class Curve:
    """The target's probability while pixels go, or come.

    Attributes:
        fractions: share of the pixels that went or came, from 0 to 1.
        probabilities: of the target.
        area: under the curve, by trapezoids: small is good for deletion, large for insertion.
    """

    fractions: Tensor
    probabilities: Tensor
    area: float


def randomized(
    model: nn.Module, image: Tensor, target: int, method: str, *, most: int | None = None, seed: int = 0, **settings: Any
) -> Iterator[Randomized]:
    """The map while layer by layer, from the classes down, the weights become random; the first is the map as it is.

    A map that hardly changes does not show what the network has learned. It is done on a copy: the model stays as it was. Each learned
    tensor is drawn anew from a normal distribution with its own mean and deviation, so that signals keep their size; the paper draws
    from the initial distribution, which not every network tells. Running statistics stay. `most` limits the stops, the weights between
    two of them becoming random together; `settings` are the method's. Of "grad_cam" the map is enlarged to (1, H, W).

    Raises: as `netlib.interpret.attribution.attribute` does, at the first step, and InvalidInput for fewer than one stop.
    """
    graph = stepwise(model, checked_image(image).shape).graph
    chosen, random = stops(graph, most), torch.Generator().manual_seed(seed)
    original = _map(model, image, target, method, settings)
    yield Randomized(None, original, similarity(original, original))
    copy = twin(model, own_numbers=True)
    for layer in _learned(graph):
        _redraw(copy, layer, random)
        if layer in chosen:
            found = _map(copy, image, target, method, settings)
            yield Randomized(layer, found, similarity(original, found))


def stops(graph: LayerGraph, most: int | None = None) -> tuple[str, ...]:
    """The layers at which the cascade shows its map, from the classes down: all with kernels or weights, or `most` evenly spread.

    Raises:
        InvalidInput: fewer than one is asked for.
    """
    if most is not None and most < 1:
        raise InvalidInput(f"A cascade needs at least one stop, not {most}.")
    having = [name for name in _learned(graph) if graph[name].category in _STOPS]
    if most is None or most >= len(having):
        return tuple(having)
    if most == 1:
        return (having[-1],)
    return tuple(having[round(i * (len(having) - 1) / (most - 1))] for i in range(most))


def similarity(one: Tensor, other: Tensor) -> Similarity:
    """How alike two maps are. A map without any differences is like none: 0.

    Shapes: (H, W) or (C, H, W), whose channels are summed.

    Raises:
        InvalidInput: the maps are not of one height and width.
    """
    first, second = _pixels(one), _pixels(other)
    if first.shape != second.shape:
        raise InvalidInput(f"Maps of {tuple(first.shape)} and {tuple(second.shape)} pixels cannot be compared; enlarge one.")
    sizes = [_scaled(pixels.abs()) for pixels in (first, second)]
    return Similarity(_spearman(first, second), _spearman(first.abs(), second.abs()), _ssim(*sizes))


def sobel(image: Tensor) -> Tensor:
    """The Sobel operator on the grey picture: what knows nothing of the network and yet looks like many a map.

    Shapes: (C, H, W) -> (H, W), ≥ 0.
    """
    across = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=image.dtype, device=image.device)
    grey = F.pad(checked_image(image).mean(0)[None, None], (1, 1, 1, 1), mode="replicate")
    slopes = F.conv2d(grey, torch.stack([across, across.T])[:, None])  # (1, 2, H, W)
    return slopes[0].norm(dim=0)


def deletion(
    model: nn.Module, image: Tensor, target: int, map: Tensor, *, steps: int = 32, fill: float | Tensor = 0.0, batch: int = 16
) -> Curve:
    """The target's probability while the pixels that speak most for it, by the map, are filled; the model is left as it was.

    `fill` is in the units of the input, where 0 is the mean colour.

    Shapes: image (C, H, W); map (H, W), or (C, H, W), whose channels are summed.

    Raises:
        InvalidInput: a map of another size, an image or a class that the network does not take, or fewer than one step.
    """
    end = torch.as_tensor(fill, dtype=image.dtype, device=image.device).expand_as(image)
    return _curve(model, checked_image(image), end, target, map, steps, batch)


def insertion(
    model: nn.Module, image: Tensor, target: int, map: Tensor, *, steps: int = 32, fill: float | Tensor | None = None, batch: int = 16
) -> Curve:
    """`deletion` the other way: the pixels come, into the blurred picture or into `fill`."""
    image = checked_image(image)
    start = blurred(image, BLUR) if fill is None else torch.as_tensor(fill, dtype=image.dtype, device=image.device).expand_as(image)
    return _curve(model, start, image, target, map, steps, batch)


def random_map(image: Tensor, seed: int = 0) -> Tensor:
    """A map that knows nothing: its deletion and insertion go in random order. Shapes: (C, H, W) -> (H, W)."""
    return torch.rand(image.shape[1:], generator=torch.Generator().manual_seed(seed))


# --- the cascade --------------------------------------------------------------------------------------------------------


def _learned(graph: LayerGraph) -> tuple[str, ...]:
    """Layers with learned tensors of their own, from the output down."""
    return tuple(layer.name for layer in reversed(graph.layers) if layer.params)


def _redraw(model: nn.Module, layer: str, random: torch.Generator) -> None:
    for tensor in _tensors(model, layer):
        drawn = torch.randn(tensor.shape, generator=random).to(tensor)
        tensor.copy_(tensor.mean() + tensor.std(correction=0) * drawn)


def _tensors(model: nn.Module, layer: str) -> list[Tensor]:
    """The learned tensors of a layer: those of its module, the parameter that it is, or those beside which its function stands."""
    path, parameters = layer.partition("@")[0], dict(model.named_parameters())
    if path in parameters:
        return [parameters[path]]
    modules = dict(model.named_modules())
    if path in modules:
        return list(modules[path].parameters())
    return list(modules.get(path.rpartition(".")[0], model).parameters(recurse=False))


def _map(model: nn.Module, image: Tensor, target: int, method: str, settings: dict[str, Any]) -> Tensor:
    if method != GRAD_CAM:
        return attribute(model, image, target, method, **settings)
    height, width = image.shape[1:]
    return enlarged(grad_cam(model, image, target, **settings), (height, width))[None]


# --- how alike two maps are ---------------------------------------------------------------------------------------------


def _pixels(map: Tensor) -> Tensor:
    return (map.sum(0) if map.dim() == 3 else map).detach()


def _scaled(pixels: Tensor) -> Tensor:
    low, high = pixels.min(), pixels.max()
    return (pixels - low) / (high - low if high > low else 1.0)


def _spearman(one: Tensor, other: Tensor) -> float:
    ranks = torch.stack([_ranks(one.flatten()), _ranks(other.flatten())])
    ranks = ranks - ranks.mean(1, keepdim=True)
    size = ranks.norm(dim=1).prod()
    return float((ranks[0] * ranks[1]).sum() / size) if size > 0 else 0.0


def _ranks(values: Tensor) -> Tensor:
    """Places in order, equal values sharing the middle of theirs."""
    _, which, counts = values.unique(return_inverse=True, return_counts=True)
    return (counts.cumsum(0) - (counts - 1) / 2).double()[which]


def _ssim(one: Tensor, other: Tensor) -> float:
    if one.min() == one.max() or other.min() == other.max():
        return 0.0
    side = min(WINDOW, *one.shape)
    window = side - 1 + side % 2  # an odd one
    return float(structural_similarity(one.double().cpu().numpy(), other.double().cpu().numpy(), data_range=1.0, win_size=window))


# --- deletion and insertion ---------------------------------------------------------------------------------------------


def _curve(model: nn.Module, start: Tensor, end: Tensor, target: int, map: Tensor, steps: int, batch: int) -> Curve:
    values = _pixels(map)
    if values.shape != start.shape[1:]:
        raise InvalidInput(f"The map has {tuple(values.shape)} places and the picture {tuple(start.shape[1:])}; enlarge the map.")
    if steps < 1 or batch < 1:
        raise InvalidInput(f"A curve needs at least one step and one picture at a time, not {steps} and {batch}.")
    running = stepwise(model, start.shape)
    checked_target(running.graph, target)
    rank = values.flatten().argsort(descending=True, stable=True).argsort().reshape(values.shape).to(start.device)  # 0: goes first
    counts = (torch.arange(steps + 1, device=start.device) * rank.numel() / steps).round()
    found = []
    with undisturbed(model), torch.no_grad():
        for some in counts.split(batch):
            pictures = torch.where(rank < some[:, None, None, None], end, start)  # (n, C, H, W)
            output = running.activations(pictures, {running.output})[running.output]
            found.append(probabilities(running.graph, output)[:, target])
    fractions, chances = (counts / rank.numel()).cpu(), torch.cat(found).cpu()
    return Curve(fractions, chances, float(torch.trapezoid(chances, fractions)))
