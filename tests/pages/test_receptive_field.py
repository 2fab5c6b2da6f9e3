"""The page alone and through the entry script: its state, its sentences, and that it opens without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import effective, field_choice, weights_picker

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGES = Path(__file__).parents[2] / "pages"
SECONDS = 60


def opened(query: Mapping[str, str | list[str]] | None = None) -> AppTest:
    app = AppTest.from_file(str(PAGES / "receptive_field.py"), default_timeout=SECONDS)
    app.query_params.update(query or {})
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return "\n".join(block.value for kind in (app.markdown, app.warning, app.info, app.caption) for block in kind)


def chosen(app: AppTest) -> dict[str, str]:
    boxes = [*app.selectbox, *app.text_input]
    return {str(box.key): box.value for box in boxes if str(box.key).startswith("view_field_")}


def sent(app: AppTest, component: str) -> list[dict[str, Any]]:
    """What each mounted component of that name was given."""
    protos = [part.proto for part in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in protos if proto.component_name == component]


def test_opens_with_three_networks_at_their_last_maps() -> None:
    app = opened()
    assert [heading.value for heading in app.header][:3] == ["AlexNet", "VGG-16 (D)", "ResNet-50"]
    assert chosen(app) == {
        "view_field_layer_alexnet": "pool5", "view_field_unit_alexnet": "3, 3",
        "view_field_layer_vgg16": "pool5", "view_field_unit_vgg16": "3, 3",
        "view_field_layer_resnet50": "conv5_x.2.relu", "view_field_unit_resnet50": "3, 3",
    }  # fmt: skip
    assert [warning.value.replace("\\", "").split(" of a picture")[0] for warning in app.warning] == ["conv5_x.2.relu sees 483×483 px"]
    assert "AlexNet: from 11×11 px at conv1 to 195×195 px at pool5, within its 227×227 input." in said(app)


def test_link_restores_networks_layers_units_and_photo() -> None:
    link = {
        "network": ["resnet18", "lenet5"], "photo": "rocket",
        "layer_1": "conv3_x.0.conv1", "unit_1": "0,27", "layer_2": "C1", "unit_2": "4,5",
    }  # fmt: skip
    app = opened(link)
    assert chosen(app) == {
        "view_field_layer_resnet18": "conv3_x.0.conv1", "view_field_unit_resnet18": "0,27",
        "view_field_layer_lenet5": "C1", "view_field_unit_lenet5": "4,5",
    }  # fmt: skip
    assert "SpaceX" in said(app)
    assert {name: app.query_params[name] for name in link} == link


def test_a_unit_and_a_layer_that_are_not_there_are_said() -> None:
    app = opened({"network": "alexnet", "layer_1": "conv9", "unit_1": "6,0"})
    warnings = [warning.value for warning in app.warning]
    assert warnings == [
        "The link asks for the layer “conv9”, which this network does not have; showing pool5.",
        "“6,0” is no unit of pool5. Write a row from 0 to 5 and a column from 0 to 5; showing 3, 3.",
    ]


def test_an_unknown_network_leaves_the_others() -> None:
    app = opened({"network": ["vgg61", "alexnet"]})
    assert "vgg61" in app.warning[0].value and "view_field_layer_alexnet" in chosen(app)


def test_a_new_layer_keeps_the_place_in_the_picture() -> None:
    app = opened({"network": "alexnet", "layer_1": "pool5", "unit_1": "0,5"})
    app.selectbox(key="view_field_layer_alexnet").select("conv5").run()
    assert chosen(app)["view_field_unit_alexnet"] == "1, 11"  # the middle of 0 of 6 and of 5 of 6, in 13
    app.text_input(key="view_field_unit_alexnet").set_value("(2, 3)").run()
    assert not app.warning and app.query_params["unit_1"] == "2,3"


def test_photo_is_sent_once_and_only_the_unit_changes() -> None:
    """LeNet-5's S4: 16 px at steps of 4, so its five rows begin at 0, 4 … 16 of 32."""
    app = opened({"network": "lenet5", "layer_1": "S4"})
    before = sent(app, "field_photo")
    assert [(start, stop) for start, stop, *_ in before[0]["rows"]] == [(4 * row, 4 * row + 16) for row in range(5)]
    assert before[0]["photo"].startswith("data:image/png;base64,") and before[0]["picture"] == [32, 32]
    assert sent(app, "field_photo_push")[0]["unit"] == [2, 2]
    app.text_input(key="view_field_unit_lenet5").set_value("0, 4").run()
    assert sent(app, "field_photo") == before
    assert sent(app, "field_photo_push")[0]["unit"] == [0, 4]


