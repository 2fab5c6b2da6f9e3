"""Grad-CAM by hand, against CAM where both must agree, and against Captum."""

from __future__ import annotations

import captum.attr
import pytest
import torch
from torch import nn

import netlib
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.grad_cam import default_layer, enlarged, grad_cam, layers


def test_by_hand() -> None:
    """Two maps of 1×2, x and −2x, flattened, class weights (1, 3; −1, −1): mean gradients 2 and −1, so 2x − (−2x), cut at zero."""
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Flatten(), nn.Linear(4, 2, bias=False))
    model[0].weight.data = torch.tensor([1.0, -2]).reshape(2, 1, 1, 1)
    model[2].weight.data = torch.tensor([[1.0, 3, -1, -1], [0, 0, 0, 0]])
    assert grad_cam(model, torch.tensor([[[3.0, -1]]]), 0, "0").tolist() == [[12, 0]]
    assert grad_cam(model, torch.tensor([[[3.0, -1]]]), 1, "0").tolist() == [[0, 0]]


def test_is_cam_where_a_global_average_ends_the_network() -> None:
    """Section 3: there it is CAM, the maps weighted by the classifier's weights, up to the number of places."""
    model, x = netlib.build("resnet20-cifar"), torch.randn(3, 32, 32)
    layer = default_layer(netlib.graph("resnet20-cifar"))
    inside: dict[str, torch.Tensor] = {}
    hook = model.get_submodule(layer).register_forward_hook(lambda m, a, output: inside.update(maps=output.detach()[0]))
    model(x[None])
    hook.remove()
    cam = torch.einsum("k,khw->hw", model.fc.weight.detach()[4], inside["maps"]).relu() / inside["maps"][0].numel()
    assert cam.any()
    torch.testing.assert_close(grad_cam(model, x, 4), cam)


@pytest.mark.parametrize(("name", "layer"), [("lenet5", "squash2"), ("zfnet-mini", "norm1"), ("googlenet", "inception3a.branch5x5.conv")])
def test_against_captum(name: str, layer: str) -> None:
    model, graph = netlib.build(name), netlib.graph(name)
    x, sign = torch.randn(graph.input_shape), -1 if name == "lenet5" else 1
    theirs = captum.attr.LayerGradCam(lambda z: sign * model(z), model.get_submodule(layer)).attribute(
        x[None], 3, relu_attributions=True
    )  # fmt: skip
    torch.testing.assert_close(grad_cam(model, x, 3, layer), theirs[0, 0].detach(), rtol=1e-4, atol=1e-12)


def test_of_an_addition_inside_a_block() -> None:
    """A layer that is no module: as much as the ReLU after it, computed by a hook on that."""
    model, x, caught = netlib.build("resnet20-cifar"), torch.randn(3, 32, 32), {}

    def keep(module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
        caught["maps"] = inputs[0]

    graph = netlib.graph("resnet20-cifar")
    add = [row.name for row in graph if row.kind == "add"][4]
    hook = model.get_submodule(graph.consumers[add][0]).register_forward_pre_hook(keep)
    (gradient,) = torch.autograd.grad(model(x[None])[0, 1], caught["maps"])
    hook.remove()
    expected = (gradient.mean((2, 3), keepdim=True) * caught["maps"]).sum(1)[0].relu().detach()
    torch.testing.assert_close(grad_cam(model, x, 1, add), expected)


def test_layers_it_makes_sense_for() -> None:
    graph = netlib.graph("googlenet-aux")
    assert not any(name.startswith("aux") for name in layers(graph))  # a map there, but not on the way to the main output
    assert default_layer(netlib.graph("vgg16")) == "relu5_3"  # the last convolution, as the paper takes it
    assert default_layer(netlib.graph("resnet18")) == [name for name in netlib.graph("resnet18").by_name if "conv5_x" in name][-1]
    assert layers(netlib.graph("lenet5"))[-1] == "squash4"  # C5's map has one place


def test_what_does_not_apply() -> None:
    model, x = netlib.build("lenet5-modern"), torch.randn(1, 32, 32)
    with pytest.raises(UnknownLayer, match="F6 of .* has no map on the way to the classes.* choose such a layer, as relu3 is"):
        grad_cam(model, x, 0, "F6")
    with pytest.raises(UnknownLayer, match="no layer called 'C2'"):
        grad_cam(model, x, 0, "C2")
    with pytest.raises(InvalidInput, match="no class 10"):
        grad_cam(model, x, 10)
    with pytest.raises(UnknownLayer, match="has no layer with a map"):
        grad_cam(netlib.build("lstm"), torch.randn(1, 28, 28), 0)


def test_enlarged_keeps_the_place() -> None:
    """Bilinear by hand: twice as wide, the middle of a pixel at a quarter of the way."""
    assert enlarged(torch.tensor([[0.0, 4]]), (1, 4)).tolist() == [[0, 1, 3, 4]]
