"""The Hamming distance of Table 1 on paper, and by the plain double loop of its formula."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import netlib
from netlib.analysis.receptive_field import Box
from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.correspondence import correspondence, random_boxes


def test_by_hand() -> None:
    """Features a, b, a − b of a picture (a, b). Hiding a: ε = (a, 0, a); hiding b: (0, b, −b). Signs, and how many of three differ:
    picture 0, (1, 5) without a: + 0 +; picture 1, (2, −3) without a: + 0 +; picture 2, (4, 7) without b: 0 + −.
    """
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 3, bias=False))
    model[1].weight.data = torch.tensor([[1.0, 0], [0, 1], [1, -1]])
    images = torch.tensor([[1.0, 5], [2, -3], [4, 7]]).reshape(3, 1, 1, 2)
    left, right = Box(0, 0, 1, 1), Box(0, 1, 1, 9)
    found = correspondence(model, images, [left, left, right], "1")
    assert found.pairs.tolist() == [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    assert (found.mean, found.deviation) == pytest.approx((2 / 3, (2 / 9) ** 0.5))
    filled = correspondence(model, images, [left] * 3, "1", fill=3.0)  # ε = a − 3 in the first and last: −, −, +
    assert filled.pairs[0].tolist() == pytest.approx([0, 0, 2 / 3])


@pytest.mark.parametrize(("name", "layer"), [("alexnet-mini", None), ("resnet20-cifar", "stage1.1.add"), ("lenet5", "F6")])
def test_the_formula_in_a_plain_loop(name: str, layer: str | None) -> None:
    model, shape = netlib.build(name), netlib.graph(name).input_shape
    images, boxes = torch.randn(4, *shape), [Box(3, 4, 10, 9), Box(-2, 0, 5, 5), Box(8, 9, 15, 14), Box(20, 20, 99, 25)]
    occluded = images.clone()
    for picture, box in zip(occluded, boxes, strict=True):
        picture[:, max(box.top, 0) : box.bottom, box.left : box.right] = 0
    seen: list[torch.Tensor] = []
    after = {"alexnet-mini": "pool5", "resnet20-cifar": "stage1.1.relu", "lenet5": "squash6"}[name]
    assert netlib.graph(name)[after].inputs == (layer or "relu5",)  # what comes into it is the layer's
    hook = model.get_submodule(after).register_forward_pre_hook(lambda module, args: seen.append(args[0].detach()))
    model(images), model(occluded)
    hook.remove()
    signs = (seen[0] - seen[1]).sign().flatten(1)
    total = sum(float((signs[i] != signs[j]).sum()) for i in range(4) for j in range(4) if i != j)
    assert correspondence(model, images, boxes, layer).mean == pytest.approx(total / 12 / signs.shape[1])


def test_random_boxes_lie_inside_and_are_as_large() -> None:
    boxes = [Box(0, 0, 3, 5), Box(1, 1, 8, 2)] * 20
    found = random_boxes(boxes, (8, 9))
    assert [(box.height, box.width) for box in found] == [(box.height, box.width) for box in boxes]
    assert all(box.top >= 0 and box.left >= 0 and box.bottom <= 8 and box.right <= 9 for box in found)
    assert len({(box.top, box.left) for box in found}) > 8
    assert found == random_boxes(boxes, (8, 9)) and found != random_boxes(boxes, (8, 9), seed=1)
    assert {box.top for box in found[1::2]} == {0, 1} and max(box.left for box in found[1::2]) == 8  # every place can be drawn


def test_wrong_input_is_told() -> None:
    model, x, box = netlib.build("lenet5"), torch.randn(2, 1, 32, 32), Box(0, 0, 4, 4)
    for says, arguments in {
        "Two pictures or more": (x[:1], [box]),
        "and 1 boxes": (x, [box]),
        r"box \(40, 0, 44, 4\) hides nothing": (x, [box, Box(40, 0, 44, 4)]),
    }.items():
        with pytest.raises(InvalidInput, match=says):
            correspondence(model, *arguments)
    with pytest.raises(InvalidInput, match="4 × 4 does not fit into 3 × 9 pixels"):
        random_boxes([box], (3, 9))
    with pytest.raises(UnknownLayer, match="S9"):
        correspondence(model, x, [box, box], "S9")
