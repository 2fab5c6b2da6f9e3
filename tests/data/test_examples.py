"""A few pictures of each class: they are the set's own, at the shape that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from netlib.data.digits import digits
from netlib.data.examples import examples
from netlib.data.folders import picture
from netlib.errors import InvalidInput, MissingData
from tests.data import formats

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NETLIB_DATA", str(tmp_path))
    return tmp_path


def test_digits_by_class_are_pictures_to_learn_from() -> None:
    found = examples("digits", (1, 32, 32), each=3)
    assert found.labels.tolist() == [label for label in range(10) for _ in range(3)]
    for image, label in zip(found.images, found.labels, strict=True):
        own = digits().train_images[digits().train_labels == label]
        assert (own == image).all((1, 2, 3)).sum() == 1
    assert np.array_equal(examples("digits", (1, 32, 32), each=3).images, found.images)


def test_mnist_is_looked_at_without_preparing_it_at_a_large_shape(root: Path) -> None:
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    files, parts = formats.mnist(train=60)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    found = examples("mnist", (3, 224, 224), each=2, most=4)
    assert found.images.shape == (8, 3, 224, 224) and found.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3] and len(found.classes) == 10
    mine = np.asarray(Image.fromarray(found.images[5, 1]).resize((28, 28), Image.Resampling.BOX)).astype(float)
    apart = [np.abs(mine - theirs).mean() for theirs in parts["train"][0]]
    assert parts["train"][1][int(np.argmin(apart))] == 2
    assert not (root / "prepared").exists()


def test_of_a_folder_only_what_is_shown_is_decoded(root: Path) -> None:
    for label, title in enumerate("ab"):
        folder = root / "folders" / "letters" / title
        folder.mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (40, 30), (100 * label, 10 * number, 0)).save(folder / f"{number}.png")
            if number % 2:
                (folder / f"{number}.png").write_bytes(b"damaged")
    found = examples("folder:letters", (3, 20, 24), each=2)
    assert found.labels.tolist() == [0, 0, 1, 1] and found.classes == ("a", "b")
    for image, label in zip(found.images, found.labels, strict=True):
        number = int(image[1, 0, 0]) // 10
        assert np.array_equal(image, picture(root / "folders" / "letters" / "ab"[label] / f"{number}.png", (3, 20, 24)))
    assert not (root / "prepared").exists()
    for path in (root / "folders" / "letters").rglob("*.png"):
        path.write_bytes(b"damaged")
    with pytest.raises(InvalidInput, match="None of the pictures of folder:letters could be opened"):
        examples("folder:letters", (3, 20, 24))
    with pytest.raises(MissingData, match="There is no folder 'none'"):
        examples("folder:none", (3, 20, 24))
