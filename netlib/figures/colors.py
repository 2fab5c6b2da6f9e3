"""Colours of the figures: Okabe and Ito's palette, which colour-blind eyes tell apart, for light and for dark backgrounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Category -> (on white, on black). Hues are Okabe–Ito's; the light ones are deepened on white to reach a contrast of 3:1.
CATEGORY_COLORS: Mapping[str, tuple[str, str]] = {
    "input": ("#4d4d4d", "#b8b8b8"),
    "convolution": ("#0072b2", "#56b4e9"),
    "fully connected": ("#d55e00", "#f2855e"),
    "pooling": ("#008a62", "#2fc49a"),
    "normalization": ("#b5568f", "#e3a1c4"),
    "activation": ("#a97700", "#e69f00"),
    "regularization": ("#7d7d7d", "#a0a0a0"),
    "merge": ("#882255", "#dd7fae"),
    "recurrent": ("#2b8a86", "#7fd6d1"),
    "attention": ("#5b3fa0", "#b79cf0"),
    "reshape": ("#6b6b6b", "#9d9d9d"),
    "block": ("#3f5f8a", "#9db7dc"),
}

DARK_CARD = "#12161f"  # what boxes stand on in a dark theme
STEPS = 10  # levels of "colour by number"


def category_color(category: str, *, dark: bool = False) -> str:
    """Colour of a category as "#rrggbb"; an unknown one is drawn like "reshape"."""
    return CATEGORY_COLORS.get(category, CATEGORY_COLORS["reshape"])[dark]


def level(value: int, highest: int) -> int:
    """Step 0 to STEPS - 1 of a value on a square-root scale, which keeps small layers apart beside one giant."""
    if highest <= 0 or value <= 0:
        return 0
    return min(STEPS - 1, max(1, round((value / highest) ** 0.5 * (STEPS - 1))))


def css_name(category: str) -> str:
    """Category as a CSS class or variable name: "fully connected" -> "fully-connected"."""
    return category.replace(" ", "-")


def tint(color: str, share: float, background: str = "#ffffff") -> str:
    """The colour laid over a background with that share of opacity: tint("#000000", 0.5) == "#808080"."""
    pairs = ((int(color[i : i + 2], 16), int(background[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(front * share + back * (1 - share)):02x}" for front, back in pairs)


def level_color(step: int, *, dark: bool = False) -> str:
    """Fill of a step of "colour by number": blue that text stays readable on, from nothing to strong."""
    return tint(category_color("convolution", dark=dark), 0.06 * step, DARK_CARD if dark else "#ffffff")
