"""The grid of samples: which pixels stand where, and the words beside them."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
from PIL import Image

from netlib.figures.samples import samples

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 250, (7, 3, 48, 40)).astype(np.uint8)
LABELS = np.array([0, 0, 0, 2, 2, 0, 0])
CLASSES = ("cat", "none of it", "<dog & co>")


def test_a_row_for_each_class_with_its_pictures_in_their_order() -> None:
    found = samples(IMAGES, LABELS, CLASSES, each=4)
    assert [name for name, _ in found.rows] == ["cat", "<dog & co>"] and found.left_out == 1
    cat, dog = (shown for _, shown in found.rows)
    assert cat.size == dog.size == (48, 4 * 40 + 3 * 2)
    assert (len(cat.boxes), len(dog.boxes)) == (4, 2)
    for shown, numbers in ((cat, (0, 1, 2, 5)), (dog, (3, 4))):
        for (top, left, bottom, right), number in zip(shown.boxes, numbers, strict=True):
            assert np.array_equal(shown.picture[top:bottom, left:right], IMAGES[number].transpose(1, 2, 0))
    assert (dog.picture[:, 82:] == 255).all()


def test_small_grey_pictures_are_enlarged_and_large_ones_made_small() -> None:
    grey = RANDOM.randint(0, 250, (2, 1, 28, 28)).astype(np.uint8)
    (_, shown), = samples(grey, np.zeros(2, np.int64), ("a",), each=2).rows  # fmt: skip
    assert shown.size == (56, 114)
    assert np.array_equal(shown.picture[::2, :56:2], grey[0].repeat(3, 0).transpose(1, 2, 0))
    large = np.full((1, 3, 224, 112), 70, np.uint8)
    (_, shown), = samples(large, np.zeros(1, np.int64), ("a",), each=1).rows  # fmt: skip
    assert shown.size == (96, 48) and (shown.picture == 70).all()


def test_html_holds_the_pictures_and_says_what_they_are() -> None:
    found = samples(IMAGES, LABELS, CLASSES, each=4)
    page = found.html()
    assert re.findall(r'alt="([^"]*)"', page) == ["4 pictures of the class cat", "2 pictures of the class &lt;dog &amp; co&gt;"]
    assert "<dog" not in page
    first = Image.open(io.BytesIO(base64.b64decode(re.findall(r"base64,([^\"]*)", page)[0])))
    assert np.array_equal(np.asarray(first.convert("RGB"))[:, :40], IMAGES[0].transpose(1, 2, 0))


def test_the_picture_to_take_away_has_all_rows_below_each_other() -> None:
    found = samples(IMAGES, LABELS, CLASSES, each=4)
    whole = found.picture
    assert whole.shape[0] == 2 * 50 and whole.shape[1] > 166
    left = whole.shape[1] - 166
    assert np.array_equal(whole[:48, left:], found.rows[0][1].picture)
    assert np.array_equal(whole[50:98, left:], found.rows[1][1].picture)
    assert (whole[:, :left] < 100).any() and (whole[:, left - 2 : left] == 255).all()  # a name, and room between it and the pictures
