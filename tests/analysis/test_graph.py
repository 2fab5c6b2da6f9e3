"""The graph as plain data: equal after JSON, in topological order, and with errors that help."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from netlib.analysis.graph import CATEGORY, Layer, LayerGraph, Window
from netlib.analysis.store import load
from netlib.errors import UnknownLayer
from netlib.models.registry import NETWORKS

SMALL = LayerGraph(
    "small",
    (
        Layer("input", "input", (), (3, 9, 13)),
        Layer("stem.conv", "conv2d", ("input",), (8, 5, 5), Window((1, 5), (2, 3), (0, 2), (1, 1)), 1, {"weight": (8, 3, 1, 5)}),
        Layer("stem.relu", "relu", ("stem.conv",), (8, 5, 5)),
        Layer("add", "add", ("stem.relu", "stem.conv"), (8, 5, 5), options={"scalar": 2.0, "pair": (1, (2, 3))}),
        Layer("twice", "add", ("add", "add"), (8, 5, 5), shares="stem.conv"),
    ),
    {"main": "twice", "aux": "add"},
    {"stem": "Stem"},
    {"left.weight": (4, 2)},
)


@pytest.mark.parametrize("name", NETWORKS)
def test_json_gives_an_equal_graph_back(name: str) -> None:
    graph = load(name)
    assert LayerGraph.from_json(graph.to_json()) == graph
    assert len(graph.to_json().splitlines()) == len(graph) + 3  # a layer a line


def test_json_keeps_what_the_registry_does_not_use() -> None:
    back = LayerGraph.from_json(SMALL.to_json())
    assert back == SMALL
    assert back["add"].options["pair"] == (1, (2, 3))  # tuples, not JSON's lists
    assert back["stem.conv"].window == Window((1, 5), (2, 3), (0, 2), (1, 1))
    assert back != LayerGraph.from_json(SMALL.to_json().replace("Stem", "Other"))


def test_defaults_are_left_out_of_json() -> None:
    rows = json.loads(SMALL.to_json())["layers"]
    assert rows[2] == {"n": "stem.relu", "k": "relu", "i": ["stem.conv"], "s": [8, 5, 5]}


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_stand_after_their_inputs_and_kinds_are_known(name: str) -> None:
    graph, seen = load(name), set()
    for layer in graph:
        assert set(layer.inputs) <= seen
        assert layer.name not in seen
        assert layer.category == CATEGORY[layer.kind]
        assert set(layer.modules) <= set(graph.modules)
        seen.add(layer.name)
    assert set(graph.outputs.values()) <= seen
    assert [layer.kind for layer in graph.layers[: len(graph.inputs)]] == ["input"] * len(graph.inputs)


def test_consumers_are_listed_once_and_in_order() -> None:
    assert SMALL.consumers == {
        "input": ("stem.conv",), "stem.conv": ("stem.relu", "add"), "stem.relu": ("add",), "add": ("twice",), "twice": (),
    }  # fmt: skip


def test_looking_layers_up() -> None:
    assert SMALL["add"] is SMALL.layers[3]
    assert "add" in SMALL
    assert "stem" not in SMALL
    assert SMALL.input_shape == (3, 9, 13)
    assert SMALL["stem.conv"].modules == ("stem",)
    assert load("resnet18")["conv2_x.0.conv1"].modules == ("conv2_x", "conv2_x.0")


def test_an_unknown_layer_names_the_nearest_ones() -> None:
    with pytest.raises(UnknownLayer, match=r"small has no layer called 'stem\.con'\. Did you mean stem\.conv"):
        SMALL["stem.con"]
    with pytest.raises(UnknownLayer, match="Choose one of: input, stem.conv"):
        SMALL["zzz"]


def test_a_layer_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        SMALL["add"].shape = (1,)  # type: ignore[misc]
    with pytest.raises(TypeError):
        SMALL["stem.relu"].params["weight"] = (1,)  # type: ignore[index]
