"""Images per second in training: our loop with everything recorded, against loops as they are usually written, in one run.

    python tests/benchmarks/training.py [--runs N] [--seconds S] [--workers N] [--threads N] [--only NETWORK]
    python tests/benchmarks/training.py --device cuda [--batch N]

Same network, pictures (made of noise, uint8, as many as a data set has), batch, optimizer and precision for all:
  ours          Trainer and Recorder: data on the device, losses, norms and snapshots gathered, no augmentation
  bare loop     a tensor in memory, a random permutation, six lines; the loss is never read
  DataLoader    the usual loop: pictures one by one through a Dataset, ToTensor and Normalize, worker processes, loss.item() at each step
The three take turns, each for some seconds after its first steps, which are not counted. With --device cuda also AlexNet, VGG-16 and
ResNet-50 at 224×224 in bf16 and channels_last, beside the rate of large matrix products in bf16 on the same device: the fraction counts
six operations for each multiply-accumulate of the network, two on the way forth and four on the way back.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

from netlib.analysis.cost import costs
from netlib.analysis.tracing import trace
from netlib.data.sets import data_set
from netlib.data.split import Split, split
from netlib.training.loop import Trainer
from netlib.training.network import network
from netlib.training.recipe import Recipe
from netlib.training.recording import Recorder
from tests.benchmarks.report import header, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor, nn

    from netlib.training.records import Evaluation, Point, Snapshot


@dataclass(frozen=True)
class Case:
    network: str
    shape: tuple[int, int, int]
    pictures: int
    batch: int


CPU = (
    Case("lenet5-modern", (1, 32, 32), 20_000, 128),
    Case("resnet20-cifar", (3, 32, 32), 20_000, 128),
    Case("alexnet-torchvision", (3, 224, 224), 1_000, 32),
)
GPU = (
    *(replace(case, batch=batch) for case, batch in zip(CPU[:2], (1024, 1024), strict=True)),
    Case("alexnet-torchvision", (3, 224, 224), 8_000, 1024),
    Case("vgg16", (3, 224, 224), 4_000, 128),
    Case("resnet50-v1.5", (3, 224, 224), 4_000, 256),
)
STEPS = {"cpu": 3000, "cuda": 20_000}  # of a run: norms and snapshots are spread over them, those at the beginning count in full
WARM = 3  # steps before the clock starts


class Nowhere:
    """A sink that lets go of all it is given."""

    def points(self, rows: Sequence[Point]) -> None: ...
    def snapshot(self, snapshot: Snapshot) -> None: ...
    def evaluation(self, step: int, evaluation: Evaluation) -> None: ...
    def log(self, text: str) -> None: ...


def noise(case: Case) -> Split:
    random = np.random.default_rng(0)
    classes = tuple("0123456789")

    def part(number: int) -> tuple[Any, Any]:
        return random.integers(0, 256, (number, *case.shape), dtype=np.uint8), random.integers(0, 10, number)

    return split("noise", classes, part(case.pictures), part(10))


def recipe_of(case: Case, device: str) -> Recipe:
    fast: dict[str, Any] = {"precision": "bf16", "channels_last": True} if device == "cuda" else {}
    return Recipe(
        case.network, "noise", steps=STEPS[device], batch=case.batch, learning_rate=1e-4, schedule="constant", evaluate=10**9,
        device=device, **fast,
    )  # fmt: skip


def ours(case: Case, data: Split, recipe: Recipe) -> Iterator[Tensor]:
    while True:
        trainer = Trainer(network(recipe, 10), data, recipe)
        recorder = Recorder(trainer, Nowhere())
        for step in trainer:
            recorder.take(step)
            yield step.loss


def plain(recipe: Recipe) -> tuple[nn.Module, torch.optim.Optimizer, Callable[[Tensor, Tensor], Tensor]]:
    """Network, optimizer, and a step as everybody writes it."""
    layout = torch.channels_last if recipe.channels_last else torch.preserve_format
    model = network(recipe, 10).to(recipe.device, memory_format=layout)  # type: ignore[call-overload]
    fused = {"fused": True} if recipe.device == "cuda" else {}
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, nesterov=True, weight_decay=5e-4, **fused)

    def step(x: Tensor, y: Tensor) -> Tensor:
        if recipe.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(recipe.device, torch.bfloat16, enabled=recipe.precision == "bf16"):
            loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return model, optimizer, step


def bare(case: Case, data: Split, recipe: Recipe) -> Iterator[Tensor]:
    images, labels = torch.tensor(data.train_images, device=recipe.device), torch.tensor(data.train_labels, device=recipe.device)
    mean, std = (torch.tensor(values, device=recipe.device)[:, None, None] for values in (data.mean, data.std))
    _, _, step = plain(recipe)
    while True:
        for batch in torch.randperm(len(images), device=recipe.device).split(case.batch):
            if len(batch) == case.batch:
                yield step((images[batch] / 255 - mean) / std, labels[batch])


class OneByOne(Dataset[tuple["Tensor", int]]):
    def __init__(self, data: Split) -> None:
        self.images, self.labels = data.train_images.transpose(0, 2, 3, 1), data.train_labels  # (N, H, W, C), as files are read
        self.mean, self.std = (torch.tensor(values)[:, None, None] for values in (data.mean, data.std))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        x = torch.tensor(self.images[number]).permute(2, 0, 1).contiguous().float().div(255)  # torchvision's ToTensor
        return (x - self.mean) / self.std, int(self.labels[number])


def loader(workers: int) -> Callable[[Case, Split, Recipe], Iterator[Tensor]]:
    def loop(case: Case, data: Split, recipe: Recipe) -> Iterator[Tensor]:
        pinned = recipe.device == "cuda"
        batches = DataLoader(
            OneByOne(data), case.batch, shuffle=True, drop_last=True, num_workers=workers, pin_memory=pinned, persistent_workers=workers > 0
        )
        _, _, step = plain(recipe)
        while True:
            for x, y in batches:
                loss = step(x.to(recipe.device, non_blocking=True), y.to(recipe.device, non_blocking=True))
                loss.item()
                yield loss

    return loop


def rate(steps: Iterator[Tensor], case: Case, seconds: float) -> float:
    """Images per second; the device is waited for before the clock starts and before it stops."""
    for _ in range(WARM):
        next(steps).item()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds or count < WARM:
        loss = next(steps)
        count += 1
    loss.item()
    return count * case.batch / (time.perf_counter() - began)


def matrix_rate(device: str) -> float:
    """Operations per second of the fastest of a few large bf16 products."""
    best = 0.0
    for side in (4096, 8192, 16384):
        a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
        for _ in range(3):
            a @ b
        torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(10):
            a @ b
        torch.cuda.synchronize()
        best = max(best, 20 * side**3 / (time.perf_counter() - began))
    return best


def to_99(device: str) -> str:
    """Seconds until 99 % of the held-back digits are right: as many pixels as MNIST's, brought to LeNet-5's 32×32."""
    recipe = Recipe("lenet5-modern", "digits", epochs=60, batch=64, learning_rate=0.05, shift=2, border="constant", device=device)
    trainer = Trainer(network(recipe, 10), data_set("digits", (1, 32, 32)), recipe)
    for _ in trainer:
        if trainer.due and trainer.evaluate().top1 >= 0.99:
            return f"{trainer.seconds:.1f} s ({trainer.epoch} epochs)"
    return "never"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--batch", type=int, default=0)
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    for line in header(asked.runs, "images per second", "torch"):
        say(line)
    say(f"Device: {torch.cuda.get_device_name() if asked.device == 'cuda' else f'cpu, {torch.get_num_threads()} threads'}\n")
    matrices = matrix_rate("cuda") if asked.device == "cuda" else 0.0
    if matrices:
        say(f"bf16 matrix products: {matrices / 1e12:.0f} TFLOP/s\n")
    loops = {"ours": ours, "bare loop": bare} | {f"DataLoader, {number} workers": loader(number) for number in (asked.workers, 0)}
    say("| network | batch | " + " | ".join(loops) + " | ours / bare | ours / best loader |" + (" of matrix rate |" if matrices else ""))
    say("| --- " * (len(loops) + 4 + bool(matrices)) + "|")
    for case in GPU if asked.device == "cuda" else CPU:
        if asked.only and case.network != asked.only:
            continue
        case = replace(case, batch=asked.batch or case.batch)
        data, recipe = noise(case), recipe_of(case, asked.device)
        running = {name: loop(case, data, recipe) for name, loop in loops.items()}
        found: dict[str, list[float]] = {name: [] for name in loops}
        for turn in range(asked.runs):
            for name in list(loops)[:: 1 if turn % 2 else -1]:
                found[name].append(rate(running[name], case, asked.seconds))
        for steps in running.values():
            steps.close()  # type: ignore[attr-defined]
        ours_, bare_, *loaders = (median(rates) for rates in found.values())
        row = [f"{value:,.0f}" for value in (ours_, bare_, *loaders)] + [f"{ours_ / bare_:.3f}", f"{ours_ / max(loaders):.2f}"]
        if matrices:
            macs = costs(trace(network(recipe, 10, meta=True), case.shape)).macs
            row.append(f"{6 * macs * ours_ / matrices:.1%}")
        say(f"| {case.network} {case.shape[1]}×{case.shape[2]} | {case.batch} | " + " | ".join(row) + " |")
    say(f"\nSeconds to 99 % on the bundled digits at 32×32: {to_99(asked.device)}")


if __name__ == "__main__":
    main()
