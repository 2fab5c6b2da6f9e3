"""The Train page on a real store: a recipe from the link to the queue, and a real run in all of its states."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from netlib.data.digits import digits
from netlib.training.presets import PRESETS
from netlib.training.recipe import Recipe
from netlib.training.runs import Store
from netlib.training.worker import work
from pages.parts.train_choice import parsed, text
from tests.pages.page import PAGES, open_page, said, sent

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

opened = partial(open_page, "train")
RECIPE = Recipe("lenet5-modern", "digits", epochs=2, learning_rate=0.05, device="cpu")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty one, whose queue nobody works off; no data but the bundled ones."""
    monkeypatch.setenv("NETLIB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("NETLIB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NETLIB_SLOTS", "cpu=0")
    monkeypatch.delenv("NETLIB_DATABASE_URL", raising=False)
    return Store()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(folder=tmp_path_factory.mktemp("trained"))
    assert work(store, store.create(RECIPE, name="tiny", owner="Ada", device="cpu")).status == "finished"
    return store


@pytest.fixture
def tiny(trained: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a run that has finished."""
    monkeypatch.setenv("NETLIB_RUNS", str(trained.folder))
    return trained.runs()[0].id


def button(app: AppTest, label: str) -> Any:
    return next(found for found in app.button if found.label == label)


def test_one_minute_first_and_what_it_takes() -> None:
    """LeCun et al. 1998 with ten outputs of a fully connected layer: 156 + 2,416 + 48,120 + 10,164 + 850 parameters."""
    app = opened({})
    figures = {figure.label: figure.value for figure in app.metric}
    assert figures["Parameters"] == "61.7 k" == f"{(156 + 2416 + 48120 + 10164 + 850) / 1000:.1f} k"
    assert "1,297 pictures" in said(app).replace("*", "") and "500 held back" in said(app).replace("*", "")
    mean = digits().train_images.mean() / 255
    assert f"less {mean:.3f}" in said(app)
    assert "nothing changed" in said(app) and "pictures a second, measured on this machine" in said(app)
    assert not button(app, "Start run").disabled


@pytest.mark.parametrize("recipe", [RECIPE, *(preset.recipe for preset in PRESETS.values())], ids=["RECIPE", *PRESETS])
def test_the_link_writes_every_field_so_that_it_can_be_read(recipe: Recipe) -> None:
    for field in fields(Recipe):
        value = getattr(recipe, field.name)
        assert parsed(field.name, text(value)) == value


def test_changes_of_the_link_are_listed_and_data_that_are_not_here_are_offered() -> None:
    query: dict[str, str | list[str]] = {"preset": "lenet5-paper", "batch": "4", "schedule": "plateau", "patience": "5"}
    app = opened(query)
    assert {name: app.query_params[name] for name in query} == query
    told = said(app)
    assert "Batch: 1 → 4" in told and "Schedule: ÷ 10 at milestones → ÷ 10 when the score stalls" in told and "Patience: 3 → 5" in told
    assert "MNIST is not on this computer yet" in told and button(app, "Download 11.1 MiB")
    assert button(app, "Start run").disabled


def test_a_download_that_fails_says_which_files_belong_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
    app = opened({"data": "fashion-mnist"})
    next(found for found in app.button if found.label.startswith("Download")).click().run()
    assert not app.exception
    assert "could not be fetched" in said(app) and "FashionMNIST/raw by hand" in said(app)


def test_a_folder_that_is_not_there_is_asked_for() -> None:
    told = said(opened({"preset": "vgg-paper"}))
    assert "There is no folder 'imagenet'" in told and "What it takes can be told once its classes are known." in told


def test_what_a_link_asks_wrongly_is_said_in_a_sentence() -> None:
    told = said(opened({"preset": "nothing", "data": "mnist", "batch": "many", "optimizer": "magic"}))
    assert "The link asks for preset “nothing”, which is not one of the choices here" in told
    assert "The link asks for batch “many”" in told and "The link asks for optimizer “magic”" in told
    assert "There is no run called '12345678'" in said(opened({"run": "12345678"}))


def test_a_network_brings_its_loss_along() -> None:
    """LeNet-5 of 1998 gives distances to codes; its modern form logits."""
    app = opened({"network": "lenet5", "data": "mnist"})
    assert "Loss: cross-entropy → rbf" in said(app) and app.query_params["loss"] == "rbf"


def test_values_that_do_not_go_together_cannot_start() -> None:
    app = opened({"data": "mnist", "crops": "10"})
    assert "10 crops of a picture as large as the network's input are all the same; give a margin." in said(app)
    assert not [found for found in app.button if found.label == "Start run"]


def test_start_puts_the_run_into_the_queue_and_the_page_becomes_its_own(store: Store) -> None:
    first = store.create(RECIPE, owner="Bob")
    app = opened({"steps": "7", "epochs": "0"})
    app.text_input(key="train_owner").input("Ada").run()
    button(app, "Start run").click().run()
    run = next(run for run in store.runs() if run.id != first.id)
    assert (run.recipe.steps, run.recipe.epochs, run.owner, run.status) == (7, 0, "Ada", "queued")
    assert app.query_params["run"] == run.id
    assert "It is number 2 in the queue; before it are runs of Bob." in said(app)
    button(app, "Stop").click().run()
    assert store.get(run.id).status == "stopped" and "Stopped while it waited in the queue." in said(app)
    button(app, "Resume").click().run()
    assert store.get(run.id).status == "queued"


def test_curves_scores_and_mistakes_are_those_of_the_store(tiny: str, trained: Store) -> None:
    app = opened({"run": tiny, "look": "scores", "smooth": "0"})
    points, (step, last) = trained.points(tiny), trained.evaluations(tiny)[-1]
    assert step == 40  # of 20 batches an epoch
    panels = {panel["title"]: panel for panel in sent(app, "run_chart")[0]["panels"]}
    lines = {line["name"]: line for line in panels["Loss"]["lines"]}
    np.testing.assert_allclose(lines["training batches"]["y"], points["loss"].value, rtol=1e-4)
    assert lines["held-back pictures"]["x"] == [20, 40]
    right = round(last.top1 * 500)
    assert f"{right} of 500 held-back pictures are put into their class." in said(app)
    assert int(np.trace(last.confusion)) == right
    assert app.success[0].value.startswith("All 40 steps are done")


@pytest.mark.parametrize("by, end", [("step", 40.0), ("epoch", 2.0)])
def test_the_axis_follows_the_choice(tiny: str, by: str, end: float) -> None:
    panels = sent(opened({"run": tiny, "by": by}), "run_chart")[0]["panels"]
    assert panels[0]["lines"][-1]["x"][-1] == end


def test_kernels_maps_and_norms(tiny: str, trained: Store) -> None:
    app = opened({"run": tiny})
    steps = trained.snapshots(tiny)
    assert app.select_slider[0].options == [f"{step:,}" for step in steps] and "after step 40" in said(app)
    app.select_slider[0].set_value(0).run()
    assert "First kernels before the first step" in said(app).replace("*", "")
    assert f"{np.abs(trained.snapshot(tiny, 0)['kernels']).max():.3f}" in said(app)
    app = opened({"run": tiny, "look": "layers"})
    last = {name: line.value[-1] for name, line in trained.points(tiny).items() if name.startswith("gradient_norm/")}
    assert f"largest in {max(last, key=last.__getitem__).partition('/')[2]}" in said(app)


def test_recipe_machine_and_log_and_a_copy_with_changes(tiny: str) -> None:
    app = opened({"run": tiny, "look": "recipe"})
    told = [block.value for block in app.code]
    assert "Started on cpu" in told[1]
    recipe = told[0].partition("recipe = netlib.")[2].partition("\n")[0]
    assert eval(recipe, {"Recipe": Recipe}) == RECIPE
    button(app, "Duplicate with changes").click().run()
    assert app.query_params["preset"] == f"run:{tiny}" and "run" not in app.query_params
    assert f"As in “Run {tiny}”, nothing changed." in said(app)


def test_a_run_that_failed_or_whose_worker_died_says_so_and_can_go_on(store: Store) -> None:
    failed = store.create(Recipe("lenet5-modern", "digits", epochs=1, learning_rate=1e9, device="cpu"), device="cpu")
    work(store, failed)
    app = opened({"run": failed.id})
    assert "the loss stopped being a number" in app.error[0].value and button(app, "Resume")
    code = f"import os; from netlib.training.runs import Store; s = Store(); s.resume({failed.id!r}, device='cpu'); os.kill(os.getpid(), 9)"
    killed = subprocess.run([sys.executable, "-c", code], cwd=PAGES.parent, env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    store.sweep()
    assert "Its worker ended without a word" in app.run().warning[0].value
