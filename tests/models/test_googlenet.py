"""GoogLeNet against Table 1, worked by hand, and its torchvision form against torchvision."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from netlib.analysis.tracing import trace
from netlib.models.googlenet import GoogLeNet, GoogLeNetOutput, Inception, Row
from netlib.models.googlenet_torchvision import TorchvisionGoogLeNet, from_torchvision
from netlib.models.torchvision_cpu import torchvision

# Szegedy et al. 2015, Table 1: maps that come in, the six widths, the output (C, H, W) as printed; then the weights by hand,
# such as 3a: 192×64 + 192×96 + 9×96×128 + 192×16 + 25×16×32 + 192×32 = 163,328.
TABLE_1 = {
    "3a": (192, (64, 96, 128, 16, 32, 32), (256, 28, 28), 163_328),
    "3b": (256, (128, 128, 192, 32, 96, 64), (480, 28, 28), 388_096),
    "4a": (480, (192, 96, 208, 16, 48, 64), (512, 14, 14), 375_552),
    "4b": (512, (160, 112, 224, 24, 64, 64), (512, 14, 14), 448_512),
    "4c": (512, (128, 128, 256, 24, 64, 64), (512, 14, 14), 509_440),
    "4d": (512, (112, 144, 288, 32, 64, 64), (528, 14, 14), 604_672),
    "4e": (528, (256, 160, 320, 32, 128, 128), (832, 14, 14), 867_328),
    "5a": (832, (256, 160, 320, 32, 128, 128), (832, 7, 7), 1_042_432),
    "5b": (832, (384, 192, 384, 48, 128, 128), (1024, 7, 7), 1_442_816),
}
AROUND = {
    "conv1": (64, 112, 112), "pool1": (64, 56, 56), "norm1": (64, 56, 56), "conv2_reduce": (64, 56, 56),
    "conv2": (192, 56, 56), "norm2": (192, 56, 56), "pool2": (192, 28, 28), "pool3": (480, 14, 14), "pool4": (832, 7, 7),
    "pool5": (1024, 1, 1), "dropout": (1024,), "linear": (1000,),
}  # fmt: skip
ORDER = "conv1 pool1 norm1 conv2_reduce conv2 norm2 pool2 3a 3b pool3 4a 4b 4c 4d 4e pool4 5a 5b pool5 dropout linear"


def on_meta(network: type[nn.Module], **options: bool) -> nn.Module:
    with torch.device("meta"):
        return network(**options).eval()


def shapes(network: nn.Module, image: Tensor) -> dict[str, tuple[int, ...]]:
    """Output shape, without the batch, of each child of the network, in the order of execution."""
    seen: dict[str, tuple[int, ...]] = {}
    for name, child in network.named_children():
        child.register_forward_hook(lambda _module, _inputs, output, name=name: seen.update({name: tuple(output.shape[1:])}))
    network(image)
    return seen


# Parameters: Caffe's bvlc_googlenet, deploy and train_val; torchvision's num_params and, rounded, its _ops of 1.498.
@pytest.mark.parametrize(
    ("network", "options", "params", "macs"),
    [
        (GoogLeNet, {}, 6_998_552, 1_582_671_872),
        (GoogLeNet, {"aux_heads": True}, 13_378_280, 1_591_044_096),
        (TorchvisionGoogLeNet, {}, 6_624_904, 1_498_376_192),
    ],
)
def test_totals(network: type[nn.Module], options: dict[str, bool], params: int, macs: int) -> None:
    model = on_meta(network, **options)
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, 224, 224, device="meta"))
    assert sum(p.numel() for p in model.parameters()) == params
    assert counter.get_total_flops() == 2 * macs


def test_the_parameters_outside_the_modules_by_hand() -> None:
    model = on_meta(GoogLeNet, aux_heads=True)
    counted = {name: sum(p.numel() for p in child.parameters()) for name, child in model.named_children() if "inception" not in name}
    assert {name: count for name, count in counted.items() if count} == {
        "conv1": 7 * 7 * 3 * 64 + 64,
        "conv2_reduce": 64 * 64 + 64,
        "conv2": 9 * 64 * 192 + 192,
        "linear": 1024 * 1000 + 1000,
        "aux1": (512 * 128 + 128) + (2048 * 1024 + 1024) + (1024 * 1000 + 1000),
        "aux2": (528 * 128 + 128) + (2048 * 1024 + 1024) + (1024 * 1000 + 1000),
    }


@pytest.mark.parametrize("name", TABLE_1)
def test_the_weights_of_each_module_follow_from_table_1(name: str) -> None:
    c, (one, reduce3, three, reduce5, five, proj), _, weights = TABLE_1[name]
    assert c * one + c * reduce3 + 9 * reduce3 * three + c * reduce5 + 25 * reduce5 * five + c * proj == weights
    module = getattr(on_meta(GoogLeNet), f"inception{name}")
    assert sum(p.numel() for key, p in module.named_parameters() if key.endswith("weight")) == weights
    assert sum(p.numel() for key, p in module.named_parameters() if key.endswith("bias")) == one + reduce3 + three + reduce5 + five + proj


@pytest.mark.parametrize("network", [GoogLeNet, TorchvisionGoogLeNet])
def test_every_layer_has_the_output_of_table_1_in_its_order(network: type[nn.Module]) -> None:
    printed = {name: row[2] for name, row in TABLE_1.items()} | AROUND
    order = [name for name in ORDER.split() if network is GoogLeNet or "norm" not in name]
    seen = shapes(on_meta(network), torch.empty(2, 3, 224, 224, device="meta"))
    assert [(name.removeprefix("inception"), shape) for name, shape in seen.items()] == [(name, printed[name]) for name in order]


def test_22_layers_with_weights_on_the_longest_way() -> None:
    """As section 5 counts: 3 before the modules, 2 in each of nine, 1 after them."""
    depth: dict[str, int] = {}
    for layer in trace(on_meta(GoogLeNet), (3, 224, 224)):
        depth[layer.name] = max((depth[name] for name in layer.inputs), default=0) + (layer.kind in ("conv2d", "linear"))
    assert max(depth.values()) == 22


def test_each_convolution_has_a_relu_of_its_own() -> None:
    graph = trace(on_meta(GoogLeNet), (3, 224, 224))
    convolutions = [layer.name for layer in graph if layer.kind == "conv2d"]
    assert len(convolutions) == 3 + 9 * 6
    assert [graph.consumers[name] for name in convolutions] == [(name.removesuffix("conv") + "relu",) for name in convolutions]


def test_auxiliary_heads_come_out_under_their_names() -> None:
    model = on_meta(GoogLeNet, aux_heads=True)
    made: dict[str, Tensor] = {}
    for name in ("linear", "aux1", "aux2"):
        getattr(model, name).register_forward_hook(lambda _module, _inputs, output, name=name: made.update({name: output}))
    output = model(torch.empty(2, 3, 224, 230, device="meta"))
    assert isinstance(output, GoogLeNetOutput)
    assert (output.logits is made["linear"], output.aux1 is made["aux1"], output.aux2 is made["aux2"]) == (True, True, True)
    assert [logits.shape for logits in output] == [(2, 1000)] * 3


@pytest.mark.parametrize(("head", "source"), [("aux1", "inception4a"), ("aux2", "inception4d")])
def test_an_auxiliary_head_reads_the_map_it_belongs_to(head: str, source: str) -> None:
    model = on_meta(GoogLeNet, aux_heads=True)
    made, read = [], []
    getattr(model, source).register_forward_hook(lambda _module, _inputs, output: made.append(output))
    getattr(model, head).register_forward_hook(lambda _module, inputs, _output: read.append(inputs[0]))
    model(torch.empty(1, 3, 224, 224, device="meta"))
    assert read[0] is made[0]


def test_branches_are_joined_in_the_order_of_the_columns() -> None:
    """With weights of zero each branch gives its own bias: 1 for 1×1, 2 for 3×3, 3 for 5×5, 4 for the projection."""
    module = Inception(5, Row(1, 7, 2, 8, 3, 4))
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    for value, branch in enumerate((module.branch1x1, module.branch3x3, module.branch5x5, module.pool_proj), start=1):
        nn.init.constant_(branch.conv.bias, value)
    output = module(torch.randn(2, 5, 6, 9))
    assert output.shape == (2, 10, 6, 9)
    assert output[1, :, 5, 8].tolist() == [1, 2, 2, 3, 3, 3, 4, 4, 4, 4]


def test_an_inception_module_is_what_its_branches_say() -> None:
    """On a positive image with weights of one, each branch counts the pixels its window covers; the pool takes the largest."""
    module = Inception(1, Row(1, 1, 1, 1, 1, 1))
    for name, parameter in module.named_parameters():
        nn.init.constant_(parameter, float(name.endswith("weight")))
    image = torch.ones(1, 1, 6, 9)
    image[0, 0, 3, 4] = 5.0
    one, three, five, pooled = module(image)[0]
    assert (one[2, 3], three[2, 3], five[2, 3], pooled[2, 3]) == (1, 9 + 4, 25 + 4, 5)
    assert (one[0, 0], three[0, 0], five[0, 0], pooled[0, 0]) == (1, 4, 9, 1)  # the corner: padding counts nothing
    assert five[1, 2] == 20 + 4  # 4 rows × 5 columns; the bright pixel is at the window's corner


def as_trained(model: nn.Module, image: Tensor) -> nn.Module:
    """Give every batch normalization the statistics of `image` and affine terms of its own, so that nothing fades or is swapped unseen."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the running statistics become the batch's
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
    with torch.no_grad():
        model.train()(image)
    return model.eval()


def test_same_logits_as_torchvision() -> None:
    torch.manual_seed(0)
    theirs = as_trained(torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False), torch.randn(4, 3, 61, 107))
    ours = on_meta(TorchvisionGoogLeNet)
    ours.load_state_dict(from_torchvision(theirs.state_dict()), assign=True)
    for size in ((64, 96), (61, 107)):
        images = torch.randn(2, 3, *size)
        with torch.inference_mode():
            expected = theirs(images)
            assert (expected[0] - expected[1]).abs().max() > 0.1  # the logits tell the two images apart
            torch.testing.assert_close(ours(images), expected, atol=1e-4, rtol=0)


def test_conversion_keeps_the_order_of_entries_and_drops_the_heads() -> None:
    with torch.device("meta"):
        with_heads = torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False).state_dict()
        without = torchvision.models.googlenet(weights=None, aux_logits=False, init_weights=False).state_dict()
    converted = from_torchvision(with_heads)
    assert list(converted.values()) == [with_heads[name] for name in without]
    assert list(converted) == list(on_meta(TorchvisionGoogLeNet).state_dict())
