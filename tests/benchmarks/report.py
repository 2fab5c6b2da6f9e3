"""What the benchmarks share: the lines above the figures, and weights whose signals do not fade."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def header(runs: int, unit: str, *packages: str) -> list[str]:
    load_average = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return [
        f"Machine: {_processor()}, {os.cpu_count()} cores, {platform.system()}{load_average}",
        f"Versions: Python {platform.python_version()}, {', '.join(f'{package} {version(package)}' for package in packages)}",
        f"Medians of {runs} runs in {unit}, {time.strftime('%Y-%m-%d')}",
    ]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def lively(model: nn.Module) -> nn.Module:
    """With random weights that keep signals alive through all layers (He et al. 2015)."""
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return model.eval()
