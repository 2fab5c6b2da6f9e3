"""axe-core on every page, light and dark: no violation of WCAG 2 A and AA beyond what Streamlit's own frame has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

STREAMLITS_OWN = {"list", "listitem"}  # the roles in its menu; and how pale it writes a button's shortcut, <kbd>


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/architecture", "/receptive_field", "/compare"])
def test_axe_finds_nothing(visit: Callable[[str], Page], page: Page, path: str, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    visit(path)
    result = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}).response
    found = [(v["id"], node["html"][:160]) for v in result["violations"] if v["id"] not in STREAMLITS_OWN for node in v["nodes"]]
    assert not [(rule, html) for rule, html in found if not html.startswith("<kbd")]
