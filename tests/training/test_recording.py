"""What a recorder writes, against a loop that keeps everything, and what it must not cost or change."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from netlib.data.split import Split
from netlib.errors import NetlibError
from netlib.training.loop import Trainer
from netlib.training.recipe import Recipe
from netlib.training.recording import Recorder
from netlib.training.snapshots import MAPS, PICTURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.training.records import Evaluation, Point, Snapshot

RECIPE = Recipe("none", "tiny", 8, batch=4, learning_rate=0.05, device="cpu")  # two steps an epoch


@dataclass
class Kept:
    """A sink that keeps all it is given."""

    batches: list[list[Point]] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    evaluations: list[tuple[int, Evaluation]] = field(default_factory=list)

    def points(self, rows: Sequence[Point]) -> None:
        self.batches.append(list(rows))

    def snapshot(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def evaluation(self, step: int, evaluation: Evaluation) -> None:
        self.evaluations.append((step, evaluation))

    def log(self, text: str) -> None: ...

    def series(self) -> dict[str, list[tuple[int, float]]]:
        found = defaultdict(list)
        for point in (point for batch in self.batches for point in batch):
            found[point.series].append((point.step, point.value))
        return found


def net() -> nn.Module:
    torch.manual_seed(3)
    first = OrderedDict(conv=nn.Conv2d(3, 10, 3, bias=False), bn=nn.BatchNorm2d(10), relu=nn.ReLU(), conv2=nn.Conv2d(10, 4, (2, 3)))
    return nn.Sequential(nn.Sequential(first), nn.Tanh(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(80, 3))


def recorded(tiny: Split, recipe: Recipe, every: float = 0.0, kept: Kept | None = None) -> tuple[Trainer, Kept]:
    trainer, kept = Trainer(net(), tiny, recipe), kept or Kept()
    recorder = Recorder(trainer, kept, every)
    for step in trainer:
        recorder.take(step)
    recorder.flush()
    return trainer, kept


@pytest.mark.parametrize("every", [0.0, 100.0])
def test_curves_and_norms_are_those_of_a_loop_that_reads_each_step(tiny: Split, every: float) -> None:
    trainer, kept = recorded(tiny, RECIPE, every)
    twin = Trainer(net(), tiny, RECIPE)
    expected = defaultdict(list)
    for step in twin:
        for name, parameter in twin.model.named_parameters():
            if parameter.ndim > 1:
                layer = name.removesuffix(".weight")
                expected[f"gradient_norm/{layer}"].append((step.step, parameter.grad.norm().item()))
                expected[f"weight_norm/{layer}"].append((step.step, parameter.detach().norm().item()))
        expected["loss"].append((step.step, step.loss.item()))
        expected["top1"].append((step.step, step.top1.item()))
        if step.step % 2 == 0:
            found = twin.evaluate()
            for name, value in (("loss", found.loss), ("top1", found.top1), ("top5", found.top5)):
                expected[f"test/{name}"].append((step.step, value))
    series = kept.series()
    assert series.keys() == {*expected, "learning_rate", "images_per_second"}
    for name, points in expected.items():
        assert [step for step, _ in series[name]] == [step for step, _ in points], name
        assert [value for _, value in series[name]] == pytest.approx([value for _, value in points], rel=1e-6), name
    assert all(torch.equal(a, b) for a, b in zip(trainer.model.parameters(), twin.model.parameters(), strict=True))


def test_points_come_in_batches_and_nothing_is_left(tiny: Split) -> None:
    _, slow = recorded(tiny, replace(RECIPE, evaluate=16), every=100.0)
    assert [len({point.step for point in batch}) for batch in slow.batches] == [16, 1]  # all steps at the end; then the score
    _, quick = recorded(tiny, replace(RECIPE, evaluate=16), every=0.0)
    assert len(quick.batches) == 17


def test_points_carry_epoch_and_time(tiny: Split) -> None:
    _, kept = recorded(tiny, RECIPE)
    losses = [point for batch in kept.batches for point in batch if point.series == "loss"]
    assert [point.epoch for point in losses] == [step / 2 for step in range(1, 17)]
    times = [point.seconds for point in losses]
    assert times == sorted(times) and times[0] > 0


def test_images_per_second_leaves_evaluations_out(tiny: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a second at each step and by a hundred in an evaluation."""
    now = [0.0]
    monkeypatch.setattr("netlib.training.recording.perf_counter", lambda: now[0])
    trainer, kept = Trainer(net(), tiny, RECIPE), Kept()
    slow = trainer.evaluate
    monkeypatch.setattr(trainer, "evaluate", lambda: (now.__setitem__(0, now[0] + 100), slow())[1])
    recorder = Recorder(trainer, kept, every=0.5)
    for step in trainer:
        now[0] += 1
        recorder.take(step)
    assert {value for _, value in kept.series()["images_per_second"]} == {4.0}


