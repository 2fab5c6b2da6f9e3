"""Files in the real formats against what was written into them and against torchvision's own pictures."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest

from netlib.data.torchvision_sets import read
from netlib.errors import MissingData
from netlib.models.torchvision_cpu import torchvision
from tests.data import formats

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

datasets = torchvision.datasets


def put(root: Path, folder: str, files: Mapping[str, bytes]) -> None:
    (root / folder).mkdir(parents=True)
    for name, data in files.items():
        (root / folder / name).write_bytes(data)


@pytest.fixture
def cifar10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small files, and torchvision told that these are the right ones."""
    files, _ = formats.cifar()
    put(tmp_path, "cifar-10-batches-py", files)
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [[f"data_batch_{n}", formats.md5(files[f"data_batch_{n}"])] for n in range(1, 6)])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", formats.md5(files["test_batch"])]])
    monkeypatch.setattr(datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": formats.md5(files["batches.meta"])})
    return tmp_path


@pytest.mark.parametrize(("name", "folder"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
def test_idx_files(tmp_path: Path, name: str, folder: str) -> None:
    files, parts = formats.mnist()
    put(tmp_path, f"{folder}/raw", files)
    classes, *found = read(name, tmp_path)
    for (images, labels), (pixels, numbers) in zip(found, parts.values(), strict=True):
        assert images.dtype == np.uint8 and images.shape == (len(pixels), 1, 28, 28)
        assert np.array_equal(images[:, 0], pixels)
        assert labels.dtype == np.int64 and labels.tolist() == numbers.tolist()
    theirs, label = getattr(datasets, folder)(tmp_path, train=False)[7]
    assert np.array_equal(np.asarray(theirs), found[1][0][7, 0]) and label == found[1][1][7]
    assert classes == tuple("0123456789") if name == "mnist" else classes[9] == "Ankle boot"


def test_cifar10s_pickles(cifar10: Path) -> None:
    _, parts = formats.cifar()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classes, (images, labels), (held, held_labels) = read("cifar10", cifar10)
    assert classes[:3] == ("airplane", "automobile", "bird") and len(classes) == 10
    assert images.shape == (40, 3, 32, 32) and images.dtype == np.uint8 and images.flags.c_contiguous
    assert np.array_equal(images[8:16], parts["data_batch_2"][0]) and labels[8:16].tolist() == parts["data_batch_2"][1]
    assert np.array_equal(held, parts["test_batch"][0]) and held_labels.tolist() == parts["test_batch"][1]
    theirs, label = datasets.CIFAR10(cifar10)[11]
    assert np.array_equal(np.asarray(theirs).transpose(2, 0, 1), images[11]) and label == labels[11]


def test_cifar100_is_read_by_its_fine_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, parts = formats.cifar100()
    put(tmp_path, "cifar-100-python", files)
    monkeypatch.setattr(datasets.CIFAR100, "train_list", [["train", formats.md5(files["train"])]])
    monkeypatch.setattr(datasets.CIFAR100, "test_list", [["test", formats.md5(files["test"])]])
    monkeypatch.setattr(datasets.CIFAR100, "meta", {**datasets.CIFAR100.meta, "md5": formats.md5(files["meta"])})
    classes, (_, labels), (held, _) = read("cifar100", tmp_path)
    assert classes[42] == "fine 42" and labels.tolist() == parts["train"][1] and np.array_equal(held, parts["test"][0])


def test_a_pickle_that_torchvision_does_not_know_is_not_opened(cifar10: Path) -> None:
    """One that would leave a trace if it were."""
    trace = cifar10 / "trace"

    class Evil:
        def __reduce__(self) -> object:
            return (open, (str(trace), "w"))

    (cifar10 / "cifar-10-batches-py" / "test_batch").write_bytes(formats.pickled({"data": Evil()}))
    with pytest.raises(MissingData, match=r"^CIFAR-10 in .*cifar-10-batches-py is damaged; delete data_batch_1, .* there, and download it"):
        read("cifar10", cifar10)
    assert not trace.exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "fewer labels", "unknown label"])
def test_damaged_idx_files_are_one_sentence(tmp_path: Path, damage: str) -> None:
    files, _ = formats.mnist()
    images, labels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
    files |= {
        "cut": {images: files[images][:-5]}, "empty": {images: b""}, "text": {images: b"<html>not found</html>" * 50},
        "fewer labels": {labels: formats.idx(np.arange(29) % 10)}, "unknown label": {labels: formats.idx(np.arange(30) % 11)},
    }[damage]  # fmt: skip
    put(tmp_path, "MNIST/raw", files)
    with pytest.raises(MissingData, match=r"^MNIST in .*MNIST/raw is damaged; delete train-images-idx3-ubyte, .* and download it again\.$"):
        read("mnist", tmp_path)
