"""The Unit page alone: its facts, its kernel, the picture made for it, and the link that brings it back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import numpy as np
import pytest
from safetensors.numpy import load_file
from streamlit.testing.v1 import AppTest

from netlib.analysis import store
from pages.parts import on_request, unit_facts, work
from tests.pages.page import PAGES, open_page, said
from tests.pages.page import mosaics as sent
from tests.pages.page import sent as walls

if TYPE_CHECKING:
    pass

WEIGHTS = PAGES.parent / "assets" / "weights"
LINK = {"network": "lenet5-modern", "picture": "digit:17", "layer_1": "S4", "channel_1": "3", "unit_1": "4,3"}
opened = partial(open_page, "unit")


def test_a_silent_unit_says_what_to_choose() -> None:
    app = opened({**LINK, "unit_1": "1,2"})
    assert "The unit is silent here" in said(app) and "−0" not in said(app)
    assert "projections_lenet5-modern" not in sent(app)


def test_what_is_left_of_a_page_about_two_networks_does_not_count() -> None:
    app = AppTest.from_file(PAGES / "unit.py", default_timeout=60)
    app.session_state["view_sights"] = ["lenet5", "lenet5-modern"]
    app.query_params.update(LINK)
    app.run()
    assert not app.exception and app.multiselect[0].value == ["lenet5-modern"] and app.multiselect[0].label == "Network"


def test_everything_about_one_unit() -> None:
    """S4 of LeNet-5: a 2×2 pooling of C3, which sees 14 px at steps of 2: 16 px at steps of 4."""
    app = opened(LINK)
    assert app.header[0].value == "Unit (4, 3) of channel 3 of S4"
    assert "| **Sees** | 16×16 px of 32×32, at steps of 4 |" in said(app)
    assert "| **Made by** | kernel 3 of C3 |" in said(app)
    kernel = load_file(WEIGHTS / "lenet5-modern.safetensors")["C3.weight"][3]
    data = sent(app)
    assert data["kernel_slices_lenet5-modern"]["high"] == [pytest.approx(float(np.abs(kernel).max()), rel=1e-3)]
    assert data["own_map_lenet5-modern"]["tile"] == [5, 5]
    assert data["projections_lenet5-modern"]["tile"] == [16, 16]
    assert len(data["nine_patches_lenet5-modern"]["names"]) == 9
    ((made,),) = [group["panels"] for wall in walls(app, "picture_wall") for group in wall["groups"]]
    assert made["title"] == "S4, channel 3, unit (4, 3)" and made["caption"].endswith("after 128 steps.")


def test_the_link_brings_it_back() -> None:
    code = opened({**LINK, "method": "guided"}).code[-1].value
    query = {name: values[0] for name, values in parse_qs(code.partition("?")[2]).items()}
    assert query == {**LINK, "weights_1": "trained", "method": "guided"}


def test_what_takes_long_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_request, "AT_ONCE", 0)
    monkeypatch.setattr(work, "_kept", {})
    app = opened({**LINK, "channel_1": "4"})
    assert not walls(app, "picture_wall")
    app.button(key="ask_maximization").click().run()
    assert len(walls(app, "picture_wall")) == 1 and "maximization" in app.query_params["made"]


@pytest.mark.parametrize(
    ("network", "layer", "made_by"),
    [
        ("alexnet", "pool1", "conv1"),
        ("alexnet", "fc6", None),
        ("googlenet", "inception3a.concat", None),
        ("resnet18", "conv2_x.0.conv1", "conv2_x.0.conv1"),
        ("resnet18", "conv2_x.0.relu", None),  # after an addition, two make it
    ],
)
def test_the_convolution_that_makes_a_channel(network: str, layer: str, made_by: str | None) -> None:
    graph = store.graph(network)
    name = layer if layer in graph.by_name else next(each.name for each in graph if each.kind == "concat")
    assert unit_facts.kernel_layer(graph, name) == made_by


def test_the_buttons_walk_the_layers() -> None:
    app = opened(LINK)
    next(button for button in app.button if button.label == "Previous layer").click().run()
    assert app.selectbox(key="view_seen_layer_lenet5-modern").value == "relu3"


def test_the_input_channel_of_its_kernel_is_in_the_link() -> None:
    app = opened({**LINK, "input_1": "5"})
    kernel = load_file(WEIGHTS / "lenet5-modern.safetensors")["C3.weight"][3]
    np.testing.assert_array_equal(app.dataframe[0].value, kernel[5])


def test_the_picture_with_its_box_can_be_saved() -> None:
    assert "whole_lenet5-modern_png" in [button.key for button in opened(LINK).get("download_button")]
