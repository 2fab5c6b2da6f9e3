"""Every method on a network that is not written as netlib's are: ReLUs in place and as a function. The same network with a module for
each ReLU, none of them in place, says what is right; else a method may only refuse, by the layer's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netlib.analysis.tracing import trace
from netlib.errors import NetlibError
from netlib.interpret.in_place import overwritten
from netlib.interpret.stepwise import stepwise
from netlib.models.build import build
from tests.interpret.test_untouched import METHODS, state

pytestmark = pytest.mark.filterwarnings("ignore:.*[Ss]et")  # Captum says at each call that it sets hooks
SHAPE = (2, 26, 23)
RULES = {"guided_backprop", "deconvolution", "guided_grad_cam", "deeplift"}  # they hang hooks on ReLUs, which a function has none for


class Careful(nn.Module):
    """A module for each ReLU, none in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.relu1, self.pool1 = nn.Conv2d(2, 6, 5, stride=2, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2)
        self.conv2, self.relu = nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()
        self.conv3, self.relu3 = nn.Conv2d(6, 8, 3), nn.ReLU()
        self.flatten, self.fc = nn.Flatten(), nn.LazyLinear(5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(self.relu1(self.conv1(x)))
        x = x + self.second(x)
        return self.fc(self.flatten(self.relu3(self.conv3(x))))

    def second(self, x: Tensor) -> Tensor:
        return self.relu(self.conv2(x))


class Careless(Careful):
    """The same, with ReLUs in place, and one that is a function, in place too."""

    def __init__(self) -> None:
        super().__init__()
        self.relu1.inplace = self.relu3.inplace = True
        del self.relu

    def second(self, x: Tensor) -> Tensor:
        return F.relu(self.conv2(x), inplace=True)


def both() -> tuple[Careful, Careless, Tensor]:
    """The two with equal numbers, in a state that none would leave by accident, and a picture."""
    careful, careless = Careful(), Careless()
    random = torch.Generator().manual_seed(4)
    x = torch.randn(SHAPE, generator=random)
    careful(x[None]), careless(x[None])  # the lazy layer finds its width
    for name, parameter in careful.named_parameters():
        nn.init.normal_(parameter, mean=0.1 if name.startswith("fc") else 0.02, std=0.3, generator=random)
    careful.conv3.bias.data[0] = 9  # its first unit, which projections start from, is alive
    careless.load_state_dict(careful.state_dict())
    for model in (careful, careless):
        model.train().conv2.eval()
        model.conv1.weight.requires_grad_(False)
        model.fc.bias.grad = torch.ones(5)
        model.conv3.register_forward_hook(lambda *_: None)  # the user's own
    return careful, careless, x


def numbers(found: object) -> list[Tensor]:
    """All numbers of a method's result, in order."""
    if isinstance(found, Tensor):
        return [found.detach().double()]
    if isinstance(found, bool | int | float):
        return [torch.tensor(float(found)).double()]
    if is_dataclass(found):
        return numbers([getattr(found, field.name) for field in fields(found)])
    if isinstance(found, Mapping):
        return numbers(list(found.values()))
    if isinstance(found, Iterable) and not isinstance(found, str):
        return [number for part in found for number in numbers(part)]
    return []


@pytest.mark.parametrize("method", METHODS)
def test_it_is_treated_right_or_refused_by_name_and_stays_as_it_was(method: str) -> None:
    careful, careless, x = both()
    graphs = [stepwise(model, SHAPE).graph for model in (careful, careless)]
    before, picture = state(careless), x.clone()
    if method in RULES:
        with pytest.raises(NetlibError, match=r"does not apply to Careless: relu \(relu\) is a function between modules"):
            list(METHODS[method](careless, graphs[1], x))  # type: ignore[call-overload]
    else:
        expected, found = (numbers(METHODS[method](model, graph, x)) for model, graph in zip((careful, careless), graphs, strict=True))
        assert len(expected) == len(found) > 0 and any(part.any() for part in expected)
        for ours, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(ours, theirs, equal_nan=True)
    assert state(careless) == before and torch.equal(x, picture)
    assert careless.relu1.inplace and careless.relu3.inplace


class Overwritten(Careful):
    """A ReLU in place on what a shortcut reads too: the shortcut gets what the ReLU made of it, which no graph tells."""

    def __init__(self) -> None:
        super().__init__()
        self.relu.inplace = True

    def second(self, x: Tensor) -> Tensor:
        y = self.conv2(x)
        return self.relu(y) + y


@pytest.mark.parametrize("method", [method for method in METHODS if method != "kernels"])  # which computes nothing
def test_what_is_overwritten_before_it_is_read_is_refused_by_name(method: str) -> None:
    _, _, x = both()
    model = Overwritten()
    model(x[None])
    before = state(model)
    with pytest.raises(NetlibError, match=r"relu of Overwritten works in place on the output of conv2, which add reads afterwards; build"):
        list(METHODS[method](model, trace(model, SHAPE), x))  # type: ignore[call-overload]
    assert state(model) == before


def test_in_place_on_what_nobody_reads_afterwards_is_no_harm() -> None:
    _, careless, _ = both()
    for model, shape in ((careless, SHAPE), (build("torchvision/resnet18"), (3, 64, 64)), (build("torchvision/densenet121"), (3, 64, 64))):
        assert any(getattr(part, "inplace", False) for part in model.modules())
        assert overwritten(model, trace(model, shape)) is None
