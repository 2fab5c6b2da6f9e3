"""What runs have measured: curves, evaluations, snapshots and logs, written in batches and read thinned.

A run that resumes goes back to its checkpoint's step; what it had measured after that is forgotten first and measured again.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from itertools import groupby
from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, insert, select, update

from netlib.training.records import Evaluation, Mistake, Point, Snapshot
from netlib.training.tables import BLOCKS, EVALUATIONS, LINES, SNAPSHOTS, reading, transaction, upsert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from sqlalchemy import Connection, Engine, Row


@dataclass(frozen=True, slots=True)
class Points:
    """One series of a run, by rising step; all arrays (N,)."""

    step: NDArray[np.int64]
    epoch: NDArray[np.float64]
    seconds: NDArray[np.float64]
    value: NDArray[np.float64]


@dataclass(slots=True)
class Batch:
    """What is to be written in one transaction."""

    points: list[Point] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    evaluations: list[tuple[int, Evaluation]] = field(default_factory=list)
    lines: list[tuple[datetime, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.points or self.snapshots or self.evaluations or self.lines)


class Measurements:
    """The part of the store that holds what runs have measured."""

    _engine: Engine

    def add(self, id: str, points: Iterable[Point]) -> None:
        """Put points into a run's series."""
        with transaction(self._engine) as connection:
            write(connection, id, Batch(points=list(points)))

    def forget_after(self, id: str, step: int) -> None:
        """Forget all that was measured after this step; the log stays."""
        with transaction(self._engine) as connection:
            forget(connection, id, step)

    def series(self, id: str) -> list[str]:
        """The names of a run's series, in the order of the alphabet."""
        with transaction(reading(self._engine)) as connection:
            query = select(BLOCKS.c.series).where(BLOCKS.c.run == id).distinct().order_by(BLOCKS.c.series)
            return list(connection.scalars(query))

    def points(self, id: str, series: Iterable[str] | None = None, *, after_step: int = -1, most: int = 2000) -> dict[str, Points]:
        """The points after a step of these series (None: all), each thinned to at most `most`, its lowest and highest values kept."""
        query = select(BLOCKS.c.series, BLOCKS.c.numbers).where(BLOCKS.c.run == id, BLOCKS.c.last > after_step)
        if series is not None:
            query = query.where(BLOCKS.c.series.in_(list(series)))
        with transaction(reading(self._engine)) as connection:
            rows = connection.execute(query.order_by(BLOCKS.c.series, BLOCKS.c.first)).all()
        found = {}
        for name, blocks in groupby(rows, key=lambda row: row.series):
            numbers = np.concatenate([_unpacked(block.numbers) for block in blocks])
            numbers = numbers[numbers[:, 0] > after_step]
            step, epoch, seconds, value = numbers[thinned(numbers[:, 3], most)].T
            found[name] = Points(step.astype(np.int64), epoch, seconds, value)
        return found

    def snapshots(self, id: str) -> list[int]:
        """The steps at which a run looked at its network."""
        with transaction(reading(self._engine)) as connection:
            return list(connection.scalars(select(SNAPSHOTS.c.step).where(SNAPSHOTS.c.run == id).order_by(SNAPSHOTS.c.step)))

    def snapshot(self, id: str, step: int) -> dict[str, NDArray[Any]]:
        """What the network looked like then, by name; nothing if the run did not look at that step."""
        with transaction(reading(self._engine)) as connection:
            packed = connection.scalar(select(SNAPSHOTS.c.arrays).where(SNAPSHOTS.c.run == id, SNAPSHOTS.c.step == step))
        if packed is None:
            return {}
        with np.load(BytesIO(packed), allow_pickle=False) as arrays:
            return dict(arrays)

    def evaluations(self, id: str) -> list[tuple[int, Evaluation]]:
        """Each step at which a run was tested, and how well it did."""
        table = EVALUATIONS.c
        with transaction(reading(self._engine)) as connection:
            rows = connection.execute(select(EVALUATIONS).where(table.run == id).order_by(table.step)).all()
        return [(row.step, _evaluation(row)) for row in rows]

    def log(self, id: str) -> str:
        """What a run has told, a line each, with the moment in UTC."""
        with transaction(reading(self._engine)) as connection:
            rows = connection.execute(select(LINES.c.time, LINES.c.text).where(LINES.c.run == id).order_by(LINES.c.number)).all()
        return "\n".join(f"{time:%Y-%m-%d %H:%M:%S}  {text}" for time, text in rows)


