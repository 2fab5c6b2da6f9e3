"""In Chromium: the photo's box follows pointer and keys at once, a click or Enter reaches the link; long work can be stopped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_pointer_keys_and_click(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    """LeNet-5's C1: 28×28 units of 5×5 pixels at steps of 1, without padding."""
    page = visit("/receptive_field?network=lenet5&layer_1=C1&unit_1=3,4")
    readout, grid = page.locator(".readout"), page.locator(".grid")
    page.wait_for_selector(".photo image")
    assert readout.inner_text() == "Unit (3, 4) of C1 sees rows 3 to 7, columns 4 to 8: 5×5 px, 0 % of it on padding."
    grid.scroll_into_view_if_needed()
    area = grid.bounding_box()
    assert area is not None
    unit = area["width"] / 28

    page.mouse.move(area["x"] + 10.5 * unit, area["y"] + 20.5 * unit)
    assert readout.inner_text().startswith("Unit (20, 10) of C1 sees rows 20 to 24, columns 10 to 14")
    assert page.locator(".seen").last.get_attribute("d") == "M10 20H15V25H10Z"
    assert page.get_by_label("Unit", exact=True).input_value() == "3,4"  # nothing is selected yet
    page.mouse.click(area["x"] + 10.5 * unit, area["y"] + 20.5 * unit)
    page.wait_for_url("**unit_1=20%2C10**")
    settled(page)

    grid.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert readout.inner_text().startswith("Unit (19, 11)")
    page.keyboard.press("Escape")
    assert readout.inner_text().startswith("Unit (20, 10)")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url("**unit_1=27%2C27**")
    assert settled(page).get_by_label("Unit", exact=True).input_value() == "27, 27"
    assert "rows 27 to 31" in (page.locator(".photo svg").get_attribute("aria-label") or "")


def test_an_effective_field_tells_how_far_it_is_and_can_be_stopped(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/receptive_field?network=resnet50")
    page.get_by_role("button", name="Compute effective fields").click()
    expect(page.get_by_role("button", name="Compute effective fields")).to_be_disabled()
    expect(page.get_by_text(re.compile(r"[1-7] of 8 pictures"))).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).last.click()  # Streamlit has one of that name in its own bar
    expect(page.get_by_text(re.compile(r"ResNet-50: stopped at \d+ %"))).to_be_visible()
    expect(settled(page).get_by_role("button", name="Start again")).to_be_enabled()
    expect(page.get_by_text("Half of the squared gradient")).to_have_count(0)
