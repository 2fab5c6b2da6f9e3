"""The main path of a visit, in a real browser: open, pick, click a node, read a formula, compare two, follow a permalink."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.browser

SMALL = "network=lenet5-modern"
PAGES = [
    "/", "/architecture", "/receptive_field", "/compare", f"/kernels?{SMALL}", f"/features?{SMALL}", f"/unit?{SMALL}",
    f"/sensitivity?{SMALL}", f"/similarity?{SMALL}",
]  # fmt: skip

Visit = "Callable[[str], Page]"


def node(page: Page, name: str):  # type: ignore[no-untyped-def]
    """A box of the layer graph, by its layer or block."""
    return page.locator(f'g.node[data-node="{name}"]')


def choose(page: Page, label: str, typed: str, option: str) -> None:
    """Pick an option of a selectbox by typing, as a person does."""
    page.get_by_role("combobox", name=re.compile(label)).click()
    page.keyboard.type(typed)
    page.get_by_role("option", name=option, exact=True).click()


def test_from_the_first_page_to_a_formula(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/")
    page.get_by_role("link", name="Architecture").first.click()
    expect(page.get_by_role("heading", name="Architecture", exact=True)).to_be_visible()
    settled(page)
    choose(page, "Network", "lenet", "LeNet-5")
    expect(node(page, "C3")).to_be_visible()
    node(page, "C3").click()
    # 5 · 5 · 60 + 16: sixty kernels, one for each entry of the connection table
    expect(page.get_by_text("1,516 parameters").first).to_be_visible()
    expect(page.get_by_text("5 · 5 · 60 + 16").first).to_be_visible()
    expect(page).to_have_url(re.compile("network=lenet5.*layer=C3"))


def test_a_permalink_gives_the_same_view(visit: Callable[[str], Page]) -> None:
    page = visit("/architecture?network=googlenet&layer=inception3a.branch3x3.conv&open=inception3a")
    expect(page.get_by_text("110,720 parameters").first).to_be_visible()  # (3 · 3 · 96 + 1) · 128
    expect(node(page, "inception3a.branch3x3.conv")).to_have_class(re.compile("sel"))


def test_keyboard_walks_the_graph(visit: Callable[[str], Page]) -> None:
    page = visit("/architecture?network=alexnet&layer=conv1")
    node(page, "conv1").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("layer=norm1"))


def test_a_block_opens_and_closes_where_it_is(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/architecture?network=resnet50&open=none")
    expect(node(page, "conv3_x")).to_be_visible()
    node(page, "conv3_x").dblclick()
    expect(page.locator('g.node[data-node^="conv3_x."]').first).to_be_visible()
    expect(page).to_have_url(re.compile("open=conv3_x"))


def test_a_table_row_selects_its_node(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/architecture?network=alexnet&layer=conv5")
    expect(node(page, "conv5")).to_have_class(re.compile("sel"))
    page.locator(".layer-graph").evaluate("drawing => drawing.scrollIntoView({block: 'end'})")
    expect(node(page, "conv5")).to_be_in_viewport()  # the drawing is scrolled to it
    page.get_by_role("button", name=re.compile("Next")).click()
    settled(page)
    expect(page).to_have_url(re.compile("layer=relu5"))


def test_two_networks_side_by_side(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/compare?network=vgg16&network=vgg19")
    expect(page.get_by_text(re.compile("VGG-19 .* is VGG-16 .* three more 3×3 convolutions")).first).to_be_visible()
    expect(page.get_by_text(re.compile("212 → 268")).first).to_be_visible()


def test_a_phone_shows_every_column_of_a_comparison(visit: Callable[[str], Page], page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 850})
    visit("/compare?network=alexnet&network=vgg16&network=googlenet&network=resnet50")
    tables = page.get_by_role("region").get_by_role("table")  # still tables to a screen reader
    expect(tables).to_have_count(2)
    for table in tables.all():
        cells = table.get_by_role("cell").evaluate_all("cells => cells.map(cell => cell.getBoundingClientRect())")
        assert all(cell["left"] >= 0 and cell["right"] <= 390 for cell in cells)
    page.locator(".compare tbody tr").nth(8).evaluate("row => row.scrollIntoView({block: 'start'})")
    expect(page.get_by_role("columnheader", name="GoogLeNet").first).to_be_in_viewport()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_its_window(visit: Callable[[str], Page], path: str) -> None:
    page = visit(path)
    for width in (1400, 390):
        page.set_viewport_size({"width": width, "height": 850})
        page.wait_for_timeout(500)
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
    page.set_viewport_size({"width": 1280, "height": 900})


def test_back_leads_to_the_page_before_not_through_every_click(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/")
    page.get_by_role("link", name=re.compile("Open AlexNet")).click()
    for layer in ("conv2", "pool1"):
        node(page, layer).click()
        expect(page).to_have_url(re.compile(f"layer={layer}"))
    page.go_back()
    expect(page.get_by_role("heading", name="CNN Architecture Explorer")).to_be_visible()
    settled(page)
    page.go_forward()
    expect(page).to_have_url(re.compile("layer=pool1"))


def test_a_click_before_the_widgets_are_loaded_loses_nothing(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/")
    held: list[Route] = []
    code = re.compile(r"/static/js/(Selectbox|TextInput|Checkbox)\..*js")
    page.route(code, lambda route: held.append(route))  # a slow network: the drawing is there before the code of the fields above it
    page.get_by_role("link", name=re.compile("Open AlexNet")).click()
    node(page, "conv2").click()
    expect(page).to_have_url(re.compile("network=alexnet&layer=conv2"))
    assert held
    for route in held:
        route.continue_()
    page.unroute(code)
    expect(page.get_by_role("combobox", name="Network")).to_be_visible()
    node(page, "pool1").click()
    expect(page).to_have_url(re.compile("network=alexnet&layer=pool1"))
    expect(page.get_by_role("combobox", name="Network")).to_have_value("AlexNet")
