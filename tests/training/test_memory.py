"""The estimate against what torch really keeps, and what is said when it is too much."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netlib.analysis.store import default_input
from netlib.data.sets import data_set
from netlib.errors import UnknownNetwork
from netlib.training.memory import Estimate, fits, memory
from netlib.training.network import network
from netlib.training.optimizers import optimizer
from netlib.training.recipe import Recipe


def kept(model: nn.Module, x: Tensor) -> int:
    """Bytes of all memory that a forward pass keeps for the way back, the batch's own among them, the parameters' not."""
    own = {p.untyped_storage().data_ptr() for p in model.parameters()} | {b.untyped_storage().data_ptr() for b in model.buffers()}
    found: dict[int, int] = {}
    held: list[Tensor] = []  # as long as it is held, no other tensor gets its address

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = storage.nbytes()
            held.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs = model(x)
        out = outputs[0] if isinstance(outputs, tuple) else outputs
        F.cross_entropy(out, torch.zeros(len(x), dtype=torch.int64))
    return sum(found.values())


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("lenet5-modern", ()), ("alexnet-mini", ()), ("alexnet-mini", ("tanh", "no-overlap")), ("vgg-mini", ("batch-norm",)),
        ("nin-mini", ()), ("googlenet-mini", ("no-reduction",)), ("resnet-mini", ()), ("resnet20-cifar", ()),
    ],
)  # fmt: skip
def test_the_estimate_is_what_a_step_takes(name: str, changes: tuple[str, ...]) -> None:
    recipe = Recipe(name, "digits" if name.startswith("lenet") else "patches", 1, batch=16, changes=changes, device="cpu")
    model = network(recipe, 10)
    found = memory(recipe)
    parameters = sum(p.nbytes for p in model.parameters())
    assert found.parameters == found.gradients == parameters
    x = torch.randn(16, *default_input(name))
    assert found.activations == pytest.approx(kept(model, x), rel=0.01)
    for kind, each in (("sgd", 1), ("alexnet", 1), ("adam", 2)):
        stepped = optimizer(model, replace(recipe, optimizer=kind))
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        stepped.step()
        state = [value for entries in stepped.state.values() for value in entries.values() if isinstance(value, Tensor) and value.ndim]
        assert memory(replace(recipe, optimizer=kind)).optimizer == sum(value.nbytes for value in state) == each * parameters


def test_the_pictures_with_their_margin() -> None:
    data = data_set("patches", (3, 32, 32), margin=4)
    found = memory(Recipe("vgg-mini", "patches", 1, margin=4))
    assert found.data == data.train_images.nbytes + data.test_images.nbytes


def test_devices_share_the_batch_and_bf16_halves_what_is_kept() -> None:
    one = memory(Recipe("resnet-mini", "patches", 1, batch=64))
    assert memory(Recipe("resnet-mini", "patches", 1, batch=64, devices=4)).activations == one.activations // 4
    half = memory(Recipe("resnet-mini", "patches", 1, batch=64, precision="bf16"))
    assert half.activations < 0.6 * one.activations
    assert half.total < one.total
    assert one.total == one.parameters + one.gradients + one.optimizer + one.activations + one.data


def test_what_does_not_fit_is_said_with_the_numbers() -> None:
    small, vast = Estimate(1, 1, 1, 1, 1), Estimate(10**12, 10**12, 10**12, 5 * 10**15, 10)
    assert fits(small, "cpu") is None
    assert "needs about 5003000.0 GB of memory, of which 5000000.0 GB depend on the batch, and cpu has " in fits(vast, "cpu")


def test_a_large_batch_of_a_large_network_does_not_fit() -> None:
    assert "take a smaller batch" in fits(memory(Recipe("vgg19", "patches", 1, batch=100_000)), "cpu")


def test_an_unknown_network() -> None:
    with pytest.raises(UnknownNetwork):
        memory(Recipe("vgg12", "patches", 1))
