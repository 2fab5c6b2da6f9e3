"""torchvision's networks against the parameters and operations that torchvision publishes with its weights."""

from __future__ import annotations

import os

import pytest

from netlib.analysis.cost import costs
from netlib.analysis.store import graph
from netlib.errors import UnsupportedLayer
from netlib.models.torchvision_cpu import torchvision
from netlib.models.zoo import torchvision_names

FEW = (
    "alexnet vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn resnet18 resnet34 resnet50 resnet101 resnet152 googlenet "
    "densenet121 mobilenet_v3_small efficientnet_b0 vit_b_16 convnext_tiny shufflenet_v2_x1_0 squeezenet1_0"
).split()
REFUSED = [name for name in torchvision_names() if name.startswith(("swin", "maxvit"))]
ALL = [name for name in torchvision_names() if name not in REFUSED]
AUXILIARY = {"inception_v3": 3_326_696}  # parameters of the training head, which torchvision counts


@pytest.mark.parametrize("name", ALL if os.environ.get("NETLIB_ALL_TORCHVISION") else FEW)
def test_published_parameters_and_operations(name: str) -> None:
    """`_ops` are billions of multiply-accumulates, rounded to a thousandth. NETLIB_ALL_TORCHVISION=1 tests all of them."""
    weights = torchvision.models.get_model_weights(name)
    published = weights.DEFAULT if name != "vit_h_14" else weights["IMAGENET1K_SWAG_LINEAR_V1"]  # its default is built for 518 × 518
    size = published.transforms.keywords["crop_size"]
    found = costs(graph(f"torchvision/{name}", (3, size, size)))
    assert found.params == published.meta["num_params"] - AUXILIARY.get(name, 0)
    assert abs(found.macs / 1e9 - published.meta["_ops"]) <= 0.0005
    assert not found.graph.unused


@pytest.mark.parametrize(("name", "place"), [("swin_t", "features.1.0.attn.reshape"), ("maxvit_t", "blocks.0.layers.0.layers.window_att")])
def test_what_cannot_be_followed_is_named_by_layer(name: str, place: str) -> None:
    with pytest.raises(UnsupportedLayer, match=place) as caught:
        graph(f"torchvision/{name}")
    assert caught.value.graph is not None
    assert len(caught.value.graph) > 3
    assert "\n" not in str(caught.value)
