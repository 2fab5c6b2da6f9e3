from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from netlib.models.papers import PAPERS
from netlib.models.registry import NETWORKS
from pages.parts import cards

ROOT = Path(__file__).parents[2]
PAGE, APP = ROOT / "pages" / "overview.py", ROOT / "pages" / "navigation.py"


def run(script: Path = APP, **query: str) -> AppTest:
    test = AppTest.from_file(script, default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def text(test: AppTest) -> str:
    return "\n".join(element.value for element in [*test.markdown, *test.caption])


def links(test: AppTest) -> set[tuple[str, str]]:
    return {(link.proto.page, link.proto.query_string) for link in test.get("page_link")}


@pytest.fixture(scope="module")
def app() -> AppTest:
    return run()


def test_every_paper_has_a_card(app):
    said = text(app)
    for paper in PAPERS:
        assert paper.url in said
    assert "**61.0 M** parameters · **724 M** MACs · input 227×227×3 · a unit of the last map sees 195×195 pixels" in said
    assert "sees 212×212 pixels" in said  # VGG-16
    # GoogLeNet at its pool5, not at the last map of an auxiliary head (427)
    assert cards.in_numbers("googlenet-aux").endswith("sees 715×715 pixels")


def test_every_network_is_one_click_away(app):
    assert links(app) >= {("architecture", f"network={name}") for name in NETWORKS}


def test_published_figures_are_counted(app):
    [line] = [element.value for element in app.markdown if "published figures" in element.value]
    numbers = [int(part) for part in line.split("**")[1::2]]
    assert numbers[0] == sum(numbers[1:]) > 300
    assert numbers[1] > numbers[2] > 0 and numbers[3] > 0


def test_charts_and_tables_have_a_text_alternative(app):
    charts = app.get("plotly_chart")
    assert len(charts) == 2
    assert charts[0].proto.alt.startswith("Time line of the papers: Elman RNN 1990")
    assert charts[1].proto.alt.startswith("17 networks by top-5 error on ImageNet and Parameters")
    assert "not measured alike" in text(app)
    assert len(app.dataframe) == 2


def test_the_axis_is_in_the_url():
    test = run(over="macs", printed="all")
    assert "27 networks by top-5 error on ImageNet and MACs" in test.get("plotly_chart")[1].proto.alt
    assert json.loads(test.get("plotly_chart")[1].proto.spec)["layout"]["xaxis"]["title"]["text"] == "MACs for one picture"
    test.radio(key="view_over").set_value("year").run()
    [bar] = [json.loads(part.proto.json) for part in test.get("bidi_component") if part.proto.component_name == "address_bar"]
    assert bar["search"] == "over=year&printed=all"  # what the browser's address becomes
    assert "and Year" in test.get("plotly_chart")[1].proto.alt


def test_an_unknown_axis_in_the_url_shows_the_usual_one():
    assert "and Parameters" in run(over="weight").get("plotly_chart")[1].proto.alt


def test_mistakes_can_be_searched():
    test = run()
    everything = len(test.dataframe[1].value)
    test.text_input(key="mistakes_search").set_value("VGG 1x1").run()
    assert 0 < len(test.dataframe[1].value) < everything
    assert all("VGG" in " ".join(map(str, row)) for row in test.dataframe[1].value.to_numpy())
    test.text_input(key="mistakes_search").set_value("no such words").run()
    assert "Try fewer" in test.info[0].value


@pytest.mark.parametrize(
    "label, title, networks",
    [("Open AlexNet", "Architecture", ["alexnet"]), ("Put three networks", "Compare", ["alexnet", "vgg16", "resnet50"])],
)
def test_buttons_lead_into_the_tool(label, title, networks):
    test = run()
    [button] = [button for button in test.button if button.label.startswith(label)]
    button.click().run()
    assert not test.exception
    assert test.title[0].value == title
    assert test.query_params["network"] in (networks, networks[0])


def test_stands_alone():
    assert run(PAGE).title[0].value == "CNN Architecture Explorer"


def test_does_not_import_torch():
    code = f"""
import sys
from streamlit.testing.v1 import AppTest
test = AppTest.from_file({str(PAGE)!r}, default_timeout=60).run()
assert not test.exception and test.title
assert not {{"torch", "torchvision"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, timeout=120)
