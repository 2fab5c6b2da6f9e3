"""Inversion where it must succeed, and the error against the plain formula."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import netlib
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.inversion import invert
from netlib.interpret.regularizers import total_variation


def test_a_layer_that_keeps_everything_gives_the_picture_back() -> None:
    model, image = nn.Sequential(nn.Flatten(), nn.Linear(12, 12)), torch.randn(1, 3, 4)
    nn.init.orthogonal_(model[1].weight)
    *_, last = invert(model, image, "1", steps=400, alpha_weight=0, variation_weight=0)
    assert last.error < 1e-4
    torch.testing.assert_close(last.image, image, atol=0.02, rtol=0)


def test_of_a_blind_pixel_nothing_is_found() -> None:
    """A layer that adds two pixels: their sum comes back, their difference stays that of the noise it began with."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 1, bias=False))
    nn.init.ones_(model[1].weight)
    start, *_, last = invert(model, torch.tensor([[[5.0, 1]]]), "1", steps=300, alpha_weight=0, variation_weight=0)
    a, b = last.image.flatten().tolist()
    assert a + b == pytest.approx(6, abs=0.05)
    assert a - b == pytest.approx(float(start.image[0, 0, 0] - start.image[0, 0, 1]), abs=0.01)


@pytest.mark.parametrize(("name", "layer"), [("lenet5", "S4"), ("zfnet-mini", "norm2"), ("resnet20-cifar", "stage1.0.add")])
def test_the_error_is_the_papers_and_falls(name: str, layer: str) -> None:
    model, image = netlib.build(name), torch.randn(netlib.graph(name).input_shape)
    found = list(invert(model, image, layer, steps=20, every=10))
    assert [step.step for step in found] == [0, 10, 20]
    assert found[2].error < found[1].error < found[0].error
    seen: list[torch.Tensor] = []
    after = netlib.graph(name).consumers[layer][0]
    hook = model.get_submodule(after).register_forward_pre_hook(lambda module, args: seen.append(args[0].detach()))
    model(image[None]), model(found[-1].image[None])
    hook.remove()
    assert found[-1].error == pytest.approx(float((seen[1] - seen[0]).norm() ** 2 / seen[0].norm() ** 2), rel=1e-3)


def test_the_regularizers_do_what_they_are_for() -> None:
    model, image = netlib.build("zfnet-mini"), torch.rand(3, 64, 64)

    def end(**weights: float) -> torch.Tensor:
        *_, last = invert(model, image, "relu2", steps=25, **{"alpha_weight": 0, "variation_weight": 0, **weights})
        return last.image

    assert total_variation(end(variation_weight=1)) < 0.5 * total_variation(end())
    assert end(alpha_weight=10).abs().max() < end().abs().max()


def test_wrong_input_is_told() -> None:
    model, image = netlib.build("lenet5-modern"), torch.randn(1, 32, 32)
    with pytest.raises(UnknownLayer, match="C9"):
        next(invert(model, image, "C9"))
    with pytest.raises(InvalidInput, match="must be above zero"):
        next(invert(model, image, "C1", steps=0))
    nn.init.constant_(model.C1.bias, -99)
    with pytest.raises(InvalidInput, match="All outputs of relu1 are zero for this picture"):
        next(invert(model, image, "relu1"))
