"""Real photographs that scikit-image carries in its package: nothing is downloaded, and scikit-image itself is not imported."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from PIL import Image

from netlib.errors import InvalidInput, NetlibError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlib.analysis.graph import Pair


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph as it lies in scikit-image's `data` folder.

    Attributes:
        size: (height, width) in pixels.
        source: who made it and under which terms, in one line.
    """

    name: str
    title: str
    file: str
    size: Pair
    source: str


# Source of the terms: the docstrings of skimage.data.
PHOTOS: Mapping[str, Photo] = MappingProxyType(
    {
        photo.name: photo
        for photo in (
            Photo("chelsea", "Chelsea the cat", "chelsea.png", (300, 451), "Photo: Stéfan van der Walt, CC0, with scikit-image"),
            Photo("astronaut", "Astronaut Eileen Collins", "astronaut.png", (512, 512), "Photo: NASA, public domain, with scikit-image"),
            Photo("coffee", "Cup of coffee", "coffee.png", (400, 600), "Photo: Rachel Michetti, CC0, with scikit-image"),
            Photo("rocket", "Launch of a Falcon 9", "rocket.jpg", (427, 640), "Photo: SpaceX, public domain, with scikit-image"),
            Photo("hubble", "Hubble deep field", "hubble_deep_field.jpg", (872, 1000), "Picture: NASA, free to use, with scikit-image"),
            Photo("retina", "Human retina", "retina.jpg", (1411, 1411), "Photo: Mikael Häggström, CC0, with scikit-image"),
        )
    }
)


def photo(name: str, size: Pair | None = None) -> Image.Image:
    """The photo called `name` in RGB, cut around its middle to the proportions of `size` (height, width) and scaled to it.

    Raises:
        InvalidInput: there is no photo of that name, or a side of `size` is less than 1.
        NetlibError: scikit-image, or the file in it, is not installed.
    """
    if name not in PHOTOS:
        raise InvalidInput(f"There is no photo called {name!r}. Choose one of: {', '.join(PHOTOS)}.")
    if size is not None and min(size) < 1:
        raise InvalidInput(f"A photo of {size[0]} × {size[1]} pixels was asked for; give a height and a width of at least 1.")
    with Image.open(_path(PHOTOS[name].file)) as file:
        picture = file.convert("RGB")
    return picture if size is None else proportioned(picture, size).resize((size[1], size[0]), Image.Resampling.LANCZOS)


def proportioned(picture: Image.Image, size: Pair) -> Image.Image:
    """The largest part around the middle with the proportions of `size`, in whole pixels: at its own scale nothing is blurred."""
    (width, height), (rows, columns) = picture.size, size
    scale = min(height / rows, width / columns)
    cut_width, cut_height = max(1, round(scale * columns)), max(1, round(scale * rows))
    left, top = (width - cut_width) // 2, (height - cut_height) // 2
    return picture.crop((left, top, left + cut_width, top + cut_height))


def _path(file: str) -> Path:
    package = find_spec("skimage")
    if package is None or package.origin is None:
        raise NetlibError("The photos come with scikit-image, which is not installed; run: pip install -r requirements.txt.")
    path = Path(package.origin).parent / "data" / file
    if not path.is_file():
        raise NetlibError(f"scikit-image is installed, but its photo {file} is missing; run: pip install --force-reinstall scikit-image.")
    return path
