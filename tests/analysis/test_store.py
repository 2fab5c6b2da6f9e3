"""Every network of the registry: its stored graph against a fresh trace, and both against running the network on the meta device."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netlib.analysis import store
from netlib.analysis.cost import costs
from netlib.analysis.module_rules import module_rule
from netlib.analysis.tracing import trace
from netlib.errors import InvalidInput, ShapeMismatch, UnknownNetwork
from netlib.models.build import build
from netlib.models.registry import NETWORKS

if TYPE_CHECKING:
    from netlib.analysis.graph import LayerGraph

# Deep repetitions of blocks that another network of the list runs: traced and counted like the rest, but not run.
REPEATED = {
    "plain1202-cifar", "plain110-cifar", "resnet110-cifar", "plain56-cifar", "resnet56-cifar", "plain44-cifar", "resnet44-cifar",
    "resnet101", "resnet101-v1.5", "resnet152-v1.5",
}  # fmt: skip
RUN = [name for name in NETWORKS if name not in REPEATED]


@cache
def built(name: str) -> nn.Module:
    return build(name, meta=True)


@cache
def traced(name: str) -> LayerGraph:
    return trace(built(name), NETWORKS[name].input_shape, name=name)


@cache
def run(name: str) -> tuple[dict[str, tuple[int, ...]], int]:
    """Name of each call of a layer -> the shape it gave; and the FLOPs that torch counted."""
    shapes: dict[str, tuple[int, ...]] = {}
    uses: Counter[str] = Counter()

    def note(path: str, output: torch.Tensor | tuple) -> None:
        uses[path] += 1
        first = output[0] if isinstance(output, tuple) else output
        shapes[path if uses[path] == 1 else f"{path}@{uses[path]}"] = tuple(first.shape[1:])

    hooks = [
        part.register_forward_hook(lambda part, args, output, path=path: note(path, output))
        for path, part in built(name).named_modules()
        if module_rule(part) is not None and not isinstance(part, nn.Identity)
    ]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        built(name)(torch.empty(1, *NETWORKS[name].input_shape, device="meta"))
    for hook in hooks:
        hook.remove()
    return shapes, counter.get_total_flops()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_stored_graph_is_the_traced_one(name: str) -> None:
    assert store.load(name) == traced(name)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_those_of_the_module(name: str) -> None:
    graph = store.load(name)
    assert costs(graph).params == sum(p.numel() for p in built(name).parameters())
    assert not graph.unused


@pytest.mark.parametrize("name", NETWORKS)
def test_no_weight_is_allocated_and_nothing_is_left_behind(name: str) -> None:
    assert traced(name)
    assert {p.device.type for p in built(name).parameters()} <= {"meta"}
    assert not any("forward" in vars(part) for part in built(name).modules())


@pytest.mark.parametrize("name", RUN)
def test_every_layer_has_the_shape_it_has_when_it_runs(name: str) -> None:
    shapes, _ = run(name)
    assert {layer.name: layer.shape for layer in traced(name) if layer.name in shapes} == shapes


@pytest.mark.parametrize("name", RUN)
def test_macs_are_half_of_the_flops_that_torch_counts(name: str) -> None:
    assert 2 * costs(store.load(name)).macs == run(name)[1]


def test_the_store_holds_the_registry_and_nothing_else() -> None:
    assert {path.stem for path in store.FOLDER.glob("*.json")} == set(NETWORKS)


def test_a_registry_graph_at_its_own_size_is_read_not_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netlib.models.build.build", None)
    store._graph.cache_clear()
    assert store.graph("alexnet") == store.graph("alexnet", (3, 227, 227)) == store.load("alexnet")


def test_another_size_is_traced() -> None:
    graph = store.graph("resnet18", (3, 96, 160))
    assert graph.input_shape == (3, 96, 160)
    assert graph["conv1"].shape == (64, 48, 80)  # ⌊(96 + 6 − 7) / 2⌋ + 1 and the same of 160


def test_a_shape_may_be_any_sequence_but_must_be_a_shape() -> None:
    assert store.graph("alexnet", [3, 227, 227]) is store.graph("alexnet")
    for wrong in ((3, 0, 5), [[3, 4], 5], "227", 227, ()):
        with pytest.raises(InvalidInput, match="positive whole numbers"):
            store.graph("alexnet", wrong)  # type: ignore[arg-type]


def test_of_many_who_ask_at_once_one_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    traces: list[str] = []

    def slow(*args: Any, **kwargs: Any) -> LayerGraph:
        traces.append(kwargs["name"])
        time.sleep(0.05)
        return trace(*args, **kwargs)

    monkeypatch.setattr("netlib.analysis.tracing.trace", slow)
    with ThreadPoolExecutor(8) as pool:
        graphs = list(pool.map(store.graph, ["resnet20-cifar"] * 8, [(3, 36, 40)] * 8))
    assert traces == ["resnet20-cifar"]
    assert all(graph is graphs[0] for graph in graphs)
    assert not store._UNDER_WAY


def test_a_picture_too_small_leaves_the_layers_that_fit() -> None:
    with pytest.raises(ShapeMismatch, match="pool1") as caught:
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
