"""How many places of an occluder a second: netlib, a plain batched loop, and Captum's Occlusion, all in one run.

    python tests/benchmarks/occlusion.py [--runs N] [--networks NAME ...] [--stride PIXELS] [--device cuda]

A picture of 3×224×224, a square of 32 or 16 pixels in steps of 8 unless told otherwise, random weights drawn so that signals do not
fade. netlib computes the whole map, its clean forward pass included. The plain loop paints a batch of 32 squares and runs the
network, in PyTorch's usual memory format and channels last; Captum runs with 1, 4, 16 and 64 perturbations at a time; of each the best
counts. The peers are timed on some of the places, since each costs them the same. Every turn times each way once; medians are over
the turns.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch
from captum.attr import Occlusion

from netlib.analysis.cost import costs
from netlib.analysis.receptive_field import reach
from netlib.interpret.occlusion import occlusion_steps, places
from netlib.interpret.stepwise import stepwise
from netlib.models.build import build
from netlib.models.registry import NETWORKS
from tests.benchmarks.report import header, lively, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from netlib.analysis.graph import LayerGraph

SIZE = 224
# 0.8 of the arithmetic bound for squares of 32 and 16 pixels; on ResNet-152 nothing is to be lost.
GOALS = {
    "alexnet-torchvision": (2.3, 2.8), "vgg16": (5.2, 7.1), "googlenet-torchvision": (2.7, 3.2), "resnet18": (2.0, 2.2),
    "resnet152-v1.5": (1.0, 1.0),
}  # fmt: skip
SAMPLE = 64  # places that the plain loop is timed on
CAPTUM_STRIDE = 28  # and Captum: 49 places of 32, 64 of 16 pixels


def passed(start: float) -> float:
    """Seconds since `start`, once the device has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def seconds(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return passed(start)


def plain(model: nn.Module, image: Tensor, patch: int, memory_format: torch.memory_format) -> None:
    boxes = [box for row in places((SIZE, SIZE), patch, 8) for box in row][:SAMPLE]
    with torch.no_grad():
        for at in range(0, len(boxes), 32):
            some = boxes[at : at + 32]
            x = image.repeat(len(some), 1, 1, 1).contiguous(memory_format=memory_format)
            for one, box in zip(x, some, strict=True):
                one[:, box.top : box.bottom, box.left : box.right] = 0
            model(x).softmax(1)


def with_captum(model: nn.Module, image: Tensor, patch: int, at_once: int) -> None:
    stride = min(patch, CAPTUM_STRIDE)
    with torch.no_grad():
        Occlusion(lambda x: model(x).softmax(1)).attribute(
            image[None], sliding_window_shapes=(3, patch, patch), strides=(3, stride, stride), target=0, perturbations_per_eval=at_once
        )


def captum_places(patch: int) -> int:
    stride = min(patch, CAPTUM_STRIDE)
    return (-(-(SIZE - patch) // stride) + 1) ** 2


def bound(graph: LayerGraph, patch: int, stride: int) -> float:
    """Multiply-accumulates of a whole pass over those of the units that a square changes, on average over its places."""
    cost, changed, boxes = costs(graph), 0.0, [box for row in places((SIZE, SIZE), patch, stride) for box in row]
    for box in boxes:
        for layer, area in reach(graph, box).items():
            units = graph[layer].shape[1] * graph[layer].shape[2] if len(graph[layer].shape) == 3 else 1
            changed += cost[layer].macs * area.height * area.width / units
    return cost.total.macs * len(boxes) / changed


def measure(name: str, patch: int, runs: int, stride: int, device: str) -> dict[str, float]:
    torch.manual_seed(0)
    model, image = lively(build(name)).to(device), torch.randn(3, SIZE, SIZE, device=device)
    count = sum(map(len, places((SIZE, SIZE), patch, stride)))
    for _ in occlusion_steps(model, image, patch=patch, stride=56):  # first uses trace, and fill caches
        pass
    rates: dict[str, list[float]] = {}
    for _ in range(runs):
        start, first = time.perf_counter(), 0.0
        for _ in occlusion_steps(model, image, patch=patch, stride=stride):
            if not first:
                first = passed(start)
        ours = {"netlib": count / passed(start), "first map, s": first}
        peers = {
            "plain": SAMPLE / seconds(lambda: plain(model, image, patch, torch.contiguous_format)),
            "plain, channels last": SAMPLE / seconds(lambda: plain(model, image, patch, torch.channels_last)),
            **{
                f"Captum, {k}": captum_places(patch) / seconds(lambda k=k: with_captum(model, image, patch, k))  # type: ignore[misc]
                for k in (1, 4, 16, 64)
            },
        }
        for way, rate in (ours | peers).items():
            rates.setdefault(way, []).append(rate)
    return {way: median(values) for way, values in rates.items()} | {"bound": bound(stepwise(model, image.shape).graph, patch, stride)}


def row(name: str, patch: int, found: dict[str, float], goal: float) -> str:
    loop = max(rate for way, rate in found.items() if way.startswith("plain"))
    captum = max((rate, way) for way, rate in found.items() if way.startswith("Captum"))
    ratio = found["netlib"] / loop
    cells = [
        NETWORKS[name].title, str(patch), f"{found['netlib']:.1f}", f"{loop:.1f}", f"{captum[0]:.1f} ({captum[1].split()[1]})",
        f"{ratio:.2f}×" + ("" if ratio >= goal else " (missed)"), f"{goal:.1f}×", f"{found['bound']:.2f}×",
        f"{found['netlib'] / captum[0]:.2f}×", f"{found['first map, s']:.2f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=3, help="turns to take the median of")
    parser.add_argument("--networks", nargs="+", default=list(GOALS), choices=list(GOALS))
    parser.add_argument("--stride", type=int, default=8, help="pixels between places; fewer places for the deepest networks")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    threads = f"Threads: {torch.get_num_threads()}, on {given.device}"
    say("\n".join([*header(given.runs, "places a second", "torch", "captum"), threads, ""]))
    say("| network | square | netlib | plain loop | Captum (at a time) | netlib ÷ plain | goal | bound | netlib ÷ Captum | first map, s |")
    say("| --- |" + " ---: |" * 9)
    for name in given.networks:
        for patch, goal in zip((32, 16), GOALS[name], strict=True):
            say(row(name, patch, measure(name, patch, given.runs, given.stride, given.device), goal))


if __name__ == "__main__":
    main()
