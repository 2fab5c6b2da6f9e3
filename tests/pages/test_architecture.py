"""The Architecture page, alone and through the app's frame: numbers that netlib gives, and every kind of wrong link."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
ALONE, FRAMED = "pages/architecture.py", "pages/navigation.py"


def open_page(entry: str = ALONE, **query: str) -> AppTest:
    at = AppTest.from_file(f"../../{entry}", default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    if entry == FRAMED:
        at.run()
        at.switch_page("architecture.py")
    return at.run()


def figures(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def text(at: AppTest) -> str:
    return "\n".join(element.value for element in (*at.markdown, *at.caption))


@pytest.mark.parametrize("entry", [ALONE, FRAMED])
def test_totals_are_the_papers(entry: str) -> None:
    at = open_page(entry)  # AlexNet: 60,965,224 parameters, 724,406,816 MACs, 195 px at pool5
    assert not at.exception
    assert figures(at) | {"Parameters": "61.0 M", "MACs": "724 M", "Depth": "8", "Receptive field": "195 px"} == figures(at)


def test_the_chosen_layer_unfolds_its_formulas() -> None:
    at = open_page(network="lenet5", layer="C3")
    assert not at.exception
    shown = text(at).replace("\\", "")
    assert "5 · 5 · 60 + 16" in shown and "1,516" in shown  # 60 table entries, 16 biases
    assert "151,600" in shown  # connections, as the preprint prints them


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"network": "vgg61"}, "no network called 'vgg61'"),
        ({"network": "alexnet", "layer": "conv9"}, "no layer called “conv9”"),
        ({"network": "alexnet", "input": "huge"}, "channels × height × width"),
        ({"network": "alexnet", "input": "3x99999x2"}, "channels × height × width"),
        ({"network": "alexnet", "color": "smell"}, "“smell”"),
    ],
)
def test_a_wrong_link_says_so_and_shows_the_page(query: dict[str, str], sentence: str) -> None:
    at = open_page(**query)
    assert not at.exception
    assert any(sentence in warning.value for warning in at.warning)
    assert figures(at)["Parameters"] == "61.0 M"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"network": "alexnet", "input": "3x20x33"}, "pool2"),  # 256×1×2 is too small for a 3×3 window
        ({"network": "alexnet", "input": "1x227x227"}, "takes 3 channels"),
        ({"network": "vgg16", "input": "3x256x192"}, "fc6"),
        ({"network": "torchvision/swin_t"}, "features.1.0.attn"),
        ({"network": "torchvision/maxvit_t"}, "einsum"),
    ],
)
def test_what_does_not_fit_is_located(query: dict[str, str], sentence: str) -> None:
    at = open_page(**query)
    assert not at.exception
    assert sentence in at.error[0].value
    assert at.selectbox  # the pickers are still there


def test_an_input_that_is_not_square_is_computed_anew() -> None:
    at = open_page(network="resnet18", input="3x100x150")
    assert not at.exception and not at.error
    # conv1: ⌊(100 + 6 − 7) / 2⌋ + 1 = 50 by ⌊(150 + 6 − 7) / 2⌋ + 1 = 75
    assert "75×64" in text(at) and figures(at)["Parameters"] == "11.7 M"


def test_an_input_stays_with_its_network() -> None:
    at = open_page(network="resnet18", input="3x100x150")
    assert not at.error and at.text_input(key="view_input").value == "3x100x150"
    at.selectbox(key="view_network").set_value("lenet5").run()
    assert not at.exception and not at.error and not at.warning
    assert at.text_input(key="view_input").value == "1 × 32 × 32" and "input" not in at.query_params
    at.text_input(key="view_input").set_value("1x40x36").run()
    assert at.text_input(key="view_input").value == "1x40x36" and at.query_params["input"] in ("1x40x36", ["1x40x36"])


def test_an_unknown_torchvision_network_is_answered_with_torchvisions() -> None:
    [warning] = open_page(network="torchvision/resnet19").warning
    said = warning.value.replace("\\", "")
    assert "torchvision/resnet18" in said and "resnet18-" not in said


def test_published_words_are_shown_as_they_are() -> None:
    at = open_page(network="alexnet")
    at.session_state["architecture_tabs"] = "Published and computed"
    shown = text(at.run())
    assert "· a slip of typing" in shown and "· true of something else" in shown
    assert "· ocr" not in shown and "· mislabel" not in shown


@pytest.mark.parametrize("tab", ["Layer table", "Where the cost sits", "Published and computed", "Graphviz drawing", "Take away"])
@pytest.mark.parametrize("network", ["lenet5", "googlenet", "resnet20-cifar"])
def test_each_tab_opens(network: str, tab: str) -> None:
    at = open_page(network=network)
    at.session_state["architecture_tabs"] = tab
    assert not at.run().exception


def test_registry_networks_need_no_torch() -> None:
    code = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "at = AppTest.from_file('pages/architecture.py', default_timeout=60).run()\n"
        "assert not at.exception, at.exception\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"
