"""The digits and their split against scikit-learn's own."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from netlib.data import digits as module
from netlib.data.digits import digits, enlarged
from netlib.errors import NetlibError


def test_the_split_is_the_one_scikit_learn_draws() -> None:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    given = load_digits()
    learned, held, learned_labels, held_labels = train_test_split(given.images, given.target, test_size=500, random_state=0)
    data = digits()
    assert np.array_equal(data.train_labels, learned_labels)
    assert np.array_equal(data.test_labels, held_labels)
    for ours, theirs in ((data.train_images, learned), (data.test_images, held)):
        assert np.array_equal(ours[7, 0], enlarged(theirs[7].astype(int)))
    assert data.train_images.shape == (1297, 1, 32, 32)


def test_enlarging_keeps_what_is_plain_and_where_it_stands() -> None:
    assert (enlarged(np.full((8, 8), 16)) == 255).all()
    ink = np.zeros((8, 8), dtype=np.int64)
    ink[2, 5] = 16  # its block is rows 8 to 11, columns 20 to 23
    big = enlarged(ink)
    assert [int(axis.mean()) for axis in np.nonzero(big > 200)] == [9, 21]


def test_mean_and_standard_deviation_are_those_of_the_training_pictures() -> None:
    data = digits()
    assert data.mean == pytest.approx([(data.train_images / 255).mean()], abs=1e-4)
    assert data.std == pytest.approx([(data.train_images / 255).std()], abs=1e-4)


def test_nobody_can_change_the_shared_pictures() -> None:
    with pytest.raises(ValueError, match="read-only"):
        digits().test_images[0] = 0


def test_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(NetlibError, match=r"scikit-learn, which is not installed; run: pip install -r requirements\.txt"):
        digits.__wrapped__()


def test_imports_neither_scikit_learn_nor_torch() -> None:
    code = "import sys; from netlib.data.digits import digits; digits(); print({'sklearn', 'torch'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
