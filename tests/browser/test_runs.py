"""In Chromium: a run is ticked in the table while it goes on, its curves grow, its kernels are opened, and it is deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
ROW = 35  # pixels, of the table


def test_a_run_is_compared_opened_and_deleted(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/train?preset=lenet5-modern-minute&epochs=2&seed=7")
    page.get_by_role("textbox", name="Name of the run").fill("seventh")
    page.get_by_role("textbox", name="Name of the run").press("Tab")
    settled(page)
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url("**run=*")

    page = visit("/runs")
    page.get_by_test_id("stDataFrame").first.click(position={"x": 15, "y": ROW * 1.5})  # the box at the edge of the newest run
    page.wait_for_url("**run=*")
    card = page.get_by_test_id("stMarkdown").filter(has_text="seventh")
    expect(card).to_be_visible()
    expect(page.get_by_text(re.compile("of the held-back pictures right")).first).to_be_visible(timeout=60_000)  # it goes on, and ends
    expect(page.get_by_test_id("stPlotlyChart").locator(".scatterlayer .trace").first).to_be_attached()
    settled(page)

    page.get_by_role("link", name="Kernels").last.click()  # the first is the menu's
    page.wait_for_url("**/kernels?*weights_1=run*")
    settled(page)
    expect(page.get_by_role("combobox", name=re.compile("Weights of LeNet-5"))).to_have_value(re.compile("Run seventh"))
    expect(page.locator(".mosaic").first).to_be_visible()

    page.go_back()
    page.wait_for_url("**/runs?run=*")
    settled(page)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("This cannot be undone")).to_be_visible()
    page.get_by_role("button", name="Delete this run").click()
    page.wait_for_url(lambda url: "run=" not in url)
    settled(page)
    expect(card).to_have_count(0)
