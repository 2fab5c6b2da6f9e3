"""What the tests of all networks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    Measure = Callable[[nn.Module, tuple[int, int, int]], dict[str, tuple[tuple[int, ...], int]]]


@pytest.fixture
def measure() -> Measure:
    """Run a network of the meta device once: layer -> (output shape without the batch, parameters), in order of execution."""

    def measured(network: nn.Module, shape: tuple[int, int, int]) -> dict[str, tuple[tuple[int, ...], int]]:
        seen: dict[str, tuple[tuple[int, ...], int]] = {}

        def note(name: str, layer: nn.Module, output: Tensor) -> None:
            assert name not in seen, f"{name} runs twice"
            seen[name] = (tuple(output.shape[1:]), sum(p.numel() for p in layer.parameters()))

        for name, layer in network.named_children():
            layer.register_forward_hook(lambda layer, _, output, name=name: note(name, layer, output))
        network(torch.empty(2, *shape, device="meta"))
        return seen

    return measured
