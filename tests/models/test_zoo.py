"""torchvision's networks by name, against the parameter counts torchvision publishes with its weights."""

from __future__ import annotations

import warnings

import pytest
import torch

from netlib.errors import UnknownNetwork
from netlib.models import torchvision_cpu
from netlib.models.build import build
from netlib.models.torchvision_cpu import torchvision
from netlib.models.zoo import build_torchvision, torchvision_names


def test_names_are_classification_networks():
    names = torchvision_names()
    assert {"alexnet", "densenet121", "mobilenet_v3_small", "vit_b_16"} <= set(names)
    assert len(names) >= 80
    assert not {"fasterrcnn_resnet50_fpn", "fcn_resnet50", "raft_small", "r3d_18", "quantized_resnet18"} & set(names)


@pytest.mark.parametrize(
    "name", ["densenet121", "mobilenet_v3_small", "vit_b_16", "googlenet", "regnet_y_400mf", "swin_t", "shufflenet_v2_x0_5"]
)
def test_parameters_as_published(name):
    published = torchvision.models.get_model_weights(name).DEFAULT.meta["num_params"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network = build(f"torchvision/{name}", meta=True)
    assert all(p.is_meta for p in network.parameters())
    assert sum(p.numel() for p in network.parameters()) == published
    assert not network.training


def test_a_name_that_is_none_suggests_what_is_near_without_the_prefix():
    with pytest.raises(UnknownNetwork, match=r"Choose one of: torchvision/") as caught:
        build_torchvision("zzz")
    assert "Did you mean" not in str(caught.value)
    with pytest.raises(UnknownNetwork, match=r"Did you mean torchvision/densenet121"):
        build_torchvision("densnet121")


def test_inception_is_built_without_its_auxiliary_head():
    with torch.device("meta"):
        network = build_torchvision("inception_v3")
    assert sum(p.numel() for p in network.parameters()) == 27_161_264 - 3_326_696  # published, less the head


def test_regnet_is_the_same_with_memory():
    network = build_torchvision("regnet_x_400mf").eval()
    assert network(torch.zeros(1, 3, 64, 32)).shape == (1, 1000)
    assert not any(p.is_meta for p in network.parameters())


def test_a_wrong_name_is_offered_near_ones():
    with pytest.raises(UnknownNetwork, match=r"torchvision/resnet51.*Did you mean torchvision/resnet50"):
        build("torchvision/resnet51")
    with pytest.raises(UnknownNetwork):
        build_torchvision("fcn_resnet50")


def test_operators_are_declared_only_where_the_extension_is_missing():
    assert hasattr(torchvision_cpu, "library") != torchvision.extension._has_ops()
    assert torch.ops.torchvision.nms.default._schema.name == "torchvision::nms"
