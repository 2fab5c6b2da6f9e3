"""axe-core on every page, light and dark: no violation of WCAG 2 A and AA beyond what Streamlit's own frame has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

STREAMLITS_THUMB = ["[data-testid=stSliderThumbValue]"]  # in the primary colour, which is dark enough for white letters on it
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
SMALL = "network=lenet5-modern"
PAGES = [
    "/", "/architecture", "/receptive_field", "/compare", f"/kernels?{SMALL}", f"/features?{SMALL}", f"/unit?{SMALL}",
    f"/sensitivity?{SMALL}", f"/similarity?{SMALL}", "/train",
]  # fmt: skip

STREAMLITS_OWN = {"list", "listitem"}  # the roles in its menu; and how pale it writes a button's shortcut, <kbd>


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(visit: Callable[[str], Page], page: Page, path: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 4000})  # what is scrolled out of sight is not judged
    visit(path)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme == '{scheme}'")
        result = Axe().run(page, context={"exclude": [STREAMLITS_THUMB]}, options={"runOnly": RULES})
        violations = [v for v in result.response["violations"] if v["id"] not in STREAMLITS_OWN]
        found = [(v["id"], node["html"][:160]) for v in violations for node in v["nodes"]]
        assert not [(rule, html) for rule, html in found if not html.startswith("<kbd")], scheme
