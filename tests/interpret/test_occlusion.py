"""Occlusion, incremental, against the plain loop, Captum's Occlusion, and by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from captum.attr import Occlusion
from torch import nn

from netlib.analysis.receptive_field import Box
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.occlusion import Occluder, occluded, occlusion, occlusion_steps, places
from netlib.interpret.scores import probabilities
from netlib.interpret.stepwise import stepwise
from netlib.models.build import build
from tests.interpret.networks import Kinds, Older, lively, picture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from netlib.analysis.graph import Pair

EXACT = 1e-12  # in double precision


def plain(model: nn.Module, image: Tensor, boxes: Sequence[Box], fill: float | Tensor, batch: int = 16) -> Tensor:
    """The usual loop: paint the square, run the whole network."""
    graph, found = stepwise(model, image.shape).graph, []
    for at in range(0, len(boxes), batch):
        some = boxes[at : at + batch]
        x = image.repeat(len(some), 1, 1, 1)
        for one, box in zip(x, some, strict=True):
            one[:, box.top : box.bottom, box.left : box.right] = fill
        with torch.no_grad():
            found.append(probabilities(graph, model(x)))
    return torch.cat(found)


def flat(boxes: Sequence[Sequence[Box]]) -> list[Box]:
    return [box for row in boxes for box in row]


@pytest.mark.parametrize(
    ("model", "shape", "patch", "stride"),
    [
        (Kinds(), (3, 31, 42), 7, 5),  # a square picture it is not, and no stride divides it
        (Kinds(), (3, 44, 30), (3, 10), (9, 4)),
        (Kinds(), (3, 23, 31), 16, 6),  # nearly all of it covered
        (Older(), (3, 26, 31), 5, 4),
        (build("lenet5"), (1, 32, 32), 9, 8),
        (build("lenet5-modern"), (1, 32, 32), 4, 7),
        (build("zfnet-mini"), (3, 64, 48), 12, 11),
        (build("nin-mnist"), (1, 28, 28), 8, 9),
        (build("resnet20-cifar"), (3, 32, 40), 6, 9),
        (build("rnn"), (1, 28, 28), 14, 14),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else str(value),
)
def test_equals_the_plain_loop(model: nn.Module, shape: tuple[int, int, int], patch: int, stride: int) -> None:
    image = picture(*shape)
    model.double()(image[None])  # sets up what is lazy
    model, fill = lively(model), picture(shape[0], 1, 1, seed=2)
    *_, found = occlusion_steps(model, image, patch=patch, stride=stride, fill=fill)
    expected = plain(model, image, flat(found.boxes), fill)
    assert found.done.all()
    assert float(expected.std(0).max()) > 1e-6  # the square does change something
    torch.testing.assert_close(found.probabilities.flatten(0, 1), expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize("name", ["alexnet-torchvision", "vgg16", "googlenet", "resnet18"])
def test_equals_the_plain_loop_on_the_papers_networks(name: str) -> None:
    dtype = torch.float if name == "vgg16" else torch.double  # its weights alone are 1.1 GB in double precision
    model, image = lively(build(name), dtype=dtype), picture(3, 224, 224).to(dtype)
    boxes = [Box(0, 0, 32, 32), Box(96, 104, 128, 136), Box(192, 200, 224, 224)]
    with torch.no_grad():
        found, _ = Occluder(model, image).incremental.changed([boxes[:2], boxes[2:]], torch.zeros(()))
        x = image.repeat(3, 1, 1, 1)
        for one, box in zip(x, boxes, strict=True):
            one[:, box.top : box.bottom, box.left : box.right] = 0
        expected = model(x)
    scale = float(expected.abs().mean())
    assert float((expected - expected.mean(0)).abs().mean()) > 1e-3 * scale  # the output is anything but indifferent to the square
    torch.testing.assert_close(found, expected, rtol=0, atol=(5e-5 if dtype == torch.float else 1e-9) * scale)  # 16 layers of rounding


def test_vgg_16_in_double_precision() -> None:
    """Its 13 convolutions whole, for a smaller picture and so with a smaller first linear layer: all of it would take half a minute."""
    model, image = build("vgg16", meta=True), picture(3, 32, 64)
    model.fc6, model.fc7, model.fc8 = nn.Linear(512 * 1 * 2, 64), nn.Linear(64, 64), nn.Linear(64, 10)
    for name, parameter in model.to_empty(device="cpu").named_parameters():
        if name.endswith("bias"):
            nn.init.constant_(parameter, 0.1)
    lively(model)
    boxes = [Box(8, 16, 16, 24), Box(24, 56, 32, 64)]
    with torch.no_grad():
        found, _ = Occluder(model, image).incremental.changed([boxes], torch.zeros(()))
        x = image.repeat(2, 1, 1, 1)
        for one, box in zip(x, boxes, strict=True):
            one[:, box.top : box.bottom, box.left : box.right] = 0
        expected = model(x)
    scale = float(expected.abs().mean())
    assert float((expected - expected.mean(0)).abs().mean()) > 1e-3 * scale
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize(
    ("make", "size", "patch", "stride"),
    [
        (Kinds, (30, 36), (9, 8), (6, 7)),
        (Older, (16, 20), (6, 5), (5, 4)),
        ("zfnet-mini", (48, 64), (12, 9), (7, 8)),
        ("googlenet-mini", (48, 61), (16, 20), (11, 13)),
        ("alexnet-torchvision", (96, 131), (40, 50), (31, 44)),
        ("resnet18", (70, 64), (30, 33), (25, 20)),
        ("googlenet-torchvision", (65, 96), (33, 40), (25, 31)),
    ],
)
def test_equals_captum_s_occlusion(make: str | Callable[[], nn.Module], size: Pair, patch: Pair, stride: Pair) -> None:
    """Captum spreads each drop over the pixels covered, and averages over the places that cover a pixel."""
    model, image = build(make) if isinstance(make, str) else make(), picture(3, *size)
    model.double()(image[None])  # lets lazy layers take their size
    lively(model)
    graph = stepwise(model, image.shape).graph
    clean = probabilities(graph, model(image[None]).detach())[0]
    target = int(clean.argmax())
    ours = occlusion(model, image, target=target, patch=patch, stride=stride)
    explained = Occlusion(lambda x: probabilities(graph, model(x)))
    theirs = explained.attribute(image[None], sliding_window_shapes=(3, *patch), strides=(3, *stride), target=target, baselines=0)[0, 0]
    covers, total = torch.zeros(size), torch.zeros(size, dtype=torch.double)
    for row, values in zip(places(size, patch, stride), ours, strict=True):
        for box, value in zip(row, values, strict=True):
            covers[box.top : box.bottom, box.left : box.right] += 1
            total[box.top : box.bottom, box.left : box.right] += clean[target] - value
    torch.testing.assert_close(theirs, torch.where(covers > 0, total / covers.clamp_min(1), 0).to(theirs))


def test_by_hand() -> None:
    """Two classes, the sums of the left and of the right half of a 2×4 picture of ones."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(8, 2, bias=False))
    model[1].weight.data = torch.tensor([[1.0, 1, 0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 0, 0, 1, 1]])
    found = occlusion(model, torch.ones(1, 2, 4), target=0, patch=2, stride=2)
    # clean 4 : 4; the left covered 0 : 4, the right 4 : 0
    torch.testing.assert_close(found, torch.tensor([[1 / (1 + torch.e**4), 1 / (1 + torch.e**-4)]]).float())


