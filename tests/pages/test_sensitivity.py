"""The page alone: its numbers against plain forward passes and gradients of the same network, its link, its sentences."""

from __future__ import annotations

import base64
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from netlib.data.digits import digits
from netlib.figures import units
from netlib.models.build import build
from netlib.models.bundled import BUNDLED, state_dict
from pages.parts import hand_occluder, on_request, work
from pages.parts.occluder_choice import Square
from pages.parts.picture_wall import Field
from tests.pages.page import open_page, said, sent

if TYPE_CHECKING:

    from torch import Tensor, nn

NAME = "lenet5-modern"
LINK = {"network": NAME, "weights_1": "trained", "picture": "digit:3"}
opened = partial(open_page, "sensitivity")


def panels(app: AppTest) -> dict[str, dict[str, Any]]:
    """The pictures on the page by their titles."""
    return {panel["title"]: panel for wall in sent(app, "picture_wall") for group in wall["groups"] for panel in group["panels"]}


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return build(NAME, weights=state_dict(NAME))


@pytest.fixture(scope="module")
def digit() -> Tensor:
    """Digit 3 of the held-out set, normalized by hand."""
    record = BUNDLED[NAME]
    return (torch.tensor(digits().test_images[3]).float() / 255 - record.mean[0]) / record.std[0]  # (1, 32, 32)


def test_hand_tells_the_probability_of_a_plain_forward_pass(network: nn.Module, digit: Tensor) -> None:
    """25 % of 32 is 8 pixels; around 30 %, 40 % of the picture they begin at 5.6 and 8.8, that is at 6 and 9."""
    app = opened({**LINK, "at": "30,40", "fill": "black"})
    record, covered = BUNDLED[NAME], digit.clone()
    covered[:, 6:14, 9:17] = (0 - record.mean[0]) / record.std[0]
    with torch.no_grad():
        clean, after = network(torch.stack([digit, covered])).softmax(1).double()
    (push,) = sent(app, "hand_occluder_push")
    assert push["at"] == [0.3, 0.4]
    winner = int(clean.argmax())
    row = push["results"][0]["rows"][0]
    assert (row["name"], row["before"], row["after"]) == (
        str(winner), pytest.approx(float(clean[winner]), abs=1e-6), pytest.approx(float(after[winner]), abs=1e-6)
    )  # fmt: skip
    assert row["text"] == f"{units.percent(float(clean[winner]))} → {units.percent(float(after[winner]))}"
    assert app.query_params["at"] == ["30,40"] or app.query_params["at"] == "30,40"


def test_map_reads_the_probability_of_a_plain_forward_pass_at_each_place(network: nn.Module, digit: Tensor) -> None:
    """Places at steps of 12 % of 32, that is 4 pixels: from 0 to 24 for a square of 8."""
    app = opened({**LINK, "step": "12", "class": "5"})
    cells = panels(app)["Probability of class 5"]["cells"]
    assert cells["rows"] == [[top, top + 8] for top in range(0, 25, 4)]
    covered = digit.clone()
    covered[:, 8:16, 12:20] = 0  # the third row, the fourth column; 0 is the mean colour
    with torch.no_grad():
        probability = float(network(covered[None]).softmax(1)[0, 5])
    assert cells["texts"][2][3] == f"class 5: {units.percent(probability)}"
    predicted = panels(app)["Predicted class"]
    assert len(predicted["cells"]["texts"]) == 7 and predicted["legend"]


def test_saliency_is_strongest_where_the_gradient_is(network: nn.Module, digit: Tensor) -> None:
    app = opened({**LINK, "see": "attribution", "method": ["saliency", "grad_cam"], "class": "5"})
    x = digit.clone()[None].requires_grad_()
    network(x)[0, 5].backward()
    assert x.grad is not None
    slope = x.grad[0].sum(0)
    row, column = divmod(int(slope.abs().argmax()), 32)
    caption = panels(app)["Saliency"]["caption"]
    assert f"(row {row}, column {column}): {units.value(float(slope[row, column]))}" in caption
    assert panels(app)["Grad-CAM"]["bar"]["label"].startswith("for class 5")
    assert "Simonyan, Vedaldi, Zisserman 2014" in said(app)


