"""Nearest pictures against scikit-learn's neighbours, in networks worked out by hand and in the papers' own."""

from __future__ import annotations

import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from torch import nn

import netlib
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.similarity import Nearest, closest, features, last_hidden


def nearest(model: nn.Module, image: torch.Tensor, data: torch.Tensor, layer: str | None = None, count: int = 6) -> Nearest:
    """As a page does it."""
    (own,) = features(model, image[None], layer)
    return closest(own[0], torch.cat(list(features(model, data, layer))), count)


def test_the_network_sees_what_pixels_do_not() -> None:
    """A layer that adds up the pixels: a picture and its shifted copy are the same to it, and far apart by pixels."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False), nn.ReLU(), nn.Linear(1, 2))
    nn.init.ones_(model[1].weight)
    image = torch.tensor([[[3.0, 0, 0, 0]]])
    data = torch.tensor([[3.0, 0, 0, 1.5], [0, 0, 0, 3], [0, 0, 0, 0]]).reshape(3, 1, 1, 4)
    by_layer, by_pixels = nearest(model, image, data, count=2), closest(image.flatten(), data.flatten(1), 2)
    assert by_layer.indices.tolist() == [1, 0] and by_layer.distances.tolist() == [0, 1.5]
    assert by_pixels.indices.tolist() == [0, 2] and by_pixels.distances.tolist() == [1.5, 3]


@pytest.mark.parametrize("name", ["lenet5", "lenet5-modern", "alexnet-mini", "resnet20-cifar", "nin-cifar10", "lstm"])
def test_against_scikit_learn(name: str) -> None:
    model, graph = netlib.build(name), netlib.graph(name)
    data = torch.randn(9, *graph.input_shape)
    seen: list[torch.Tensor] = []
    last = graph[last_hidden(graph)]
    reader = model.get_submodule(graph.consumers[last.name][0])  # what comes into the next module is this layer's output
    hook = reader.register_forward_pre_hook(lambda module, args: seen.append(args[0].detach().flatten(1)))
    model(data)
    hook.remove()
    vectors = seen[0]
    distances, indices = NearestNeighbors(n_neighbors=4).fit(vectors[1:].numpy()).kneighbors(vectors[:1].numpy())
    found = nearest(model, data[0], data[1:], count=4)
    assert found.indices.tolist() == indices[0].tolist()
    assert found.distances.tolist() == pytest.approx(distances[0].tolist(), rel=1e-3, abs=1e-6)


def test_last_hidden_layers() -> None:
    expected = {
        "alexnet": "relu7", "vgg16": "relu7", "zfnet-mini": "relu6", "resnet50": "flatten", "lenet5": "squash6", "lenet5-modern": "relu6",
        "nin-cifar10": "relu_cccp5", "googlenet-aux": "flatten",
    }  # fmt: skip
    assert {name: last_hidden(netlib.graph(name)) for name in expected} == expected
    with pytest.raises(InvalidInput, match="not one for each class"):
        last_hidden(netlib.graph("dcgan-generator"))
    with pytest.raises(InvalidInput, match="no layer with weights"):
        last_hidden(netlib.trace(nn.Flatten(), (1, 2, 2)))


def test_batch_by_batch() -> None:
    model, data = netlib.build("lenet5"), torch.randn(5, 1, 32, 32)
    parts = list(features(model, data, "S2", batch=2))
    assert [len(part) for part in parts] == [2, 2, 1]
    torch.testing.assert_close(torch.cat(parts), next(features(model, data, "S2")))
    assert nearest(model, data[2], data, "S2", count=1).indices.tolist() == [2]


def test_wrong_input_is_told() -> None:
    model, x = netlib.build("lenet5"), torch.randn(2, 1, 32, 32)
    with pytest.raises(UnknownLayer, match="no layer called"):
        nearest(model, x[0], x, "S9")
    with pytest.raises(InvalidInput, match="At least one nearest"):
        closest(x[0].flatten(), x.flatten(1), 0)
    with pytest.raises(InvalidInput, match="Vectors of 3 numbers cannot be compared with one of 2"):
        closest(torch.zeros(2), torch.zeros(4, 3))
    assert closest(torch.zeros(2), torch.zeros(4, 2), 9).indices.tolist() == [0, 1, 2, 3]
