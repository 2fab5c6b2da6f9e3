"""Several GPUs, or several processes, that share each batch: torchrun starts them, DistributedDataParallel averages their gradients.

    torchrun --nproc-per-node 2 -m netlib.training run --devices 2 --network … --data …

Process 0 leads: it alone evaluates for the record, writes to the store and saves checkpoints; the others `follow`. A process alone needs
none of this: every function here then gives back what it was given.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from netlib.analysis.graph import Pair
    from netlib.training.loop import Trainer


@contextmanager
def joined() -> Iterator[Pair]:
    """Inside, this process works with the others that torchrun started; gives its number and how many they are: (0, 1) when alone."""
    if "RANK" not in os.environ:
        yield 0, 1
        return
    gpus = torch.cuda.is_available()
    if gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("cpu:gloo,cuda:nccl" if gpus else "gloo")
    try:
        yield place()
    finally:
        distributed.destroy_process_group()


def place() -> Pair:
    """This process's number, from 0 on, and how many there are."""
    return (distributed.get_rank(), distributed.get_world_size()) if distributed.is_initialized() else (0, 1)


def wrapped(model: nn.Module) -> nn.Module:
    """The model with gradients that are averaged over all processes; each starts with the weights of process 0."""
    return model if place()[1] == 1 else DistributedDataParallel(model)


def averaged(*values: Tensor) -> tuple[Tensor, ...]:
    """Each number's mean over all processes. Shapes: () each."""
    ranks = place()[1]
    if ranks == 1:
        return values
    together = torch.stack(values)
    distributed.all_reduce(together)
    return tuple(together / ranks)


def agreed(value: float) -> float:
    """Process 0's number, for all: a decision that each took alone could differ. It goes from CPU to CPU; no GPU is waited for."""
    if place()[1] == 1:
        return value
    shared = torch.tensor(value, dtype=torch.float64)
    distributed.broadcast(shared, 0)
    return shared.item()


def follow(trainer: Trainer) -> None:
    """Make the steps that process 0 makes, until it says that it stops: signals are for that one to hear."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    for _ in trainer:
        if agreed(0.0):
            break
