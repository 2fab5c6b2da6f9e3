"""Networks with the head, the dropout and the first weights that a recipe asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from netlib.data.split import Split
from netlib.errors import InvalidInput, UnknownRun
from netlib.models.build import build
from netlib.models.registry import NETWORKS
from netlib.training import checkpoint
from netlib.training.initialization import initialize
from netlib.training.loop import Trainer
from netlib.training.network import HEADLESS, network, take_over
from netlib.training.recipe import Recipe
from netlib.training.runs import Store
from netlib.training.train import trainer
from netlib.training.worker import resumed


def made(name: str, classes: int = 10, **settings: object) -> nn.Module:
    return network(Recipe(name, "tiny", 1, **settings), classes)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in (*HEADLESS, "lenet5") and "1202" not in name])
def test_every_network_answers_for_the_classes_of_the_data(name: str) -> None:
    *_, last = network(Recipe(name, "tiny", 1), 7, meta=True).parameters()
    assert last.shape == (7,)


def test_torchvisions_too() -> None:
    assert network(Recipe("torchvision/squeezenet1_1", "tiny", 1), 7, meta=True)(torch.empty(1, 3, 224, 224, device="meta")).shape == (1, 7)


def test_the_networks_own_weights_are_what_build_draws() -> None:
    for ours, theirs in zip(made("zfnet-mini", seed=4).parameters(), build("zfnet-mini", seed=4).parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert made("zfnet-mini").training


def test_lenets_codes_are_of_ten_classes_and_want_their_own_loss() -> None:
    assert made("lenet5", 10, loss="rbf")(torch.zeros(1, 1, 32, 32)).shape == (1, 10)
    with pytest.raises(InvalidInput, match="lenet5 has codes for 10 classes, and tiny has 3"):
        made("lenet5", 3, loss="rbf")
    with pytest.raises(InvalidInput, match="lenet5 gives distances to codes, and the loss cross-entropy was asked for; choose rbf"):
        made("lenet5")
    with pytest.raises(InvalidInput, match="one logit for each class, and the loss rbf was asked for; choose cross-entropy"):
        made("zfnet-mini", loss="rbf")
    with pytest.raises(InvalidInput, match="dcgan-generator does not tell classes apart"):
        made("dcgan-generator")


def test_dropout() -> None:
    assert [m.p for m in made("nin-mini", dropout=0.35).modules() if isinstance(m, nn.Dropout)] == [0.35, 0.35]
    assert [m.p for m in made("nin-mini", dropout=0.0).modules() if isinstance(m, nn.Dropout)] == [0.0, 0.0]
    assert [m.p for m in made("nin-mini").modules() if isinstance(m, nn.Dropout)] == [0.2, 0.2]
    with pytest.raises(InvalidInput, match="resnet-mini has no dropout layers"):
        made("resnet-mini", dropout=0.5)


class Wide(nn.Module):
    """Layers wide enough for a standard deviation to be measured: fan-in 18, 300 and 400, fan-out 2400, 200 · 6 and 500."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 400, (3, 3))
        self.conv2 = nn.Conv2d(50, 200, (2, 3), groups=1)
        self.fc6 = nn.Linear(400, 500)
        self.norm = nn.BatchNorm2d(5)
        nn.init.constant_(self.norm.weight, 0.3)


@pytest.mark.parametrize(
    ("rule", "deviations"),
    [
        ("gaussian", (0.01, 0.01, 0.01)),
        ("xavier", ((2 / (18 + 3600)) ** 0.5, (2 / (300 + 1200)) ** 0.5, (2 / 900) ** 0.5)),
        ("he", ((2 / 18) ** 0.5, (2 / 300) ** 0.5, (2 / 400) ** 0.5)),
        ("pytorch", ((1 / (3 * 18)) ** 0.5, (1 / 900) ** 0.5, (1 / 1200) ** 0.5)),  # uniform up to 1 / √fan-in
    ],
)
def test_first_weights_by_the_papers_formulas(rule: str, deviations: tuple[float, ...]) -> None:
    torch.manual_seed(0)
    model = Wide()
    initialize(model, rule, "alexnet-mini")
    layers = model.conv1, model.conv2, model.fc6
    for layer, deviation in zip(layers, deviations, strict=True):
        assert layer.weight.std().item() == pytest.approx(deviation, rel=0.03)
        assert abs(layer.weight.mean().item()) < 0.05 * deviation
    if rule != "pytorch":
        assert [layer.bias.unique().tolist() for layer in layers] == [[0.0], *(2 * [[float(rule == "gaussian")]])]
    else:
        assert all(layer.bias.std() > 0 for layer in layers)
    assert (model.norm.weight == 0.3).all()


