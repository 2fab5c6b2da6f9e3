"""The bundled weights do what their records say, and their first kernels are learned, not drawn."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from netlib.data.sets import data_set
from netlib.errors import UnknownNetwork
from netlib.models import bundled as records
from netlib.models.build import build
from netlib.models.bundled import BUNDLED, Bundled, state_dict
from netlib.models.registry import spec
from netlib.training import bundled
from netlib.training.bundled import RECIPES, make
from netlib.training.evaluation import correct
from netlib.training.optimizers import first_kernels
from netlib.training.recipe import Recipe

COLOUR = [name for name, record in BUNDLED.items() if record.data == "patches"]
GOALS = {"lenet5": 0.96, "lenet5-modern": 0.98}
PATCHES = 0.83  # of ten classes


def test_there_is_a_record_for_each_recipe_and_it_is_the_recipes() -> None:
    assert set(BUNDLED) == set(RECIPES)
    for name, record in BUNDLED.items():
        assert Recipe.from_dict(record.recipe) == RECIPES[name]


@pytest.mark.parametrize("name", RECIPES)
def test_the_stated_score_is_what_the_weights_score(name: str) -> None:
    record = BUNDLED[name]
    data = data_set(record.data, record.shape)
    model = build(name, weights=state_dict(name))
    assert correct(model, data.test_images, data.test_labels, data, record.recipe["loss"]) == record.correct
    assert record.score == record.correct / len(data.test_images) >= GOALS.get(name, PATCHES)
    assert (record.tested, record.trained) == (len(data.test_images), len(data.train_images))
    assert (record.mean, record.std, record.classes) == (data.mean, data.std, data.classes)


@pytest.mark.parametrize("name", RECIPES)
def test_the_record_describes_the_file(name: str) -> None:
    record = BUNDLED[name]
    assert record.bytes == record.file.stat().st_size
    with safe_open(record.file, "pt") as file:
        entries = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    model = build(name, meta=True)
    assert entries.keys() == model.state_dict().keys()
    assert record.params == sum(entries[key].numel() for key, _ in model.named_parameters())
    assert record.shape == spec(name).input_shape


def test_all_files_together_are_a_few_megabytes() -> None:
    assert sum(file.stat().st_size for file in records.FOLDER.iterdir()) < 6e6


def one_colour(kernels: Tensor) -> Tensor:
    """Share of a kernel that is one shape in one colour: the first singular value of its (C, h·w) matrix. (K, C, h, w) -> (K,)."""
    values = torch.linalg.svdvals(kernels.flatten(2)).square()
    return values[:, 0] / values.sum(1)


def few_waves(kernels: Tensor) -> Tensor:
    """Share of a kernel that its six strongest frequencies hold; an edge, a bar or a blob needs few. (K, C, h, w) -> (K,)."""
    power = torch.fft.fft2(kernels).abs().square().sum(1).flatten(1)
    return power.topk(6).values.sum(1) / power.sum(1)


@pytest.mark.parametrize("name", COLOUR)
def test_first_kernels_are_learned_shapes_and_not_what_was_drawn(name: str) -> None:
    """Noise holds all frequencies and all colours alike; what a person recognizes holds few of them."""
    drawn, learned = (first_kernels(build(name, weights=weights)).detach() for weights in (None, state_dict(name)))
    assert one_colour(learned).median() > one_colour(drawn).max()
    assert (one_colour(learned) > one_colour(drawn).median()).float().mean() > 0.95
    if learned.shape[-1] > 3:  # a 3×3 has only nine frequencies
        assert few_waves(learned).median() > 1.5 * few_waves(drawn).median()
        assert (few_waves(learned) > few_waves(drawn).max()).float().mean() > 0.9


@pytest.mark.parametrize("name", COLOUR)
def test_first_kernels_are_about_equally_strong(name: str) -> None:
    """On one scale a person sees all of them, not a few strong ones among grey ones."""
    norms = first_kernels(build(name, weights=state_dict(name))).detach().flatten(1).norm(dim=1)
    assert (norms > norms.max() / 3).float().mean() > 0.9


def test_make_writes_what_is_then_read(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    monkeypatch.setattr(bundled, "RECIPES", {"lenet5-modern": replace(RECIPES["lenet5-modern"], epochs=1)})
    made = make("lenet5-modern")
    assert Bundled.from_json((tmp_path / "lenet5-modern.json").read_text(encoding="utf-8")) == made
    assert sorted(file.name for file in tmp_path.iterdir()) == ["lenet5-modern.json", "lenet5-modern.safetensors"]
    assert "step 20 of 20" in capsys.readouterr().out
    with pytest.raises(UnknownNetwork, match="lenet5-modern"):
        make("lenet5-modren")


def test_records_are_json_that_others_can_read() -> None:
    for name in RECIPES:
        entries = json.loads((records.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        assert {"network", "data", "recipe", "versions", "bytes", "seconds", "date", "correct", "tested"} <= entries.keys()
