"""Transformations against slices, torch.rot90, scipy and torchvision; curves against plain forward passes."""

from __future__ import annotations

import pytest
import torch
from scipy.ndimage import affine_transform

import netlib
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.invariance import KINDS, default_layers, default_values, invariance, transformed


def test_translation_by_hand() -> None:
    x = torch.randn(2, 5, 4)
    down, up, none = transformed(x, "translation", [2, -1, 0])
    mean = x.mean((1, 2), keepdim=True).expand(2, 1, 4)
    torch.testing.assert_close(down, torch.cat([mean, mean, x[:, :3]], 1))
    torch.testing.assert_close(up, torch.cat([x[:, 1:], mean], 1))
    torch.testing.assert_close(none, x)
    torch.testing.assert_close(transformed(x, "translation", [0.5], fill=9.0)[0, :, 1:4], (x[:, :3] + x[:, 1:4]) / 2)
    assert transformed(x, "translation", [5], fill=torch.tensor([1.0, 2])[:, None, None])[0, :, 0, 0].tolist() == [1, 2]


def test_rotation_is_counter_clockwise() -> None:
    x = torch.randn(3, 6, 6)
    quarter, half, whole = transformed(x, "rotation", [90, 180, 360])
    for found, expected in ((quarter, x.rot90(1, (1, 2))), (half, x.rot90(2, (1, 2))), (whole, x)):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("kind", "value"), [("rotation", 30.0), ("rotation", -100.0), ("scale", 1.7), ("scale", 0.6)])
def test_against_scipy(kind: str, value: float) -> None:
    """Another resampler, told the same: around the middle of a picture that is not square, bilinear, outside zero."""
    x = torch.randn(1, 11, 16)
    turn = torch.deg2rad(torch.tensor(value, dtype=torch.double)) if kind == "rotation" else torch.tensor(0.0, dtype=torch.double)
    size = value if kind == "scale" else 1.0
    matrix = torch.stack([torch.stack([turn.cos(), turn.sin()]), torch.stack([-turn.sin(), turn.cos()])]) / size  # (row, column) out -> in
    middle = torch.tensor([5.0, 7.5], dtype=torch.double)
    theirs = affine_transform(x[0].numpy(), matrix.numpy(), (middle - matrix @ middle).numpy(), order=1, mode="grid-constant")
    torch.testing.assert_close(transformed(x, kind, [value], fill=0.0)[0, 0], torch.from_numpy(theirs), atol=2e-5, rtol=1e-4)


def test_rotation_is_torchvisions() -> None:
    from netlib.models.torchvision_cpu import torchvision

    x, functional = torch.randn(3, 12, 17), torchvision.transforms.functional
    theirs = functional.rotate(x, 25, functional.InterpolationMode.BILINEAR)
    torch.testing.assert_close(transformed(x, "rotation", [25], fill=0.0)[0], theirs, atol=1e-4, rtol=1e-4)


def test_twice_as_large_by_hand() -> None:
    x = torch.tensor([[[0.0, 4, 8, 12]]]).expand(1, 4, 4)
    (large,) = transformed(x, "scale", [2])
    torch.testing.assert_close(large[0, 1], torch.tensor([3.0, 5, 7, 9]))  # the middle half, 4 and 8, at quarters of the way


@pytest.mark.parametrize("name", ["lenet5", "alexnet-mini", "resnet20-cifar"])
def test_curves_against_plain_passes(name: str) -> None:
    model, graph = netlib.build(name), netlib.graph(name)
    x, sign = torch.randn(graph.input_shape), -1 if name == "lenet5" else 1
    first, last = layers = default_layers(graph)
    *_, curves = invariance(model, x, 2, "rotation", values=[0, 40, 90], batch=2)
    assert list(curves.distances) == list(layers) and curves.done == 3 and curves.values.tolist() == [0, 40, 90]
    turned = x.rot90(1, (1, 2))
    seen: dict[str, list[torch.Tensor]] = {layer: [] for layer in layers}
    hooks = [
        model.get_submodule(layer).register_forward_hook(lambda m, a, output, layer=layer: seen[layer].append(output.detach()))
        for layer in layers
    ]
    chances = [(sign * model(picture[None])).softmax(1)[0, 2].item() for picture in (x, turned)]
    for hook in hooks:
        hook.remove()
    for layer in (first, last):
        distance = (seen[layer][0] - seen[layer][1]).norm().item()
        assert curves.distances[layer].tolist()[::2] == pytest.approx([0, distance], rel=1e-3, abs=1e-3)
    assert curves.probability.tolist()[::2] == pytest.approx(chances, rel=1e-3, abs=1e-6)


def test_each_step_knows_more() -> None:
    model, x = netlib.build("lenet5-modern"), torch.randn(1, 32, 32)
    steps = list(invariance(model, x, 0, "scale", batch=7, layers=["C1"]))
    assert [step.done for step in steps] == [7, 14, 17]
    assert [int(step.probability.isnan().sum()) for step in steps] == [10, 3, 0]
    torch.testing.assert_close(steps[0].distances["C1"][:7], steps[-1].distances["C1"][:7])


def test_the_papers_ranges_and_layers() -> None:
    assert default_values("translation", 224)[::12] == (-60, 0, 60)
    assert default_values("translation", 32) == tuple(float(v) for v in (-9, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
    assert KINDS["scale"].values[-1] == pytest.approx(1.8) and KINDS["rotation"].values[-1] == 360
    assert all(kind.neutral in default_values(name, 64) for name, kind in KINDS.items())
    assert default_layers(netlib.graph("zfnet")) == ("relu1", "relu7")
    assert default_layers(netlib.graph("resnet20-cifar")) == ("relu1", "flatten")


def test_wrong_input_is_told() -> None:
    model, x = netlib.build("lenet5-modern"), torch.randn(1, 32, 32)
    for says, how in {
        "no transformation 'shear'; choose one of: translation, scale, rotation": dict(kind="shear"),
        "factors above zero, not by 0": dict(kind="scale", values=[1, 0]),
        "not 0 and 8": dict(kind="scale", values=[]),
    }.items():
        with pytest.raises(InvalidInput, match=says):
            next(invariance(model, x, 0, **how))
    with pytest.raises(UnknownLayer, match="no layer called 'conv9'"):
        next(invariance(model, x, 0, "scale", layers=["conv9"]))
    with pytest.raises(InvalidInput, match="no class 10"):
        next(invariance(model, x, 10, "scale"))