def test_link_restores_occluder_methods_and_layers() -> None:
    link = {**LINK, "size": "40", "step": "25", "fill": "white", "range": "own", "opacity": "60", "at": "20,80", "layer_1": "relu1"}
    app = opened(link)
    assert sent(app, "hand_occluder")[0]["share"] == 0.4 and sent(app, "hand_occluder")[0]["pictures"][0]["fill"] == "rgb(255, 255, 255)"
    assert "Activity of relu1’s strongest map" in panels(app)
    link = {**LINK, "see": "attribution", "method": ["guided_grad_cam", "smoothgrad"], "cam_1": "relu1", "samples": "8", "noise": "25"}
    app = opened(link)
    assert list(panels(app)) == ["Guided Grad-CAM", "SmoothGrad"]
    assert {name: app.query_params[name] for name in ("cam_1", "samples", "noise")} == {"cam_1": "relu1", "samples": "8", "noise": "25"}


def test_a_checked_map_has_a_strip_and_curves() -> None:
    app = opened({**LINK, "see": "attribution", "method": "saliency", "check": "1:saliency"})
    titles = list(panels(app))
    assert titles[1] == "Weights as they are" and titles[-1] == "Edges of the picture" and "Random down to" in titles[2]
    assert len(app.get("plotly_chart")) == 1
    sentence = re.search(r"leaves an area of ([\d.]+), in random order ([\d.]+):", said(app))
    assert sentence
    line = panels(app)["Saliency"]["caption"].partition("Trust check: ")[2]
    assert line.endswith(f"when all weights are random; deletion area {sentence[1]}, in random order {sentence[2]}.")
    down = panels(app)[titles[-2]]["caption"]
    assert line.startswith(down.partition(",")[0]), "the last stop has all weights random"
    app.button(key="close_check").click().run()
    assert not app.exception and not app.get("plotly_chart") and "check" not in app.query_params
    assert panels(app)["Saliency"]["caption"].endswith(line), "to be compared with the next map's"


def test_an_occlusion_map_is_checked_too() -> None:
    app = opened({**LINK, "step": "25", "check": "1:occlusion-probability"})
    assert len(app.get("plotly_chart")) == 1 and "Random down to" not in str(list(panels(app)))


def test_what_is_costly_waits_for_the_button(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_request, "AT_ONCE", 0)
    app = opened({**LINK, "step": "25", "fill": "grey"})
    assert not panels(app) and sent(app, "hand_occluder")
    next(button for button in app.button if button.label == "Compute the occlusion maps").click().run()
    assert not app.exception and len(panels(app)) == 3
    again = opened({**LINK, "step": "25", "fill": "grey"})
    assert len(panels(again)) == 3, "what was computed is there for the next visitor"


def test_a_link_to_costly_maps_shows_them_and_a_change_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_request, "AT_ONCE", 0)
    monkeypatch.setattr(work, "_kept", {})
    app = opened({**LINK, "step": "25"})
    assert not panels(app) and "made" not in app.query_params
    app.button(key="ask_occlusion").click().run()
    assert app.query_params["made"] in ("occlusion", ["occlusion"])
    work._kept.clear()  # as for a visitor of another server
    app = opened({**LINK, "step": "25", "made": "occlusion"})
    assert len(panels(app)) == 3 and app.query_params["made"] in ("occlusion", ["occlusion"])
    app.select_slider(key="view_size").set_value("50").run()
    assert not panels(app) and app.button(key="ask_occlusion") and "made" not in app.query_params


def test_a_method_that_does_not_apply_is_refused_by_the_layer() -> None:
    app = opened({"network": "lenet5", "picture": "digit:3", "see": "attribution", "method": ["guided_backprop", "saliency"]})
    shown = panels(app)
    assert list(shown) == ["Guided backpropagation", "Saliency"] and shown["Saliency"]["src"]
    assert shown["Guided backpropagation"]["instead"].startswith("Not applicable: squash1 (scaled_tanh) is an activation")
    assert "Not applicable to LeNet-5: DeepLIFT. squash1 (scaled_tanh)" in said(app)


def test_at_first_only_methods_that_apply_are_ticked() -> None:
    """LeNet-5 squashes by tanh, so that rules for the ReLU say nothing of it; the modern form has ReLUs."""
    app = opened({"network": "lenet5", "picture": "digit:3", "see": "attribution"})
    assert app.multiselect(key="view_methods").value == ["saliency", "integrated_gradients", "smoothgrad", "grad_cam"]
    assert "method" not in app.query_params and all("src" in panel for panel in panels(app).values())
    app.multiselect(key="view_sights").select(NAME).run()
    assert "guided_backprop" in app.multiselect(key="view_methods").value
    first, second = (group for wall in sent(app, "picture_wall") for group in wall["groups"])
    guided = [next(panel for panel in group["panels"] if panel["title"] == "Guided backpropagation") for group in (first, second)]
    assert ["src" in panel for panel in guided] == [False, True]


