"""Where the names of points go so that none lies on another name or on a point.

A figure does not know how wide the screen is. A place is therefore taken only if it is free at each of several widths;
what finds no place is left to the hover.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LINE = 15.0  # pixels a line of text is high, at the charts' 12 px
LETTER = 6.3  # pixels a letter is wide, on average and with room to spare
GAP = 3.0  # pixels between a point and its name

Side = tuple[int, int]  # (right, up), each -1, 0 or 1: (1, 0) is to the right, (0, 1) above, (-1, -1) below to the left
SIDES: tuple[Side, ...] = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))


class Spot(NamedTuple):
    """A point with its name; x and y as shares of the plot, from left and from top; the radius in pixels."""

    name: str
    x: float
    y: float
    radius: float


class Rectangle(NamedTuple):
    """A rectangle of the drawing, in its own units; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rectangle) -> bool:
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


def places(spots: Sequence[Spot], widths: Iterable[float], height: float, taken: Mapping[str, Side] | None = None) -> dict[str, Side]:
    """The side of its point on which each name stands, for as many names as find room; earlier ones choose first.

    Args:
        widths: of the plot, in pixels, at which the places must be free; `height` is one.
        taken: names that have their place already.
    """
    sizes = [(width, height) for width in widths]
    found = dict(taken or {})
    by_name = {spot.name: spot for spot in spots}
    for spot in spots:
        others = [by_name[name] for name in found]
        for side in SIDES if spot.name not in found else ():
            if all(_free(spot, side, spots, [box(other, found[other.name], size) for other in others], size) for size in sizes):
                found[spot.name] = side
                break
    return found


def box(spot: Spot, side: Side, size: tuple[float, float]) -> Rectangle:
    """Where the name of a point is written, in pixels, in a plot of `size` (width, height)."""
    x, y = spot.x * size[0], spot.y * size[1]
    right, up = side
    away = distance(spot.radius, side)
    width = LETTER * len(spot.name)
    left = x + right * away - (0 if right > 0 else width if right < 0 else width / 2)
    top = y - up * away - (LINE if up > 0 else 0 if up < 0 else LINE / 2)
    return Rectangle(left, top, left + width, top + LINE)


def distance(radius: float, side: Side) -> float:
    """Pixels from a point's centre to its name, along each axis that `side` names."""
    return radius * (0.71 if all(side) else 1.0) + GAP


def _free(spot: Spot, side: Side, spots: Sequence[Spot], names: Sequence[Rectangle], size: tuple[float, float]) -> bool:
    mine = box(spot, side, size)
    inside = mine.left >= 0 and mine.top >= 0 and mine.right <= size[0] and mine.bottom <= size[1]
    return inside and not any(map(mine.meets, names)) and not any(_covers(other, mine, size) for other in spots if other is not spot)


def _covers(spot: Spot, rectangle: Rectangle, size: tuple[float, float]) -> bool:
    """Whether the disc of a point reaches into a rectangle."""
    x, y = spot.x * size[0], spot.y * size[1]
    across = max(rectangle.left - x, 0.0, x - rectangle.right)
    down = max(rectangle.top - y, 0.0, y - rectangle.bottom)
    return across**2 + down**2 < spot.radius**2