def test_a_network_taken_away_takes_its_part_of_the_link_and_leaves_the_others() -> None:
    app = opened({"network": ["alexnet", "vgg16"], "layer_1": "conv2", "layer_2": "conv3_3", "unit_2": "1,2"})
    app.multiselect[0].unselect("alexnet").run()
    assert chosen(app) == {"view_field_layer_vgg16": "conv3_3", "view_field_unit_vgg16": "1,2"}
    assert app.query_params["layer_1"] == "conv3_3" and "layer_2" not in app.query_params
    app.multiselect[0].unselect("vgg16").run()
    assert "Choose a network" in app.info[0].value and "layer_1" not in app.query_params
    app.multiselect[0].select("alexnet").run()
    assert chosen(app)["view_field_layer_alexnet"] == "conv2"  # as it was left


@pytest.mark.parametrize("name, sentence", [("rnn", "keeps no map"), ("dcgan-generator", "1×1×100 numbers, not from a picture")])
def test_a_network_without_fields_says_so_and_the_others_are_shown(name: str, sentence: str) -> None:
    app = opened({"network": [name, "lenet5"]})
    assert sentence in app.info[0].value
    assert list(chosen(app)) == ["view_field_layer_lenet5", "view_field_unit_lenet5"]


def test_a_network_that_cannot_be_traced_says_so_and_the_others_are_shown() -> None:
    app = opened({"network": ["torchvision/swin_t", "lenet5"]})
    assert "swin\\_t" in app.warning[0].value and "view_field_layer_lenet5" in chosen(app)


def test_ruler_names_the_first_layer_that_covers_the_object() -> None:
    assert "in AlexNet from conv4 (131×131 px) on" in said(opened({"network": "alexnet", "object": "120"}))


def test_effective_field_on_demand() -> None:
    app = opened({"network": "lenet5-modern", "layer_1": "C3"})
    assert "Half of the squared gradient" not in said(app)
    app.button[0].click().run()
    assert not app.exception and "Half of the squared gradient comes from the central" in said(app)
    assert "Trained on digits." in said(app)
    app.text_input(key="view_field_unit_lenet5-modern").set_value("0,0").run()
    assert "Half of the squared gradient" not in said(app)


def test_a_link_to_an_effective_field_shows_it() -> None:
    link = {"network": "lenet5", "layer_1": "C3", "unit_1": "1,3"}
    app = opened(link)
    assert "Half of the squared gradient" not in said(app) and "made" not in app.query_params
    app.button[0].click().run()
    assert app.query_params["made"] == "effective"
    app = opened({**link, "unit_1": "2,3", "made": "effective"})
    assert "Half of the squared gradient comes from the central" in said(app) and app.query_params["made"] == "effective"
    assert "effective_lenet5_png" in [button.key for button in app.get("download_button")]


def test_effective_field_lies_inside_the_box() -> None:
    """Another origin than the box: autograd through the network itself. C3 of LeNet-5, unit (1, 2), sees 14 px at steps of 2."""
    steps = list(effective._measure("lenet5-modern", weights_picker.by_default("lenet5-modern"), "C3", (1, 2)))
    assert [words for _, words, _ in steps][-2:] == ["28 of 32 pictures", "32 of 32 pictures"] and steps[-1][0] == 1
    rows, columns = np.nonzero(steps[-1][2])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 15, 4, 17)


def test_effective_field_of_an_addition_inside_a_block() -> None:
    app = opened({"network": "resnet20-cifar", "layer_1": "stage3.2.add"})
    app.button[0].click().run()
    assert not app.exception and "Half of the squared gradient comes from the central" in said(app)
    assert "Random weights, seed 0" in said(app)


@pytest.mark.parametrize(
    "text, unit",
    [("6,6", None), ("5,6", (5, 6)), ("(0, 0)", (0, 0)), ("1 2", (1, 2)), ("-1,2", None), ("1", None), ("", None), ("a,b", None)],
)
def test_unit_from_text(text: str, unit: tuple[int, int] | None) -> None:
    assert field_choice.parse(text, (6, 7)) == unit


def test_through_the_entry_script() -> None:
    app = AppTest.from_file(str(PAGES / "navigation.py"), default_timeout=SECONDS).run()
    app.switch_page("receptive_field.py").run()
    assert not app.exception
    assert app.title[0].value == "Receptive field"


def test_opens_without_torch() -> None:
    code = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({str(PAGES / 'receptive_field.py')!r}, default_timeout={SECONDS}).run()\n"
        "print(len(app.exception), 'torch' in sys.modules, 'skimage' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=PAGES.parent)
    assert done.stdout.split() == ["0", "False", "False"]
