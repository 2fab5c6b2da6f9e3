"""The bundled photos: all there, cut around their middle, and cheap to come by."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from netlib.data import photos
from netlib.data.photos import PHOTOS, photo
from netlib.errors import InvalidInput, NetlibError


@pytest.mark.parametrize("name", PHOTOS)
def test_size_in_the_table_is_the_files(name: str) -> None:
    width, height = photo(name).size
    assert PHOTOS[name].size == (height, width)
    assert photo(name).mode == "RGB"


def test_a_photo_is_scikit_images_own_array() -> None:
    from skimage import data

    assert np.array_equal(np.asarray(photo("chelsea")), data.chelsea())


def test_cut_keeps_the_middle_of_the_longer_side() -> None:
    """chelsea is 300 × 451. At 300 × 300 nothing is scaled: 151 columns go, 75 or 76 a side."""
    whole, square = np.asarray(photo("chelsea")), np.asarray(photo("chelsea", (300, 300)))
    columns = [start for start in range(152) if np.array_equal(whole[:, start : start + 300], square)]
    assert columns in ([75], [76])


@pytest.mark.parametrize("size", [(32, 32), (96, 200), (200, 96), (1, 1)])
def test_size_is_height_then_width(size: tuple[int, int]) -> None:
    assert np.asarray(photo("coffee", size)).shape == (*size, 3)


def test_unknown_photo_names_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="no photo called 'lena'.*chelsea, astronaut"):
        photo("lena")
    with pytest.raises(InvalidInput, match="at least 1"):
        photo("chelsea", (0, 10))


def test_missing_package_and_missing_file_say_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(photos, "find_spec", lambda name: None)
    with pytest.raises(NetlibError, match=r"not installed; run: pip install -r requirements\.txt"):
        photo("chelsea")
    monkeypatch.undo()
    monkeypatch.setitem(vars(photos), "PHOTOS", {"gone": photos.Photo("gone", "Gone", "gone.png", (1, 1), "")})
    with pytest.raises(NetlibError, match=r"gone\.png is missing"):
        photo("gone")


def test_imports_neither_scikit_image_nor_torch() -> None:
    code = "import sys; from netlib.data.photos import photo; photo('coffee', (9, 7)); print({'skimage', 'torch'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
