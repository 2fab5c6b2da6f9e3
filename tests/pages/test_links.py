"""What a stranger's link can put on a page: words, never a picture or a link of their making."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).parents[2] / "pages"
WORDS = "![x](https://example.org/x.png) [text](https://example.org)"


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("architecture", {"network": "{}"}),
        ("architecture", {"network": "torchvision/{}"}),
        ("architecture", {"input": "{}"}),
        ("architecture", {"color": "{}"}),
        ("architecture", {"layer": "{}"}),
        ("receptive_field", {"network": "{}"}),
        ("receptive_field", {"photo": "{}"}),
        ("receptive_field", {"network": "lenet5", "layer_1": "{}"}),
        ("receptive_field", {"network": "lenet5", "unit_1": "{}"}),
        ("compare", {"network": "{}"}),
        ("compare", {"side": "{}"}),
        ("compare", {"reference": "{}"}),
        ("kernels", {"network": "{}"}),
        ("kernels", {"network": "lenet5", "layer_1": "{}"}),
        ("kernels", {"network": "lenet5", "channel_1": "{}"}),
        ("features", {"network": "lenet5", "layer_1": "{}"}),
        ("features", {"network": "lenet5", "unit_1": "{}"}),
        ("features", {"network": "lenet5", "weights_1": "{}"}),
        ("features", {"network": "lenet5", "picture": "{}"}),
    ],
)
def test_words_of_a_link_stay_words(page: str, query: dict[str, str]) -> None:
    at = AppTest.from_file(PAGES / f"{page}.py", default_timeout=60)
    at.query_params.update({name: value.format(WORDS) for name, value in query.items()})
    at.run()
    assert not at.exception
    said = [block.value for kind in (at.warning, at.error, at.info, at.markdown, at.caption) for block in kind]
    if "reference" not in query:  # that one is replaced without a word
        assert any("example.org" in block for block in said)
    assert not any("](http" in block for block in said if "example.org" in block)


@pytest.mark.parametrize(("page", "key"), [("architecture", "view_input"), ("receptive_field", "view_field_unit_alexnet")])
def test_words_typed_on_the_page_stay_words(page: str, key: str) -> None:
    at = AppTest.from_file(PAGES / f"{page}.py", default_timeout=60).run()
    at.text_input(key=key).set_value(WORDS).run()
    assert any("example.org" in warning.value for warning in at.warning)
    assert not any("](http" in warning.value for warning in at.warning)
