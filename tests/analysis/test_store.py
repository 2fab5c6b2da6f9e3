"""Every network of the registry: its stored graph against a fresh trace, and both against running the network on the meta device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netlib.analysis import store
from netlib.analysis.cost import costs
from netlib.analysis.module_rules import module_rule
from netlib.analysis.tracing import trace
from netlib.errors import ShapeMismatch, UnknownNetwork
from netlib.models.build import build
from netlib.models.registry import NETWORKS

if TYPE_CHECKING:
    from netlib.analysis.graph import LayerGraph


@dataclass(frozen=True)
class Measured:
    """A network as the store has it, as it is traced now, and what running it shows."""

    module: nn.Module
    stored: LayerGraph
    traced: LayerGraph
    shapes: dict[str, tuple[int, ...]]  # name of each call of a leaf module, in order of execution -> output shape
    macs: int


@pytest.fixture(scope="module", params=list(NETWORKS))
def network(request: pytest.FixtureRequest) -> Measured:
    name = request.param
    shape = NETWORKS[name].input_shape
    module = build(name, meta=True)
    traced = trace(module, shape, name=name)
    shapes: dict[str, tuple[int, ...]] = {}

    def note(path: str, output: torch.Tensor | tuple) -> None:
        uses = sum(seen.partition("@")[0] == path for seen in shapes)
        first = output[0] if isinstance(output, tuple) else output
        shapes[f"{path}@{uses + 1}" if uses else path] = tuple(first.shape[1:])

    for path, part in module.named_modules():
        if module_rule(part) is not None and not isinstance(part, nn.Identity):
            part.register_forward_hook(lambda part, args, output, path=path: note(path, output))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.empty(1, *shape, device="meta"))
    return Measured(module, store.load(name), traced, shapes, counter.get_total_flops() // 2)


def test_the_stored_graph_is_the_traced_one(network: Measured) -> None:
    assert network.stored == network.traced


def test_every_layer_has_the_shape_it_has_when_it_runs(network: Measured) -> None:
    traced = {layer.name: layer.shape for layer in network.traced if layer.name in network.shapes}
    assert traced == network.shapes


def test_parameters_are_those_of_the_module(network: Measured) -> None:
    assert costs(network.stored).params == sum(p.numel() for p in network.module.parameters())
    assert not network.stored.unused


def test_macs_are_half_of_what_torch_counts_as_flops(network: Measured) -> None:
    assert costs(network.stored).macs == network.macs


def test_no_weight_was_allocated_and_nothing_is_left_behind(network: Measured) -> None:
    assert {p.device.type for p in network.module.parameters()} <= {"meta"}
    assert not any("forward" in vars(part) for part in network.module.modules())


def test_the_store_holds_the_registry_and_nothing_else() -> None:
    assert {path.stem for path in store.FOLDER.glob("*.json")} == set(NETWORKS)


def test_a_registry_graph_at_its_own_size_is_read_not_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netlib.models.build.build", None)
    store.graph.cache_clear()
    assert store.graph("alexnet") == store.graph("alexnet", (3, 227, 227)) == store.load("alexnet")


def test_another_size_is_traced() -> None:
    graph = store.graph("resnet18", (3, 96, 160))
    assert graph.input_shape == (3, 96, 160)
    assert graph["conv1"].shape == (64, 48, 80)  # ⌊(96 + 6 − 7) / 2⌋ + 1 and the same of 160


def test_a_picture_too_small_leaves_the_layers_that_fit() -> None:
    with pytest.raises(ShapeMismatch, match="conv2") as caught:
        store.graph("alexnet-torchvision", (3, 10, 12))
    assert caught.value.graph is not None
    assert [layer.name for layer in caught.value.graph][:2] == ["input", "conv1"]


def test_a_name_that_is_none_is_refused_before_any_file_is_read() -> None:
    with pytest.raises(UnknownNetwork, match="alexnet"):
        store.graph("alexnt")
    with pytest.raises(UnknownNetwork):
        store.graph("../../pyproject")


def test_torchvision_networks_have_a_size_of_their_own() -> None:
    assert store.default_input("torchvision/inception_v3") == (3, 299, 299)
    assert store.default_input("torchvision/resnet18") == (3, 224, 224)
    assert store.default_input("lenet5") == (1, 32, 32)


def test_saving_writes_what_is_stored(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: NETWORKS[name] for name in ("lenet5", "lstm")}
    committed = {name: (store.FOLDER / f"{name}.json").read_bytes() for name in few}
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    monkeypatch.setattr(store, "NETWORKS", few)
    (tmp_path / "gone.json").write_text("{}")
    store.save_all()
    assert {path.stem: path.read_bytes() for path in tmp_path.iterdir()} == committed
