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

# Light to dark, one hue: reads the same in print and for every eye (ColorBrewer "Blues", 9 classes and white).
SEQUENTIAL: tuple[str, ...] = (
    "#ffffff", "#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b",
)  # fmt: skip

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
