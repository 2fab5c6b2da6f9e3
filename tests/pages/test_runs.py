"""The Runs page, and runs as weights of the pages about seeing, on a real store that real runs have filled."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from netlib.training.recipe import Recipe
from netlib.training.runs import Store
from netlib.training.worker import work
from tests.pages.page import mosaics, open_page, said
from tests.pages.test_kernels import values
from tests.pages.test_sight import opened, sights

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

RECIPE = Recipe("lenet5-modern", "digits", steps=12, evaluate=6, learning_rate=0.05, device="cpu")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two runs that have finished, one of a changed network."""
    store = Store(folder=tmp_path_factory.mktemp("runs"))
    for name, changes in (("ReLU", ()), ("tanh", ("tanh",))):
        run = work(store, store.create(replace(RECIPE, changes=changes), name=name, owner="Ada", device="cpu"))
        assert run.status == "finished"
    return store


@pytest.fixture
def store(trained: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The same as the environment names it; nothing is started."""
    monkeypatch.setenv("NETLIB_RUNS", str(trained.folder))
    monkeypatch.delenv("NETLIB_DATABASE_URL", raising=False)
    monkeypatch.setenv("NETLIB_SLOTS", "cpu=0")
    return trained


def ids(store: Store) -> dict[str, str]:
    return {run.name: run.id for run in store.runs()}


def chart(app: AppTest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    return found


def decoded(values: Any) -> list[float]:
    """Plotly writes arrays of numpy's as base64."""
    if isinstance(values, dict):
        return np.frombuffer(b64decode(values["bdata"]), values["dtype"]).tolist()
    return list(values)


def test_before_the_first_run_the_page_says_how_to_start_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETLIB_RUNS", str(tmp_path))
    app = open_page("runs", {})
    assert "Nothing has been trained here yet" in said(app) and "python -m netlib.training run" in app.code[0].value
    assert not app.dataframe


def test_two_runs_lie_side_by_side(store: Store) -> None:
    known = ids(store)
    app = open_page("runs", {"run": [known["ReLU"], known["tanh"]]})
    tested = [line for line in chart(app) if "markers" in line["mode"]]
    assert [line["name"] for line in tested] == ["ReLU", "tanh"]
    for line in tested:
        evaluations = store.evaluations(known[line["name"]])
        assert decoded(line["x"]) == [step for step, _ in evaluations] == [6, 12]
        assert decoded(line["y"]) == pytest.approx([100 * found.top1 for _, found in evaluations])
    difference = app.dataframe[1].value
    assert difference.to_numpy().tolist() == [["Changes to the network", "none", "tanh for every ReLU"]]
    assert "Their recipes differ in changes to the network; the other 42 fields are the same." in said(app)
    assert app.query_params["run"] == [known["ReLU"], known["tanh"]]


def test_filters_hide_rows_and_leave_ticks(store: Store) -> None:
    known = ids(store)
    waiting = store.create(RECIPE, name="later", owner="Grace")
    try:
        app = open_page("runs", {"run": known["tanh"], "status": "queued"})
        assert list(app.dataframe[0].value["Run"]) == ["later"]
        assert "One run: 1 waiting, of 3" in said(app)
        assert [line["name"] for line in chart(app) if "markers" in line["mode"]] == ["held-back pictures"]
        app.selectbox(key="view_by").set_value("Ada").run()
        assert "No run passes these filters" in said(app)
        app.selectbox(key="view_status").set_value("").run()
        assert sorted(app.dataframe[0].value["Run"]) == ["ReLU", "tanh"] and app.query_params["by"] == "Ada"
    finally:
        store.delete(waiting.id)


def test_a_run_is_deleted_after_a_question(store: Store) -> None:
    doomed = store.create(RECIPE, name="doomed")
    app = open_page("runs", {"run": doomed.id})
    assert "Delete **doomed** with its curves and its checkpoints (0 B)? This cannot be undone." in said(app)
    assert "no checkpoint yet, so there are no weights" in said(app) and "Nothing has been measured yet" in said(app)
    app.button(key=f"delete_{doomed.id}").click().run()
    assert doomed.id not in ids(store).values() and "run" not in app.query_params and not app.exception


def test_a_run_that_waits_is_stopped_and_resumed(store: Store) -> None:
    waiting = store.create(RECIPE, name="waiting")
    app = open_page("runs", {"run": waiting.id})
    app.button(key=f"stop_{waiting.id}").click().run()
    assert store.get(waiting.id).status == "stopped" and "Stopped while it waited in the queue." in said(app)
    app.button(key=f"resume_{waiting.id}").click().run()
    assert store.get(waiting.id).status == "queued"
    store.delete(waiting.id)


def test_a_link_to_a_run_that_is_not_there_is_told(store: Store) -> None:
    app = open_page("runs", {"run": ["0a1b2c3d", ids(store)["ReLU"]]})
    assert "There is no run called '0a1b2c3d' here" in said(app)
    assert app.query_params["run"] == ids(store)["ReLU"]


def test_kernels_are_those_of_the_runs_checkpoint(store: Store) -> None:
    """Another way to them: the file itself."""
    id = ids(store)["tanh"]
    path = store.checkpoint(id, "best")
    assert path
    weights = load_file(path)["model/C1.weight"]
    app = open_page("kernels", {"network": "lenet5-modern", "weights_1": f"run:{id}", "sort": "index"})
    for tile in range(6):
        shown = values(mosaics(app)["kernels_lenet5-modern_1"], tile)
        np.testing.assert_allclose(shown, weights[tile, 0], atol=np.abs(weights).max() / 127)
    assert app.query_params["weights_1"] == f"run:{id}"


def test_a_run_is_looked_through_with_its_own_layers_classes_and_pictures(store: Store) -> None:
    id = ids(store)["tanh"]
    (one,) = sights(opened({"network": "lenet5-modern", "weights_1": f"run:{id}"}))
    assert one.weights == f"run:{id}" and one.weights_title.startswith(f"run tanh ({id}), step ")
    assert {layer.kind for layer in one.graph} >= {"tanh"} and "relu" not in {layer.kind for layer in one.graph}
    assert one.classes == tuple("0123456789") and one.preprocessing.dark_ground
    with one.model() as model:
        assert model(one.input()[None]).shape == (1, 10)


@pytest.mark.parametrize(
    ("network", "says"),
    [("lenet5", "trained LeNet-5, modern form, not LeNet-5"), ("zfnet-mini", "trained LeNet-5, modern form, not ZFNet, laptop size")],
)
def test_a_run_of_another_network_is_told_and_replaced(store: Store, network: str, says: str) -> None:
    app = opened({"network": network, "weights_1": f"run:{ids(store)['ReLU']}"})
    assert sights(app)[0].weights == "trained" and says in said(app)


def test_a_run_that_is_gone_is_told_and_replaced(store: Store) -> None:
    app = opened({"network": "lenet5-modern", "weights_1": "run:0a1b2c3d"})
    assert sights(app)[0].weights == "trained" and "There is no run called '0a1b2c3d' here" in said(app)
