"""The effective field against worked examples and the theoretical field; and the model comes back untouched."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import netlib
from netlib.analysis.receptive_field import input_box
from netlib.analysis.tracing import trace
from netlib.errors import InvalidInput, NetlibError, ShapeMismatch, UnknownLayer
from netlib.interpret.effective_field import effective_field, effective_field_batches

SHAPE = (2, 11, 15)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn, self.relu1 = nn.Conv2d(2, 3, (3, 5), padding=(1, 2)), nn.BatchNorm2d(3), nn.ReLU()
        self.block = nn.Sequential(nn.Conv2d(3, 3, 3, 2), nn.ReLU())
        self.dropout, self.fc = nn.Dropout(), nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block(self.relu1(self.bn(self.conv1(x))))
        return self.fc(self.dropout(x).mean((2, 3)))


def net() -> Net:
    torch.manual_seed(1)
    return Net()


def test_by_hand() -> None:
    """Two box filters of 3 on a line: the gradient is 1 2 3 2 1, whatever the input."""
    model = nn.Sequential(nn.Conv2d(1, 1, (1, 3), padding=(0, 1)), nn.Conv2d(1, 1, (1, 3), padding=(0, 1)))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 1 if parameter.dim() > 1 else 0)
    field = effective_field(model, "1", input_shape=(1, 3, 9), samples=3)
    torch.testing.assert_close(field[1], torch.tensor([0, 0, 1, 4, 9, 4, 1, 0, 0]) / 9)
    assert not field[[0, 2]].any()


@pytest.mark.parametrize("unit", [None, (0, 0), (4, 6)])
def test_lies_within_the_theoretical_field(unit: tuple[int, int] | None) -> None:
    model = net()
    box = input_box(trace(model.eval(), SHAPE), "block.1", unit or (2, 3)).clipped()
    field = effective_field(model, "block.1", input_shape=SHAPE, unit=unit)
    inside = torch.zeros_like(field, dtype=torch.bool)
    inside[box.top : box.bottom, box.left : box.right] = True
    assert (field[inside] > 0).all()
    assert not field[~inside].any()
    assert field.max() == 1


def test_the_seed_decides_and_the_batch_does_not() -> None:
    fields = [
        effective_field(net(), "block", input_shape=SHAPE, seed=seed, samples=6, batch=batch) for seed, batch in ((3, 6), (3, 2), (4, 6))
    ]
    torch.testing.assert_close(fields[0], fields[1])
    assert not torch.allclose(fields[0], fields[2])


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_comes_back_as_it_was(fails: bool) -> None:
    model = net().train()
    model.bn.eval()
    model.conv1.weight.requires_grad_(False)
    model.fc.weight.grad = torch.ones_like(model.fc.weight)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    if fails:
        with pytest.raises(ShapeMismatch):
            effective_field(model, "block.1", input_shape=(5, 11, 15))
    else:
        effective_field(model, "fc", input_shape=SHAPE)
    assert [module.training for module in model.modules()] == [module is not model.bn for module in model.modules()]
    assert [p.requires_grad for p in model.parameters()] == [p is not model.conv1.weight for p in model.parameters()]
    assert [p.grad is not None for p in model.parameters()] == [p is model.fc.weight for p in model.parameters()]
    assert all(not module._forward_hooks and not module._backward_hooks for module in model.modules())
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("layer", "unit", "says"),
    [
        ("conv2", None, "Did you mean conv1"),
        ("", None, "no layer called ''"),
        ("block.0", (5, 0), r"map of 5 × 7 units"),
        ("block", (5, 0), r"map of 5 × 7 units"),
        ("fc", (1, 0), "has no map"),
    ],
)
def test_says_what_is_wrong(layer: str, unit: tuple[int, int] | None, says: str) -> None:
    with pytest.raises(UnknownLayer, match=says):
        effective_field(net(), layer, input_shape=SHAPE, unit=unit)


@pytest.mark.parametrize("shape", [(5, 11, 15), (2, 2, 15)])
def test_an_input_that_does_not_fit(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ShapeMismatch, match="conv1" if shape[0] == 5 else "block.0"):  # the layer that it does not fit
        effective_field(net(), "block", input_shape=shape)
    with pytest.raises(InvalidInput, match="positive whole numbers"):
        effective_field(net(), "block", input_shape=(2, -1, 15))


class Rows(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.token = nn.LSTM(5, 3, batch_first=True), nn.Parameter(torch.ones(1, 4, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.cell(x[:, 0])[0] + self.token


def test_of_what_a_layer_gives_the_first_tensor_counts() -> None:
    torch.manual_seed(1)
    assert (effective_field(Rows(), "cell", input_shape=(1, 4, 5)) > 0).all()
    with pytest.raises(UnknownLayer, match="'token' gives no tensor that depends on the picture"):
        effective_field(Rows(), "token", input_shape=(1, 4, 5))


def test_of_an_addition_between_modules_by_hand() -> None:
    """x + a box filter of 3 over it: the gradient of the sum is 1 2 1, whatever the input; of the filter alone 1 1 1."""

    class Skip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.relu = nn.Conv2d(1, 1, (1, 3), padding=(0, 1), bias=False), nn.ReLU()
            nn.init.ones_(self.conv.weight)

        def forward(self, x: Tensor) -> Tensor:
            return self.relu(self.conv(x) + x)

    fields = {layer: effective_field(Skip(), layer, input_shape=(1, 1, 5), samples=3)[0] for layer in ("add", "conv", "input")}
    torch.testing.assert_close(fields["add"], torch.tensor([0, 1, 4, 1, 0]) / 4)
    assert fields["conv"].tolist() == [0, 1, 1, 1, 0] and fields["input"].tolist() == [0, 0, 1, 0, 0]


def test_of_an_addition_inside_a_block_lies_within_its_field() -> None:
    model, graph = netlib.build("resnet20-cifar"), netlib.graph("resnet20-cifar")
    for layer, ends_in in (("stage1.1.add", "stage1.1.add"), ("stage2.0.shortcut", "stage2.0.shortcut"), ("stage2.0", "stage2.0.relu")):
        box = input_box(graph, ends_in, (9, 6)).clipped()
        field = effective_field(model, layer, input_shape=(3, 32, 32), unit=(9, 6), samples=4)
        inside = torch.zeros_like(field, dtype=torch.bool)
        inside[box.top : box.bottom, box.left : box.right] = True
        assert field[inside].any() and not field[~inside].any()


def test_needs_a_sample() -> None:
    with pytest.raises(InvalidInput, match="at least one sample"):
        effective_field(net(), "block", input_shape=SHAPE, samples=0)
    assert issubclass(InvalidInput, NetlibError)


def test_each_step_is_the_field_of_the_samples_so_far() -> None:
    model = net()
    with torch.no_grad():
        steps = effective_field_batches(model, "block", input_shape=SHAPE, samples=5, batch=2)
        first, field = next(steps)
        assert first == 2 and not torch.is_grad_enabled()  # whoever steps keeps their own mode
        steps.close()
    torch.testing.assert_close(field, effective_field(model, "block", input_shape=SHAPE, samples=2))
    assert all(module.training for module in model.modules()) and not model.block._forward_hooks  # stopped, and left as it was
    assert [done for done, _ in effective_field_batches(model, "block", input_shape=SHAPE, samples=5, batch=2)] == [2, 4, 5]
