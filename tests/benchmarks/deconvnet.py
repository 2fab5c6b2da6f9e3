"""How long the deconvnet projection of a unit takes: only what it sees, against the whole picture, in one run.

    python tests/benchmarks/deconvnet.py [--runs N] [--channels N]

Projected are the nine strongest units of each channel of a layer over crops of the bundled photos, as a page about top-9 does it (with
--channels, of so many channels spread over the layer). Dense: the same rules layer by layer, each signal taken through the whole map.
Both start from the maps of one forward pass of the pictures, which is not timed, and end at the pixels. The bound is that of the
arithmetic: multiply-accumulates of the dense way over those of the windows of the middle unit. The second table times the search for the
nine strongest units of all channels against a bare forward sweep to the same layer. Medians over the turns.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch

from netlib.analysis.cost import costs
from netlib.data.photos import PHOTOS, photo
from netlib.interpret.backwards import Backwards
from netlib.interpret.parts import Part, everywhere, paste
from netlib.interpret.projection import BUDGET, Unit
from netlib.interpret.stepwise import Stepwise, stepwise
from netlib.interpret.strongest import Strongest, strongest
from netlib.models.build import build
from tests.benchmarks.report import header, lively, say

if TYPE_CHECKING:
    from torch import Tensor, nn

LAYERS = {
    "alexnet-torchvision": ("conv2", "conv3", "conv5"),
    "vgg16": ("conv3_3", "conv4_3", "conv5_3"),
}
SIZE, PICTURES = 224, 24


def crops() -> Tensor:
    """Pieces of the bundled photos, (N, 3, 224, 224), normalized roughly."""
    random, found = np.random.default_rng(0), []
    for i in range(PICTURES):
        whole = np.asarray(photo(list(PHOTOS)[i % len(PHOTOS)], (320, 320)))
        top, left = random.integers(0, 320 - SIZE, 2)
        found.append(whole[top : top + SIZE, left : left + SIZE])
    return (torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).float() - 128) / 64


def project(back: Backwards, units: list[Unit], dense: bool) -> list[Part]:
    """Signals at the picture, batch by batch; the same batches a page makes."""
    found: list[Part] = []
    at, batch = 0, 1
    while at < len(units):
        some = torch.tensor(units[at : at + batch])
        start, largest = back.start(*some.T), 0
        if dense:
            start = back.spread(start)
        for step in back.down(start, some[:, 0]):
            assert isinstance(step.signal, Part)
            largest = max(largest, step.signal.values[0].numel() * 4)
        assert isinstance(step.signal, Part)
        found.append(step.signal)
        at, batch = at + len(some), max(1, BUDGET // largest)
    return found


def bound(steps: Stepwise, back: Backwards) -> float:
    """Multiply-accumulates of whole maps over those of the windows of the layer's middle unit."""
    graph, cost = steps.graph, costs(steps.graph)
    _, rows, columns = graph[back.layer].shape
    unit = back.start(*map(torch.tensor, ([0], [0], [rows // 2], [columns // 2])))
    dense = window = 0.0
    for step in back.down(unit, torch.zeros(1, dtype=torch.long)):
        if graph[step.layer].kind == "conv2d":
            assert isinstance(step.signal, Part)
            height, width = step.signal.place.size
            macs = cost[step.layer].macs
            dense += macs
            window += macs * min(1, height * width / (graph[step.layer].shape[1] * graph[step.layer].shape[2]))
    return dense / window


def same(ours: list[Part], dense: list[Part]) -> float:
    """Largest difference of the two, relative to the largest value."""
    a, b = (
        torch.cat([paste(torch.zeros(len(p.values), 3, SIZE, SIZE), everywhere(len(p.values), (SIZE, SIZE)), p) for p in parts])
        for parts in (ours, dense)
    )
    return float((a - b).abs().max() / b.abs().max())


def searched(model: nn.Module, steps: Stepwise, images: Tensor, layer: str, runs: int) -> tuple[float, Strongest]:
    """How much longer the search takes than a bare sweep, and what it finds."""
    bare, search = [], []
    next(strongest(model, [images[:1]], layer))  # first uses trace
    for _ in range(runs):
        start = time.perf_counter()
        with torch.no_grad():
            for x in images.split(8):
                steps.activations(x, [layer])
        middle = time.perf_counter()
        *_, found = strongest(model, images.split(8), layer)
        bare.append(middle - start)
        search.append(time.perf_counter() - middle)
    return median(search) / median(bare), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=3, help="turns to take the median of")
    parser.add_argument("--channels", type=int, default=32, help="so many channels of each layer")
    given = parser.parse_args()
    torch.manual_seed(0)
    images = crops()
    say("\n".join([*header(given.runs, "milliseconds a projection", "torch"), f"Threads: {torch.get_num_threads()}", ""]))
    say("| network, layer | units | windows | dense | dense ÷ windows | bound | share of the bound | largest difference |")
    say("| --- |" + " ---: |" * 7)
    sweeps = []
    for name, layers in LAYERS.items():
        model = lively(build(name))
        steps = stepwise(model, images.shape[1:])
        for layer in layers:
            ratio, top = searched(model, steps, images, layer, given.runs)
            sweeps.append((f"{name}, {layer}", ratio))
            channels = range(0, len(top.values), max(1, len(top.values) // given.channels))
            units = [
                Unit(int(top.pictures[c, k]), c, int(top.rows[c, k]), int(top.columns[c, k])) for c in channels for k in range(9)
            ]
            few = units[:: max(1, len(units) // 36)]  # each costs the dense way the same
            back = Backwards(steps, images, layer)
            apart = same(project(back, few, dense=False), project(back, few, dense=True))
            times: dict[str, list[float]] = {"windows": [], "dense": []}
            for _ in range(given.runs):
                for way, some in (("windows", units), ("dense", few)):
                    start = time.perf_counter()
                    project(back, some, dense=way == "dense")
                    times[way].append((time.perf_counter() - start) / len(some))
            a, b = (1000 * median(times[way]) for way in ("windows", "dense"))
            most = bound(steps, back)
            goal = "" if b / a >= max(1, 0.5 * most) else " (missed)"
            share = f"{b / a:.1f}×{goal} | {most:.1f}× | {b / a / most:.2f}"
            say(f"| {name}, {layer} | {len(units)} | {a:.2f} | {b:.2f} | {share} | {apart:.0e} |")
    say("\n| network, layer | search ÷ bare sweep (goal: at most 1.3) |\n| --- | ---: |")
    for title, ratio in sweeps:
        say(f"| {title} | {ratio:.2f}{'' if ratio <= 1.3 else ' (missed)'} |")


if __name__ == "__main__":
    main()
