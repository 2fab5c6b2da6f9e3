"""ResNets and plain networks against published counts, torchvision, and what a stride must leave unread."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netlib.errors import InvalidInput
from netlib.models.resnet import BasicBlock, Bottleneck, ResNet, from_torchvision
from netlib.models.torchvision_cpu import torchvision

# Parameters: torchvision's published num_params (the plain networks: less the three projections, by hand).
# MACs of v1.5: torchvision's published _ops; of v1: Table 1's 3.8, 7.6 and 11.3 billion, counted to the end.
PUBLISHED = [
    (dict(depth=18), 11_689_512, 1_814_073_344),
    (dict(depth=34), 21_797_672, 3_663_761_408),
    (dict(depth=50), 25_557_032, 3_857_973_248),
    (dict(depth=101), 44_549_160, 7_570_194_432),
    (dict(depth=152), 60_192_808, 11_282_415_616),
    (dict(depth=50, stride_on="3x3"), 25_557_032, 4_089_184_256),
    (dict(depth=101, stride_on="3x3"), 44_549_160, 7_801_405_440),
    (dict(depth=152, stride_on="3x3"), 60_192_808, 11_513_626_624),
    (dict(depth=18, shortcuts=False), 11_689_512 - (64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)), 1_794_805_760),
    (dict(depth=34, shortcuts=False), 21_797_672 - (64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)), 3_644_493_824),
]


def on_meta(**options) -> nn.Module:
    with torch.device("meta"):
        return ResNet(**options).eval()


def randomized(network: nn.Module) -> nn.Module:
    """Statistics and affine terms away from 0 and 1, as after training, so that a swapped layer shows."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.running_mean, module.bias.data):
                tensor.uniform_(-0.3, 0.3)
            for tensor in (module.running_var, module.weight.data):
                tensor.uniform_(0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize(("options", "params", "macs"), PUBLISHED)
def test_published_counts(options: dict, params: int, macs: int) -> None:
    network = on_meta(**options)
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 3, 224, 224, device="meta"))
    assert sum(p.numel() for p in network.parameters()) == params
    assert counter.get_total_flops() == 2 * macs


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_the_depth_counts_the_layers_with_weights_outside_the_shortcuts(depth: int) -> None:
    layers = [name for name, m in on_meta(depth=depth).named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert sum("shortcut" not in name for name in layers) == depth
    assert sum("shortcut" in name for name in layers) == (3 if depth < 50 else 4)  # a bottleneck widens conv2_x as well


@pytest.mark.parametrize(("options", "expansion"), [(dict(depth=18), 1), (dict(depth=50), 4), (dict(depth=34, shortcuts=False), 1)])
def test_each_stage_puts_out_the_map_of_table_1(options: dict, expansion: int) -> None:
    x = torch.empty(2, 3, 64, 96, device="meta")
    network = on_meta(**options)
    shapes = {}
    for name, module in network.named_children():
        module.register_forward_hook(lambda _module, _args, y, name=name: shapes.update({name: tuple(y.shape[1:])}))
    assert network(x).shape == (2, 1000)
    e = expansion
    stages = {"conv2_x": (64 * e, 16, 24), "conv3_x": (128 * e, 8, 12), "conv4_x": (256 * e, 4, 6), "conv5_x": (512 * e, 2, 3)}
    assert {name: shapes[name] for name in stages} == stages


@pytest.mark.parametrize("depth", [18, 50])
def test_torchvisions_weights_give_torchvisions_logits(depth: int) -> None:
    torch.manual_seed(depth)
    theirs = randomized(torchvision.models.get_model(f"resnet{depth}", weights=None))
    ours = ResNet(depth, stride_on="3x3").eval()
    ours.load_state_dict(from_torchvision(theirs.state_dict()))
    x = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)


@pytest.mark.parametrize("depth", [34, 101, 152])
def test_torchvisions_weights_fit(depth: int) -> None:
    with torch.device("meta"):
        theirs = torchvision.models.get_model(f"resnet{depth}", weights=None)
    converted = from_torchvision(theirs.state_dict())
    assert {name: t.shape for name, t in converted.items()} == {name: t.shape for name, t in on_meta(depth=depth).state_dict().items()}


@pytest.mark.parametrize(("stride_on", "read"), [("1x1", 1 / 4), ("3x3", 1)])
def test_a_stride_on_the_1x1_reads_a_quarter_of_the_map(stride_on: str, read: float) -> None:
    torch.manual_seed(0)
    block = Bottleneck(8, 4, stride=2, stride_on=stride_on).eval()
    x = torch.randn(32, 8, 8, 12, requires_grad=True)
    block(x).sum().backward()
    touched = (x.grad != 0).any(dim=(0, 1))  # over many pictures: no ReLU hides a pixel from all of them
    assert touched[::2, ::2].all()
    assert touched.float().mean() == read


def test_a_block_that_adds_nothing_passes_its_input_on() -> None:
    block = BasicBlock(8, 8, stride=1).eval()
    nn.init.zeros_(block.bn2.weight)
    x = torch.rand(2, 8, 5, 7)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(depth=19), "no ResNet-19 .* 18, 34, 50, 101, 152"),
        (dict(depth=50, stride_on="2x2"), "not on '2x2'"),
        (dict(depth=50, shortcuts=False), "no plain network of 50 layers; choose a depth of 18 or 34"),
    ],
)
def test_what_the_paper_does_not_have(options: dict, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        ResNet(**options)
