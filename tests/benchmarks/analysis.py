"""How long the annotated graph of a network takes, beside torchinfo, torchview and fvcore, all in one run.

    pip install -r tests/benchmarks/requirements.txt
    python tests/benchmarks/analysis.py [--runs N]

Annotated: shapes, parameters, multiply-accumulates, memory and receptive field of every layer. torchinfo gives shapes, parameters
and multiply-accumulates, torchview the graph; it takes both to have part of it. The networks are torchvision's, one picture
of 3×224×224. Every turn times each way once, so that a busy moment of the machine meets all alike; medians are over the turns.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import warnings
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch
import torchinfo
import torchview
from fvcore.nn import FlopCountAnalysis

from netlib.analysis.cost import costs
from netlib.analysis.receptive_field import receptive_fields
from netlib.analysis.store import load
from netlib.analysis.tracing import trace
from netlib.models.build import build
from tests.benchmarks.report import header

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from netlib.analysis.graph import LayerGraph

SHAPE = (3, 224, 224)
STORED = {  # torchvision's network -> its twin in the registry
    "alexnet": "alexnet-torchvision",
    "vgg19": "vgg19",
    "googlenet": "googlenet-torchvision",
    "resnet18": "resnet18",
    "resnet152": "resnet152-v1.5",
}


def annotate(graph: LayerGraph) -> tuple[Any, Any]:
    """Costs and receptive field of every layer."""
    return costs(graph), receptive_fields(graph)


def with_torchinfo(module: nn.Module, device: str) -> Any:
    return torchinfo.summary(module, (1, *SHAPE), device=device, verbose=0)


def with_torchview(module: nn.Module, device: str) -> Any:
    return torchview.draw_graph(module, input_size=(1, *SHAPE), device=device, expand_nested=True)


def with_fvcore(module: nn.Module) -> Any:
    counts = FlopCountAnalysis(module, torch.empty(1, *SHAPE)).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return counts.by_module()


def ways(name: str) -> dict[str, Callable[[], Any]]:
    """What is timed, by the name of its row. Modules at hand are built beforehand, one for each row."""
    full = f"torchvision/{name}"
    ours, theirs, allocated, counted = build(full, meta=True), build(full, meta=True), build(full), build(full)
    return {
        "netlib, module at hand": lambda: annotate(trace(ours, SHAPE)),
        "torchinfo + torchview, meta": lambda: (with_torchinfo(theirs, "meta"), with_torchview(theirs, "meta")),
        "torchinfo + torchview, weights": lambda: (with_torchinfo(allocated, "cpu"), with_torchview(allocated, "cpu")),
        "fvcore, weights": lambda: with_fvcore(counted),
        "netlib, with torchvision's build on meta": lambda: annotate(trace(build(full, meta=True), SHAPE)),
        "torchinfo + torchview, with torchvision's build": lambda: (
            with_torchinfo(module := build(full), "cpu"), with_torchview(module, "cpu"),
        ),
        "netlib, stored graph": lambda: load(STORED[name]),
        "netlib, stored graph, annotated": lambda: annotate(load(STORED[name])),
    }  # fmt: skip


def milliseconds(way: Callable[[], Any]) -> float:
    gc.collect()
    start = time.perf_counter()
    way()
    return (time.perf_counter() - start) * 1000


def measure(name: str, runs: int) -> dict[str, float]:
    todo = ways(name)
    for way in todo.values():  # once without the clock: first uses import and fill caches
        way()
    times: dict[str, list[float]] = {column: [] for column in todo}
    for _ in range(runs):
        for column, way in todo.items():
            times[column].append(milliseconds(way))
    return {column: median(values) for column, values in times.items()}


def table(results: dict[str, dict[str, float]]) -> list[str]:
    columns = list(next(iter(results.values())))
    lines = ["| ms | " + " | ".join(results) + " |", "| --- |" + " ---: |" * len(results)]
    lines += [f"| {column} | " + " | ".join(f"{times[column]:,.1f}" for times in results.values()) + " |" for column in columns]
    ours, meta, usual, fvcore, built, usual_built, *stored = columns
    for title, slow, fast, goal in (
        ("torchinfo + torchview on meta ÷ netlib (goal: 5 or more)", meta, ours, 5),
        ("torchinfo + torchview in usual form ÷ netlib (goal: 10 or more)", usual, ours, 10),
        ("fvcore ÷ netlib", fvcore, ours, 0),
        ("torchinfo + torchview ÷ netlib, with torchvision's build on both sides", usual_built, built, 0),
    ):
        cells = [(f"{times[slow] / times[fast]:.1f}×", times[slow] / times[fast] >= goal) for times in results.values()]
        lines.append(f"| {title} | " + " | ".join(text if met else f"{text} (missed)" for text, met in cells) + " |")
    for column in stored:
        within = ["yes" if times[column] < 10 else "no (missed)" for times in results.values()]
        lines.append(f"| {column.removeprefix('netlib, ')}: under 10 ms (goal) | " + " | ".join(within) + " |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7, help="turns to take the median of")
    runs = parser.parse_args().runs
    warnings.filterwarnings("ignore")
    head = header(runs, "milliseconds", "torch", "torchvision", "torchinfo", "torchview", "fvcore")
    results = {name: measure(name, runs) for name in STORED}
    print("\n".join([*head, "", *table(results)]))  # noqa: T201


if __name__ == "__main__":
    main()
