"""The networks netlib knows: one visible table, in the order of history, without torch.

A row names the function that builds the network; `netlib.models.build` calls it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from netlib.errors import UnknownNetwork
from netlib.models import papers
from netlib.models.deviations import DEVIATIONS
from netlib.models.spec import NetworkSpec, Paper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "torchvision/"  # begins the name of a network that torchvision builds

IMAGENET = (3, 224, 224)
CIFAR = (3, 32, 32)


def _row(
    name: str, title: str, paper: Paper, builder: str, shape: tuple[int, int, int], summary: str, *,
    of: str | None = None, torchvision: str | None = None, **options: Any,
) -> NetworkSpec:  # fmt: skip
    return NetworkSpec(
        name, title, paper, f"netlib.models.{builder}", shape, summary, MappingProxyType(options), of, DEVIATIONS.get(name, ()), torchvision
    )


def _recurrent() -> Iterable[NetworkSpec]:
    rows = "recurrent:RowReader"
    yield _row("rnn", "Elman RNN", papers.ELMAN, rows, (1, 28, 28), "Reads a 28×28 digit row by row; 128 hidden units.", cell="rnn")
    yield _row("lstm", "LSTM", papers.LSTM, rows, (1, 28, 28), "Reads a 28×28 digit row by row; 128 cells.", cell="lstm")


def _lenet() -> Iterable[NetworkSpec]:
    shape = (1, 32, 32)
    yield _row("lenet5", "LeNet-5", papers.LENET, "lenet:LeNet5", shape, "As published: C3's connection table, trainable subsampling, RBF output.")
    yield _row("lenet5-modern", "LeNet-5, modern form", papers.LENET, "lenet:ModernLeNet5", shape,
               "As lecture notes teach it: ReLU, max pooling, a dense C3 and a softmax.", of="lenet5")  # fmt: skip


def _alexnet() -> Iterable[NetworkSpec]:
    p = papers.ALEXNET
    yield _row("alexnet", "AlexNet", p, "alexnet:AlexNet", (3, 227, 227), "As published: two towers that meet in conv3 and in the fully connected layers.")
    yield _row("alexnet-single", "AlexNet, single tower", p, "alexnet:AlexNet", (3, 227, 227),
               "Every kernel sees all maps: the count most lecture notes give.", of="alexnet", towers=1)  # fmt: skip
    yield _row("alexnet-torchvision", "AlexNet, torchvision", p, "alexnet:OneColumnAlexNet", IMAGENET,
               "The one-column network of “One weird trick” (2014): 64, 192, 384, 256 and 256 kernels, no LRN.",
               of="alexnet", torchvision="alexnet")  # fmt: skip
    yield _row("alexnet-mini", "AlexNet, laptop size", p, "mini:MiniAlexNet", (3, 64, 64),
               "AlexNet's 11×11, stride-4 first layer on a network that trains on a laptop.", of="alexnet")  # fmt: skip


def _zfnet() -> Iterable[NetworkSpec]:
    yield _row("zfnet", "ZFNet", papers.ZFNET, "zfnet:ZFNet", IMAGENET, "AlexNet with a 7×7, stride-2 first layer and one tower.")
    yield _row("zfnet-mini", "ZFNet, laptop size", papers.ZFNET, "mini:MiniZFNet", (3, 64, 64),
               "ZFNet's 7×7, stride-2 first layer on a network that trains on a laptop.", of="zfnet")  # fmt: skip


def _nin() -> Iterable[NetworkSpec]:
    p, b = papers.NIN, "nin:NetworkInNetwork"
    yield _row("nin-cifar10", "Network in Network, CIFAR-10", p, b, CIFAR, "Three mlpconv blocks, then global average pooling.", data="cifar10")
    yield _row("nin-cifar100", "Network in Network, CIFAR-100", p, b, CIFAR, "The same with 100 classes.", of="nin-cifar10", data="cifar100")
    yield _row("nin-mnist", "Network in Network, MNIST", p, b, (1, 28, 28), "Narrower, for grey 28×28 digits.", of="nin-cifar10", data="mnist")
    yield _row("nin-svhn", "Network in Network, SVHN", p, b, CIFAR, "Wider in the later blocks, for house numbers.", of="nin-cifar10", data="svhn")
    yield _row("nin-notes", "Network in Network, lecture notes", p, "nin:LectureNotesNIN", CIFAR,
               "The small form that lecture notes print: two-layer perceptrons, no pooling, 100 classes.", of="nin-cifar10")  # fmt: skip
    yield _row("nin-mini", "Network in Network, laptop size", p, "mini:MiniNIN", (3, 64, 64),
               "The three mlpconv blocks at about a quarter of their widths.", of="nin-cifar10")  # fmt: skip


def _vgg() -> Iterable[NetworkSpec]:
    for name, config, summary in (
        ("vgg11", "A", "11 layers with weights: the network the deeper ones were warm-started from."),
        ("vgg11-lrn", "A-LRN", "A with local response normalization, which did not help."),
        ("vgg13", "B", "A with two convolutions in each of the first two stages."),
        ("vgg16-c", "C", "B with a 1×1 convolution at the end of stages 3 to 5."),
        ("vgg16", "D", "B with a third 3×3 convolution in stages 3 to 5."),
        ("vgg19", "E", "B with four 3×3 convolutions in stages 3 to 5."),
    ):
        same = None if config in ("A-LRN", "C") else name
        yield _row(name, f"VGG-{name[3:5]} ({config})", papers.VGG, "vgg:VGG", IMAGENET, summary,
                   of=None if name == "vgg16" else "vgg16", torchvision=same, config=config)  # fmt: skip
    for depth, config in ((11, "A"), (13, "B"), (16, "D"), (19, "E")):
        yield _row(f"vgg{depth}-bn", f"VGG-{depth} with batch normalization", papers.VGG, "vgg:VGG", IMAGENET,
                   f"Configuration {config} with batch normalization after each convolution, as torchvision trains it.",
                   of="vgg16", torchvision=f"vgg{depth}_bn", config=config, batch_norm=True)  # fmt: skip
    yield _row("vgg-mini", "VGG, laptop size", papers.VGG, "mini:MiniVGG", CIFAR,
               "Three stages of two 3×3 convolutions, for 32×32 pictures.", of="vgg16")  # fmt: skip
    for config, summary in (
        ("A", "VGG, laptop size, with one convolution in each of the first two stages: the start of the deeper ones."),
        ("C", "VGG, laptop size, with a 1×1 convolution at the end of its last stage."),
        ("D", "VGG, laptop size, with three 3×3 convolutions in its last stage."),
        ("E", "VGG, laptop size, with four 3×3 convolutions in its last stage."),
    ):
        yield _row(f"vgg-mini-{config.lower()}", f"VGG, laptop size, {config}", papers.VGG, "mini:MiniVGG", CIFAR, summary, of="vgg16", config=config)


def _googlenet() -> Iterable[NetworkSpec]:
    p = papers.GOOGLENET
    yield _row("googlenet", "GoogLeNet", p, "googlenet:GoogLeNet", IMAGENET, "Inception v1 as published, as used at test time: without the auxiliary heads.")
    yield _row("googlenet-aux", "GoogLeNet with auxiliary heads", p, "googlenet:GoogLeNet", IMAGENET,
               "As trained: two auxiliary classifiers, after 4a and 4d.", of="googlenet", aux_heads=True)  # fmt: skip
    yield _row("googlenet-torchvision", "GoogLeNet, torchvision", p, "googlenet_torchvision:TorchvisionGoogLeNet", IMAGENET,
               "Batch normalization instead of LRN, and 3×3 where the paper has 5×5.", of="googlenet", torchvision="googlenet")  # fmt: skip
    yield _row("googlenet-mini", "GoogLeNet, laptop size", p, "mini:MiniGoogLeNet", (3, 64, 64),
               "GoogLeNet's stem and four Inception modules on a network that trains on a laptop.", of="googlenet")  # fmt: skip


def _bn_inception() -> Iterable[NetworkSpec]:
    yield _row("bn-inception", "BN-Inception", papers.BN_INCEPTION, "bn_inception:BNInception", IMAGENET,
               "Inception with batch normalization, and 5×5 split into two 3×3.")  # fmt: skip


def _inception_v3() -> Iterable[NetworkSpec]:
    p, b, large = papers.INCEPTION_V3, "inception_v3:InceptionV3", (3, 299, 299)
    yield _row("inception-v3", "Inception v3", p, b, large, "Factorized windows, 48 layers, 299×299 input; without its auxiliary head.", torchvision="inception_v3")
    yield _row("inception-v3-aux", "Inception v3 with its auxiliary head", p, b, large, "As trained: a batch-normalized auxiliary classifier at 17×17.",
               of="inception-v3", torchvision="inception_v3", aux_head=True)  # fmt: skip


def _inception_v4() -> Iterable[NetworkSpec]:
    yield _row("inception-v4", "Inception v4", papers.INCEPTION_V4, "inception_v4:InceptionV4", (3, 299, 299),
               "A branching stem and 14 uniform Inception blocks of three kinds.")  # fmt: skip


def _dcgan() -> Iterable[NetworkSpec]:
    yield _row("dcgan-generator", "DCGAN generator", papers.DCGAN, "dcgan:Generator", (100, 1, 1), "Turns 100 random numbers into a 64×64 colour picture.")
    yield _row("dcgan-discriminator", "DCGAN discriminator", papers.DCGAN, "dcgan:Discriminator", (3, 64, 64), "Tells real 64×64 pictures from made ones.")


def _resnet() -> Iterable[NetworkSpec]:
    p = papers.RESNET
    for depth in (18, 34, 50, 101, 152):
        basic = depth < 50
        yield _row(f"resnet{depth}", f"ResNet-{depth}", p, "resnet:ResNet", IMAGENET,
                   "Basic blocks: two 3×3 convolutions and a shortcut." if basic else "Bottleneck blocks: 1×1, 3×3, 1×1; stride on the first 1×1, as published.",
                   of=None if depth == 50 else "resnet50", torchvision=f"resnet{depth}" if basic else None, depth=depth)  # fmt: skip
    for depth in (50, 101, 152):
        yield _row(f"resnet{depth}-v1.5", f"ResNet-{depth} v1.5", p, "resnet:ResNet", IMAGENET,
                   "Stride on the 3×3 instead of the 1×1: the form torchvision and most code uses.",
                   of="resnet50", torchvision=f"resnet{depth}", depth=depth, stride_on="3x3")  # fmt: skip
    for depth in (18, 34):
        yield _row(f"plain{depth}", f"Plain-{depth}", p, "resnet:ResNet", IMAGENET,
                   f"ResNet-{depth} without its shortcuts: the control of the experiment.", of="resnet50", depth=depth, shortcuts=False)  # fmt: skip
    for depth in (20, 32, 44, 56, 110, 1202):
        yield _row(f"resnet{depth}-cifar", f"ResNet-{depth} for CIFAR-10", p, "resnet_cifar:CifarResNet", CIFAR,
                   f"{(depth - 2) // 6} blocks at each of three resolutions; shortcuts without parameters (option A).", of="resnet50", depth=depth)  # fmt: skip
    for depth in (20, 32, 44, 56, 110, 1202):
        yield _row(f"plain{depth}-cifar", f"Plain-{depth} for CIFAR-10", p, "resnet_cifar:CifarResNet", CIFAR,
                   f"ResNet-{depth} for CIFAR-10 without its shortcuts.", of="resnet50", depth=depth, shortcuts=False)  # fmt: skip
    yield _row("resnet-mini", "ResNet, laptop size", p, "mini:MiniResNet", (3, 64, 64),
               "ResNet's 7×7, stride-2 stem and six basic blocks on a network that trains on a laptop.", of="resnet50")  # fmt: skip


def _table(*groups: Iterable[NetworkSpec]) -> Mapping[str, NetworkSpec]:
    table: dict[str, NetworkSpec] = {}
    for spec in (spec for group in groups for spec in group):
        if spec.name in table:
            raise ValueError(f"two networks are called {spec.name!r}")
        table[spec.name] = spec
    return MappingProxyType(table)


NETWORKS: Mapping[str, NetworkSpec] = _table(
    _recurrent(), _lenet(), _alexnet(), _zfnet(), _nin(), _vgg(), _googlenet(), _bn_inception(), _dcgan(),
    _inception_v3(), _resnet(), _inception_v4(),
)  # fmt: skip

ALSO_CALLED: Mapping[str, str] = MappingProxyType(
    {
        "Elman": "rnn", "Elman network": "rnn", "simple RNN": "rnn", "long short-term memory": "lstm", "LeNet": "lenet5",
        "one weird trick": "alexnet-torchvision", "Zeiler and Fergus": "zfnet", "NIN": "nin-cifar10", "VGG": "vgg16",
        "Inception": "googlenet", "Inception v1": "googlenet", "Inception v2": "bn-inception", "ResNet": "resnet50",
        "DCGAN": "dcgan-generator",
    }
)  # fmt: skip


def spec(name: str) -> NetworkSpec:
    """The row of the registry called `name`.

    Raises:
        UnknownNetwork: there is none; the message names the nearest ones.
    """
    try:
        return NETWORKS[name]
    except KeyError:
        raise unknown(name) from None


def unknown(name: str) -> UnknownNetwork:
    """The error for a name that is not in the registry; who writes a network's title or one of its other names is told the name here."""
    return UnknownNetwork(name, NETWORKS, {**{row.title: row.name for row in NETWORKS.values()}, **ALSO_CALLED})
