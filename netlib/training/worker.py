"""The worker: trains a run that its process has claimed, writes down what the run learns, and saves checkpoints.

However it ends, nothing is lost: what is in the store belongs to the last checkpoint, or comes after it and is measured again.
"""

from __future__ import annotations

import platform
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

from netlib.errors import InvalidCheckpoint, NetlibError, WeightsMismatch
from netlib.training import checkpoint
from netlib.training.diary import PATIENCE, Diary, RunLost, patiently
from netlib.training.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable

    from netlib.training.loop import Step, Trainer
    from netlib.training.records import Run
    from netlib.training.runs import Store

HURRY = 0.5  # seconds to try to say how the run ended when it was stopped; if that cannot be, it is found to be interrupted
QUICK = 0.2  # seconds a worker's store waits for a locked database: the diary is patient, and the pulse must not be


def work(store: Store, run: Run, watch: Callable[[Step], None] | None = None) -> Run:
    """Train the run until it ends or shall stop; `watch` is told of each step. What the run is then."""
    pulse, diary = Pulse(store, run), Diary(store, run)
    try:
        try:
            status, message = _train(store, run, pulse, diary, watch)
        except RunLost:
            raise
        except NetlibError as error:
            status, message = "failed", str(error)
        except Exception as error:
            diary.log(traceback.format_exc())
            status, message = "failed", _sentence(error)
        finally:
            pulse.close()
        diary.settle(lambda: bool(pulse.why))
        patiently(lambda: store.end(run, status, message), HURRY if pulse.why else PATIENCE)
    except RunLost:
        pass  # nothing of it is this worker's to write
    return patiently(lambda: store.get(run.id))


def _train(store: Store, run: Run, pulse: Pulse, diary: Diary, watch: Callable[[Step], None] | None) -> tuple[str, str]:
    """Status and message at the run's end."""
    from netlib.training.distributed import agreed
    from netlib.training.keeping import Keeper  # with torch: a worker that finds nothing to do does not wait for it
    from netlib.training.recording import Recorder

    trainer = resumed(run, run.device, diary.log)
    if not patiently(lambda: store.begin(run, step=trainer.step, steps=trainer.steps, versions=_versions())):
        raise RunLost(run.id)
    diary.best = max((tested.top1 for _, tested in patiently(lambda: store.evaluations(run.id))), default=None)
    how = f"Resumed after step {trainer.step}" if trainer.step else "Started"
    diary.log(f"{how} on {run.device} of {run.host}, process {run.pid}.")
    recorder = Recorder(trainer, diary)
    keeper = Keeper(trainer, recorder, diary, run.folder, lambda: bool(pulse.why))
    for step in trainer:
        diary.steps = step.steps
        recorder.take(step)
        if watch:
            watch(step)
        if agreed(float(bool(pulse.why))):  # with those that share the batches, if there are any
            break
        keeper.save_if_due()
    if pulse.lost:
        raise RunLost(run.id)
    if keeper.save_at_the_end() and trainer.finished:
        return "finished", ""
    last = checkpoint.newest(run.folder)
    kept = f"with a checkpoint of step {checkpoint.step(last)}" if last else "without a checkpoint"
    return "stopped", f"{pulse.why} after step {trainer.step} of {trainer.steps}, {kept}."


def resumed(run: Run, device: str | None = None, tell: Callable[[str], None] = lambda text: None) -> Trainer:
    """The run's trainer, as the latest checkpoint that is whole left it; `tell` hears of those that are not.

    Raises:
        InvalidCheckpoint, WeightsMismatch: there are some, and none can be used.
    """
    from netlib.training.train import trainer as made

    files = checkpoint.files(run.folder)
    trainer = made(replace(run.recipe, warm_start="") if files else run.recipe, device=device)  # what it started from may be gone by now
    trouble: NetlibError | None = None
    for path in files:
        try:
            trainer.load(checkpoint.load(path))
        except (InvalidCheckpoint, WeightsMismatch) as error:
            tell(str(error))
            trouble = error
        else:
            return trainer
    if trouble:
        raise trouble
    return trainer


def _versions() -> dict[str, str]:
    import numpy as np
    import torch

    threads = str(torch.get_num_threads())
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__, "threads": threads}


def _sentence(error: Exception) -> str:
    name, line = type(error).__name__, (str(error).strip().splitlines() or [""])[0]
    if name == "OutOfMemoryError":
        return f"The device's memory is too small for this run ({line}); take a smaller batch, or bf16."
    return f"The training stopped at an error that was not foreseen ({name}: {line}); the log has more."
