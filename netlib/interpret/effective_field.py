"""How much each pixel of its receptive field really counts for a unit.

Source: Luo, Li, Urtasun, Zemel, Understanding the Effective Receptive Field in Deep Convolutional Neural Networks, NIPS 2016,
sections 2 and 4: the gradient of a central unit with respect to random inputs, here squared and averaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from netlib.analysis.graph import checked_shape
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn


def effective_field(
    model: nn.Module,
    layer: str,
    *,
    input_shape: tuple[int, int, int],
    unit: tuple[int, int] | None = None,
    samples: int = 20,
    seed: int = 0,
    batch: int = 10,
) -> Tensor:
    """Mean squared gradient of a unit (the central one), all channels summed, over random normal inputs; its maximum is 1.

    `layer` is the path of a module. The model is left as it was found, but is used meanwhile: a thread takes its own copy.

    Shapes: input_shape (C, H, W) -> (H, W).

    Raises:
        UnknownLayer: no module of that path, a layer that is no module or gives no tensor made of the picture, or no such unit
            in its map.
        InvalidInput: fewer than one sample or one picture at a time, or an input shape that the model cannot take.
    """
    *_, (_, field) = effective_field_batches(
        model, layer, input_shape=input_shape, unit=unit, samples=samples, seed=seed, batch=batch
    )  # (H, W)
    return field


def effective_field_batches(
    model: nn.Module,
    layer: str,
    *,
    input_shape: tuple[int, int, int],
    unit: tuple[int, int] | None = None,
    samples: int = 20,
    seed: int = 0,
    batch: int = 10,
) -> Iterator[tuple[int, Tensor]]:
    """`effective_field` step by step, for who shows how far it is or may stop it: (samples so far, their field) after each batch.

    Raises: as `effective_field` does, at the first step.
    """
    if samples < 1 or batch < 1:
        raise InvalidInput(f"An effective field needs at least one sample and one picture at a time, not {samples} and {batch}.")
    checked_shape(input_shape)
    module = _module(model, layer)
    kept: list[Any] = []
    like = next(model.parameters(), torch.empty(0))
    random = torch.Generator().manual_seed(seed)
    total = torch.zeros(input_shape[-2:], dtype=torch.double)
    with undisturbed(model):
        hook = module.register_forward_hook(lambda _module, _args, output: kept.append(output))
        try:
            for done in range(0, samples, batch):
                count = min(batch, samples - done)
                # picture by picture, so that the same seed gives the same pictures whatever the batch
                x = torch.stack([torch.randn(input_shape, generator=random) for _ in range(count)]).to(like)  # (N, C, H, W)
                kept.clear()
                with torch.enable_grad():  # within a step only: it is the caller's mode that counts between two of them
                    _run(model, x.requires_grad_())
                    if not kept:
                        raise UnknownLayer(f"The forward pass never calls {layer!r}; choose a layer that it does call.")
                    (gradient,) = torch.autograd.grad(_score(kept[-1], layer, unit), x)
                total += gradient.double().square().sum((0, 1)).cpu()
                yield done + count, (total / total.max().clamp_min(torch.finfo(torch.double).tiny)).float()
        finally:
            hook.remove()


def _module(model: nn.Module, layer: str) -> nn.Module:
    modules = dict(model.named_modules())
    if layer and layer in modules:
        return modules[layer]
    around = layer.rpartition(".")[0]
    if around in modules and around:
        raise UnknownLayer(f"{layer!r} is not a module of the network; choose the module {around!r} around it, or one beside it.")
    raise UnknownLayer.named(layer, type(model).__name__, [name for name in modules if name])


def _first_tensor(output: Any) -> Tensor | None:
    """What a module gives, or the first tensor of what it gives: an LSTM gives its states beside its output."""
    if isinstance(output, tuple | list):
        return next((tensor for part in output if (tensor := _first_tensor(part)) is not None), None)
    return output if isinstance(output, torch.Tensor) else None


def _run(model: nn.Module, x: Tensor) -> None:
    try:
        model(x)
    except RuntimeError as error:
        raise InvalidInput(
            f"{type(model).__name__} cannot take pictures of {'×'.join(map(str, x.shape[1:]))} (“{str(error).splitlines()[0]}”); "
            "choose an input_shape that fits."
        ) from error


def _score(given: Any, layer: str, unit: tuple[int, int] | None) -> Tensor:
    """The unit's activations, summed over channels and pictures; of a layer without a map, all of them."""
    output = _first_tensor(given)
    if output is None or not output.requires_grad:
        raise UnknownLayer(f"Layer {layer!r} gives no tensor that depends on the picture; choose another layer.")
    if output.dim() != 4:
        if unit not in (None, (0, 0)):
            raise UnknownLayer(f"Layer {layer!r} has no map, so there is no unit {unit}; choose (0, 0) or none.")
        return output.sum()
    height, width = output.shape[-2:]
    row, column = unit or (height // 2, width // 2)
    if not (0 <= row < height and 0 <= column < width):
        raise UnknownLayer(f"Layer {layer!r} has a map of {height} × {width} units, so there is no unit ({row}, {column}).")
    return output[:, :, row, column].sum()
