"""The Features page alone: maps, predictions, projections and top-9 against plain torch; its state in the link; its sentences."""

from __future__ import annotations

import base64
import io
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

import netlib
from netlib.analysis import store
from netlib.data.digits import digits
from netlib.interpret.backwards import SLIDING
from netlib.models.bundled import state_dict
from pages.parts import film_panel, on_request, seen, work
from tests.pages.page import mosaics as sent
from tests.pages.page import open_page, said
from tests.pages.page import sent as components

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

LINK: dict[str, str | list[str]] = {"network": "lenet5-modern", "picture": "digit:17", "layer_1": "relu3"}
opened = partial(open_page, "features")


def pushed(app: AppTest, key: str) -> dict[str, Any]:
    """The selection that was handed to a mosaic."""
    protos = [part.proto for part in app.get("bidi_component")]
    found = [json.loads(proto.json) for proto in protos if proto.component_name == "mosaic_push"]
    return next(data for data in found if data["channel"] == key)


def tile(data: Mapping[str, Any], number: int) -> np.ndarray:
    """The pixels of a tile, (h, w, 3)."""
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["picture"].partition(",")[2]))).convert("RGB"))
    (height, width), scale, gap, per_row = data["tile"], data["scale"], data["gap"], data["columns"]
    top, left = number // per_row * (height * scale + gap), number % per_row * (width * scale + gap)
    return picture[top : top + height * scale : scale, left : left + width * scale : scale]


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return netlib.build("lenet5-modern", weights=state_dict("lenet5-modern"))


def picture(number: int) -> Tensor:
    """A held-back digit as the network takes it, by the formula of its training. (1, 1, 32, 32)."""
    data = digits()
    return (torch.from_numpy(data.test_images[number : number + 1].copy()).float() / 255 - data.mean[0]) / data.std[0]


def relu3(model: nn.Module, x: Tensor) -> Tensor:
    """By a hook, not through netlib's own way to a layer."""
    kept: list[Tensor] = []
    hook = model.relu3.register_forward_hook(lambda _module, _args, output: kept.append(output))
    model(x)
    hook.remove()
    return kept[0]


def test_maps_are_the_layers_and_the_strongest_comes_first(model: nn.Module) -> None:
    app = opened(LINK)
    with torch.no_grad():
        maps = relu3(model, picture(17))[0].numpy()  # (16, 10, 10)
    order = np.argsort(-maps.max((1, 2)), kind="stable")
    data = sent(app)["maps_lenet5-modern"]
    assert data["names"] == [f"Channel {channel}" for channel in order] and data["tile"] == [10, 10]
    np.testing.assert_allclose(data["high"], maps.max((1, 2))[order], rtol=1e-3)
    assert app.number_input(key="view_channel_lenet5-modern_relu3").value == order[0]
    row, column = divmod(int(maps[order[0]].argmax()), 10)
    assert pushed(app, "maps_lenet5-modern")["tile"] == 0 and pushed(app, "maps_lenet5-modern")["unit"] == [row, column]
    assert f"The strongest unit ({row}, {column}) of channel {order[0]} of relu3" in said(app)
    assert "14×14 px" in said(app)  # 5 + 1 + 4 · 2


def test_an_unchosen_channel_is_the_strongest_of_each_picture(model: nn.Module) -> None:
    with torch.no_grad():
        strongest = [int(relu3(model, picture(number))[0].amax((1, 2)).argmax()) for number in range(20)]
    other = next(number for number in range(17) if strongest[number] != strongest[17])
    key = "view_channel_lenet5-modern_relu3"
    app = opened(LINK)
    app.number_input(key="view_digit").set_value(other).run()
    assert app.number_input(key=key).value == strongest[other] and "channel_1" not in app.query_params
    app.number_input(key=key).set_value(strongest[17]).run()
    app.number_input(key="view_digit").set_value(other + 1).run()
    assert app.number_input(key=key).value == strongest[17]


def test_what_the_network_says_stands_beside_the_picture(model: nn.Module) -> None:
    app = opened(LINK)
    with torch.no_grad():
        shares = model(picture(17)).softmax(1)[0]
    rows = next(part.proto.body for part in app.get("html"))
    assert rows.count("<div") == 5 and rows.index(f"<span>{int(shares.argmax())}</span>") < 400
    assert digits().test_labels[17] == shares.argmax()


def test_the_gradient_is_autograds(model: nn.Module) -> None:
    x = picture(17).requires_grad_()
    maps = relu3(model, x)[0]
    channel, row, column = (int(at) for at in np.unravel_index(int((maps * (maps < maps.max())).argmax()), maps.shape))  # not the strongest
    (gradient,) = torch.autograd.grad(maps[channel, row, column], x)
    link = {"channel_1": str(channel), "unit_1": f"{row},{column}", "method": "gradient"}
    app = opened({**LINK, **link})
    data = sent(app)["projections_lenet5-modern"]
    assert data["names"][2] == "Gradient" and data["tile"] == [14, 14] and pushed(app, "projections_lenet5-modern")["tile"] == 2
    largest = float(gradient.abs().max())
    assert data["high"][2] == pytest.approx(largest, rel=1e-3)
    rows, columns = slice(2 * row, 2 * row + 14), slice(2 * column, 2 * column + 14)  # at steps of 2, 14 pixels
    window = gradient[0, 0, rows, columns].numpy()
    np.testing.assert_allclose(tile(data, 2)[..., 0], 127.5 + 127.5 * window / largest, atol=1)
    np.testing.assert_allclose(tile(data, 0)[..., 0].astype(int), digits().test_images[17, 0, rows, columns].astype(int), atol=1)
    assert {name: app.query_params[name] for name in link} == link


