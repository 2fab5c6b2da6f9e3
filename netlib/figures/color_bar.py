"""The bar beside a map: which colour means which value, in which unit. For the screen as plain data, for a download drawn below the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from netlib.figures import units
from netlib.figures.lettering import font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import ImageFont

    from netlib.figures.class_map import Entry
    from netlib.figures.heat import Picture, Scale

INK, PAPER = "#222222", "#ffffff"
BAR = 14  # pixels high
SIZE = 13  # of the letters


@dataclass(frozen=True, slots=True)
class Bar:
    """Colours from left to right, what is written below them (share of the width, text), and what the values are."""

    stops: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]
    label: str


def bar(scale: Scale, label: str, *, percent: bool = False) -> Bar:
    """The bar of a scale: its two ends, and the neutral zero of a signed one; a clipped scale says at which percentile."""
    middle = 0.0 if scale.signed else (scale.low + scale.high) / 2
    values = (scale.low, middle, scale.high)
    ticks = tuple((place, (units.percent if percent else units.value)(value)) for place, value in zip((0.0, 0.5, 1.0), values, strict=True))
    if scale.clipped is not None:
        label = f"{label}; colours end at the {scale.clipped:g}th percentile"
    return Bar(tuple(scale.stops()), ticks, label)


def with_bar(picture: Picture, shown: Bar) -> Picture:
    """The picture with the bar, its ticks and its label below it, on white."""
    width = picture.shape[1]
    below = Image.new("RGB", (width, BAR + 3 * SIZE + 18), PAPER)
    draw, letters = ImageDraw.Draw(below), font(SIZE)
    stops = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in shown.stops], dtype=float)  # (stops, 3)
    at = np.linspace(0, len(stops) - 1, width)
    for x, color in enumerate(np.stack([np.interp(at, np.arange(len(stops)), part) for part in stops.T], 1)):
        draw.line((x, 8, x, 8 + BAR), fill=tuple(np.rint(color).astype(int).tolist()))
    for share, text in shown.ticks:
        room = draw.textlength(text, font=letters)
        draw.text((min(max(0, share * width - room / 2), width - room), 8 + BAR + 3), text, fill=INK, font=letters)
    draw.text((0, 8 + BAR + SIZE + 9), _fitting(draw, shown.label, width, letters), fill=INK, font=letters)
    return _joined(picture, below)


def with_legend(picture: Picture, entries: Sequence[Entry], names: Sequence[str]) -> Picture:
    """The picture with a line for each entry of the legend below it, on white; `names` are the entries' words."""
    width, line = picture.shape[1], SIZE + 7
    below = Image.new("RGB", (width, line * len(entries) + 10), PAPER)
    draw, letters = ImageDraw.Draw(below), font(SIZE)
    for number, (entry, name) in enumerate(zip(entries, names, strict=True)):
        top = 8 + line * number
        draw.rectangle((0, top, 12, top + 12), fill=entry.color, outline=INK)
        draw.text((19, top - 2), _fitting(draw, name, width - 19, letters), fill=INK, font=letters)
    return _joined(picture, below)


def _fitting(draw: ImageDraw.ImageDraw, text: str, width: float, letters: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    while len(text) > 1 and draw.textlength(text, font=letters) > width:
        text = text[:-2].rstrip("… ") + "…"
    return text


def _joined(picture: Picture, below: Image.Image) -> Picture:
    return np.concatenate([picture, np.asarray(below)])
