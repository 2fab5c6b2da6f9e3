"""Where a run computes, and the random numbers that are drawn there."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor


def device_of(name: str) -> torch.device:
    """The device called "auto", "cpu", "cuda" or "cuda:N"; under torchrun "auto" and "cuda" are the process's own GPU.

    Raises:
        InvalidInput: this machine has no such device.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not count):
        return torch.device("cpu")
    number = int(name.partition(":")[2] or os.environ.get("LOCAL_RANK", "0"))
    if number >= count:
        raise InvalidInput(f"A run on {name} was asked for, and this machine has {count} GPUs that torch can use; choose cpu or auto.")
    return torch.device("cuda", number)


class RandomStream:
    """torch's own random numbers, which dropout draws, seeded by the recipe and kept apart from the caller's."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self.gpus = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices=self.gpus):
            torch.manual_seed(seed)
            self._keep()

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """What is drawn inside comes from this stream."""
        with torch.random.fork_rng(devices=self.gpus):
            torch.set_rng_state(self.cpu)
            for gpu in self.gpus:
                torch.cuda.set_rng_state(self.gpu, gpu)
            yield
            self._keep()

    def _keep(self) -> None:
        self.cpu = torch.get_rng_state()
        self.gpu = torch.cuda.get_rng_state(self.device) if self.gpus else torch.empty(0, dtype=torch.uint8)

    def saved(self) -> dict[str, Tensor]:
        return {"cpu": self.cpu, "gpu": self.gpu}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `saved` gave; a run that goes on on another kind of device draws anew there."""
        self.cpu = tensors["cpu"].clone()
        if self.gpus and len(tensors["gpu"]):
            self.gpu = tensors["gpu"].clone()