def test_biases_at_one_are_alexnets_alone_and_the_seed_decides() -> None:
    alexnet, zfnet = made("alexnet-mini", initialization="gaussian"), made("zfnet-mini", initialization="gaussian")
    ones = [name for name, p in alexnet.named_parameters() if name.endswith("bias") and (p == 1).all()]
    assert ones == ["conv2.bias", "conv4.bias", "conv5.bias", "fc6.bias"]
    assert all((p == 0).all() for name, p in zfnet.named_parameters() if name.endswith("bias"))
    again, other = (made("alexnet-mini", initialization="gaussian", seed=seed) for seed in (0, 1))
    assert torch.equal(again.conv1.weight, alexnet.conv1.weight) and not torch.equal(other.conv1.weight, alexnet.conv1.weight)


def test_weights_of_a_shallower_network_are_taken_over() -> None:
    """Of resnet20-cifar's blocks, three a stage, resnet32-cifar's first three have the names."""
    shallow, deep = build("resnet20-cifar", seed=1), build("resnet32-cifar", seed=2)
    before = {name: tensor.clone() for name, tensor in deep.state_dict().items()}
    taken = take_over(deep, shallow.state_dict(), "abc")
    assert set(taken) == set(shallow.state_dict())
    for name, tensor in deep.state_dict().items():
        assert torch.equal(tensor, shallow.state_dict()[name] if name in taken else before[name])
    assert any(name.startswith("stage1.4.") for name in before if name not in taken)
    with pytest.raises(InvalidInput, match="Run abc has no layer in common"):
        take_over(build("vgg-mini"), build("lenet5-modern").state_dict(), "abc")


def test_a_warm_start_from_a_run_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Split) -> None:
    monkeypatch.setenv("NETLIB_RUNS", str(tmp_path))
    monkeypatch.delenv("NETLIB_DATABASE_URL", raising=False)
    run = Store().create(Recipe("vgg-mini", "tiny", 1))
    with pytest.raises(InvalidInput, match=f"Run {run.id}, which this one is to start from, has no checkpoint yet"):
        made("vgg-mini", warm_start=run.id)
    earlier = Trainer(made("vgg-mini", 3, seed=5), tiny, Recipe("vgg-mini", "tiny", 1, batch=4))
    checkpoint.save(checkpoint.place(run.folder, "last", 1), earlier.state())
    started = made("vgg-mini", 3, seed=6, warm_start=run.id)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(started.parameters(), earlier.model.parameters(), strict=True))
    with pytest.raises(UnknownRun):
        made("vgg-mini", warm_start="nowhere")


def test_a_run_goes_on_though_the_one_it_started_from_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETLIB_RUNS", str(tmp_path))
    monkeypatch.delenv("NETLIB_DATABASE_URL", raising=False)
    recipe = Recipe("lenet5-modern", "digits", 1, device="cpu")
    run = Store().create(replace(recipe, warm_start="gone"))
    earlier = trainer(recipe)
    next(iter(earlier))
    checkpoint.save(checkpoint.place(run.folder, "last", 1), earlier.state())
    found = resumed(run)
    assert found.step == 1
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(found.model.parameters(), earlier.model.parameters(), strict=True))


def test_another_number_of_classes_leaves_the_head_out() -> None:
    deep = made("vgg-mini", 7)
    taken = take_over(deep, build("vgg-mini", seed=9).state_dict(), "abc")
    assert {"fc8.weight", "fc8.bias"} == deep.state_dict().keys() - set(taken)
