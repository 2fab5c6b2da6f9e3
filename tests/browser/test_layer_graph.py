"""The layer graph's component in Chromium: a block opens where it is, search jumps, files are whole, the page moves the selection."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

PNG = b"\x89PNG\r\n\x1a\n"


def node(page: Page, name: str) -> Locator:
    return page.locator(f'g.node[data-node="{name}"]')


def place(page: Page, name: str) -> tuple[float, float]:
    """Middle and top of a box, from the top left of the drawing's window."""
    box, window = node(page, name).locator(".card").last.bounding_box(), page.locator(".layer-graph .view").bounding_box()
    assert box is not None and window is not None
    return box["x"] + box["width"] / 2 - window["x"], box["y"] - window["y"]


def test_plus_opens_a_block_and_what_stood_above_it_stays(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/architecture?network=resnet50&open=none")
    plus = page.locator('.toggle[data-module="conv4_x"]')
    plus.scroll_into_view_if_needed()
    before = place(page, "conv3_x")
    plus.click()
    expect(page.locator('g.node[data-node^="conv4_x."]').first).to_be_visible()
    settled(page)
    assert place(page, "conv3_x") == pytest.approx(before, abs=1)
    assert page.locator('.frame-of[data-module="conv4_x"]').count() == 1
    assert node(page, "conv5_x").count() == 1  # it is still closed


@pytest.mark.parametrize(("width", "whole"), [(1900, True), (1280, False)])
def test_a_block_wider_than_the_window_opens_in_its_middle(
    visit: Callable[[str], Page], settled: Callable[[Page], Page], page: Page, width: int, whole: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    visit("/architecture?network=googlenet&open=none")
    page.locator('.toggle[data-module="inception5b"]').click()
    frame = page.locator('.frame-of[data-module="inception5b"] > rect')
    expect(frame).to_be_visible()
    settled(page)
    box, window = frame.bounding_box(), page.locator(".layer-graph .view").bounding_box()
    assert box is not None and window is not None
    assert box["x"] + box["width"] / 2 == pytest.approx(window["x"] + window["width"] / 2, abs=2)
    assert (box["width"] <= window["width"]) == whole
    assert box["width"] == pytest.approx(window["width"] - 4, abs=2) if whole else box["width"] < 0.62 * 1314  # what it is at full size


def test_search_finds_layers_drawn_inside_other_boxes_and_jumps_on(visit: Callable[[str], Page]) -> None:
    page = visit("/architecture?network=vgg19")
    found, matches = page.locator(".layer-graph .found"), page.locator("g.node.match")
    page.get_by_label("Find a layer").fill("dropout")
    first, count = re.fullmatch(r"(\d+) of (\d+)", found.inner_text()).groups()  # type: ignore[union-attr]
    assert first == "1" and int(count) == matches.count() > 1
    expect(page.locator("g.node.here")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(found).to_have_text(f"2 of {count}")
    page.keyboard.press("Shift+Enter")
    expect(found).to_have_text(f"1 of {count}")
    page.get_by_label("Find a layer").fill("max pooling 2x2")  # its kind and its window
    expect(found).to_have_text("1 of 5")
    page.get_by_label("Find a layer").fill("no such layer")
    expect(found).to_have_text("no match")
    page.keyboard.press("Escape")
    expect(matches).to_have_count(0)


def test_downloads_are_whole_files(visit: Callable[[str], Page], tmp_path: Path) -> None:
    page = visit("/architecture?network=lenet5")
    files = {}
    for kind in ("SVG", "PNG"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"Download as {kind}").click()
        assert waiting.value.suggested_filename == f"lenet5.{kind.lower()}"
        waiting.value.save_as(tmp_path / kind)
        files[kind] = (tmp_path / kind).read_bytes()
    drawing = ET.fromstring(files["SVG"])
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert {"C1", "S2", "C3", "S4", "C5", "F6"} <= {part.get("data-node") for part in drawing.iter()}
    assert files["PNG"].startswith(PNG) and files["PNG"].endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", files["PNG"][16:24])
    _, _, across, down = map(float, drawing.attrib["viewBox"].split())
    assert width / height == pytest.approx(across / down, rel=0.01)


def test_next_moves_the_selection_and_brings_it_into_view(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/architecture?network=alexnet&layer=conv1")
    view = page.locator(".layer-graph .view")
    expect(node(page, "conv1")).to_have_attribute("aria-pressed", "true")
    view.evaluate("view => view.scrollTo({top: view.scrollHeight, behavior: 'instant'})")
    expect(node(page, "norm1")).not_to_be_in_viewport()
    for layer in ("relu1", "norm1"):  # relu1 is drawn with conv1, in one box
        page.get_by_role("button", name=re.compile("Next")).click()
        expect(page).to_have_url(re.compile(f"layer={layer}"))
        settled(page)
    expect(node(page, "norm1")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("g.node.selected")).to_have_count(1)
    expect(node(page, "norm1")).to_be_in_viewport()
