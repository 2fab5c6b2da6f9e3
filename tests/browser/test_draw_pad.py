"""In Chromium: what is drawn reaches the network, and keys and buttons take it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_draw_undo_and_clear(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/features?network=lenet5-modern")
    page.get_by_role("combobox", name="Picture").click()
    page.get_by_role("option", name="Draw a digit").click()
    pad, undo, clear = page.locator(".draw-pad canvas"), page.locator("[data-do=undo]"), page.locator("[data-do=clear]")
    expect(undo).to_be_disabled()
    expect(page.get_by_text("Draw a digit; held-out digit 17")).to_be_visible()

    def stroke(*points: tuple[float, float]) -> None:
        settled(page)
        pad.scroll_into_view_if_needed()
        area = pad.bounding_box()
        assert area is not None
        (x, y), *more = [(area["x"] + across * area["width"], area["y"] + down * area["height"]) for across, down in points]
        page.mouse.move(x, y)
        page.mouse.down()
        for x, y in more:
            page.mouse.move(x, y, steps=5)
        page.mouse.up()

    stroke((0.3, 0.2), (0.7, 0.2), (0.45, 0.8))
    page.wait_for_url("**picture=drawn*")
    expect(page.get_by_text("As a digit: it fills the picture")).to_be_visible()
    seven = page.url
    stroke((0.35, 0.5), (0.7, 0.5))
    page.wait_for_url(lambda url: "picture=drawn" in url and url != seven)
    settled(page)
    page.get_by_role("link", name="Sensitivity", exact=True).click()
    page.wait_for_url("**/sensitivity?**picture=drawn*")
    settled(page)
    expect(clear).to_be_enabled()  # the strokes are on the next page, too
    page.get_by_role("link", name="Features", exact=True).click()
    page.wait_for_url("**/features?**picture=drawn*")
    settled(page)
    page.get_by_role("link", name="Everything about this unit").click()
    page.wait_for_url("**/unit?**picture=drawn*")
    settled(page)
    expect(page.get_by_text("another session")).to_have_count(0)
    page.get_by_role("link", name="Features", exact=True).click()
    page.wait_for_url("**/features?**picture=drawn*")
    settled(page)
    pad.focus()
    page.keyboard.press("Control+z")
    page.wait_for_url(seven)  # the same picture again
    settled(page)
    clear.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Draw a digit; held-out digit 17")).to_be_visible()
    expect(page).not_to_have_url(re.compile("drawn"))
    expect(undo).to_be_disabled()
    settled(page)
