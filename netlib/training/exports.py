"""A run to take away: its numbers for tables, notebooks and TensorBoard, its weights for other programs.

Each function takes the store and a run's id and gives the bytes of one file. `FORMATS` lists them.
"""

from __future__ import annotations

import csv as csv_files
import json as json_files
from dataclasses import asdict, dataclass, replace
from io import BytesIO, StringIO
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

from netlib.errors import MissingWeights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from netlib.training.records import Run
    from netlib.training.runs import Store

ALL = 10_000_000  # points of a series: none is thinned out
OPSET = 18


def csv(store: Store, id: str) -> bytes:
    """All points, a row each: series, step, epoch, seconds, value.

    Raises: UnknownRun.
    """
    store.get(id)
    text = StringIO()
    table = csv_files.writer(text, lineterminator="\n")
    table.writerow(("series", "step", "epoch", "seconds", "value"))
    for series, points in store.points(id, most=ALL).items():
        columns = (points.step, points.epoch, points.seconds, points.value)
        table.writerows((series, *row) for row in zip(*(column.tolist() for column in columns), strict=True))
    return text.getvalue().encode()


def json(store: Store, id: str) -> bytes:
    """The run as a whole: recipe, versions, device, how it ended, all points, all evaluations with their confusion, the log.

    Raises: UnknownRun.
    """
    run = store.get(id)
    told = {
        **facts(run),
        "points": {
            series: {name: getattr(points, name).tolist() for name in ("step", "epoch", "seconds", "value")}
            for series, points in store.points(id, most=ALL).items()
        },
        "evaluations": [{"step": step, **asdict(found), "loss": _finite(found.loss)} for step, found in store.evaluations(id)],
        "log": store.log(id).splitlines(),
    }
    return json_files.dumps(told, indent=1, ensure_ascii=False, default=lambda array: array.tolist()).encode()


def safetensors(store: Store, id: str) -> bytes:
    """The weights of the best checkpoint, or of the last; the recipe and the rest of `facts` stand in the file's metadata.

    Raises: UnknownRun, MissingWeights.
    """
    from safetensors.torch import save

    step, weights = _weights(store, id)
    told = {**facts(store.get(id)), "weights_of_step": step}
    return save(weights, {name: value if isinstance(value, str) else json_files.dumps(value) for name, value in told.items()})


def tensorboard(store: Store, id: str) -> bytes:
    """A zip of a folder with an event file, for `tensorboard --logdir`: every series as a scalar, the recipe as text.

    Raises: UnknownRun.
    """
    from tensorboardX import SummaryWriter

    run = store.get(id)
    with TemporaryDirectory() as place:
        writer = SummaryWriter(place)
        start = (run.started or run.created).timestamp()
        writer.add_text("recipe", f"```\n{json_files.dumps(run.recipe.as_dict(), indent=1)}\n```", walltime=start)
        for series, points in store.points(id, most=ALL).items():
            for step, seconds, value in zip(points.step.tolist(), points.seconds.tolist(), points.value.tolist(), strict=True):
                writer.add_scalar(series, value, step, walltime=start + seconds)
        writer.close()
        packed = BytesIO()
        with ZipFile(packed, "w", ZIP_DEFLATED) as file:
            for path in sorted(Path(place).iterdir()):
                file.write(path, f"{_name(run)}/{path.name}")
    return packed.getvalue()


def onnx(store: Store, id: str) -> bytes:
    """The network with the weights of the best checkpoint, or of the last, in eval mode, for any number of pictures at once.

    Input "pictures": (N, C, H, W), normalized as the metadata say; outputs: "logits", or "distances" for LeNet-5's codes.

    Raises: UnknownRun, MissingWeights.
    """
    import onnx as onnx_files
    import torch

    from netlib.analysis.store import default_input
    from netlib.data.sets import data_set
    from netlib.training.losses import main_outputs
    from netlib.training.network import network

    run, (step, weights) = store.get(id), _weights(store, id)
    shape = default_input(run.recipe.network)
    data = data_set(run.recipe.data, shape)
    model = network(replace(run.recipe, warm_start=""), len(data.classes)).eval()
    model.load_state_dict(weights)
    model.register_forward_hook(lambda _, __, outputs: main_outputs(outputs))  # auxiliary classifiers are of use in training alone
    program = torch.onnx.export(
        model, (torch.zeros(2, *shape),), input_names=["pictures"], output_names=["distances" if run.recipe.loss == "rbf" else "logits"],
        dynamic_shapes=({0: torch.export.Dim("N")},), opset_version=OPSET, dynamo=True, verbose=False,
    )  # fmt: skip
    assert program is not None
    proto = program.model_proto
    told = {**facts(run), "weights_of_step": step, "classes": data.classes, "mean": data.mean, "std": data.std}
    onnx_files.helper.set_model_props(
        proto, {name: value if isinstance(value, str) else json_files.dumps(value) for name, value in told.items()}
    )
    return proto.SerializeToString()


def facts(run: Run) -> dict[str, Any]:
    """What a file should say of the run it is from, as JSON holds it."""
    moments = {"created": run.created, "started": run.started, "ended": run.ended}
    names = ("id", "name", "status", "step", "steps", "epoch", "best", "seconds", "device", "device_seconds", "message", "after")
    return {
        **{name: getattr(run, name) for name in names},
        **{name: moment and moment.isoformat() for name, moment in moments.items()},
        "recipe": run.recipe.as_dict(),
        "versions": dict(run.versions),
    }


def _weights(store: Store, id: str) -> tuple[int, dict[str, Tensor]]:
    """Step and state dict of the best checkpoint, or of the last."""
    from netlib.training import checkpoint

    path = store.checkpoint(id, "best") or store.checkpoint(id, "last")
    if path is None:
        raise MissingWeights(f"Run {id} has no checkpoint yet, so there are no weights to take away; wait until it has one.")
    tensors = checkpoint.load(path).tensors
    return checkpoint.step(path), {name.removeprefix("model/"): t for name, t in tensors.items() if name.startswith("model/")}


def _finite(value: float) -> float | None:
    """JSON has no number that is none."""
    return value if isfinite(value) else None


def _name(run: Run) -> str:
    return f"{run.recipe.network}-{run.id}"


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Attributes:
        title: on a button.
        mime: for the browser.
        make: (store, id) -> its bytes.
        weights: whether it needs a checkpoint.
    """

    title: str
    ending: str
    mime: str
    make: Callable[[Store, str], bytes]
    weights: bool = False

    def file_name(self, run: Run) -> str:
        return f"{_name(run)}{self.ending}"


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "csv": Format("CSV", ".csv", "text/csv", csv),
        "json": Format("JSON", ".json", "application/json", json),
        "safetensors": Format("safetensors", ".safetensors", "application/octet-stream", safetensors, weights=True),
        "tensorboard": Format("TensorBoard", "-tensorboard.zip", "application/zip", tensorboard),
        "onnx": Format("ONNX", ".onnx", "application/octet-stream", onnx, weights=True),
    }
)