def totals(maps: Tensor) -> Tensor:
    return maps.flatten(2).sum(2) if maps.dim() > 2 else maps


def test_follows_the_total_of_a_feature_map() -> None:
    model, image = lively(Kinds()), picture(3, 30, 36)
    for layer in ("relu2", "add", "relu4", "fc"):
        *_, found = occlusion_steps(model, image, patch=9, stride=8, layer=layer)
        steps, expected = stepwise(model, image.shape), []
        clean = totals(steps.activations(image[None], [layer])[layer])[0]
        channel = int(clean.argmax())  # the strongest one
        for box in flat(found.boxes):
            x = image.clone()
            x[:, box.top : box.bottom, box.left : box.right] = 0
            expected.append(totals(steps.activations(x[None], [layer])[layer])[0, channel])
        assert found.activity is not None
        torch.testing.assert_close(found.activity.flatten(), torch.stack(expected).detach())
        assert found.clean_activity == pytest.approx(float(clean[channel].detach()))


def test_a_coarse_map_comes_first_and_the_rest_follows() -> None:
    model, image = lively(build("zfnet-mini"), dtype=torch.float), picture(3, 64, 64).float()
    known = [(step.done.sum().item(), step.done[::4, ::4].all().item()) for step in occlusion_steps(model, image, patch=8, stride=4)]
    assert known[0] == (16, True)  # 15 × 15 places, every fourth row and column first
    assert [count for count, _ in known] == sorted({count for count, _ in known})
    assert known[-1][0] == 225


def test_small_batches_give_the_same_map() -> None:
    model, image = lively(Kinds()), picture(3, 31, 38)
    one, many = (list(occlusion_steps(model, image, patch=9, stride=7, batch=batch))[-1].probabilities for batch in (2, None))
    torch.testing.assert_close(one, many)


def test_a_single_box() -> None:
    model, image, box = lively(Kinds()), picture(3, 41, 58), Box(3, 50, 4, 58)
    torch.testing.assert_close(occluded(model, image, box, 0.5), plain(model, image, [box], 0.5)[0], rtol=0, atol=EXACT)


def test_the_model_is_left_as_it_was_also_when_stopped() -> None:
    model = build("resnet20-cifar").train()
    model.get_submodule("stage1").eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    going = occlusion_steps(model, torch.randn(3, 32, 32), patch=8, stride=4)
    next(going)
    going.close()
    assert model.training and not model.get_submodule("stage1").training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())


def test_says_what_does_not_fit() -> None:
    model, image = build("zfnet-mini"), torch.zeros(3, 64, 64)
    with pytest.raises(InvalidInput, match="does not fit a picture of 64 × 64"):
        occlusion(model, image, target=0, patch=65, stride=8)
    with pytest.raises(InvalidInput, match="steps of 0 × 0"):
        occlusion(model, image, target=0, patch=8, stride=0)
    with pytest.raises(InvalidInput, match="no class 10"):
        occlusion(model, image, target=10, patch=32, stride=32)
    with pytest.raises(InvalidInput, match="One picture"):
        occlusion(model, image[None], target=0, patch=8, stride=8)
    with pytest.raises(InvalidInput, match="One picture"):
        Occluder(model, image[None])
    with pytest.raises(InvalidInput, match="does not lie inside the picture"):
        occluded(model, image, Box(60, 0, 70, 8))
    with pytest.raises(UnknownLayer, match="conv9"):
        next(occlusion_steps(model, image, patch=8, stride=8, layer="conv9"))
    with pytest.raises(InvalidInput, match="no channel 99"):
        next(occlusion_steps(model, image, patch=8, stride=8, layer="conv5", channel=99))
