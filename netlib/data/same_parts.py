"""The same part in several pictures: views of one photo, and digits of one class, with the boxes of their parts.

ZFNet's section 4.3 takes five dogs and hides the left eye, the right eye or the nose of each. The photos that scikit-image brings show
one cat and one face, so here it is five views of the same head, moved and enlarged; the digits are of five hands.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from PIL import Image

from netlib.analysis.receptive_field import Box
from netlib.data.digits import digits
from netlib.data.photos import photo
from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netlib.analysis.graph import Pair
    from netlib.data.preprocessing import Preprocessing

COUNT = 5


@dataclass(frozen=True, slots=True)
class SameParts:
    """Pictures that show the same parts.

    Attributes:
        title: as a choice is written.
        parts: name -> box in pixels of the photo, or of each digit.
        photo: name of the photo; "" for digits.
        windows: (top, left, side) of each view of the photo.
        digit: the class, for digits.
    """

    title: str
    parts: Mapping[str, Box]
    photo: str = ""
    windows: tuple[tuple[int, int, int], ...] = ()
    digit: int = 0


SETS: Mapping[str, SameParts] = MappingProxyType(
    {
        "cat": SameParts(
            "Five views of a cat",
            {"left eye": Box(88, 138, 146, 206), "right eye": Box(112, 290, 160, 348), "nose": Box(218, 236, 268, 296)},
            "chelsea", ((0, 75, 300), (20, 110, 260), (40, 120, 250), (5, 100, 280), (60, 125, 232)),
        ),
        "face": SameParts(
            "Five views of a face",
            {"left eye": Box(90, 190, 128, 228), "right eye": Box(90, 232, 128, 270), "mouth": Box(140, 200, 180, 256)},
            "astronaut", ((20, 130, 190), (45, 155, 150), (30, 110, 220), (0, 120, 210), (35, 100, 240)),
        ),
        "eight": SameParts(
            "Five handwritten eights", {"upper loop": Box(2, 7, 14, 25), "crossing": Box(11, 8, 21, 24), "lower loop": Box(18, 7, 30, 25)},
            digit=8,
        ),
    }
)  # fmt: skip


def pictures(name: str) -> list[tuple[Image.Image, Mapping[str, Box]]]:
    """The pictures of a set, each with the boxes of its parts in its own pixels.

    Raises:
        InvalidInput: there is no such set.
        NetlibError: the package that carries the pictures is not installed.
    """
    if name not in SETS:
        raise InvalidInput(f"There is no set of pictures called {name!r}; choose one of: {', '.join(SETS)}.")
    found = SETS[name]
    if not found.photo:
        held = digits()
        chosen = (held.test_labels == found.digit).nonzero()[0][:COUNT]
        return [(Image.fromarray(held.test_images[number, 0]).convert("RGB"), found.parts) for number in chosen]
    whole = photo(found.photo)
    return [
        (
            whole.crop((left, top, left + side, top + side)),
            {part: Box(box.top - top, box.left - left, box.bottom - top, box.right - left) for part, box in found.parts.items()},
        )
        for top, left, side in found.windows
    ]


def seen_box(preprocessing: Preprocessing, size: Pair, box: Box) -> Box:
    """Where a box of a square picture of `size` lies in a network's input: scaled as the picture is, cut off at the input's edge."""
    height, width = preprocessing.size
    side = preprocessing.short or max(height, width)
    if preprocessing.as_is and size == (height, width):
        side = max(height, width)
    rows, columns = (side - height) / 2, (side - width) / 2
    down, across = side / size[0], side / size[1]

    def inside(at: float, most: int) -> int:
        return min(most, max(0, round(at)))

    return Box(
        inside(box.top * down - rows, height), inside(box.left * across - columns, width),
        inside(box.bottom * down - rows, height), inside(box.right * across - columns, width),
    )  # fmt: skip
