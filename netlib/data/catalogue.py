"""The table of the data sets: what each is, where it comes from and under which terms."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from netlib.data.archives import ARCHIVES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlib.data.fitting import Shape


@dataclass(frozen=True, slots=True)
class DataSet:
    """What a data set is.

    Attributes:
        classes: how many.
        shape: (C, H, W) of its pictures as they come; None where each has its own size.
        train, test: how many pictures to learn from, and how many held back.
        held_back: how those were chosen.
        bytes: size of the download; 0 where there is none.
        bundled: it comes with a package that the project needs anyway.
        ink: its pictures are bright on black: black is what lies around them.
    """

    name: str
    title: str
    classes: int
    shape: Shape | None
    train: int
    test: int
    held_back: str
    source: str
    licence: str
    bytes: int = 0
    bundled: bool = False
    ink: bool = False


_OWN = "the test part that its authors give"
_CIFAR = "Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009; photos found on the web by 80 Million Tiny Images"
_UNSTATED = "none is stated; its authors ask to cite the report"
DATA_SETS: Mapping[str, DataSet] = MappingProxyType(
    {
        row.name: row
        for row in (
            DataSet(
                "digits", "Digits", 10, (1, 32, 32), 1297, 500, "drawn with seed 0; by the same 13 writers",
                "Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, 1998, with scikit-learn; 8 × 8, enlarged to 32 × 32",
                "CC BY 4.0", bundled=True, ink=True,
            ),
            DataSet(
                "patches", "Photo patches", 10, (3, 64, 64), 7860, 310,
                "one cell in five of each photo, which shares no pixel with what is learned",
                "Which photo is this patch from? Ten photos with scikit-image and scikit-learn, cut at the size a network takes",
                "CC0 and public domain; china and flower: CC BY 2.0", bundled=True,
            ),
            DataSet(
                "mnist", "MNIST", 10, (1, 28, 28), 60_000, 10_000, f"{_OWN}; by other writers",
                "LeCun, Cortes, Burges: the MNIST database of handwritten digits, 1998", "CC BY-SA 3.0", ARCHIVES["mnist"].bytes, ink=True,
            ),
            DataSet(
                "fashion-mnist", "Fashion-MNIST", 10, (1, 28, 28), 60_000, 10_000, _OWN,
                "Xiao, Rasul, Vollgraf: Fashion-MNIST, 2017; articles of Zalando's", "MIT", ARCHIVES["fashion-mnist"].bytes, ink=True,
            ),
            DataSet("cifar10", "CIFAR-10", 10, (3, 32, 32), 50_000, 10_000, _OWN, _CIFAR, _UNSTATED, ARCHIVES["cifar10"].bytes),
            DataSet("cifar100", "CIFAR-100", 100, (3, 32, 32), 50_000, 10_000, _OWN, _CIFAR, _UNSTATED, ARCHIVES["cifar100"].bytes),
        )
    }
)  # fmt: skip
NAMES = tuple(DATA_SETS)
