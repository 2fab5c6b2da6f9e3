"""The photo patches: parts that share no pixel, windows that are the photo's own pixels, and all classes in both parts."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from netlib.analysis.receptive_field import Box
from netlib.data import patches as module
from netlib.data.patches import CLASSES, Patch, cut, held_back, patches, windows
from netlib.data.sets import data_set
from netlib.errors import InvalidInput, NetlibError

SIZES = [(512, 512), (300, 451), (400, 600), (427, 640), (872, 1000), (1411, 1411), (500, 741), (101, 67)]


def painted(size: tuple[int, int], held_back: bool) -> np.ndarray:
    """How many windows of one part cover each pixel of a photo."""
    cover = np.zeros(size, dtype=int)
    for patch in windows(0, size):
        if patch.held_back == held_back:
            cover[patch.box.top : patch.box.bottom, patch.box.left : patch.box.right] += 1
    return cover


@pytest.mark.parametrize("size", SIZES)
def test_no_pixel_is_in_both_parts(size: tuple[int, int]) -> None:
    learned, held = painted(size, False), painted(size, True)
    assert not ((learned > 0) & (held > 0)).any()
    assert (learned > 0).mean() > 0.5
    assert (held > 0).mean() > 0.15


@pytest.mark.parametrize("size", SIZES)
def test_windows_are_squares_inside_the_photo(size: tuple[int, int]) -> None:
    for patch in windows(0, size):
        box = patch.box
        assert box.height == box.width
        assert 0 <= box.top < box.bottom <= size[0] and 0 <= box.left < box.right <= size[1]


def test_a_patch_that_is_not_scaled_is_the_photos_own_pixels() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (40, 50, 3), dtype=np.uint8)
    patch = cut(Image.fromarray(pixels), Box(5, 9, 37, 41), 32)
    assert np.array_equal(patch, pixels[5:37, 9:41].transpose(2, 0, 1))


def test_scaling_reads_nothing_beside_the_window() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (40, 50, 3), dtype=np.uint8)
    box = Box(5, 9, 25, 29)
    other = np.zeros_like(pixels)
    other[5:25, 9:29] = pixels[5:25, 9:29]
    assert np.array_equal(cut(Image.fromarray(pixels), box, 32), cut(Image.fromarray(other), box, 32))


def test_both_parts_have_all_classes_and_the_windows_in_their_order() -> None:
    from skimage import data

    split = data_set("patches", (3, 32, 32))
    assert split is patches(32)
    images, labels = held_back(32)  # the short way to what is held back
    assert np.array_equal(images, split.test_images) and np.array_equal(labels, split.test_labels)
    assert set(split.train_labels) == set(split.test_labels) == set(range(len(CLASSES)))
    assert (len(split.train_images), len(split.test_images)) == (7860, 310)
    photo = data.chelsea()
    boxes = [patch.box for patch in windows(1, photo.shape[:2]) if patch.held_back]
    places = np.flatnonzero(split.test_labels == 1)
    assert len(boxes) == len(places)
    assert np.array_equal(split.test_images[places[3]], cut(Image.fromarray(photo), boxes[3], 32))


def test_mean_and_standard_deviation_are_those_of_the_training_pictures() -> None:
    split = patches(32)
    pictures = split.train_images.astype(np.float32) / 255
    assert split.mean == pytest.approx(pictures.mean((0, 2, 3), dtype=np.float64), abs=1e-4)
    assert split.std == pytest.approx(pictures.std((0, 2, 3), dtype=np.float64), abs=1e-4)


def test_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="from 8 to 128"):
        patches(4)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(NetlibError, match=r"scikit-image, which is not installed"):
        patches.__wrapped__(16)


def test_a_patch_is_plain_data() -> None:
    assert next(windows(3, (100, 100))) == Patch(3, Box(0, 0, 16, 16), False)
