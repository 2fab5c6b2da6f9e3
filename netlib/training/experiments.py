"""What the papers claim, as sets of runs in a reduced form: bundled data, laptop networks, minutes on two cores.

    >>> from netlib.training.experiments import EXPERIMENTS
    >>> list(EXPERIMENTS["relu"].arms)
    ['ReLU', 'tanh']
    >>> EXPERIMENTS["residual"].finding.where
    'Fig. 1, Fig. 6 and Table 6'
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from netlib.analysis import published
from netlib.training.measures import DOMINANCE, HELD_BACK_ERROR, PACE, TRAINING_ERROR, Measure, steps_to
from netlib.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Experiment:
    """Runs that differ in one thing.

    Attributes:
        claim: what the paper says, in a sentence; `finding` has its numbers and where they stand.
        arms: label -> recipe. What all have in common, another arm's experiment may have too: its runs then count for both.
        comparisons: pairs of arms, the one that the paper proposes first.
        measure: what is read off a run; of it, less is better.
        reduced: what is smaller than in the paper, and what follows from that.
        starts: arm -> the arm whose best weights it starts from.
    """

    key: str
    title: str
    claim: str
    arms: Mapping[str, Recipe]
    comparisons: tuple[tuple[str, str], ...]
    measure: Measure
    reduced: str
    starts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def finding(self) -> published.Finding:
        """What the paper found."""
        return published.finding(self.key)

    @property
    def source(self) -> str:
        """The paper and the place in it."""
        return f"{published.sources()[self.finding.source]['title']}; {self.finding.where}"

    def seeded(self, seed: int) -> Mapping[str, Recipe]:
        """The arms of the trial with this seed."""
        return {arm: replace(recipe, seed=seed) for arm, recipe in self.arms.items()}


# Crops of a quarter of the picture for most of the steps, which then cost a quarter; the last ones show whole pictures.
_CROPS: dict[str, Any] = {"mirror": True, "close_ups": 0.8, "learning_rate": 0.03}
_PHOTOS = "Reduced: ten photos instead of ImageNet"


def _differ(recipe: Recipe, **arms: tuple[str, ...]) -> dict[str, Recipe]:
    """The recipe with these changes; an underscore in a name stands for a space."""
    return {arm.replace("_", " "): replace(recipe, changes=changes) for arm, changes in arms.items()}


_ALEXNET = Recipe("alexnet-mini", "patches", steps=600, evaluate=150, **_CROPS)
_ZFNET = replace(_ALEXNET, network="zfnet-mini")
_GOOGLENET = Recipe("googlenet-mini", "patches", steps=400, evaluate=100, **_CROPS)
_NIN = Recipe("nin-mini", "patches", steps=400, learning_rate=0.02, evaluate=100)
_FOUR_LAYERS = Recipe("vgg-mini-a", "patches", steps=150, learning_rate=0.01, schedule="constant", evaluate=150)
_VGG = Recipe("vgg-mini", "patches", steps=500, learning_rate=0.004, mirror=True, evaluate=100)
_RESNET = Recipe("resnet20-cifar", "digits", steps=120, learning_rate=0.02, warmup=0.1, evaluate=40)
_KERNELS = replace(_ZFNET, steps=400, close_ups=1.0, first_scale=0.02, evaluate=400)

_ALL = (
    Experiment(
        "relu", "ReLU against tanh",
        "Networks with ReLUs learn several times faster than the same networks with saturating units.",
        _differ(_FOUR_LAYERS, ReLU=("no-dropout",), tanh=("tanh", "no-dropout")),
        (("ReLU", "tanh"),), steps_to(0.25),
        "Reduced: four convolutions and 32 × 32 patches of ten photos instead of CIFAR-10. Both arms have the rate at which the ReLUs "
        "learned fastest here. Pictures are normalized and weights start as He et al. (2015) draw them, so that tanh "
        "units are not saturated from the start: in so short a run they are ahead.",
    ),
    Experiment(
        "lrn", "Local response normalization",
        "Normalization across neighbouring kernels lowers the error; VGG's authors later found that it does not.",
        {"with LRN": _ALEXNET, "without LRN": replace(_ALEXNET, changes=("no-lrn",))},
        (("with LRN", "without LRN"),), HELD_BACK_ERROR,
        f"{_PHOTOS}, and a two-hundredth of AlexNet's weights; 310 held-back patches, so that three of them are a point.",
    ),
    Experiment(
        "overlap", "Overlapping pooling",
        "Pooling windows of 3 with stride 2, which overlap, lower the error and make it slightly harder to overfit.",
        {"3×3 / 2": _ALEXNET, "2×2 / 2": replace(_ALEXNET, changes=("no-overlap",))},
        (("3×3 / 2", "2×2 / 2"),), HELD_BACK_ERROR,
        f"{_PHOTOS}, and a two-hundredth of AlexNet's weights. The paper's 0.4 points are about one of our 310 held-back patches: a single "
        "trial cannot show them.",
    ),
    Experiment(
        "dropout", "Dropout",
        "Leaving out half of the units at each step keeps a network from overfitting, and costs it about twice the steps.",
        {"with dropout": replace(_NIN, dropout=0.5), "without dropout": replace(_NIN, changes=("no-dropout",))},
        (("with dropout", "without dropout"),), HELD_BACK_ERROR,
        "Reduced: ten photos instead of CIFAR-10, a quarter of the widths, three epochs: there is little time to overfit.",
    ),
    Experiment(
        "first-layer", "A finer first layer",
        "AlexNet's 11×11 windows with stride 4 miss fine structure and alias; 7×7 with stride 2 see it, and the error falls.",
        {"7×7 / 2": _ZFNET, "11×11 / 4": _ALEXNET},
        (("7×7 / 2", "11×11 / 4"),), HELD_BACK_ERROR,
        f"{_PHOTOS}, at 64 × 64 pixels, on networks of a two-hundredth of the weights that differ in nothing else.",
    ),
    Experiment(
        "kernel-limit", "A limit on kernels",
        "A few kernels of the first layer outgrow all others, unless each is scaled back to a fixed length after every step.",
        {"with the limit": replace(_KERNELS, kernel_rms=0.05), "without the limit": _KERNELS},
        (("with the limit", "without the limit"),), DOMINANCE,
        f"{_PHOTOS}. The limit is a root mean square of 0.05 instead of 0.1, for kernels with less time to grow, and the first layer "
        "starts at a fiftieth of its usual size, as in the paper, whose weights start at 0.01.",
    ),
    Experiment(
        "depth", "Depth, from VGG A to E",
        "More 3×3 convolutions: each deeper network, started from the trained A, has a lower error, until 19 layers bring no more.",
        {
            "A": replace(_VGG, network="vgg-mini-a"), "B from A": _VGG, "D from A": replace(_VGG, network="vgg-mini-d"),
            "E from A": replace(_VGG, network="vgg-mini-e"), "E from scratch": replace(_VGG, network="vgg-mini-e"),
        },
        (("E from A", "A"),), HELD_BACK_ERROR,
        f"{_PHOTOS}, and the first three stages of each configuration: 6 to 10 layers instead of 11 to 19. Those that start from A have "
        "seen twice the pictures in the end, as in the paper; E from scratch shows what that is worth.",
        MappingProxyType(dict.fromkeys(("B from A", "D from A", "E from A"), "A")),
    ),
    Experiment(
        "auxiliary", "Auxiliary classifiers",
        "Two small classifiers in the middle of GoogLeNet bring gradients to its first layers; their effect is minor.",
        {"with auxiliary heads": replace(_GOOGLENET, changes=("aux-heads",)), "without": _GOOGLENET},
        (("with auxiliary heads", "without"),), HELD_BACK_ERROR,
        f"{_PHOTOS}, and four Inception modules instead of nine: hardly deep enough to need them.",
    ),
    Experiment(
        "reduction", "1×1 reductions",
        "1×1 convolutions before the 3×3 and 5×5 make an Inception module affordable, and cost no accuracy worth speaking of.",
        {"with reductions": _GOOGLENET, "without reductions": replace(_GOOGLENET, changes=("no-reduction",))},
        (("with reductions", "without reductions"),), PACE,
        f"{_PHOTOS}, and four narrow modules instead of nine. Times are those of the machine, so compare runs of one machine at rest.",
    ),
    Experiment(
        "residual", "Plain against residual",
        "A plain network of 56 layers has a higher training error than one of 20; with shortcuts the deeper one learns as well or better.",
        {
            "residual 20": _RESNET, "residual 56": replace(_RESNET, network="resnet56-cifar"),
            "plain 20": replace(_RESNET, network="plain20-cifar"), "plain 56": replace(_RESNET, network="plain56-cifar"),
        },
        (("plain 20", "plain 56"), ("residual 56", "plain 56")), TRAINING_ERROR,
        "Reduced: the paper's networks for CIFAR-10, on 1,297 digits, for 120 steps instead of 64,000: it shows how they start to learn.",
    ),
    Experiment(
        "batch-norm", "Batch normalization",
        "With batch normalization the same accuracy takes fewer steps, and far fewer at a rate that the network would not bear without.",
        {
            "batch norm at 5 × rate": replace(_GOOGLENET, changes=("batch-norm",), learning_rate=5 * _GOOGLENET.learning_rate),
            "batch norm": replace(_GOOGLENET, changes=("batch-norm",)), "without": _GOOGLENET,
        },
        (("batch norm", "without"), ("batch norm at 5 × rate", "without")), steps_to(0.25),
        f"{_PHOTOS}, GoogLeNet's laptop size instead of Inception, and 25 % training error instead of 72.2 % accuracy.",
    ),
)  # fmt: skip
EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType({experiment.key: experiment for experiment in _ALL})
