"""Which class the maps are about: the true one where the picture's data say it, also where the network is wrong, else the predicted one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
import torch
from streamlit.testing.v1 import AppTest

import netlib
from netlib.data.digits import digits
from netlib.data.preprocessing import preprocessing
from pages.parts.picture_picker import bundled

if TYPE_CHECKING:
    from collections.abc import Mapping

NETWORK = "lenet5-modern"


def page() -> None:
    import streamlit as st

    from pages.parts import class_choice, sight

    st.session_state["chosen"] = [(one.name, target) for one, target in class_choice.choose(sight.choose())]


def chosen(query: Mapping[str, str | list[str]]) -> tuple[list[tuple[str, int]], AppTest]:
    app = AppTest.from_function(page, default_timeout=60)
    app.query_params.update(query)
    app.run()
    assert not app.exception
    found: list[tuple[str, int]] = app.session_state["chosen"]
    return found, app


@cache
def mistaken() -> tuple[int, int, int]:
    """Number of a held-out digit that the network takes for another, what it is, and for what it is taken."""
    seen = preprocessing(NETWORK, "trained")
    mean, std = seen.mean[0], seen.std[0]
    with torch.no_grad():
        x = (torch.from_numpy(digits().test_images).float() / 255 - mean) / std
        predicted = netlib.build(NETWORK, weights="trained")(x).argmax(1)
    wrong = (predicted != torch.from_numpy(digits().test_labels)).nonzero()[:, 0]
    number = int(wrong[0])
    return number, int(digits().test_labels[number]), int(predicted[number])


def test_a_digit_s_own_class_is_the_default_although_the_network_is_wrong() -> None:
    number, true, taken_for = mistaken()
    found, app = chosen({"network": NETWORK, "picture": f"digit:{number}"})
    assert found == [(NETWORK, true)] and true != taken_for
    assert "class" not in app.query_params  # it is what a link without says
    assert any(box.label == "Class" and box.value == "true" for box in app.selectbox)


@pytest.mark.parametrize("asked", ["predicted", "0", "9"])
def test_a_link_may_ask_for_another(asked: str) -> None:
    number, _, taken_for = mistaken()
    found, _ = chosen({"network": NETWORK, "picture": f"digit:{number}", "class": asked})
    assert found == [(NETWORK, taken_for if asked == "predicted" else int(asked))]


def test_of_a_picture_whose_class_nobody_says_it_is_the_predicted_one() -> None:
    (one,), app = chosen({"network": "vgg-mini", "weights_1": "random", "picture": "digit:3"})  # no class of its is called 3
    model, seen = netlib.build("vgg-mini"), preprocessing("vgg-mini", "random")
    with torch.no_grad():
        assert one == ("vgg-mini", int(model(seen.tensor(bundled("digit:3").image)[None]).argmax()))
    assert any(box.label == "Class" and box.value == "predicted" for box in app.selectbox)
