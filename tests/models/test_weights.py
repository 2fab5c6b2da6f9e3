"""What a state dict that does not fit is told, and that nothing is touched then."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from netlib.errors import UnknownNetwork, WeightsMismatch
from netlib.models.build import build
from netlib.models.weights import from_torchvision, load, renamed
from netlib.models.zoo import build_torchvision


def test_round_trip():
    source, target = build("lenet5", seed=1), build("lenet5", seed=2)
    load(target, source.state_dict(), "lenet5")
    for name, tensor in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], tensor)


def test_the_message_counts_and_names_what_does_not_fit():
    network = nn.Sequential(nn.Conv2d(1, 2, (3, 5)), nn.BatchNorm2d(2))
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    wrong = {key: torch.zeros(2) for key in ("0.bias", "a", "1.weight", "1.bias")} | {"0.weight": torch.zeros(2, 1, 5, 3)}
    with pytest.raises(WeightsMismatch) as caught:
        load(network, wrong, "toy")
    assert str(caught.value) == (
        "These weights do not fit toy, which has 7 entries: 3 missing (1.running_mean, 1.running_var, 1.num_batches_tracked); "
        "1 unexpected (a); 1 mis-shaped (0.weight (2×1×5×3 instead of 2×1×3×5)). Choose the network they were trained with."
    )
    for key, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[key])


def test_a_long_list_is_cut_after_three():
    with pytest.raises(WeightsMismatch, match=r"10 missing \(C1\.weight, C1\.bias, C3\.weight, …\); 0 unexpected; 0 mis-shaped\."):
        load(build("lenet5-modern", meta=True), {}, "lenet5-modern")


def test_build_loads_and_complains():
    with pytest.raises(WeightsMismatch, match="do not fit lenet5-modern"):
        build("lenet5-modern", weights=build("lenet5").state_dict())


def test_wrong_torchvision_weights_are_told_apart():
    with torch.device("meta"):
        vgg19 = build_torchvision("vgg19").state_dict()
    with pytest.raises(WeightsMismatch, match=r"do not fit vgg16, .*unexpected"):
        load(build("vgg16", meta=True), from_torchvision("vgg16", vgg19), "vgg16")


def test_networks_that_torchvision_lacks():
    with pytest.raises(WeightsMismatch, match=r"torchvision has no network that is the same as vgg16-c; choose .*vgg16"):
        from_torchvision("vgg16-c", {})
    with pytest.raises(UnknownNetwork, match="vgg61"):
        from_torchvision("vgg61", {})


def test_renamed_changes_whole_modules_only():
    one = torch.ones(1)
    assert renamed({"a.1.weight": one, "a.10.weight": one, "top": one}, {"a.1": "conv", "a": "x"}) == {
        "conv.weight": one, "a.10.weight": one, "top": one,
    }  # fmt: skip
