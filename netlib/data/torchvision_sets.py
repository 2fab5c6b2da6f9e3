"""MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100 as torchvision reads them from their unpacked files.

CIFAR's files are pickles, which could run what a stranger wrote into them: torchvision opens them only if their checksums are those of the
files it knows.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from netlib.data.archives import ARCHIVES
from netlib.errors import MissingData
from netlib.models.torchvision_cpu import torchvision

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netlib.data.split import Labels, Pictures

READERS: Mapping[str, Any] = MappingProxyType(
    {
        "mnist": torchvision.datasets.MNIST,
        "fashion-mnist": torchvision.datasets.FashionMNIST,
        "cifar10": torchvision.datasets.CIFAR10,
        "cifar100": torchvision.datasets.CIFAR100,
    }
)
DIGITS = tuple("0123456789")  # torchvision writes "0 - zero"


def read(name: str, root: Path) -> tuple[tuple[str, ...], tuple[Pictures, Labels], tuple[Pictures, Labels]]:
    """Class names, what to learn from and what is held back, from files below `root`, unpacked first where need be.

    Shapes: images (N, C, H, W), uint8; labels (N,), int64.

    Raises:
        MissingData: the files are not there, or damaged.
    """
    archives = ARCHIVES[name]
    archives.unpack(root)
    try:
        train, test = (READERS[name](root, train=part) for part in (True, False))
        parts = _arrays(train), _arrays(test)
    except Exception as error:  # torchvision, torch and pickle at work on damaged bytes: they may raise anything
        raise MissingData(archives.damaged(root)) from error
    classes = DIGITS if name == "mnist" else tuple(train.classes)
    if any(len(images) != len(labels) or not len(labels) or labels.max() >= len(classes) for images, labels in parts):
        raise MissingData(archives.damaged(root))
    return classes, *parts


def _arrays(part: Any) -> tuple[Pictures, Labels]:
    images = np.asarray(part.data)
    grey = images.ndim == 3
    return (images[:, None] if grey else np.ascontiguousarray(images.transpose(0, 3, 1, 2))), np.asarray(part.targets, np.int64)
