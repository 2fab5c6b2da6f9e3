"""Runs from a terminal. They are in the same store as the app's, which shows them.

    python -m netlib.training run --network lenet5-modern --data digits --epochs 3     trains here, with a progress bar; Ctrl-C stops it
    python -m netlib.training run --detach …                                           puts it into the queue
    python -m netlib.training list
    python -m netlib.training stop <id>
    python -m netlib.training resume <id>                                              goes on here, from its last checkpoint
    python -m netlib.training worker                                                   takes the run whose turn it is

On several GPUs, or machines: torchrun --nproc-per-node 2 -m netlib.training run --devices 2 …

Where the runs are: $NETLIB_RUNS and $NETLIB_DATABASE_URL.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any, get_type_hints

from netlib.errors import NetlibError
from netlib.training.recipe import Recipe
from netlib.training.runs import Store
from netlib.training.worker import QUICK, resumed, work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.training.loop import Step
    from netlib.training.records import Run

NICENESS = 10  # of workers that nobody looks at: whoever uses the machine comes first


def parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(prog="python -m netlib.training", description=__doc__, formatter_class=raw)
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="train a network")
    run.add_argument("--name", default="", help="what the run is called")
    run.add_argument("--detach", action="store_true", help="put it into the queue and come back at once")
    recipe = run.add_argument_group("recipe")
    for field in fields(Recipe):
        _add(recipe, field)
    commands.add_parser("list", help="the runs, the newest first")
    commands.add_parser("worker", help="take the run whose turn it is, train it, start the next worker")
    for name, help in (("stop", "ask a run to stop"), ("resume", "go on with a run from its last checkpoint")):
        commands.add_parser(name, help=help).add_argument("id")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0, 1 for a run that did not finish, 2 for a mistake."""
    given = parser().parse_args(arguments)
    try:
        return {"run": run, "list": show, "worker": worker, "stop": stop, "resume": resume}[given.command](given)
    except NetlibError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenPipeError:  # as in list | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def run(given: argparse.Namespace) -> int:
    from netlib.training import launcher
    from netlib.training.distributed import follow, joined
    from netlib.training.train import trainer

    recipe = Recipe(**{field.name: getattr(given, field.name) for field in fields(Recipe)})
    store = Store(patience=QUICK if not given.detach else 10.0)
    if given.detach:
        made = launcher.launch(store, recipe, name=given.name, owner=getpass.getuser())
        sys.stdout.write(f"{made.id} is {made.status}.\n")
        return 0
    with joined() as (rank, _):
        if rank:
            follow(trainer(recipe))
            return 0
        device, needed = launcher.checked(recipe)
        return _watched(store, store.create(recipe, name=given.name, owner=getpass.getuser(), bytes=needed, device=device))


def resume(given: argparse.Namespace) -> int:
    from netlib.training import launcher
    from netlib.training.distributed import follow, joined

    store = Store(patience=QUICK)
    run = store.get(given.id)
    with joined() as (rank, _):
        if rank:
            follow(resumed(run))
            return 0
        device, _ = launcher.checked(run.recipe)
        store.sweep()
        return _watched(store, store.resume(given.id, device=device))


def stop(given: argparse.Namespace) -> int:
    Store().stop(given.id)
    return 0


def show(given: argparse.Namespace) -> int:
    store = Store()
    store.sweep()
    for run in store.runs():
        best = f"{run.best:.1%}" if run.best is not None else "–"
        row = f"{run.id}  {run.status:<11}  {run.step:>7} of {run.steps:<7}  best {best:>6}  {run.recipe.network} on {run.recipe.data}"
        sys.stdout.write(f"{row}  {run.name}  {run.message}".rstrip() + "\n")
    return 0


def worker(given: argparse.Namespace) -> int:
    from netlib.training.queueing import slots

    if hasattr(os, "nice"):
        os.nice(NICENESS)
    store = Store(patience=QUICK)
    mine = store.claim(slots())
    if mine:
        import torch

        torch.set_num_threads(max(1, torch.get_num_threads() // slots().get("cpu", 1)))
        work(store, mine)

        from netlib.training.launcher import dispatch

        dispatch(store)
    return 0


def _watched(store: Store, run: Run) -> int:
    """Train here, with a bar; what it costs to look is nothing, as the loss is fetched only when the bar is drawn."""
    from tqdm import tqdm

    with tqdm(unit="step", dynamic_ncols=True, desc=run.id) as bar:

        def watch(step: Step) -> None:
            if not bar.total:
                bar.reset()  # its clock starts with the training
                bar.initial = bar.n = step.step - 1
            bar.total = step.steps
            if bar.update(step.step - bar.n):
                bar.set_postfix(epoch=step.epoch, loss=f"{step.loss.item():.4f}", refresh=False)

        ended = work(store, run, watch)
    best = f", at best {ended.best:.2%} of the held-back pictures right" if ended.best is not None else ""
    sys.stdout.write(f"{ended.id} {ended.status} after step {ended.step} of {ended.steps}{best}. {ended.message}".rstrip() + "\n")
    if ended.status in ("stopped", "failed", "interrupted"):
        sys.stdout.write(f"To go on: python -m netlib.training resume {ended.id}\n")
    return 0 if ended.status == "finished" else 1


def _add(group: Any, field: Field[Any]) -> None:
    """The option of one field of the recipe: --learning-rate 0.1, --mirror, --milestones 0.5,0.75, --changes tanh,no-lrn."""
    kind = get_type_hints(Recipe)[field.name]
    optional = {"default": field.default, "help": f"default: {field.default}"}
    settings: dict[str, Any] = {"required": True} if field.default is MISSING else optional
    if kind is bool:
        settings["action"] = argparse.BooleanOptionalAction
    elif field.name == "milestones":
        settings["type"] = lambda text: tuple(float(part) for part in text.split(","))
    elif field.name == "changes":
        settings["type"] = lambda text: tuple(text.split(","))
    else:
        settings["type"] = kind if kind in (int, float, str) else float
    group.add_argument(f"--{field.name.replace('_', '-')}", **settings)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # all is written; Python would take two seconds more to take torch apart
