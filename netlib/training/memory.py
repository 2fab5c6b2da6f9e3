"""How much memory a run will need, told before it starts, and whether a device has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from netlib.analysis.cost import costs
from netlib.analysis.store import default_input
from netlib.data.sets import IN_MEMORY, about

if TYPE_CHECKING:
    from netlib.training.recipe import Recipe

REMEMBERED = {"sgd": 1, "alexnet": 1, "adam": 2, "adamw": 2}  # numbers that the optimizer keeps for each parameter
HALF = 0.5  # bf16 of what is kept for the way back


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes that a run takes on its device.

    Attributes:
        parameters: weights and biases; with bf16 their copies as well.
        gradients: one number for each of them.
        optimizer: what it remembers of each of them.
        activations: what one batch leaves for the way back, the batch itself included.
        data: the pictures.
    """

    parameters: int
    gradients: int
    optimizer: int
    activations: int
    data: int

    @property
    def total(self) -> int:
        return self.parameters + self.gradients + self.optimizer + self.activations + self.data


def memory(recipe: Recipe, classes: int | None = None) -> Estimate:
    """What a run by `recipe` will need on each device, for data of so many classes, by default those of the recipe's.

    Workspace that a library takes for a convolution comes on top: some tens of megabytes.

    Raises:
        NetlibError: what the recipe names does not exist, or does not fit together.
    """
    from netlib.analysis.tracing import trace  # with torch
    from netlib.training.network import network

    shape = default_input(recipe.network)
    row = about(recipe.data)
    found = costs(trace(network(recipe, classes or row.classes, meta=True), shape)).total
    share = recipe.batch // recipe.devices
    half = recipe.precision == "bf16"
    pixels = shape[0] * (shape[1] + recipe.margin) * (shape[2] + recipe.margin)
    kept, pictures = found.kept_bytes * share, pixels * (row.train + row.test)
    return Estimate(
        parameters=round(found.param_bytes * (1 + HALF * half)),
        gradients=found.param_bytes,
        optimizer=found.param_bytes * (REMEMBERED[recipe.optimizer] if recipe.optimizer != "sgd" or recipe.momentum else 0),
        activations=round(kept * (HALF if half else 1)),
        data=pictures if pictures <= IN_MEMORY else 0,  # more of them are read from a file, a batch at a time
    )


def fits(estimate: Estimate, device: str) -> str | None:
    """None if the device, "cpu" or "cuda:0", has the memory that the run needs, else a sentence that says what is missing."""
    free = _free_on_gpu(device) if device.startswith("cuda") else _free()
    if free is None or estimate.total <= free:
        return None
    return (
        f"The run needs about {_shown(estimate.total)} of memory, of which {_shown(estimate.activations)} depend on the batch, and "
        f"{device} has {_shown(free)} left; take a smaller batch or a smaller network."
    )


def _shown(bytes: int) -> str:
    return f"{bytes / 1e9:.1f} GB" if bytes >= 1e9 else f"{bytes / 1e6:.0f} MB"


def _free_on_gpu(device: str) -> int:
    import torch

    return int(torch.cuda.mem_get_info(torch.device(device))[0])


def _free() -> int | None:
    """Bytes of the machine's memory that are left, within the limit of its container; None where the system does not say."""
    free = [_kilobytes(line) for line in _lines("/proc/meminfo") if line.startswith("MemAvailable")]
    limit, used = _lines("/sys/fs/cgroup/memory.max"), _lines("/sys/fs/cgroup/memory.current")
    if limit and used and limit[0].isdigit():
        inactive = [int(line.split()[1]) for line in _lines("/sys/fs/cgroup/memory.stat") if line.startswith("inactive_file ")]
        free.append(int(limit[0]) - int(used[0]) + sum(inactive))  # what files left there is given up when it is needed
    return min(free, default=None)


def _kilobytes(line: str) -> int:
    return 1024 * int(line.split()[1])


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
