"""DCGAN: a generator that makes pictures from random numbers, and a discriminator that tells them from real ones.

Source: Radford, Metz, Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks" (2015), sections 3 and 4, Figure 1. What they leave open (the whole discriminator, the padding, the biases) is
as in the authors' code, https://github.com/Newmu/dcgan_code, faces/train_uncond_dcgan.py.

The guidelines of section 3: strides instead of pooling; batch normalization everywhere but at the generator's output and
the discriminator's input; no hidden fully connected layers; ReLU in the generator, Tanh at its output, LeakyReLU in the
discriminator. Section 4: normal weights of deviation 0.02, slope 0.2.

`form="pytorch"` gives the networks of the PyTorch examples, which many lecture notes use: 4×4 kernels instead of 5×5 and
half as many maps (512 … 64 instead of 1024 … 128).

Shapes: N pictures; the generator takes (N, 100, 1, 1) to (N, 3, 64, 64) between -1 and 1; the discriminator takes that
to (N, 1), the probability that the picture is real.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from torch import nn

from netlib.errors import InvalidInput


class Form(NamedTuple):
    """What the authors' networks and those of the PyTorch examples do differently in every layer."""

    width: int  # maps in the layer next to the picture; doubled in each layer away from it
    kernel: int
    padding: int
    output_padding: int  # without it a 5×5 transposed convolution would make 2H - 1 rows of H


FORMS = {
    "authors": Form(width=128, kernel=5, padding=2, output_padding=1),
    "pytorch": Form(width=64, kernel=4, padding=1, output_padding=0),
}


class Generator(nn.Sequential):
    """Projects the random numbers to 4×4 small maps and doubles their size four times; layers named as in Figure 1.

    Raises:
        InvalidInput: `form` is neither "authors" nor "pytorch".
    """

    def __init__(self, form: str = "authors") -> None:
        width, kernel, padding, output_padding = _form(form)

        def doubling(in_channels: int, out_channels: int) -> nn.Module:
            return nn.ConvTranspose2d(in_channels, out_channels, kernel, 2, padding, output_padding, bias=False)

        maps = 8 * width
        if form == "authors":  # a matrix, and batch normalization of each of its 16,384 outputs
            project = OrderedDict(
                flatten=nn.Flatten(),
                project=nn.Linear(100, maps * 4 * 4, bias=False),
                project_bn=nn.BatchNorm1d(maps * 4 * 4),
                project_relu=nn.ReLU(),
                reshape=nn.Unflatten(1, (maps, 4, 4)),
            )
        else:  # the same matrix as a transposed convolution, and batch normalization of each map
            project = OrderedDict(
                project=nn.ConvTranspose2d(100, maps, 4, bias=False),
                project_bn=nn.BatchNorm2d(maps),
                project_relu=nn.ReLU(),
            )
        super().__init__(
            OrderedDict(
                **project,  # (N, 8 width, 4, 4)
                conv1=doubling(8 * width, 4 * width),
                bn1=nn.BatchNorm2d(4 * width),
                relu1=nn.ReLU(),  # (N, 4 width, 8, 8)
                conv2=doubling(4 * width, 2 * width),
                bn2=nn.BatchNorm2d(2 * width),
                relu2=nn.ReLU(),  # (N, 2 width, 16, 16)
                conv3=doubling(2 * width, width),
                bn3=nn.BatchNorm2d(width),
                relu3=nn.ReLU(),  # (N, width, 32, 32)
                conv4=doubling(width, 3),
                tanh=nn.Tanh(),  # (N, 3, 64, 64)
            )
        )
        _initialize(self)


class Discriminator(nn.Sequential):
    """Halves the picture four times and weighs what is left in one number.

    Raises:
        InvalidInput: `form` is neither "authors" nor "pytorch".
    """

    def __init__(self, form: str = "authors") -> None:
        width, kernel, padding, _ = _form(form)

        def halving(in_channels: int, out_channels: int) -> nn.Module:
            return nn.Conv2d(in_channels, out_channels, kernel, 2, padding, bias=False)

        maps = 8 * width
        if form == "authors":
            head = OrderedDict(flatten=nn.Flatten(), fc=nn.Linear(maps * 4 * 4, 1, bias=False))
        else:  # the same weights as a convolution
            head = OrderedDict(fc=nn.Conv2d(maps, 1, 4, bias=False), flatten=nn.Flatten())
        super().__init__(
            OrderedDict(
                conv1=halving(3, width),
                relu1=nn.LeakyReLU(0.2),  # (N, width, 32, 32)
                conv2=halving(width, 2 * width),
                bn2=nn.BatchNorm2d(2 * width),
                relu2=nn.LeakyReLU(0.2),  # (N, 2 width, 16, 16)
                conv3=halving(2 * width, 4 * width),
                bn3=nn.BatchNorm2d(4 * width),
                relu3=nn.LeakyReLU(0.2),  # (N, 4 width, 8, 8)
                conv4=halving(4 * width, 8 * width),
                bn4=nn.BatchNorm2d(8 * width),
                relu4=nn.LeakyReLU(0.2),  # (N, 8 width, 4, 4)
                **head,
                sigmoid=nn.Sigmoid(),  # (N, 1)
            )
        )
        _initialize(self)


def _form(name: str) -> Form:
    if name not in FORMS:
        raise InvalidInput(f"There is no DCGAN of the form {name!r}; choose {' or '.join(FORMS)}.")
    return FORMS[name]


def _initialize(network: nn.Module) -> None:
    for name, parameter in network.named_parameters():
        if name.endswith("weight") and not parameter.is_meta:  # no values there, and the first draw takes a second
            nn.init.normal_(parameter, mean=1.0 if "bn" in name else 0.0, std=0.02)
