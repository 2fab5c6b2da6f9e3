"""Inception v3 against torchvision and against the outline of the paper's Table 1."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from netlib.analysis.tracing import trace
from netlib.models.inception_v3 import InceptionA, InceptionB, InceptionV3, InceptionV3Output, from_torchvision
from netlib.models.torchvision_cpu import torchvision

# Szegedy et al. 2016, Table 1 gives the grids and, but for the last stem layers, the maps; Google's slim inception_v3 the rest.
OUTPUTS = {
    "conv_1a": (32, 149, 149), "conv_2a": (32, 147, 147), "conv_2b": (64, 147, 147), "pool_3a": (64, 73, 73),
    "conv_3b": (80, 73, 73), "conv_4a": (192, 71, 71), "pool_5a": (192, 35, 35),
    "mixed_5b": (256, 35, 35), "mixed_5c": (288, 35, 35), "mixed_5d": (288, 35, 35),
    "mixed_6a": (768, 17, 17), "mixed_6b": (768, 17, 17), "mixed_6c": (768, 17, 17), "mixed_6d": (768, 17, 17), "mixed_6e": (768, 17, 17),
    "mixed_7a": (1280, 8, 8), "mixed_7b": (2048, 8, 8), "mixed_7c": (2048, 8, 8),
    "pool": (2048, 1, 1), "dropout": (2048,), "linear": (1000,),
}  # fmt: skip


def on_meta(**options: bool) -> InceptionV3:
    with torch.device("meta"):
        return InceptionV3(**options).eval()


def torchvision_on_meta() -> nn.Module:
    with torch.device("meta"):
        return torchvision.models.inception_v3(weights=None, aux_logits=True, init_weights=False).eval()


# Parameters: torchvision's num_params, which counts the head; MACs: torchvision's _ops, rounded, is 5.713 without it.
@pytest.mark.parametrize(("options", "params", "macs"), [({}, 23_834_568, 5_713_216_096), ({"aux_head": True}, 27_161_264, None)])
def test_totals(options: dict[str, bool], params: int, macs: int | None) -> None:
    model = on_meta(**options)
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, 299, 299, device="meta"))
    # The head by hand: 1×1 and 5×5 convolutions on 5×5 and 1×1 maps, then 768 to 1000.
    expected = macs or 5_713_216_096 + 25 * 768 * 128 + 25 * 128 * 768 + 768 * 1000
    assert sum(p.numel() for p in model.parameters()) == params
    assert counter.get_total_flops() == 2 * expected


def test_every_block_has_its_output() -> None:
    model, seen = on_meta(), {}
    for name, child in model.named_children():
        child.register_forward_hook(lambda _module, _inputs, output, name=name: seen.update({name: tuple(output.shape[1:])}))
    model(torch.empty(2, 3, 299, 299, device="meta"))
    assert list(seen.items()) == list(OUTPUTS.items())


def test_48_layers_with_weights_on_the_longest_way() -> None:
    """5 in the stem; 3 in each of three blocks and a reduction, 5 in each of four and 4 in a reduction, 3 in each of two; 1 at the end."""
    depth: dict[str, int] = {}
    for layer in trace(on_meta(), (3, 299, 299)):
        depth[layer.name] = max((depth[name] for name in layer.inputs), default=0) + (layer.kind in ("conv2d", "linear"))
    assert max(depth.values()) == 5 + (3 * 3 + 3) + (4 * 5 + 4) + 2 * 3 + 1 == 48


def test_the_average_pool_counts_its_padding() -> None:
    with torch.device("meta"):
        pool = InceptionA(8, 4).pool
    assert pool(torch.ones(1, 1, 3, 4))[0, 0, 0].tolist() == pytest.approx([4 / 9, 6 / 9, 6 / 9, 4 / 9])


def test_asymmetric_windows_are_height_by_width() -> None:
    """One bright pixel reaches a row of seven through 1×7 and a column of seven through 7×1."""
    module = InceptionB(1, 1).eval()
    image = torch.zeros(1, 1, 9, 11)
    image[0, 0, 4, 5] = 1.0
    for layer, reached in ((module.branch7x7_1x7, (1, 7)), (module.double7x7_1, (7, 1))):
        nn.init.ones_(layer.conv.weight)
        rows, columns = torch.nonzero(layer(image)[0].amax(dim=0), as_tuple=True)
        assert (len(rows.unique()), len(columns.unique())) == reached


def as_trained(model: nn.Module, image: Tensor) -> nn.Module:
    """Draw small weights, give every batch normalization the statistics of `image` and affine terms of its own."""
    model.to_empty(device="cpu")
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.bias)
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the running statistics become the batch's
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
    with torch.no_grad():
        model.train()(image)
    return model.eval()


def test_same_logits_as_torchvision_with_and_without_the_head() -> None:
    torch.manual_seed(0)
    theirs = as_trained(torchvision_on_meta(), torch.randn(2, 3, 299, 299))
    weights = theirs.state_dict()
    plain, with_head = on_meta(), on_meta(aux_head=True)
    plain.load_state_dict(from_torchvision(weights), assign=True)
    with_head.load_state_dict(from_torchvision(weights, aux_head=True), assign=True)
    maps = {}
    theirs.Mixed_6e.register_forward_hook(lambda _module, _inputs, output: maps.update({"17×17": output}))
    with torch.inference_mode():
        small = torch.randn(2, 3, 107, 139)
        expected = theirs(small)
        assert (expected[0] - expected[1]).abs().max() > 0.1  # the logits tell the two images apart
        torch.testing.assert_close(plain(small), expected, atol=1e-4, rtol=0)

        large = torch.randn(1, 3, 299, 320)
        expected, output = theirs(large), with_head(large)
        assert isinstance(output, InceptionV3Output)
        torch.testing.assert_close(output.logits, expected, atol=1e-4, rtol=0)
        torch.testing.assert_close(output.aux, theirs.AuxLogits(maps["17×17"]), atol=1e-4, rtol=0)
        assert (output.aux - output.logits).abs().max() > 0.1


@pytest.mark.parametrize("aux_head", [False, True])
def test_conversion_keeps_the_order_of_entries(aux_head: bool) -> None:
    """Each entry goes to the layer at the same place, but for the head, which torchvision registers in the middle."""
    theirs = torchvision_on_meta().state_dict()
    converted = from_torchvision(theirs, aux_head=aux_head)
    ours = on_meta(aux_head=aux_head).state_dict()
    assert {name: tensor.shape for name, tensor in converted.items()} == {name: tensor.shape for name, tensor in ours.items()}
    trunk = [tensor for name, tensor in theirs.items() if not name.startswith("AuxLogits.")]
    assert [converted[name] for name in ours if not name.startswith("aux.")] == trunk
