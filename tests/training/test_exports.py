"""A run to take away, read back by other libraries: pandas, safetensors' own reader, ONNX Runtime, TensorBoard's protocol."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from tensorboardX.proto.event_pb2 import Event

from netlib.analysis.store import default_input
from netlib.data.sets import data_set
from netlib.errors import MissingWeights, UnknownRun
from netlib.training import checkpoint, exports
from netlib.training.network import network
from netlib.training.recipe import Recipe
from netlib.training.runs import Store
from netlib.training.worker import work

RECIPE = Recipe("lenet5-modern", "digits", steps=6, evaluate=3, learning_rate=0.05, device="cpu")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(folder=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def id(store: Store) -> str:
    """A real run of six steps."""
    run = work(store, store.create(RECIPE, name="six, \"steps\"", owner="ann", device="cpu"))
    assert run.status == "finished", run.message
    return run.id


@pytest.fixture(scope="module")
def program(store: Store, id: str) -> bytes:
    return exports.onnx(store, id)


def test_csv_as_pandas_reads_it(store: Store, id: str) -> None:
    table = pd.read_csv(BytesIO(exports.csv(store, id)))
    assert list(table.columns) == ["series", "step", "epoch", "seconds", "value"]
    known = store.points(id)
    assert set(table["series"]) == set(known)
    for series, rows in table.groupby("series"):
        for column in ("step", "epoch", "seconds", "value"):
            assert (rows[column].to_numpy() == getattr(known[series], column)).all()  # to the last digit
    assert table.query("series == 'loss'")["step"].tolist() == [1, 2, 3, 4, 5, 6]


def test_json_holds_the_whole_run(store: Store, id: str) -> None:
    told = json.loads(exports.json(store, id), parse_constant=pytest.fail)  # no NaN, which JSON does not know
    assert Recipe.from_dict(told["recipe"]) == RECIPE
    assert told["versions"]["torch"] == torch.__version__ and told["name"] == 'six, "steps"'
    assert told["points"]["test/top1"]["step"] == [3, 6]
    confusion = np.array(told["evaluations"][1]["confusion"])
    assert confusion.sum() == 500 and confusion.trace() / 500 == told["points"]["test/top1"]["value"][1]
    assert any("Started" in line for line in told["log"])


def test_safetensors_are_the_best_weights_and_say_where_they_are_from(store: Store, id: str) -> None:
    packed = exports.safetensors(store, id)
    size = struct.unpack("<Q", packed[:8])[0]  # the format's own header: its length, then JSON
    told = json.loads(packed[8 : 8 + size])["__metadata__"]
    assert Recipe.from_dict(json.loads(told["recipe"])) == RECIPE and told["id"] == id
    path = store.checkpoint(id, "best")
    assert path is not None and int(told["weights_of_step"]) == checkpoint.step(path)
    weights = safetensors.numpy.load(packed)
    saved = checkpoint.load(path).tensors
    assert set(weights) == set(network(RECIPE, 10).state_dict())
    assert all((weights[name] == saved[f"model/{name}"].numpy()).all() for name in weights)


def events(file: bytes) -> list[Event]:
    """What an event file holds: records of a length, its checksum, an Event, its checksum."""
    found, place = [], 0
    while place < len(file):
        (length,) = struct.unpack_from("<Q", file, place)
        found.append(Event.FromString(file[place + 12 : place + 12 + length]))
        place += 12 + length + 4
    return found


def test_tensorboard_has_every_point(store: Store, id: str) -> None:
    with ZipFile(BytesIO(exports.tensorboard(store, id))) as zipped:
        (name,) = zipped.namelist()
        found = events(zipped.read(name))
    assert name.startswith(f"lenet5-modern-{id}/events.out.tfevents.")
    assert found[0].file_version == "brain.Event:2"
    scalars = [(value.tag, event.step, value.simple_value, event.wall_time) for event in found for value in event.summary.value
               if value.HasField("simple_value")]  # fmt: skip
    known = store.points(id)
    started = store.get(id).started.timestamp()
    for series, points in known.items():
        mine = [row[1:] for row in scalars if row[0] == series]
        assert [step for step, *_ in mine] == points.step.tolist()
        assert [value for _, value, _ in mine] == pytest.approx(points.value.tolist(), rel=1e-6)  # float32
        assert [time - started for *_, time in mine] == pytest.approx(points.seconds.tolist(), abs=1e-3)
    texts = [value.tensor.string_val[0].decode() for event in found for value in event.summary.value if value.tag.startswith("recipe")]
    assert len(texts) == 1 and '"learning_rate": 0.05' in texts[0]


def answers(program: bytes, x: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(program, providers=["CPUExecutionProvider"])
    (out,) = session.run(None, {"pictures": x.numpy()})
    return out


@pytest.mark.parametrize("pictures", [1, 2, 7])
def test_onnx_runtime_gives_torchs_answers(store: Store, id: str, program: bytes, pictures: int) -> None:
    model = network(RECIPE, 10).eval()
    model.load_state_dict(safetensors.torch.load(exports.safetensors(store, id)))
    x = torch.randn(pictures, 1, 32, 32, generator=torch.Generator().manual_seed(pictures))
    np.testing.assert_allclose(answers(program, x), model(x).detach().numpy(), atol=1e-4)


def test_onnx_is_whole_and_says_how_pictures_come_in(program: bytes) -> None:
    proto = onnx.load_from_string(program)
    onnx.checker.check_model(proto, full_check=True)
    told = {entry.key: entry.value for entry in proto.metadata_props}
    data = data_set("digits", (1, 32, 32))
    assert (json.loads(told["mean"]), json.loads(told["std"])) == (list(data.mean), list(data.std))
    assert json.loads(told["classes"]) == list("0123456789") and Recipe.from_dict(json.loads(told["recipe"])) == RECIPE


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("googlenet-mini", "patches", steps=1, batch=2, changes=("aux-heads",), device="cpu"),
        Recipe("lenet5", "digits", steps=1, batch=2, loss="rbf", device="cpu"),
    ],
    ids=lambda recipe: recipe.network,
)
def test_onnx_of_networks_with_heads_or_codes(store: Store, recipe: Recipe) -> None:
    run = store.create(recipe, device="cpu")
    model = network(replace(recipe, seed=5), 10).eval()
    state = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    checkpoint.save(checkpoint.place(run.folder, "last", 1), checkpoint.State(state, {}))
    program = exports.onnx(store, run.id)
    x = torch.randn(3, *default_input(recipe.network), generator=torch.Generator().manual_seed(0))
    expected = model(x)
    expected = expected if torch.is_tensor(expected) else expected.logits
    np.testing.assert_allclose(answers(program, x), expected.detach().numpy(), rtol=1e-5, atol=1e-4)  # distances are in the hundreds


def test_without_a_checkpoint_there_are_numbers_but_no_weights(store: Store) -> None:
    id = store.create(RECIPE).id
    assert exports.csv(store, id) == b"series,step,epoch,seconds,value\n"
    assert json.loads(exports.json(store, id))["status"] == "queued"
    for format in exports.FORMATS.values():
        if format.weights:
            with pytest.raises(MissingWeights, match=f"Run {id} has no checkpoint yet"):
                format.make(store, id)
        else:
            assert format.make(store, id)


def test_names_and_unknown_runs(store: Store, id: str) -> None:
    names = {key: format.file_name(store.get(id)) for key, format in exports.FORMATS.items()}
    assert names["csv"] == f"lenet5-modern-{id}.csv" and names["tensorboard"] == f"lenet5-modern-{id}-tensorboard.zip"
    for format in exports.FORMATS.values():
        with pytest.raises(UnknownRun):
            format.make(store, "nobody")
