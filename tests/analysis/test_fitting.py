"""Which network a state dict belongs to, and the sentence for one that belongs elsewhere."""

from __future__ import annotations

import pytest
import torch

from netlib.analysis.fitting import report
from netlib.errors import UnknownNetwork
from netlib.models.build import build
from netlib.models.registry import NETWORKS
from netlib.models.zoo import build_torchvision


def meta(name: str) -> dict[str, torch.Tensor]:
    return dict(build(name, meta=True).state_dict())


def test_weights_that_fit_are_loaded_as_they_are() -> None:
    state = build("nin-mnist", seed=3).state_dict()
    found = report("nin-mnist", state)
    assert found.fits and found.sentence == f"All {len(state)} entries fit {NETWORKS['nin-mnist'].title}."
    assert all(torch.equal(found.state[name], tensor) for name, tensor in state.items())


def test_torchvisions_own_names_are_understood() -> None:
    """The converted network gives torchvision's numbers."""
    torch.manual_seed(0)
    theirs = build_torchvision("resnet18").eval()
    found = report("resnet18", theirs.state_dict())
    assert found.fits
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(build("resnet18", weights=found.state)(x), theirs(x), rtol=1e-4, atol=1e-4)
    assert report("torchvision/resnet18", theirs.state_dict()).fits


def test_auxiliary_heads_are_left_out() -> None:
    from torchvision.models import googlenet

    with torch.device("meta"):
        theirs = googlenet(weights=None, init_weights=False, aux_logits=True).state_dict()
    real = {name: torch.zeros(tensor.shape, dtype=tensor.dtype) for name, tensor in theirs.items()}
    assert report("torchvision/googlenet", real).fits and report("googlenet-torchvision", real).fits


def test_half_precision_and_old_batch_normalization() -> None:
    state = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in build("resnet20-cifar").state_dict().items()}
    without = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    assert len(without) < len(state)
    found = report("resnet20-cifar", without)
    assert found.fits and found.state.keys() == state.keys()
    assert found.state["conv1.weight"].dtype == torch.float32


@pytest.mark.parametrize(
    ("network", "given", "says"),
    [
        ("vgg16", "vgg13",
         "6 missing (conv3_3.weight, conv3_3.bias, conv4_3.weight, …); 0 unexpected; 0 mis-shaped. They look like the weights of vgg13"),
        ("lenet5-modern", "lenet5", "5 unexpected (S2.weight"),
        ("resnet18", "resnet34", "They look like the weights of resnet34."),
        ("resnet18", "resnet50", "They look like the weights of resnet50 or resnet50-v1.5."),
        ("alexnet", "lenet5", "They look like the weights of lenet5."),
    ],
)  # fmt: skip
def test_weights_of_another_network(network: str, given: str, says: str) -> None:
    found = report(network, meta(given))
    assert not found.fits and not found.state and given in found.looks_like
    assert found.sentence.startswith(f"These weights do not fit {NETWORKS[network].title}, which has ") and says in found.sentence


def test_weights_of_another_network_under_torchvisions_names() -> None:
    with torch.device("meta"):
        theirs = build_torchvision("vgg13_bn").state_dict()
    assert report("vgg16", theirs).looks_like == ("vgg13-bn",)
    assert report("torchvision/vgg16", theirs).looks_like == ("vgg13-bn",)


def test_what_no_network_has() -> None:
    found = report("vgg16", {"a" * 1000: torch.zeros(2), **meta("vgg16")})
    assert found.unexpected == ("a" * 1000,) and not found.looks_like
    assert len(found.sentence) < 300 and found.sentence.endswith("Choose the network that they were trained with.")
    found = report("zfnet-mini", {**meta("zfnet-mini"), "conv1.weight": torch.zeros(5)})
    assert len(found.mis_shaped) == 1 and "1 mis-shaped (conv1.weight (5 instead of " in found.sentence


@pytest.mark.parametrize("network", ["resnet18", "vgg16", "nin-cifar10", "lenet5-modern"])
def test_another_number_of_classes_is_said_as_that(network: str) -> None:
    """Also where the last layer is a convolution, and where its pooling follows."""
    state = meta(network)
    last = list(state)[-1].rpartition(".")[0]
    for entry in ("weight", "bias"):
        shape = state[f"{last}.{entry}"].shape
        state[f"{last}.{entry}"] = torch.zeros((7, *shape[1:]), device="meta")
    found = report(network, state)
    own = 1000 if network in ("resnet18", "vgg16") else 10
    assert found.classes == 7 and not found.fits and not found.looks_like
    assert found.sentence == (
        f"All but the last layer fits {NETWORKS[network].title}: the file tells 7 classes apart and the network here {own:,}. "
        f"Give the last layer {own:,} outputs before you save it; nothing was loaded."
    )
    other = "vgg19" if network == "vgg16" else "vgg16"
    assert network in report(other, state).looks_like  # its number of classes does not hide what it is


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_diverged_training_is_said(value: float) -> None:
    state = build("lenet5-modern").state_dict()
    state["C3.weight"][0, 0, 0, 0] = value
    found = report("lenet5-modern", state)
    assert not found.fits and "C3.weight holds values that are not finite numbers" in found.sentence


def test_numbers_of_another_kind() -> None:
    state = build("lenet5-modern").state_dict()
    for wrong in (torch.int8, torch.complex64):
        assert not report("lenet5-modern", {**state, "C1.bias": state["C1.bias"].to(wrong)}).fits


def test_unknown_networks() -> None:
    with pytest.raises(UnknownNetwork, match="vgg61"):
        report("vgg61", {})