def test_networks_share_a_methods_colours_unless_each_map_has_its_own() -> None:
    link = {"network": [NAME, "lenet5"], "picture": "digit:3", "see": "attribution", "method": "saliency"}

    def ends(app: AppTest) -> list[str]:
        return [group["panels"][0]["bar"]["ticks"][-1][1] for wall in sent(app, "picture_wall") for group in wall["groups"]]

    app = opened(link)
    shared = ends(app)
    assert shared[0] == shared[1]
    app.radio(key="view_ends").set_value("own").run()
    assert app.query_params["ends"] in ("own", ["own"]) and ends(app)[0] != ends(app)[1]
    app.multiselect(key="view_sights").unselect("lenet5").run()
    assert not app.exception and "ends" not in app.query_params and "view_ends" not in [radio.key for radio in app.radio]


def test_maps_of_unlike_sizes_have_colours_of_their_own_at_first() -> None:
    app = opened({"network": ["zfnet-mini", "alexnet-mini"], "picture": "chelsea", "see": "attribution", "method": "saliency"})
    assert app.radio(key="view_ends").value == "method"
    app.multiselect(key="view_sights").select("vgg-mini").run()
    assert app.radio(key="view_ends").value == "own" and "ends" not in app.query_params
    app.radio(key="view_ends").set_value("method").run()
    app.multiselect(key="view_sights").unselect("alexnet-mini").run()
    assert not app.exception and app.radio(key="view_ends").value == "method", "what was chosen stays"


def test_a_check_stands_below_the_maps_of_its_network() -> None:
    link = {"network": [NAME, "lenet5"], "picture": "digit:3", "see": "attribution", "method": "saliency", "check": "1:saliency"}
    titles = [[panel["title"] for panel in group["panels"]] for wall in sent(opened(link), "picture_wall") for group in wall["groups"]]
    assert [len(row) > 1 for row in titles] == [False, True, False]


def test_no_network_and_no_method_say_what_to_do() -> None:
    app = opened(LINK)
    app.multiselect(key="view_sights").unselect(NAME).run()
    assert not app.exception and "Choose a network" in app.info[0].value
    app = opened({**LINK, "see": "attribution"})
    app.multiselect(key="view_methods").set_value([]).run()
    assert not app.exception and "Choose a method" in app.info[0].value


def test_a_class_that_is_not_there_is_said() -> None:
    app = opened({**LINK, "class": "11", "step": "25"})
    assert "class “11”" in app.warning[0].value


@pytest.mark.parametrize(
    "written, place", [("50,50", (0.5, 0.5)), (" 37.5, 0", (0.375, 0.0)), ("101,5", None), ("5", None), ("a,b", None), ("", None)]
)
def test_place_from_text(written: str, place: tuple[float, float] | None) -> None:
    assert hand_occluder.parse(written) == place


def test_box_stays_inside_and_is_rounded_as_in_the_browser() -> None:
    """`Math.floor(x + 0.5)`, not Python's round to even: a side of 25 % of 30 is 7.5, so 8."""
    square = Square(25, 5, "mean")
    middle = square.box((0.5, 0.5), (30, 40))
    assert (middle.top, middle.left, middle.bottom, middle.right) == (11, 15, 19, 25)
    box = square.box((0.0, 1.0), (30, 40))
    assert (box.top, box.left, box.bottom, box.right) == (0, 30, 8, 40)
    assert square.words((30, 40)) == "occluder 8×10 px in steps of 2 px, filled with the data’s mean colour"


def test_a_field_goes_to_the_browser_in_16_bits() -> None:
    """300 rows are too many: every third is sent. The largest, −4, is −32767 there, and 1 a quarter of it."""
    values = np.zeros((300, 2))
    values[3, 0], values[6, 0], values[7, 0] = -4, 1, 99
    field = Field(values).sent()
    numbers = np.frombuffer(base64.b64decode(field["data"]), "<i2").reshape(field["size"])
    assert (field["size"], field["largest"]) == ((100, 1), 4) and numbers[1:3, 0].tolist() == [-32767, 8192]
