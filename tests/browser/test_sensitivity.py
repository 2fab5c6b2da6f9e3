"""In Chromium: the occluder follows hand and keys, its answer comes while it is held, and the place reaches the link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_hand_keys_and_maps(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    """A square of 25 % of 32 pixels: 8 pixels, whose middle stands between 4 and 28."""
    page = visit("/sensitivity?network=lenet5-modern&picture=digit:3&step=12&at=50,50")
    area, square, said = (page.locator(f".hand-occluder .{name}") for name in ("area", "occluder", "said"))
    expect(said).to_have_text(re.compile("→"))
    assert [square.get_attribute(name) for name in ("x", "y", "width", "height")] == ["12", "12", "8", "8"]
    before = said.inner_text()

    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None

    def hold(row: float, column: float) -> None:
        page.mouse.move(box["x"] + column * box["width"], box["y"] + row * box["height"])

    hold(0.5, 0.5)
    page.mouse.down()
    hold(0.6, 0.4)
    hold(0.75, 0.25)  # held still, not yet let go
    assert [square.get_attribute(name) for name in ("x", "y")] == ["4", "20"]
    expect(said).not_to_have_text(before)
    assert "at=75" not in page.url
    page.mouse.up()
    page.wait_for_url("**at=75%2C25**")

    area.focus()
    page.keyboard.press("ArrowUp")  # a quarter of its side, 2 pixels
    assert [square.get_attribute(name) for name in ("x", "y")] == ["4", "18"]
    page.keyboard.press("Shift+ArrowRight")
    assert [square.get_attribute(name) for name in ("x", "y")] == ["5", "18"]
    page.wait_for_url("**at=68.8%2C28.1**")
    settled(page)

    first = page.locator(".picture-wall .area").first
    first.scroll_into_view_if_needed()
    place = first.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(page.locator(".picture-wall .readout").first).to_have_text(re.compile(r"^class \d: .* %$"))
    marks = [mark.get_attribute("d") for mark in page.locator(".picture-wall .mark.line").all()]
    assert marks == ["M12 12H20V20H12Z"] * 3, "the same square in all three maps"
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_url(re.compile(r"at=(49\.\d|50)%2C"))  # a click falls on a whole pixel of the screen
    expect(square).to_have_attribute("x", "12")