def test_the_nine_are_those_of_a_plain_search(model: nn.Module) -> None:
    app = opened({**LINK, "channel_1": "5"})
    data = digits()
    with torch.no_grad():
        x = (torch.from_numpy(data.test_images.copy()).float() / 255 - data.mean[0]) / data.std[0]
        strongest = relu3(model, x)[:, 5].flatten(1).max(1).values  # (500,)
    wanted = strongest.argsort(descending=True)[:9].tolist()
    labels = sent(app)["nine_patches_lenet5-modern"]["labels"]
    assert [int(label.partition("picture ")[2].partition(":")[0]) for label in labels] == wanted
    assert labels[0].startswith(f"1. {data.classes[data.test_labels[wanted[0]]]}, ")
    assert "Over the 500 digits held back from training" in said(app)


def test_the_film_goes_from_the_unit_to_the_picture() -> None:
    app = opened({**LINK, "channel_1": "5"})
    slider = app.select_slider(key="view_step_lenet5-modern")
    assert [option.partition(" · ")[2] for option in slider.options] == ["relu3", "C3", "S2", "relu1", "C1", "input"]
    slider.set_value(0).run()
    assert "**relu3** (ReLU): in 1 of 16 channels" in said(app) and "Next: the ReLU keeps what is positive now." in said(app)
    app.select_slider(key="view_step_lenet5-modern").set_value(5).run()
    assert "**input** (the picture, rows" in said(app) and app.query_params["step_1"] == "5"
    assert sent(app)["film_lenet5-modern"]["tile"] == [14, 14]


def test_each_network_of_the_menu_has_a_layer_to_start_with() -> None:
    assert seen.layers(store.graph("alexnet"))[1] == "relu3"
    assert seen.layers(store.graph("lenet5"))[1] == "squash3"
    options, default = seen.layers(store.graph("resnet18"))
    assert default in options and "input" not in options


def test_what_the_link_asks_for_wrongly_is_said() -> None:
    app = opened({**LINK, "layer_1": "relu9"})
    assert app.warning[0].value == "The link asks for the layer “relu9”, which is not one to show here; showing relu3."
    warnings = [warning.value for warning in opened({**LINK, "channel_1": "x", "unit_1": "99,0"}).warning]
    assert warnings[0].startswith("relu3 has no channel “x”, only 0 to 15") and warnings[1].startswith("“99,0” is no unit of relu3.")


def test_the_links_channel_is_that_of_its_layer_only() -> None:
    app = opened({**LINK, "channel_1": "5", "unit_1": "9,9"})
    app.selectbox(key="view_seen_layer_lenet5-modern").select("C1").run()  # of six channels and 28×28 units
    assert not app.warning and app.text_input(key="view_seen_unit_lenet5-modern_C1").value == ""
    app.selectbox(key="view_seen_layer_lenet5-modern").select("relu3").run()
    assert app.number_input(key="view_channel_lenet5-modern_relu3").value == 5


def test_two_buttons_walk_the_layers_of_all_networks() -> None:
    app = opened({**LINK, "network": ["lenet5-modern", "lenet5"], "layer_2": "output"})
    next(button for button in app.button if button.label == "Next layer").click().run()
    keys = [f"view_seen_layer_{name}" for name in ("lenet5-modern", "lenet5")]
    assert [app.selectbox(key=key).value for key in keys] == ["S4", "output"]  # the second was at its end
    next(button for button in app.button if button.label == "Previous layer").click().run()
    assert [app.selectbox(key=key).value for key in keys] == ["relu3", "squash6"]


def test_a_vector_has_no_unit_to_choose_and_is_projected_all_the_same() -> None:
    app = opened({**LINK, "layer_1": "F6"})
    assert "84 units without a map" in said(app) and app.text_input[0].disabled
    assert sent(app)["projections_lenet5-modern"]["tile"] == [32, 32]


def test_without_a_network_it_says_what_to_do() -> None:
    app = opened({**LINK, "layer_1": "S4", "nine_1": "3"})
    app.multiselect[0].unselect("lenet5-modern").run()
    assert not app.exception and "Choose a network" in app.info[0].value
    assert not {"layer_1", "nine_1"} & set(app.query_params)


def test_what_takes_long_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_request, "AT_ONCE", 0)
    monkeypatch.setattr(work, "_kept", {})
    app = opened({**LINK, "layer_1": "S4"})
    assert "nine_patches_lenet5-modern" not in sent(app)
    app.button(key="ask_nine_1").click().run()
    assert len(sent(app)["nine_patches_lenet5-modern"]["names"]) == 9
    assert "nine_patches_lenet5-modern" in sent(app.run())  # once found, it needs no button
    assert not [button for button in app.button if button.key == "ask_nine_1" and not button.disabled]
    work._kept.clear()
    app = opened({**LINK, "layer_1": "S4", "made": "nine_1", "nine_1": "3"})  # the link asks, and selects the third
    assert len(sent(app)["nine_patches_lenet5-modern"]["names"]) == 9
    assert [push["tile"] for push in components(app, "mosaic_push") if push["channel"].startswith("nine_")] == [2, 2]
    assert app.query_params["nine_1"] in ("3", ["3"])


def test_a_patch_that_is_not_among_the_nine_is_said() -> None:
    app = opened({**LINK, "layer_1": "S4", "nine_1": "10"})
    assert "nine_1 “10”" in said(app) and "nine_1" not in app.query_params


def test_each_kind_of_layer_on_the_way_down_has_words() -> None:
    assert set(film_panel.GOES) >= SLIDING - {"option_a"}
