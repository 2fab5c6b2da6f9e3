"""The data sets by name, at shapes of networks; files in MNIST's format lie where the real ones would."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from netlib.data import sets
from netlib.data.archives import ARCHIVES
from netlib.data.digits import digits
from netlib.data.patches import patches
from netlib.data.sets import DATA_SETS, NAMES, about, available, data_folder, data_set, download, how, prepare
from netlib.data.split import split
from netlib.errors import InvalidInput, MissingData
from tests.data import formats

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of data with a small MNIST in it."""
    monkeypatch.setenv("NETLIB_DATA", str(tmp_path))
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name, data in formats.mnist()[0].items():
        (folder / name).write_bytes(data)
    return tmp_path


def test_the_table_says_what_is_read(root: Path) -> None:
    assert NAMES == ("digits", "patches", "mnist", "fashion-mnist", "cifar10", "cifar100")
    for name in ("digits", "patches"):
        row, found = DATA_SETS[name], data_set(name, (DATA_SETS[name].shape[0], 32, 32))
        assert (row.classes, row.train, row.test) == (len(found.classes), len(found.train_images), len(found.test_images))
    assert [name for name in NAMES if available(name)] == ["digits", "patches", "mnist"]
    assert all(row.bundled == (name not in ARCHIVES) and bool(row.bytes) == (not row.bundled) for name, row in DATA_SETS.items())
    assert about("cifar100") is DATA_SETS["cifar100"]


def test_mnist_as_lenet_takes_it(root: Path) -> None:
    _, parts = formats.mnist()
    found = data_set("mnist", (1, 32, 32))
    assert (found.name, found.shape, found.classes) == ("mnist", (1, 32, 32), tuple("0123456789"))
    assert np.array_equal(found.train_images[:, 0, 2:30, 2:30], parts["train"][0])
    assert np.array_equal(found.test_labels, parts["t10k"][1])
    pixels = np.pad(parts["train"][0], ((0, 0), (2, 2), (2, 2))) / 255
    assert found.mean == pytest.approx([pixels.mean()], abs=1e-4) and found.std == pytest.approx([pixels.std()], abs=1e-4)
    assert data_set("mnist", (1, 32, 32)) is found
    colour = data_set("mnist", (3, 32, 32), margin=4)
    assert colour.shape == (3, 36, 36) and np.array_equal(colour.train_images[:, 2, 4:32, 4:32], parts["train"][0])


def test_what_is_bundled_is_as_it_was_and_takes_other_shapes() -> None:
    assert data_set("digits", (1, 32, 32)) is digits()
    assert data_set("patches", (3, 32, 32)) is patches(32)
    assert data_set("patches", (3, 24, 24), margin=8) is patches(32)
    colour = data_set("digits", (3, 32, 32))
    assert all(np.array_equal(colour.train_images[:, channel], digits().train_images[:, 0]) for channel in range(3))
    bordered = data_set("digits", (1, 32, 32), margin=6).test_images
    assert bordered.shape == (500, 1, 38, 38) and np.array_equal(bordered[:, :, 3:35, 3:35], digits().test_images)
    wide = data_set("patches", (3, 16, 32))
    assert np.array_equal(wide.test_labels, patches(32).test_labels)
    assert np.array_equal(wide.test_images, patches(32).test_images[:, :, 8:24])  # the middle rows: nothing is scaled


def test_a_large_set_is_the_same_out_of_its_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = data_set("mnist", (3, 40, 36), margin=2)
    monkeypatch.setattr(sets, "IN_MEMORY", 1000)
    monkeypatch.setattr(sets, "AT_A_TIME", 7)
    assert list(prepare("mnist", (3, 40, 36), margin=2))[-1] == (42, 42)
    large = data_set("mnist", (3, 40, 36), margin=2)
    assert isinstance(large.train_images, np.memmap) and not isinstance(small.train_images, np.memmap)
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        assert np.array_equal(getattr(large, name), getattr(small, name))
    assert (large.mean, large.std, large.classes, large.name) == (small.mean, small.std, small.classes, small.name)


def test_what_is_wrong_is_said(root: Path) -> None:
    (root / "folders" / "birds").mkdir(parents=True)
    for call in (about, available, download, lambda name: data_set(name, (1, 32, 32)), lambda name: how(name, (1, 32, 32))):
        with pytest.raises(InvalidInput, match="^There is no data set called 'minst'; choose one of: digits, .*, cifar100, folder:birds.$"):
            call("minst")
    with pytest.raises(InvalidInput, match="channels and sides of at most 1024"):
        data_set("digits", (100, 1, 1))
    with pytest.raises(MissingData, match=r"^CIFAR-10 \(170 MB\) is not on this computer; download it, or put cifar-10-python.tar.gz from"):
        data_set("cifar10", (3, 32, 32))
    for name in ("digits", "folder:birds"):
        with pytest.raises(InvalidInput, match=f"^{name} is not downloaded"):
            download(name)


def test_a_download_goes_into_the_folder_of_data(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive lies there already, whole: it is only unpacked."""
    archive = formats.tarred(formats.cifar()[0], "cifar-10-batches-py")
    (root / "cifar-10-python.tar.gz").write_bytes(archive)
    file = replace(ARCHIVES["cifar10"].files[0], digest=formats.md5(archive))
    monkeypatch.setattr(sets, "ARCHIVES", {**ARCHIVES, "cifar10": replace(ARCHIVES["cifar10"], files=(file,))})
    assert list(download("cifar10")) == [(file.bytes, file.bytes)]
    assert sorted(path.name for path in (root / "cifar-10-batches-py").iterdir()) == sorted(formats.cifar()[0])


def test_the_folder_of_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("NETLIB_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder() == tmp_path / ".cache" / "netlib" / "data"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert data_folder() == tmp_path / "cache" / "netlib" / "data"
    monkeypatch.setenv("NETLIB_DATA", "~/mine")
    assert data_folder() == tmp_path / "mine"


def test_how_names_what_is_done() -> None:
    assert how("patches", (3, 64, 64)) == "The pictures are 64 × 64, in colour, as the network takes them."
    assert how("patches", (3, 224, 224)) == "The pictures are 128 × 128, in colour; they are scaled to 224 × 224."
    assert how("cifar10", (3, 224, 224)) == "The pictures are 32 × 32, in colour; they are scaled to 224 × 224."
    assert "as in LeNet-5's paper" in how("fashion-mnist", (1, 32, 32))


def test_a_mean_is_taken_over_pictures_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.RandomState(0).randint(0, 256, (600, 2, 3, 5)).astype(np.uint8)
    found = split("noise", ("a",), (images, np.zeros(600, np.int64)), (images[:1].copy(), np.zeros(1, np.int64)))
    assert found.mean == pytest.approx((images / 255).mean((0, 2, 3)), abs=5e-5)
    assert found.std == pytest.approx((images / 255).std((0, 2, 3)), abs=5e-5)


def test_looking_at_the_table_needs_no_torch(root: Path) -> None:
    code = "import sys; from netlib.data.sets import *; available('mnist'); how('mnist', (1, 32, 32)); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
