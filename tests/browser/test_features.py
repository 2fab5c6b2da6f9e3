"""In Chromium: a grid of maps reads values under the pointer, a click, a second click and the arrow keys select, and the page follows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import netlib
from netlib.data.digits import digits
from netlib.models.bundled import state_dict

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def relu3() -> np.ndarray:
    """The maps of LeNet-5's relu3 for a digit, by a hook. (16, 10, 10)."""
    model, data = netlib.build("lenet5-modern", weights=state_dict("lenet5-modern")), digits()
    kept: list[torch.Tensor] = []
    model.relu3.register_forward_hook(lambda _module, _args, output: kept.append(output))
    with torch.no_grad():
        model((torch.from_numpy(data.test_images[17:18].copy()).float() / 255 - data.mean[0]) / data.std[0])
    return kept[0][0].numpy()


def test_hover_click_and_keys(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    maps = relu3()
    order = np.argsort(-maps.max((1, 2)), kind="stable")
    page = visit("/features?network=lenet5-modern&picture=digit:17&layer_1=relu3")
    grid = page.locator(".mosaic").first
    stage, readout = grid.locator(".stage"), grid.locator(".readout")
    expect(readout).to_contain_text(f"Channel {order[0]}: strongest")
    stage.scroll_into_view_if_needed()
    sheet = grid.locator(".sheet")
    area, size, columns = sheet.bounding_box(), sheet.locator("svg").get_attribute("viewBox"), sheet.get_attribute("data-columns")
    assert area is not None and size is not None and columns is not None
    width, per_row = float(size.split()[2]), int(columns)
    step = (width + 2) / per_row  # of tiles, with the gap of 2
    cell = (step - 2) / 10

    def place(tile: int, row: int, column: int) -> tuple[float, float]:
        x, y = tile % per_row * step + (column + 0.5) * cell, tile // per_row * step + (row + 0.5) * cell
        return area["x"] + x * area["width"] / width, area["y"] + y * area["width"] / width

    row, column = divmod(int(maps[order[1]].argmax()), 10)
    page.mouse.move(*place(1, row, column))
    expect(readout).to_have_text(re.compile(rf"Channel {order[1]}, row {row}, column {column}: "))
    read = float(readout.inner_text().rpartition(": ")[2])
    assert abs(read - maps[order[1]].max()) <= maps[order[1]].max() / 100

    page.mouse.click(*place(1, 2, 3))
    page.wait_for_url(f"**channel_1={order[1]}**")
    settled(page)
    assert "unit_1" not in page.url  # the first click selects the channel
    page.mouse.click(*place(1, 2, 3))
    page.wait_for_url("**unit_1=2%2C3**")
    settled(page)
    expect(page.get_by_text(f"Unit (2, 3) of channel {order[1]} of relu3").first).to_be_visible()

    stage.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**channel_1={order[3]}**")  # when the keys rest
    settled(page)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_function("!location.search.includes('channel_1=')")  # the default needs no word in the link


def test_the_way_to_the_units_own_page_and_the_saved_picture(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/features?network=lenet5-modern&picture=digit:17&layer_1=relu3&channel_1=3&method=guided")
    for number, name in enumerate(("lenet5-modern-sees.png", "lenet5-modern-relu3-maps.png")):
        with page.expect_download() as download:
            page.get_by_role("button", name="PNG").nth(number).click()
        assert download.value.suggested_filename == name
    page.get_by_role("link", name=re.compile("Everything about this unit")).click()
    expect(page.get_by_role("heading", name="Unit", exact=True)).to_be_visible()
    settled(page)
    expect(page.get_by_role("heading", name=re.compile("of channel 3 of relu3"))).to_be_visible()
    expect(page).to_have_url(re.compile("/unit.*method=guided"))


def test_the_second_of_two_networks_has_a_page_for_its_unit(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    """By the link: where the address is opened directly nothing is left of the page about both."""
    page = visit("/features?network=lenet5&network=lenet5-modern&picture=digit:17&layer_2=relu3&channel_2=3")
    page.get_by_role("link", name=re.compile("Everything about this unit")).nth(1).click()
    expect(page.get_by_role("heading", name=re.compile("of channel 3 of relu3"))).to_be_visible()
    settled(page)
    expect(page).to_have_url(re.compile("/unit.network=lenet5-modern&"))
    page.get_by_role("link", name="Features", exact=True).click()
    page.wait_for_url("**/features?network=lenet5&network=lenet5-modern&**")


def test_the_next_page_of_the_menu_has_the_same_in_its_address(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/features?network=lenet5-modern")
    for name in ("Sensitivity", "Sensitivity", "Features"):  # the second time the page stays and the menu empties its address
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_url(f"**/{name.lower()}?network=lenet5-modern")
        settled(page)


def test_a_signed_tile_is_dark_on_a_dark_page_and_reads_the_same(page: Page, visit: Callable[[str], Page]) -> None:
    """The mean brightness of the kernels' picture as it is shown, and a weight of it: 5×5 kernels of LeNet-5, which reads grey."""
    brightness, readings = {}, {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        visit("/kernels?network=lenet5&sort=index")
        grid = page.locator(".mosaic").first
        expect(grid.locator("img")).to_be_visible()
        brightness[theme] = grid.locator("img").evaluate(
            """async img => {
                await img.decode()
                const canvas = Object.assign(document.createElement("canvas"), { width: img.naturalWidth, height: img.naturalHeight })
                const context = canvas.getContext("2d")
                context.drawImage(img, 0, 0)
                const found = context.getImageData(0, 0, canvas.width, canvas.height).data
                return found.filter((_, i) => i % 4 == 1).reduce((sum, green) => sum + green, 0) / (found.length / 4)
            }"""
        )
        grid.locator(".sheet").hover(position={"x": 20, "y": 20})
        expect(grid.locator(".readout")).to_contain_text("Kernel 0, row 0, column 0")
        readings[theme] = grid.locator(".readout").inner_text()
    assert brightness["dark"] < 100 < 140 < brightness["light"]
    assert readings["dark"] == readings["light"]
