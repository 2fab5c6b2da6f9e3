"""The Compare page without a browser: alone and from the menu, permalinks, wrong links, what it can do without torch."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from netlib.analysis import store
from netlib.analysis.compare import compare
from netlib.analysis.cost import costs
from netlib.analysis.receptive_field import receptive_fields
from netlib.errors import ShapeMismatch, UnsupportedLayer
from netlib.figures.curves import Network
from netlib.models.registry import spec

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "pages" / "compare.py"


def visit(*names: str, **state: str) -> AppTest:
    """The page as a link with these networks and this state opens it."""
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    if names:
        app.query_params["network"] = list(names)
    for key, value in state.items():
        app.query_params[key] = value
    return app.run()


def html(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def spoken(app: AppTest) -> str:
    return "\n".join(element.value.replace("\\", "") for element in app.markdown)


def test_opens_with_alexnet_vgg_and_resnet() -> None:
    app = visit()
    assert not app.exception and not app.warning
    assert app.multiselect[0].value == ["alexnet", "vgg16", "resnet50"]
    tables = html(app)
    assert 'title="60,965,224"' in tables and 'title="138,357,544"' in tables  # AlexNet in two towers, VGG-16
    assert "×2.27" in tables  # 138,357,544 / 60,965,224
    assert "18.2 %" in tables and "8.1 %" in tables and "6.71 %" in tables  # as the papers print them
    assert "AlexNet and VGG-16 (D) are different designs" in spoken(app)


def test_opens_from_the_menu() -> None:
    app = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=60)
    app.switch_page(str(PAGE)).run()
    assert not app.exception
    assert app.title[0].value == "Compare"
    assert "VGG-16 (D)" in html(app)


def test_link_restores_the_view() -> None:
    app = visit("vgg16", "vgg19", "alexnet", reference="vgg19", stage="56x56-55x55", curve="field", scale="log", across="depth")
    assert not app.exception and not app.warning
    assert app.selectbox(key="view_reference").value == "vgg19"
    assert app.get_by_key("view_stage").value == "56x56-55x55"
    assert "VGG-16 (D) is VGG-19 (E) without three of its 3×3 convolutions" in spoken(app)
    assert html(app).count('class="chosen"') == 1
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert [line["name"] for line in figure["data"]] == ["VGG-16 (D)", "VGG-19 (E)", "AlexNet"]  # colours stay with the order of choice
    assert max(figure["data"][0]["x"]) == 13  # the last map of VGG-16 comes after 13 layers with weights
    layers = [list(table.value["Layer"]) for table in app.dataframe[-3:]]
    assert layers[0] == ["conv3_1", "relu3_1", "conv3_2", "relu3_2", "conv3_3", "relu3_3", "conv3_4", "relu3_4", "pool3"]
    assert layers[2][0] == "conv1"


def drawings(app: AppTest) -> list[str]:
    protos = [part.proto for part in app.get("bidi_component")]
    return [json.loads(proto.json)["svg"] for proto in protos if proto.component_name == "layer_graph"]


def pushed(app: AppTest) -> list[str | None]:
    """The node that each drawing is told to mark."""
    protos = [part.proto for part in app.get("bidi_component")]
    return [json.loads(proto.json)["selected"] for proto in protos if proto.component_name == "layer_graph_push"]


def address(app: AppTest, *names: str) -> dict[str, str | None]:
    values = {name: app.query_params.get(name) for name in names}
    return {name: value[0] if isinstance(value, list) else value for name, value in values.items()}


def test_link_restores_open_blocks_and_marked_layers() -> None:
    link = {"open_2": "conv3_x", "stage": "28x28", "layer_2": "conv3_x.1.conv2", "layer_1": "conv3_x.0.relu", "open_1": "nonsense"}
    app = visit("resnet18", "resnet34", **link)
    assert not app.exception
    first, second = drawings(app)
    assert 'data-node="conv3_x"' in first and 'data-node="conv3_x"' not in second
    assert pushed(app)[0] == "conv3_x" and pushed(app)[1].startswith("conv3_x.")
    assert address(app, *link) == link | {"open_1": None}
    app.multiselect[0].set_value(["resnet34", "resnet18"]).run()  # what is open and marked goes with its network
    moved = {"open_1": "conv3_x", "layer_1": "conv3_x.1.conv2", "open_2": None, "layer_2": "conv3_x.0.relu"}
    assert address(app, *moved) == moved


def test_a_layer_that_a_network_does_not_have_is_said() -> None:
    app = visit("lenet5", "alexnet", layer_2="C3")
    assert [one.value for one in app.warning] == ["The link asks for the layer “C3”, which AlexNet does not have; none is marked."]
    assert not app.exception


def test_reference_that_is_taken_out_gives_way() -> None:
    app = visit("vgg16", "vgg19", "alexnet", reference="vgg19")
    app.multiselect[0].set_value(["vgg16", "alexnet"]).run()
    assert not app.exception and not app.warning
    assert app.selectbox(key="view_reference").value == "vgg16"
    assert app.query_params["network"] == ["vgg16", "alexnet"]


def test_wrong_name_is_said_and_the_rest_shown() -> None:
    app = visit("vgg16", "vgg61", "vgg19")
    assert not app.exception
    assert len(app.warning) == 1 and "vgg61" in app.warning[0].value
    assert "VGG-19 (E) is VGG-16 (D) with three more 3×3 convolutions" in spoken(app)


def test_one_network_asks_for_another() -> None:
    app = visit("vgg16")
    assert not app.exception
    assert app.info[0].value.startswith("VGG-16 (D) needs company")
    app.button(key="add_alexnet").click().run()
    assert app.multiselect[0].value == ["vgg16", "alexnet"]
    assert not app.info and "AlexNet" in html(app)


def test_no_network_asks_for_some() -> None:
    app = visit()
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert app.info[0].value.startswith("Choose two to four networks")


def test_input_that_does_not_fit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = store.graph

    def graph(name: str, shape: tuple[int, ...] | None = None) -> object:
        if shape == (3, 64, 64):
            raise ShapeMismatch(f"fc6 of {name} takes vectors of 25088, but 2048 came in.")
        return stored(name, shape)

    monkeypatch.setattr(store, "graph", graph)
    app = visit("vgg16", "vgg19", side="64")
    assert not app.exception
    assert len(app.warning) == 2 and "25088" in app.warning[0].value
    assert "let each have its own input" in app.info[0].value
    app.selectbox(key="view_side").set_value("own").run()
    assert not app.warning and "×1.04" in html(app)  # 143,667,240 / 138,357,544


def test_network_that_cannot_be_traced_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = store.graph

    def graph(name: str, *shape: object) -> object:
        if name == "torchvision/swin_t":
            raise UnsupportedLayer("torchvision/swin_t has an operation without a rule: roll.")
        return stored(name, *shape)

    monkeypatch.setattr(store, "graph", graph)
    app = visit("vgg16", "torchvision/swin_t", "vgg19")
    assert not app.exception
    assert [warning.value.replace("\\", "") for warning in app.warning] == [
        "**swin_t (torchvision)** is left out. torchvision/swin_t has an operation without a rule: roll."
    ]
    assert "with three more 3×3 convolutions" in spoken(app)


def test_networks_without_maps_or_with_growing_ones() -> None:
    app = visit("rnn", "dcgan-generator", "lenet5", curve="field")
    assert not app.exception
    assert "no such stage" in html(app) and "none published" in html(app)


def test_what_is_taken_away() -> None:
    from pages.parts.compare_exports import to_csv, to_json

    graphs = [store.graph(name) for name in ("vgg16", "vgg19")]
    networks = [Network(spec(g.name).title, i, g, costs(g), receptive_fields(g)) for i, g in enumerate(graphs)]
    comparison = compare(graphs)
    rows = list(csv.DictReader(io.StringIO(to_csv(networks, comparison))))
    whole = {row["network"]: row for row in rows if row["stage"] == "all"}
    assert whole["vgg19"]["params"] == "143667240" and whole["vgg16"]["flops"] == str(2 * 15_470_264_320)
    assert whole["vgg16"]["receptive_field_px"] == "212" and whole["vgg16"]["depth"] == "16"
    for name, row in whole.items():
        assert sum(int(part["macs"]) for part in rows if part["network"] == name and part["stage"] != "all") == int(row["macs"])
    data = json.loads(to_json(networks, comparison))
    assert [len(change["changes"]) for change in data["differences"]] == [3]
    assert {row["aligned"] for row in data["stages"]} == {"224x224", "112x112", "56x56", "28x28", "14x14", "head"}


def test_needs_no_torch() -> None:
    code = (
        "import sys\nfrom streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({str(PAGE)!r}, default_timeout=60).run()\n"
        "assert not app.exception\nassert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
