"""Use a model and leave it as it was."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """In eval mode with frozen parameters; training flags of each module and requires_grad come back, also after an error.

    The model is changed meanwhile: one that several threads share needs a lock around it.
    """
    training = [(module, module.training) for module in model.modules()]
    learning = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    try:
        model.eval()
        for parameter, _ in learning:
            parameter.requires_grad_(False)
        yield
    finally:
        for module, flag in training:
            module.training = flag
        for parameter, wanted in learning:
            parameter.requires_grad_(wanted)
