"""Folders of real PNG and JPEG files: against torchvision's own listing and Pillow's own pixels."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from netlib.data import folders, pictures, sets, stored
from netlib.data.folders import listing, names, picture
from netlib.data.sets import about, available, data_folder, data_set, folder_names, how, prepare
from netlib.errors import InvalidInput, InvalidPicture, MissingData, NetlibError
from netlib.models.torchvision_cpu import torchvision

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (3, 20, 24)
CLASSES = {"bird": 10, "cat": 7, "dog": 2}


def save(path: Path, seed: int, size: tuple[int, int] = (30, 25), mode: str = "RGB") -> None:
    """A picture of its own, of (height, width)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.RandomState(seed).randint(0, 256, (*size, 3)).astype(np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)


def fill(folder: Path, classes: dict[str, int], seed: int = 0) -> None:
    for number, (title, count) in enumerate(classes.items()):
        for place in range(count):
            save(folder / title / f"{place}.{('png', 'jpg')[place % 2]}", seed + 100 * number + place, size=(30 + place, 25 + 3 * place))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NETLIB_DATA", str(tmp_path))
    fill(tmp_path / "folders" / "pets", CLASSES)
    return tmp_path


def test_one_in_five_of_each_class_is_held_back_always_the_same(root: Path) -> None:
    found = listing(root, "folder:pets")
    theirs = torchvision.datasets.ImageFolder(root / "folders" / "pets")
    assert found.classes == tuple(theirs.classes) == tuple(CLASSES)
    assert sorted((*found.train, *found.test)) == sorted((type(root)(path), label) for path, label in theirs.samples)
    assert Counter(label for _, label in found.test) == {0: 2, 1: 1, 2: 1}
    assert listing(root, "folder:pets") == found
    row = about("folder:pets")
    assert (row.classes, row.train, row.test, row.shape, row.bundled) == (3, 15, 4, None, False)
    assert row.held_back == "one picture in five of each class, drawn with seed 0"


@pytest.mark.parametrize("held", ["test", "val"])
def test_given_parts_stay_as_they_are(root: Path, held: str) -> None:
    whole = root / "folders" / "parts"
    fill(whole / "train", CLASSES)
    fill(whole / held, {"cat": 2, "dog": 1}, seed=7)
    split = data_set("folder:parts", SHAPE)
    assert split.train_labels.tolist() == [0] * 10 + [1] * 7 + [2] * 2
    assert split.test_labels.tolist() == [1, 1, 2]  # numbered as in train, though bird is not there
    assert about("folder:parts").held_back == "the folder beside train"
    (whole / held / "horse").mkdir()
    with pytest.raises(InvalidInput, match=f"The class horse in .*parts/{held} is not in train beside it"):
        data_set("folder:parts", SHAPE)


def test_pictures_are_cut_scaled_and_kept_in_a_file(root: Path) -> None:
    split, found = data_set("folder:pets", SHAPE), listing(root, "folder:pets")
    parts = (split.train_images, split.train_labels, found.train), (split.test_images, split.test_labels, found.test)
    for part, labels, samples in parts:
        assert isinstance(part, np.memmap) and part.shape == (len(samples), *SHAPE)
        assert labels.tolist() == [label for _, label in samples]
        for ours, (path, _) in zip(part, samples, strict=True):
            opened = Image.open(path)
            cut = sets.fitting.proportioned(opened, SHAPE[1:])
            assert np.array_equal(ours, np.asarray(cut.resize((24, 20), Image.Resampling.BILINEAR)).transpose(2, 0, 1))
    pixels = np.asarray(split.train_images) / 255
    assert split.mean == pytest.approx(pixels.mean((0, 2, 3)), abs=1e-4) and split.std == pytest.approx(pixels.std((0, 2, 3)), abs=1e-4)
    assert (split.name, split.classes, split.left_out, split.shape) == ("folder:pets", tuple(CLASSES), (), SHAPE)
    with pytest.raises(ValueError, match="read-only"):
        split.train_images[0] = 0
    grey = data_set("folder:pets", (1, 20, 24), margin=4)
    assert grey.shape == (1, 24, 28)


def test_pictures_are_decoded_once_and_again_when_a_file_changes(root: Path) -> None:
    assert list(prepare("folder:pets", SHAPE))[-1] == (19, 19)
    assert list(prepare("folder:pets", SHAPE)) == []
    first, kept = data_set("folder:pets", SHAPE), list((root / "prepared").iterdir())
    assert len(kept) == 1
    os.utime(listing(root, "folder:pets").train[0][0], (0, 0))
    assert list(prepare("folder:pets", SHAPE))
    path, label = listing(root, "folder:pets").train[3]
    Image.new("RGB", (50, 50), "white").save(path)
    second = data_set("folder:pets", SHAPE)
    assert (second.train_images[3] == 255).all() and not (first.train_images[3] == 255).all()  # who still reads the first is not disturbed
    assert second.train_labels[3] == label
    assert len(list((root / "prepared").iterdir())) == 1 and list((root / "prepared").iterdir()) != kept


