"""The square that covers a part of the picture: how large, in which steps, filled with what; the same for all networks, as a share of
each one's input, so that it covers the same part of what they look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pages.parts import view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from netlib.analysis.graph import Pair
    from netlib.analysis.receptive_field import Box
    from netlib.data.preprocessing import Preprocessing

SIZES = ("5", "10", "15", "20", "25", "30", "40", "50")  # % of the side
STRIDES = ("2", "3", "5", "8", "12", "25")
FILLS: Mapping[str, tuple[str, float | None]] = {  # name -> words, brightness; None: the data's mean colour
    "mean": ("the data’s mean colour", None),
    "grey": ("grey", 0.5),
    "black": ("black", 0.0),
    "white": ("white", 1.0),
}


@dataclass(frozen=True, slots=True)
class Square:
    """The chosen square; size and stride in % of the input's sides."""

    size: int
    stride: int
    fill: str

    def patch(self, picture: Pair) -> Pair:
        """Its height and width in pixels of a picture."""
        return _pixels(self.size, picture)

    def step(self, picture: Pair) -> Pair:
        return _pixels(self.stride, picture)

    def box(self, at: tuple[float, float], picture: Pair) -> Box:
        """The square around a place, a share of height and width; it stays inside. The same as in assets/components/hand_occluder.js."""
        from netlib.analysis.receptive_field import Box

        sides = self.patch(picture)
        top, left = (
            min(whole - side, max(0, int(share * whole - side / 2 + 0.5)))
            for share, side, whole in zip(at, sides, picture, strict=True)
        )  # fmt: skip
        return Box(top, left, top + sides[0], left + sides[1])

    def value(self, preprocessing: Preprocessing) -> Tensor:
        """The fill as the network gets it, (C, 1, 1)."""
        import torch

        mean, std = torch.tensor(preprocessing.mean)[:, None, None], torch.tensor(preprocessing.std)[:, None, None]
        brightness = FILLS[self.fill][1]
        return torch.zeros_like(mean) if brightness is None else (brightness - mean) / std

    def color(self, preprocessing: Preprocessing) -> str:
        """The fill as CSS writes it."""
        brightness = FILLS[self.fill][1]
        shown = preprocessing.mean if brightness is None else (brightness,)
        red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in (shown * 3 if len(shown) == 1 else shown))
        return f"rgb({red}, {green}, {blue})"

    def words(self, picture: Pair) -> str:
        """For a caption: "occluder 16×16 px in steps of 5 px, filled with grey"."""
        (height, width), (down, right) = self.patch(picture), self.step(picture)
        steps = f"{down}" if down == right else f"{down}×{right}"
        return f"occluder {height}×{width} px in steps of {steps} px, filled with {FILLS[self.fill][0]}"


def choose() -> Square:
    """Three widgets in the container that is open."""
    size = view.slider("Occluder", SIZES, name="size", default="25", help="Side of the square, in % of the picture’s side.")
    stride = view.slider("Step", STRIDES, name="step", default="5", help="From place to place, in % of the picture’s side.")
    fill = view.selectbox("Filled with", list(FILLS), name="fill", default="mean", format_func=lambda name: FILLS[name][0])
    return Square(int(size), int(stride), fill)


def _pixels(percent: int, picture: Pair) -> Pair:
    height, width = (max(1, int(percent / 100 * side + 0.5)) for side in picture)
    return height, width
