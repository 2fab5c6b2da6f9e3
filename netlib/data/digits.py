"""Handwritten digits that scikit-learn carries in its package: 1,797 of them, 8×8, enlarged to the 32×32 that LeNet-5 takes.

Source: Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998 (its test part, by 13
writers). A digit was scanned as a 32×32 bitmap; each number, 0 to 16, counts the ink in a block of 4×4 of its pixels. Enlarging
brings back the size, not the detail.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from netlib.data.split import split
from netlib.errors import NetlibError

if TYPE_CHECKING:
    from netlib.data.split import Labels, Pictures, Split

SIZE = 32
TESTED = 500  # held back; 1,297 are left to learn from
SEED = 0
CLASSES = tuple("0123456789")


@lru_cache(maxsize=1)
def digits() -> Split:
    """White ink on black: 1,297 pictures to learn from and 500 held back, drawn with seed 0.

    Which ones are held back is what scikit-learn's `train_test_split(…, test_size=500, random_state=0)` draws. Both parts hold
    digits of the same 13 writers, so a score says nothing of strangers' handwriting.

    Shapes: images (N, 1, 32, 32), uint8; labels (N,), int64.

    Raises:
        NetlibError: scikit-learn, or the file in it, is not installed.
    """
    table = np.loadtxt(gzip.open(_path(), "rt"), delimiter=",", dtype=np.int64)  # noqa: SIM115 (loadtxt reads it to its end)
    images: Pictures = np.stack([enlarged(row) for row in table[:, :64].reshape(-1, 8, 8)])[:, None]  # (1797, 1, 32, 32)
    labels: Labels = table[:, 64]
    order = np.random.RandomState(SEED).permutation(len(table))  # this generator's numbers are frozen for all times
    held, learned = order[:TESTED], order[TESTED:]
    return split("digits", CLASSES, (images[learned], labels[learned]), (images[held], labels[held]))


def enlarged(ink: Labels) -> Pictures:
    """An 8×8 picture of counts from 0 to 16 as 32×32 grey values.

    Shapes: (8, 8) -> (32, 32), uint8.
    """
    small = Image.fromarray((ink * 255 // 16).astype(np.uint8))
    return np.asarray(small.resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def _path() -> Path:
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise NetlibError("The digits come with scikit-learn, which is not installed; run: pip install -r requirements.txt.")
    path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if not path.is_file():
        raise NetlibError("scikit-learn is installed, but its digits are missing; run: pip install --force-reinstall scikit-learn.")
    return path
