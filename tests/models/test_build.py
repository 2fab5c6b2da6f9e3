"""build: what a seed promises, also where several threads build at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from netlib.errors import InvalidInput, MissingWeights, UnknownNetwork
from netlib.models import bundled
from netlib.models.build import build


def test_a_seed_gives_the_same_parameters_in_every_thread():
    with ThreadPoolExecutor(6) as pool:
        first, *others = [network.state_dict() for network in pool.map(build, ["resnet20-cifar"] * 6)]
    for other in others:
        assert all(torch.equal(first[name], other[name]) for name in first)


def test_building_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    build("lenet5", seed=1)
    assert torch.equal(torch.rand(3), expected)


def test_weights_by_the_name_of_their_source():
    trained = bundled.state_dict("lenet5")
    assert all(torch.equal(tensor, trained[name]) for name, tensor in build("lenet5", weights="trained").state_dict().items())
    with pytest.raises(MissingWeights, match="choose one of: lenet5, "):
        build("alexnet", weights="trained")
    with pytest.raises(MissingWeights, match="no ImageNet weights of LeNet-5"):
        build("lenet5", weights="imagenet")


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "torchvision/resnet18"])
def test_weights_that_there_are_not_are_one_sentence(name: str):
    with pytest.raises(InvalidInput) as caught:
        build(name, weights="nonsense")
    assert str(caught.value) == "There are no weights called 'nonsense'; choose 'trained' or 'imagenet', or give a state dict."


@pytest.mark.parametrize("source", ["trained", "imagenet"])
def test_an_unknown_network_has_no_weights_to_miss(source: str):
    with pytest.raises(UnknownNetwork, match="Did you mean rnn"):
        build("elman", weights=source)  # type: ignore[arg-type]
