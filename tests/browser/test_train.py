"""In Chromium: a real run is started from the page, watched until it finishes, stopped and resumed; a zoom outlives what arrives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
ENDS = 90_000  # ms that a run may take to end, the start of its worker and its place in the queue included


def start(page: Page, owner: str) -> None:
    field = page.get_by_role("textbox", name="Your name")
    field.fill(owner)
    field.press("Enter")
    page.get_by_role("button", name="Start run").click()
    page.wait_for_url("**run=*")


def test_digits_to_98_percent_within_a_minute_of_training(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    """Forty epochs: the same score on every machine of a kind, and long enough to zoom into while it goes on."""
    page = visit("/train?epochs=40")
    start(page, "Ada")
    expect(page.locator(".chart .plot").first).to_be_visible(timeout=ENDS)
    expect(page.get_by_text("Maps of relu1").first).to_be_visible(timeout=ENDS)

    box = page.locator(".panels").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 80, steps=4)
    page.mouse.up()
    whole = page.locator(".chart .reset")
    expect(whole).to_be_visible()
    ticks = page.locator(".plot").first.locator('text[text-anchor="middle"]')
    zoomed = ticks.all_text_contents()
    page.mouse.move(2, 2)
    last = page.locator(".chart .head b").first  # the newest value
    before = last.inner_text()
    expect(last).not_to_have_text(before)
    assert ticks.all_text_contents() == zoomed
    whole.click()
    expect(whole).to_be_hidden()

    ended = page.get_by_text(re.compile(r"All 800 steps are done, in [\d.]+ s of training"))  # not "1 min …"
    expect(ended).to_be_visible(timeout=ENDS)
    settled(page)
    best = re.search(r"it put ([\d.]+) % of the held-back", ended.inner_text())
    assert best and float(best[1]) >= 98
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()


def test_stop_and_resume(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/train?epochs=0&steps=100000")
    start(page, "Bob")
    expect(page.locator(".chart .plot").first).to_be_visible(timeout=ENDS)
    page.get_by_role("button", name="Stop", exact=True).click()
    stopped = page.get_by_text(re.compile("Stopped on request"))  # and after which step, or that of its checkpoint
    expect(stopped).to_be_visible(timeout=ENDS)
    settled(page)
    kept = re.search(r"checkpoint of step ([\d,]+)", stopped.inner_text())
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile(r"training · by Bob · step [\d,]+"))).to_be_visible(timeout=ENDS)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(stopped).to_be_visible(timeout=ENDS)
    settled(page)
    later = re.search(r"checkpoint of step ([\d,]+)", stopped.inner_text())
    assert kept and later and int(later[1].replace(",", "")) >= int(kept[1].replace(",", "")) > 0
