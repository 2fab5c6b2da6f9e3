"""What the tests of the pages about seeing share: a page by itself, what it says, and what its components were given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamlit.testing.v1 import AppTest

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGES = Path(__file__).parents[2] / "pages"


def open_page(name: str, query: Mapping[str, str | list[str]]) -> AppTest:
    """The page by itself at that address, run to its end without an exception."""
    app = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """Its sentences, without the backslashes that keep Markdown from reading names as signs."""
    return "\n".join(block.value for kind in (app.markdown, app.warning, app.info, app.caption) for block in kind).replace("\\", "")


def sent(app: AppTest, component: str) -> list[dict[str, Any]]:
    """What each mounted component of that name was given."""
    protos = [part.proto for part in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in protos if proto.component_name == component]


def mosaics(app: AppTest) -> dict[str, dict[str, Any]]:
    """What each mosaic was given, by its key."""
    return {data["channel"]: data for data in sent(app, "mosaic")}
