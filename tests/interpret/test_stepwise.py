"""The layers run one by one give what the model gives, and each what a hook on its module sees."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from netlib.errors import InvalidInput, UnknownLayer, UnsupportedLayer
from netlib.interpret.stepwise import stepwise
from netlib.models.build import build
from netlib.models.registry import NETWORKS

if TYPE_CHECKING:
    from torch import Tensor

SMALL = "rnn lstm lenet5 lenet5-modern alexnet-mini zfnet-mini nin-mnist resnet20-cifar dcgan-generator googlenet-aux".split()


@pytest.mark.parametrize("name", SMALL)
def test_every_module_gives_what_its_hook_sees(name: str) -> None:
    model, shape = build(name), NETWORKS[name].input_shape
    steps = stepwise(model, shape)
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    seen: dict[str, Tensor] = {}
    layers = {layer.name for layer in steps.graph if layer.name in dict(model.named_modules())}
    hooks = [
        module.register_forward_hook(lambda _m, _a, out, path=path: seen.__setitem__(path, out[0] if isinstance(out, tuple) else out))
        for path, module in model.named_modules()
        if path in layers
    ]
    with torch.no_grad():
        model(x)
        for hook in hooks:
            hook.remove()
        found = steps.activations(x, layers)
    assert len(layers) > 2
    for layer in layers:
        torch.testing.assert_close(found[layer], seen[layer])


def test_runs_on_from_what_is_given() -> None:
    model = build("resnet20-cifar")
    steps = stepwise(model, (3, 32, 32))
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        middle = steps.activations(x, ["stage2.0.add"])
        zeroed = {"stage2.0.add": torch.zeros_like(middle["stage2.0.add"])}
        torch.testing.assert_close(steps.resume(middle, [steps.output])[steps.output], model(x))
        assert not torch.allclose(steps.resume(zeroed, [steps.output])[steps.output], model(x))


def test_an_in_place_activation_changes_no_other_layers_output() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.SiLU(inplace=True)).eval()
    x = torch.randn(1, 1, 5, 6)
    found = stepwise(model, (1, 5, 6)).activations(x, ["0", "1"])
    torch.testing.assert_close(found["0"], model[0](x))
    torch.testing.assert_close(found["1"], F.silu(model[0](x)))


def test_a_picture_of_another_precision_is_brought_to_the_networks() -> None:
    model, x = build("lenet5"), torch.randn(1, 1, 32, 32)
    steps = stepwise(model, (1, 32, 32))
    for given in (x.double(), x.double().float()):
        assert torch.equal(steps.activations(given, ["F6"])["F6"], steps.activations(x, ["F6"])["F6"])


def test_the_gradient_flows_through_any_layer() -> None:
    model = build("resnet20-cifar").requires_grad_(False)
    x = torch.randn(1, 3, 32, 32).requires_grad_()
    steps = stepwise(model, (3, 32, 32))
    ours = torch.autograd.grad(steps.activations(x, [steps.output])[steps.output][0, 3], x)[0]
    torch.testing.assert_close(ours, torch.autograd.grad(model(x)[0, 3], x)[0])


class Subtracts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x - self.conv(x)


class CallsConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 1, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight)


def test_what_a_graph_does_not_tell_apart_is_refused() -> None:
    with pytest.raises(UnsupportedLayer, match="subtraction"):
        stepwise(Subtracts(), (1, 8, 9))
    with pytest.raises(UnsupportedLayer, match=r"conv2d of CallsConv is a conv2d outside any module"):
        stepwise(CallsConv(), (1, 8, 9))


def test_a_network_whose_numbers_are_not_finite_is_refused() -> None:
    model = build("lenet5-modern")
    with torch.no_grad():
        model.get_parameter("C3.weight")[0, 0, 0, 0] = torch.nan
    with pytest.raises(InvalidInput, match=r"gives numbers that are not finite with these weights; choose trained ones\.$"):
        stepwise(model, (1, 32, 32))
    overflows = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten())
    overflows[0].weight.data.fill_(1e38)
    with pytest.raises(InvalidInput, match="not finite"):
        stepwise(overflows, (1, 8, 9))


class Waits(nn.Module):
    """Its second pass, the first with numbers, waits for a word."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.passes, self.begun, self.go = nn.Conv2d(1, 1, 3), 0, Event(), Event()

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1
        if self.passes == 2:
            self.begun.set()
            self.go.wait(10)
        return self.conv(x)


def test_a_model_met_for_the_first_time_keeps_no_other_waiting() -> None:
    known, other, slow = build("lenet5"), build("lenet5-modern"), Waits()
    first = stepwise(known, (1, 32, 32))
    with ThreadPoolExecutor(4) as pool:
        going = [pool.submit(stepwise, slow, (1, 8, 9)) for _ in range(2)]  # the second waits for the first
        try:
            assert slow.begun.wait(10)
            assert pool.submit(stepwise, known, (1, 32, 32)).result(10).graph is first.graph
            assert pool.submit(stepwise, other, (1, 32, 32)).result(10).output == "output"
        finally:
            slow.go.set()
        one, two = (waiting.result(10) for waiting in going)
    assert one.graph is two.graph


def test_says_what_does_not_fit() -> None:
    steps = stepwise(build("lenet5"), (1, 32, 32))
    with pytest.raises(InvalidInput, match="1×32×32 here, but 1×28×28"):
        steps.activations(torch.zeros(1, 1, 28, 28), ["C1"])
    with pytest.raises(UnknownLayer, match="C9"):
        steps.activations(torch.zeros(1, 1, 32, 32), ["C9"])


def test_a_model_is_let_go_when_nobody_else_holds_it() -> None:
    from weakref import ref

    model = build("lenet5")
    gone = ref(model)
    stepwise(model, (1, 32, 32))
    del model
    assert gone() is None
