"""The Kernels page alone: its state in the link, the towers, and that its pictures and numbers are those of the weights."""

from __future__ import annotations

import base64
import io
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from netlib.figures.mosaic import colors
from tests.pages.page import PAGES, open_page, said
from tests.pages.page import mosaics as sent

if TYPE_CHECKING:
    from collections.abc import Mapping

WEIGHTS = PAGES.parent / "assets" / "weights"
opened = partial(open_page, "kernels")


def values(data: Mapping[str, Any], tile: int) -> np.ndarray:
    """A tile's values, read off the picture as the browser does: the colour gives the step, the scale the value."""
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["picture"].partition(",")[2]))).convert("RGB"))
    (height, width), scale, gap, per_row = data["tile"], data["scale"], data["gap"], data["columns"]
    top, left = tile // per_row * (height * scale + gap), tile % per_row * (width * scale + gap)
    pixels = picture[top : top + height * scale : scale, left : left + width * scale : scale]
    steps = {tuple(color): step for step, color in enumerate(colors("signed").tolist())}
    found = np.array([[steps[tuple(pixel)] for pixel in row] for row in pixels.tolist()])
    low, high = (ends[tile if len(ends) > 1 else 0] for ends in (data["low"], data["high"]))
    return low + found / 254 * (high - low)


def test_the_picture_is_of_the_weights() -> None:
    """Another way to them: the file itself. LeNet-5's C1 reads one channel."""
    app = opened({"network": "lenet5", "sort": "index", "channel_1": "3"})
    weights = load_file(WEIGHTS / "lenet5.safetensors")["C1.weight"]
    data = sent(app)["kernels_lenet5_1"]
    assert data["names"] == [f"Kernel {i}" for i in range(6)]
    for tile in range(6):
        np.testing.assert_allclose(values(data, tile), weights[tile, 0], atol=np.abs(weights).max() / 127)
    np.testing.assert_allclose(values(sent(app)["kernel_slices_lenet5"], 0), weights[3, 0], atol=np.abs(weights).max() / 127)
    assert f"norm {np.linalg.norm(weights[3]):.3g}" in data["labels"][3]
    assert app.number_input[0].value == 3 and app.query_params["channel_1"] == "3"


def test_by_norm_the_strongest_comes_first_and_is_selected() -> None:
    app = opened({"network": "lenet5"})
    norms = np.linalg.norm(load_file(WEIGHTS / "lenet5.safetensors")["C1.weight"].reshape(6, -1), axis=1)
    assert sent(app)["kernels_lenet5_1"]["names"] == [f"Kernel {i}" for i in np.argsort(-norms)]
    assert app.number_input[0].value == norms.argmax()


def test_alexnets_towers_stand_apart_and_random_weights_are_called_so() -> None:
    app = opened({"network": "alexnet", "sort": "index"})
    assert "**96 kernels** of 11×11, each over 3 input channels, none of them dead, in 2 towers" in said(app)
    assert "These weights are random" in said(app)
    names = [sent(app)[f"kernels_alexnet_{number}"]["names"] for number in (1, 2)]
    assert names == [[f"Kernel {i}" for i in range(48)], [f"Kernel {i}" for i in range(48, 96)]]


def test_what_the_papers_table_leaves_out_is_said() -> None:
    """C3's map 0 reads S2's maps 0, 1 and 2 (LeCun et al. 1998, Table I)."""
    app = opened({"network": "lenet5", "layer_1": "C3", "channel_1": "0"})
    assert "3 of the 6 input channels are not read" in said(app)
    data = sent(app)["kernel_slices_lenet5"]
    assert [bool(np.abs(values(data, channel)).max() > 1e-6) for channel in range(6)] == [True] * 3 + [False] * 3


def test_one_scale_is_shared_and_each_kernel_can_have_its_own() -> None:
    query: dict[str, str | list[str]] = {"network": ["lenet5", "lenet5-modern"]}
    shared = sent(opened(query))
    ends = [shared[f"kernels_{name}_1"]["high"] for name in ("lenet5", "lenet5-modern")]
    largest = max(float(np.abs(load_file(WEIGHTS / f"{name}.safetensors")["C1.weight"]).max()) for name in ("lenet5", "lenet5-modern"))
    assert ends == [[pytest.approx(largest, rel=1e-4)]] * 2
    assert len(sent(opened({**query, "scale": "kernel"}))["kernels_lenet5_1"]["high"]) == 6


def test_a_link_that_asks_for_what_there_is_not_is_answered() -> None:
    app = opened({"network": "lenet5", "layer_1": "S2"})
    assert app.warning[0].value == "The link asks for the layer “S2”, which is not one to show here; showing C1."
    app = opened({"network": "lenet5", "channel_1": "9"})
    assert app.warning[0].value.startswith("C1 has no kernel “9”, only 0 to 5")


def test_the_input_channel_whose_weights_are_read_is_in_the_link() -> None:
    app = opened({"network": "lenet5-modern", "layer_1": "C3", "channel_1": "2", "input_1": "4"})
    weights = load_file(WEIGHTS / "lenet5-modern.safetensors")["C3.weight"][2]
    np.testing.assert_array_equal(app.dataframe[0].value, weights[4])
    app.selectbox(key="view_input_lenet5-modern_C3").select(1).run()
    np.testing.assert_array_equal(app.dataframe[0].value, weights[1])
    assert app.query_params["input_1"] == "1"
    app = opened({"network": "lenet5-modern", "layer_1": "C3", "input_1": "6"})
    assert app.warning[0].value == "C3 has no input channel “6”, only 0 to 5; showing 0."


def test_the_buttons_walk_the_layers_that_have_kernels() -> None:
    app = opened({"network": ["lenet5", "zfnet-mini"], "layer_2": "conv5"})
    next(button for button in app.button if button.label == "Next layer").click().run()
    layers = [app.selectbox(key=f"view_seen_layer_{name}") for name in ("lenet5", "zfnet-mini")]
    assert [box.value for box in layers] == ["C3", layers[1].options[-1].partition(" ")[0]]


def test_the_default_scale_is_one_for_all_only_where_all_can_be_seen_on_it() -> None:
    """The largest first-layer weights of the laptop-size networks: VGG's are more than twice AlexNet's, ZFNet's are not."""
    first = {"zfnet-mini": "conv1.weight", "alexnet-mini": "conv1.weight", "vgg-mini": "conv1_1.weight"}
    largest = {name: float(np.abs(load_file(WEIGHTS / f"{name}.safetensors")[key]).max()) for name, key in first.items()}
    assert largest["vgg-mini"] > 2 * largest["alexnet-mini"] and largest["zfnet-mini"] < 2 * largest["alexnet-mini"]
    app = opened({"network": ["zfnet-mini", "alexnet-mini"]})
    assert app.radio(key="view_scale").value == "shared"
    app.multiselect(key="view_sights").set_value(["zfnet-mini", "alexnet-mini", "vgg-mini"]).run()
    assert app.radio(key="view_scale").value == "network" and "scale" not in app.query_params
    assert "Each network has a scale of its own: their largest weights go from 0.131 to 0.376" in said(app)
    app.multiselect(key="view_sights").set_value(["vgg-mini"]).run()
    assert app.radio(key="view_scale").options == ["each network", "each kernel"]
