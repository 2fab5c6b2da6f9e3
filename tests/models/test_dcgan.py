"""DCGAN against the authors' weight shapes and against the networks of the PyTorch examples."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netlib.errors import InvalidInput
from netlib.models.dcgan import Discriminator, Generator

# Newmu/dcgan_code, faces/train_uncond_dcgan.py (ngf = ndf = 128): every weight, and gain and bias of every batch norm.
AUTHORS_GENERATOR = 100 * 16384 + 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3) + 2 * (16384 + 512 + 256 + 128)
AUTHORS_DISCRIMINATOR = 25 * (3 * 128 + 128 * 256 + 256 * 512 + 512 * 1024) + 16384 + 2 * (256 + 512 + 1024)


def params(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_authors_counts() -> None:
    with torch.device("meta"):
        assert params(Generator()) == AUTHORS_GENERATOR == 18_885_760
        assert params(Discriminator()) == AUTHORS_DISCRIMINATOR == 17_232_768


def test_maps_have_the_sizes_of_figure_1() -> None:
    with torch.device("meta"):
        generator, discriminator, z = Generator().eval(), Discriminator().eval(), torch.empty(2, 100, 1, 1)
    x, shapes = z, {}
    for name, module in [*generator.named_children(), *discriminator.named_children()]:
        x = module(x)
        shapes[name, type(module).__name__] = tuple(x.shape)
    assert shapes["reshape", "Unflatten"] == (2, 1024, 4, 4)
    up = [shapes[f"conv{i}", "ConvTranspose2d"][1:] for i in (1, 2, 3, 4)]
    assert up == [(512, 8, 8), (256, 16, 16), (128, 32, 32), (3, 64, 64)]
    down = [shapes[f"conv{i}", "Conv2d"][1:] for i in (1, 2, 3, 4)]
    assert down == [(128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4)]
    assert x.shape == (2, 1)


def test_the_authors_deconvolution_is_the_gradient_of_a_convolution() -> None:
    """Their code defines it so (lib/ops.py); ours must put every pixel at the same place."""
    torch.manual_seed(0)
    layer = Generator().conv4
    x = torch.randn(1, 128, 3, 5)
    picture = torch.zeros(1, 3, 6, 10, requires_grad=True)
    scores = F.conv2d(picture, layer.weight, stride=2, padding=2)
    (expected,) = torch.autograd.grad(scores, picture, grad_outputs=x)
    torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-5)


def example_generator() -> nn.Sequential:
    """pytorch/examples, dcgan/main.py: nz = 100, ngf = 64."""
    layers: list[nn.Module] = []
    for i, o, stride, padding in ((100, 512, 1, 0), (512, 256, 2, 1), (256, 128, 2, 1), (128, 64, 2, 1)):
        layers += [nn.ConvTranspose2d(i, o, 4, stride, padding, bias=False), nn.BatchNorm2d(o), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())


def example_discriminator() -> nn.Sequential:
    """pytorch/examples, dcgan/main.py: ndf = 64."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for i, o in ((64, 128), (128, 256), (256, 512)):
        layers += [nn.Conv2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(512, 1, 4, 1, 0, bias=False), nn.Sigmoid(), nn.Flatten())


@pytest.mark.parametrize(
    ("ours", "theirs", "shape", "count"),
    [(Generator, example_generator, (100, 1, 1), 3_576_704), (Discriminator, example_discriminator, (3, 64, 64), 2_765_568)],
)
def test_the_form_of_the_pytorch_examples(ours, theirs, shape: tuple[int, ...], count: int) -> None:
    torch.manual_seed(0)
    ours, theirs = ours(form="pytorch"), theirs()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    x = torch.randn(3, *shape)
    assert params(ours) == count
    assert torch.equal(ours(x), theirs(x))  # both in training mode, so that batch statistics matter


def test_initialized_as_in_section_4() -> None:
    torch.manual_seed(0)
    generator = Generator()
    assert generator.conv1.weight.std().item() == pytest.approx(0.02, rel=0.01)
    assert generator.conv1.weight.mean().item() == pytest.approx(0, abs=1e-4)
    assert generator.project_bn.weight.mean().item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("network", [Generator, Discriminator])
def test_unknown_form(network: type[nn.Module]) -> None:
    with pytest.raises(InvalidInput, match="no DCGAN of the form 'keras'; choose authors or pytorch"):
        network(form="keras")