def test_long_runs_are_thinned_by_their_length_alone(tiny: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netlib.training.recording.CURVE", 8)
    monkeypatch.setattr("netlib.training.recording.NORMS", 4)
    series = recorded(tiny, RECIPE)[1].series()
    assert [step for step, _ in series["loss"]] == list(range(2, 17, 2))
    assert [step for step, _ in series["weight_norm/4"]] == [4, 8, 12, 16]


def test_snapshots_are_taken_often_at_first_and_never_twice(tiny: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six of them: when √(step / 16) passes a sixth, by hand at 1/36, 4/36, 9/36, 16/36, 25/36 and all of 16 steps."""
    monkeypatch.setattr("netlib.training.recording.SNAPSHOTS", 6)
    steps = [snapshot.step for snapshot in recorded(tiny, RECIPE)[1].snapshots]
    assert steps == [0, 1, 2, 4, 8, 12, 16]


def test_a_snapshot_shows_the_network_as_it_is(tiny: Split) -> None:
    trainer, kept = recorded(tiny, RECIPE)
    arrays = kept.snapshots[-1].arrays
    first = trainer.model[0].conv.weight.detach()
    np.testing.assert_allclose(arrays["kernels"], first.numpy(), atol=2e-3)
    assert arrays["kernels"].dtype == np.float16
    labels = tiny.test_labels[arrays["pictures"]]
    assert len(set(labels)) == len(labels) == min(PICTURES, 3)
    mean, std = (torch.tensor(values)[:, None, None] for values in (tiny.mean, tiny.std))
    x = (torch.tensor(tiny.test_images[arrays["pictures"]]) / 255 - mean) / std
    with torch.no_grad():
        trainer.model.eval()
        after = trainer.model[0][:3](x)
        expected = {"0.relu": after[:, :MAPS], "1": torch.tanh(trainer.model[0].conv2(after))}
    assert {name for name in arrays if name.startswith("maps/")} == {f"maps/{name}" for name in expected}
    for name, maps in expected.items():
        low, high = arrays[f"range/{name}"]
        shown = arrays[f"maps/{name}"].astype(float) / 255 * (high - low) + low
        np.testing.assert_allclose(shown, maps.numpy(), atol=(high - low) / 500)
        assert arrays[f"maps/{name}"].dtype == np.uint8


def test_a_resumed_run_leaves_the_same_records(tiny: Split) -> None:
    _, whole = recorded(tiny, RECIPE)
    first, kept = Trainer(net(), tiny, RECIPE), Kept()
    recorder = Recorder(first, kept, 0.0)
    for step in first:
        recorder.take(step)
        if step.step == 5:
            break
    recorder.flush()
    second = Trainer(net(), tiny, RECIPE)
    second.load(first.state())
    recorder = Recorder(second, kept, 0.0)
    for step in second:
        recorder.take(step)
    recorder.flush()
    ours, theirs = kept.series(), whole.series()
    for name in theirs.keys() - {"images_per_second", "learning_rate"}:
        assert ours[name] == theirs[name], name
    assert [snapshot.step for snapshot in kept.snapshots] == [snapshot.step for snapshot in whole.snapshots]
    assert [step for step, _ in kept.evaluations] == [step for step, _ in whole.evaluations]
    for mine, other in zip(kept.snapshots, whole.snapshots, strict=True):
        assert all(np.array_equal(mine.arrays[name], array) for name, array in other.arrays.items())


def test_a_run_that_diverges_ends_with_a_sentence(tiny: Split) -> None:
    kept = Kept()
    with pytest.raises(NetlibError, match="the loss stopped being a number: a learning rate of 1e[+]18 is too high .* try 1e[+]17"):
        recorded(tiny, replace(RECIPE, learning_rate=1e18, schedule="constant"), kept=kept)
    values = [point.value for batch in kept.batches for point in batch]
    assert values and np.isfinite(values).all()
