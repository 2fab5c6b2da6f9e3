"""Each change by what the traced network then has, and by its parameters counted by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from netlib.analysis.store import default_input
from netlib.analysis.tracing import trace
from netlib.errors import InvalidInput
from netlib.training.network import network
from netlib.training.recipe import CHANGES, Recipe

if TYPE_CHECKING:
    from netlib.analysis.graph import LayerGraph


def graph(name: str, *changes: str, classes: int = 10) -> LayerGraph:
    return trace(network(Recipe(name, "tiny", 1, changes=changes), classes, meta=True), default_input(name))


def kinds(graph: LayerGraph) -> Counter[str]:
    return Counter(layer.kind for layer in graph.layers)


def params(name: str, *changes: str) -> int:
    return sum(p.numel() for p in network(Recipe(name, "tiny", 1, changes=changes), 10, meta=True).parameters())


def maps(graph: LayerGraph) -> list[tuple[int, ...]]:
    """The shapes on the way, without those of layers that keep them: activations, normalization, dropout."""
    return [layer.shape for layer in graph.layers if layer.kind in ("input", "conv2d", "max_pool2d", "linear")]


@pytest.mark.parametrize(
    ("change", "gone", "instead"),
    [("tanh", "relu", "tanh"), ("no-lrn", "lrn", None), ("no-dropout", "dropout", None)],
)
@pytest.mark.parametrize("name", ["alexnet-mini", "googlenet-mini", "alexnet"])
def test_layers_that_are_replaced_or_left_out(name: str, change: str, gone: str, instead: str | None) -> None:
    before, after = graph(name), graph(name, change)
    counts, expected = kinds(after), kinds(before)
    number = expected.pop(gone)
    if instead:
        expected[instead] = number
    assert number > 0 and counts == expected
    assert maps(after) == maps(before)
    assert params(name) == params(name, change)


@pytest.mark.parametrize("name", ["alexnet", "zfnet", "alexnet-mini", "zfnet-mini", "resnet-mini", "googlenet", "alexnet-torchvision"])
def test_pools_side_by_side_give_maps_of_the_same_size(name: str) -> None:
    before, after = graph(name), graph(name, "no-overlap")
    assert [layer.shape for layer in after.layers] == [layer.shape for layer in before.layers]
    windows = [layer.window for layer in after.layers if layer.kind == "max_pool2d" and layer.window.stride == (2, 2)]
    assert windows and all(window.kernel == (2, 2) and window.padding == (0, 0) for window in windows)
    assert params(name) == params(name, "no-overlap")


def test_batch_norm_after_every_convolution() -> None:
    after = graph("vgg-mini", "batch-norm")
    assert kinds(after) == kinds(graph("vgg-mini")) + Counter(batch_norm=6)
    for before, layer in zip(after.layers, after.layers[1:], strict=False):
        assert (before.kind == "conv2d") == (layer.kind == "batch_norm")
    assert params("vgg-mini", "batch-norm") == params("vgg-mini") + 2 * 2 * (24 + 48 + 64)  # a scale and a shift a map


def test_batch_norm_spares_what_gives_the_scores() -> None:
    after = graph("nin-mini", "batch-norm")
    assert kinds(after)["batch_norm"] == 8 and after["cccp6"].kind == "conv2d"


def test_batch_norm_where_some_convolutions_have_it() -> None:
    """A network of two convolutions, the first with batch normalization; in LeNet-5 the layer C3 with its table counts as well."""
    assert kinds(graph("lenet5-modern", "batch-norm"))["batch_norm"] == 3
    with pytest.raises(InvalidInput, match="resnet-mini has no convolution without batch normalization"):
        graph("resnet-mini", "batch-norm")


def test_without_batch_norm_convolutions_get_a_bias() -> None:
    after = graph("plain20-cifar", "no-batch-norm")
    assert "batch_norm" not in kinds(after)
    maps = sum(layer.shape[0] for layer in after.layers if layer.kind == "conv2d")
    assert maps == 16 + 6 * (16 + 32 + 64)
    assert params("plain20-cifar", "no-batch-norm") == params("plain20-cifar") - maps  # a scale less for each
    model = network(Recipe("plain20-cifar", "tiny", 1, changes=("no-batch-norm",)), 10)
    assert all((m.bias == 0).all() for m in model.modules() if isinstance(m, nn.Conv2d))


def test_without_reductions_by_hand() -> None:
    """#3×3 and #5×5 read all maps: for each module in·(9·w3 + 25·w5) + w3 + w5 instead of the reduced ones with their reductions."""
    rows = ((64, 24, 32, 8, 16), (80, 32, 48, 8, 16), (104, 32, 64, 8, 24), (144, 48, 96, 8, 24))  # in, reduce, 3×3, reduce, 5×5
    more = sum(
        maps * (9 * w3 + 25 * w5) - (9 * r3 * w3 + 25 * r5 * w5) - (maps + 1) * (r3 + r5)
        for maps, r3, w3, r5, w5 in rows
    )  # fmt: skip
    assert params("googlenet-mini", "no-reduction") - params("googlenet-mini") == more > 0
    after = graph("googlenet-mini", "no-reduction")
    assert kinds(after)["conv2d"] == kinds(graph("googlenet-mini"))["conv2d"] - 8
    assert after["inception3a.branch3x3.conv"].inputs == after["inception3a.branch1x1.conv"].inputs


def test_auxiliary_heads_by_hand() -> None:
    """1×1 to 32 maps, 4×4 places, 64 hidden units, 10 classes; the main path and its first weights are the same."""
    heads = sum(32 * (maps + 1) + 64 * (32 * 16 + 1) + 10 * 65 for maps in (80, 144))
    assert params("googlenet-mini", "aux-heads") - params("googlenet-mini") == heads
    recipe = Recipe("googlenet-mini", "tiny", 1)
    plain, model = network(recipe, 10).eval(), network(replace(recipe, changes=("aux-heads",)), 10).eval()
    x = torch.randn(2, 3, 64, 64)
    outputs = model(x)
    assert torch.equal(outputs[0], plain(x)) and outputs[1].shape == outputs[2].shape == (2, 10)
    assert len(graph("googlenet", "aux-heads").outputs) == 3


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("nin-cifar10", "no-lrn", "nin-cifar10 has no local response normalization"),
        ("lenet5-modern", "no-overlap", "lenet5-modern has no 3×3 max pool of stride 2"),
        ("resnet20-cifar", "no-dropout", "resnet20-cifar has no dropout"),
        ("vgg-mini", "no-batch-norm", "vgg-mini has no batch normalization"),
        ("vgg-mini", "aux-heads", "vgg-mini has no auxiliary heads"),
        ("vgg-mini", "no-reduction", "vgg-mini has no 1×1 reductions"),
        ("rnn", "tanh", "rnn has no ReLU"),
    ],
)
def test_says_so_when_there_is_nothing_to_change(name: str, change: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        graph(name, change)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_network_learns(change: str) -> None:
    """A step of each runs and moves the weights."""
    name = "resnet20-cifar" if change == "no-batch-norm" else "googlenet-mini"
    model = network(Recipe(name, "tiny", 1, changes=(change,)), 3)
    outputs = model(torch.randn(2, *default_input(name)))
    total = sum(out.square().sum() for out in (outputs if isinstance(outputs, tuple) else (outputs,)))
    total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