def write(connection: Connection, id: str, batch: Batch) -> None:
    """Write the batch; parts of it that were written before are replaced."""
    key = {"run": id}
    blocks = []
    for series, points in groupby(sorted(batch.points, key=lambda point: (point.series, point.step)), key=lambda point: point.series):
        numbers = np.array([(p.step, p.epoch, p.seconds, p.value) for p in points], np.float64)
        blocks.append(key | _block(numbers) | {"series": series})
    upsert(connection, BLOCKS, blocks)
    upsert(connection, SNAPSHOTS, [key | {"step": shot.step, "arrays": _zipped(shot)} for shot in batch.snapshots])
    upsert(connection, EVALUATIONS, [key | {"step": step} | _columns(evaluation) for step, evaluation in batch.evaluations])
    if batch.lines:
        connection.execute(insert(LINES), [key | {"time": time, "text": text} for time, text in batch.lines])


def forget(connection: Connection, id: str, step: int) -> None:
    """Delete all that was measured after the step, also from the middle of a block."""
    for table, first in ((BLOCKS, BLOCKS.c.first), (SNAPSHOTS, SNAPSHOTS.c.step), (EVALUATIONS, EVALUATIONS.c.step)):
        connection.execute(delete(table).where(table.c.run == id, first > step))
    cut = BLOCKS.c.run == id, BLOCKS.c.last > step
    for row in connection.execute(select(BLOCKS.c.series, BLOCKS.c.first, BLOCKS.c.numbers).where(*cut)).all():
        numbers = _unpacked(row.numbers)
        here = BLOCKS.c.run == id, BLOCKS.c.series == row.series, BLOCKS.c.first == row.first
        connection.execute(update(BLOCKS).where(*here).values(_block(numbers[numbers[:, 0] <= step])))


def thinned(values: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Which of the values to draw: all, or at most `most` (4 or more): first, last, and the lowest and highest of equal stretches."""
    n = len(values)
    if n <= most:
        return np.arange(n)
    stretch = -(-n // (most // 2 - 1))
    padded = np.append(values, np.full(-n % stretch, values[-1])).reshape(-1, stretch)
    start = np.arange(len(padded)) * stretch
    kept = np.concatenate([[0], start + padded.argmin(1), start + padded.argmax(1), [n - 1]])
    return np.unique(kept.clip(max=n - 1))


def now() -> datetime:
    return datetime.now(UTC)


def _block(numbers: NDArray[np.float64]) -> dict[str, Any]:
    return {"first": int(numbers[0, 0]), "last": int(numbers[-1, 0]), "numbers": numbers.astype("<f8").tobytes()}


def _unpacked(numbers: bytes) -> NDArray[np.float64]:
    return np.frombuffer(numbers, "<f8").reshape(-1, 4)


def _zipped(snapshot: Snapshot) -> bytes:
    file = BytesIO()
    np.savez_compressed(file, allow_pickle=False, **snapshot.arrays)
    return file.getvalue()


def _columns(evaluation: Evaluation) -> dict[str, Any]:
    mistakes = np.array([astuple(mistake) for mistake in evaluation.mistakes], "<f8")
    return {
        "loss": evaluation.loss, "top1": evaluation.top1, "top5": evaluation.top5, "images": evaluation.images,
        "confusion": evaluation.confusion.astype("<i8").tobytes(), "mistakes": mistakes.tobytes(),
    }  # fmt: skip


def _evaluation(row: Row[Any]) -> Evaluation:
    confusion = np.frombuffer(row.confusion, "<i8")
    mistakes = (Mistake(int(index), int(label), int(said), p) for index, label, said, p in _unpacked(row.mistakes).tolist())
    loss = float("nan") if row.loss is None else row.loss
    return Evaluation(loss, row.top1, row.top5, confusion.reshape(isqrt(len(confusion)), -1), tuple(mistakes), row.images)
