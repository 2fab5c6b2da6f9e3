"""The registry's answer to a name that it does not have: what people call a network leads to the name here."""

from __future__ import annotations

import pytest

import netlib
from netlib.errors import UnknownNetwork
from netlib.models.registry import ALSO_CALLED, NETWORKS


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("elman", "rnn"), ("Elman RNN", "rnn"), ("elmann", "rnn"), ("inception v1", "googlenet"), ("Inception-v1", "googlenet"),
        ("resnet-50", "resnet50"), ("ResNet-50", "resnet50"), ("vgg-16", "vgg16"), ("VGG_16", "vgg16"), ("Inception V3", "inception-v3"),
        ("lenet", "lenet5"), ("ResNet-50 v1.5", "resnet50-v1.5"), ("AlexNet, single tower", "alexnet-single"),
    ],
)  # fmt: skip
def test_another_spelling_or_name_leads_to_the_name(asked: str, meant: str) -> None:
    with pytest.raises(UnknownNetwork) as caught:
        netlib.build(asked)
    assert str(caught.value) == f"There is no network called {asked!r}. Did you mean {meant}?"


def test_near_names_are_offered_as_before_and_strange_ones_get_a_list() -> None:
    with pytest.raises(UnknownNetwork, match=r"'resnet51'\. Did you mean resnet50 or "):
        netlib.build("resnet51")
    with pytest.raises(UnknownNetwork, match=r"'transformer'\. Choose one of: rnn, lstm, lenet5, "):
        netlib.build("transformer")


def test_other_names_are_of_networks_that_there_are() -> None:
    assert set(ALSO_CALLED.values()) <= set(NETWORKS) and not set(ALSO_CALLED) & set(NETWORKS)
