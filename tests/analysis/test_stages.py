"""Stages as the papers number them: by the resolution at which the convolutions work."""

from __future__ import annotations

import pytest

from netlib.analysis.stages import stages
from netlib.analysis.store import load
from netlib.models.registry import NETWORKS

HEAD = "head"
# Simonyan & Zisserman 2015, Table 1; He et al. 2015, Table 1 and section 4.2; Szegedy et al. 2014, Table 1;
# Szegedy et al. 2016, figures 3 to 9.
MAPS = {
    "lenet5": [28, 10, 1, HEAD],
    "alexnet": [55, 27, 13, HEAD],
    "vgg16": [224, 112, 56, 28, 14, HEAD],
    "googlenet": [112, 56, 28, 14, 7, HEAD],
    "googlenet-aux": [112, 56, 28, 14, 7, HEAD, "auxiliary heads"],
    "resnet50": [112, 56, 28, 14, 7, HEAD],
    "resnet20-cifar": [32, 16, 8, HEAD],
    "inception-v4": [149, 73, 35, 17, 8, HEAD],
    "nin-cifar10": [32, 16, 8, HEAD],
    "dcgan-generator": ["stem", 8, 16, 32, 64],
    "lstm": [HEAD],
}


@pytest.mark.parametrize("name", MAPS)
def test_stages_are_the_papers(name: str) -> None:
    found = stages(load(name))
    assert [stage.size[0] if stage.size else stage.title for stage in found] == MAPS[name]
    numbered = [stage for stage in found if stage.size]
    titles = [f"stage {i} · {s.size[0]}×{s.size[1]}" for i, s in enumerate(numbered, start=1) if s.size]
    assert [stage.title for stage in numbered] == titles


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_but_the_inputs_is_in_one_stage(name: str) -> None:
    graph = load(name)
    members = [layer for stage in stages(graph) for layer in stage.layers]
    assert sorted(members) == sorted(layer.name for layer in graph if layer.kind not in ("input", "parameter"))
    order = {layer.name: index for index, layer in enumerate(graph)}
    assert all([order[layer] for layer in stage.layers] == sorted(order[layer] for layer in stage.layers) for stage in stages(graph))


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet152", "resnet20-cifar", "resnet110-cifar"])
def test_the_blocks_of_a_stage_stay_together(name: str) -> None:
    """ResNets name their blocks by stage, conv2_x to conv5_x: what is named alike lies in one stage, its shortcuts too."""
    for stage in stages(load(name)):
        assert len({layer.split(".")[0] for layer in stage.layers if "." in layer}) <= 1


def test_pooling_ends_a_stage_and_a_convolution_begins_one() -> None:
    first, second = stages(load("vgg16"))[:2]
    assert (first.layers[0], first.layers[-1]) == ("conv1_1", "pool1")
    assert (second.layers[0], second.layers[-1]) == ("conv2_1", "pool2")


def test_auxiliary_heads_stand_apart() -> None:
    last = stages(load("inception-v3-aux"))[-1]
    assert last.title == "auxiliary heads"
    assert all(layer.startswith("aux.") for layer in last.layers)