def test_damaged_grey_long_and_foreign_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = root / "folders" / "pets" / "bird"
    whole = (folder / "1.jpg").read_bytes()
    (folder / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "page.png").write_text("<html>")
    (folder / "notes.txt").write_text("no picture, and none by its name")
    (folder / "._1.jpg").write_bytes(b"what a Mac leaves")
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder.parent / ".cache").mkdir()
    save(folder / "deeper" / "grey.png", 1, mode="L")
    save(folder / "long.gif", 2, size=(5, 90))
    monkeypatch.setattr(pictures, "MOST_PIXELS", 5_000)
    save(folder / "large.png", 3, size=(90, 60))
    split = data_set("folder:pets", SHAPE)
    refused = sorted(text.partition(": ")[0] for text in split.left_out)
    assert refused == ["bird/broken.jpg", "bird/empty.png", "bird/gone.png", "bird/large.png", "bird/page.png"]
    assert all(text.endswith(".") for text in split.left_out)
    assert len(split.train_images) + len(split.test_images) == 19 + 2
    assert np.bincount(split.train_labels).sum() == len(split.train_images)
    grey = picture(folder / "deeper" / "grey.png", SHAPE)
    assert (grey == grey[:1]).all()


def test_a_stopped_preparation_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "AT_A_TIME", 4)
    steps = prepare("folder:pets", SHAPE)
    assert [next(steps), next(steps)] == [(4, 19), (8, 19)]
    assert [path.suffix for path in (root / "prepared").iterdir()] == [".part"]
    steps.close()
    assert not list((root / "prepared").iterdir())


def test_two_may_prepare_the_same_at_once(root: Path) -> None:
    one, other = prepare("folder:pets", SHAPE), prepare("folder:pets", SHAPE)
    assert next(one) and next(other)
    for steps in (other, one):
        assert list(steps)[-1] == (19, 19)
    (kept,) = (root / "prepared").iterdir()
    assert not kept.suffix and len(data_set("folder:pets", SHAPE).train_images) == 15


def test_what_a_killed_preparation_left_goes_after_a_day(root: Path) -> None:
    old, new = (root / "prepared" / f"folder-pets-{name}.part" for name in ("old", "new"))
    for path in (old, new):
        path.mkdir(parents=True)
    os.utime(old, (0, 0))
    data_set("folder:pets", SHAPE)
    assert not old.exists() and new.exists()


def test_names_lead_nowhere_else(root: Path) -> None:
    (root / "secret" / "a").mkdir(parents=True)
    (root / "folders" / ".hidden").mkdir()
    assert names(root) == folder_names() == ("folder:pets",)
    assert available("folder:pets") and not available("folder:../secret")
    for name in ("folder:../secret", "folder:/etc", "folder:", "folder:.hidden", "folder:pets/bird", "folder:none"):
        with pytest.raises(MissingData, match=r"^There is no folder '.*' in .*folders; put one there with a folder of pictures a class\.$"):
            data_set(name, SHAPE)


def test_folders_that_are_no_data_set(root: Path) -> None:
    lone = root / "folders" / "lone"
    lone.mkdir()
    with pytest.raises(InvalidInput, match=r"lone has 0 folders of classes; give it two or more"):
        data_set("folder:lone", SHAPE)
    fill(lone, {"a": 3, "b": 1})
    with pytest.raises(InvalidInput, match=r"The class b in .*lone holds too few pictures, 1; put 2 or more there"):
        data_set("folder:lone", SHAPE)
    (lone / "b" / "1.png").write_bytes(b"")
    with pytest.raises(InvalidInput, match=r"No picture of the class b of folder:lone could be opened; put some there that can"):
        data_set("folder:lone", SHAPE)
    assert not list((root / "prepared").iterdir())


def test_a_disk_that_is_full_or_closed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "LEFT_FREE", 10**18)
    with pytest.raises(NetlibError, match=r"folder:pets need 0.0 GB at this size, and the disk of .* has [\d.]+ GB free; make room"):
        data_set("folder:pets", SHAPE)
    shutil.rmtree(root / "prepared")
    (root / "prepared").write_text("a file where the folder should be")
    with pytest.raises(NetlibError, match=r"could not be written into .*prepared \(.*\); make room there, or allow it"):
        data_set("folder:pets", SHAPE)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InvalidPicture, match="This file cannot be read"):
        picture(tmp_path / "folder.png", SHAPE)


def test_how_is_said_without_looking(root: Path) -> None:
    assert data_folder() == root
    said = "The pictures are of many sizes, in colour; the largest part around the middle is scaled to 20 × 24."
    assert how("folder:pets", SHAPE) == said
