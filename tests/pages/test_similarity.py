"""The page alone: its numbers against plain forward passes, brute force over the data, and the library called by hand."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from netlib.data.digits import digits
from netlib.data.photos import photo
from netlib.data.preprocessing import preprocessing
from netlib.data.same_parts import SETS, pictures
from netlib.figures import units
from netlib.models.build import build
from netlib.models.bundled import BUNDLED, state_dict
from pages.parts import invariance_panel, on_request, work
from pages.parts.save_chart import to_csv
from tests.pages.page import open_page, said

if TYPE_CHECKING:

    from torch import Tensor, nn

NAME = "lenet5-modern"
LINK = {"network": NAME, "weights_1": "trained", "picture": "digit:3"}
opened = partial(open_page, "similarity")


def walls(app: AppTest) -> list[dict[str, Any]]:
    """The rows of pictures on the page: title and panels of each."""
    protos = [part.proto for part in app.get("bidi_component")]
    return [group for proto in protos if proto.component_name == "picture_wall" for group in json.loads(proto.json)["groups"]]


def normalized(images: np.ndarray) -> Tensor:
    """Digits as the network gets them, by hand: (N, 1, 32, 32)."""
    record = BUNDLED[NAME]
    return (torch.tensor(images).float() / 255 - record.mean[0]) / record.std[0]


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return build(NAME, weights=state_dict(NAME))


def test_invariance_is_the_plain_forward_pass_of_moved_pictures(network: nn.Module) -> None:
    """A digit moved 9 px down, the largest translation at 32 px, by numpy's roll; what comes in is the picture's mean."""
    app = opened({**LINK, "kind": "translation"})
    (strip,) = walls(app)
    assert [panel["title"] for panel in strip["panels"]] == ["−9 px", "−6 px", "−3 px", "0 px", "3 px", "6 px", "9 px"]
    image = normalized(digits().test_images[3:4])
    moved = image.roll(9, 2)
    moved[:, :, :9] = image.mean()
    with torch.no_grad():
        clean, after = network(torch.cat([image, moved])).softmax(1)
    winner = int(clean.argmax())
    assert strip["panels"][3]["caption"].endswith(f" {units.percent(float(clean[winner]))}")
    assert strip["panels"][6]["caption"].endswith(f" {units.percent(float(after[winner]))}")
    assert [button.label for button in app.get("download_button")].count("Numbers") == 1  # of all three charts
    assert len(app.get("plotly_chart")) == 3 and f"class {winner}" in said(app)


def rolled(image: Tensor, by: int) -> Tensor:
    """The picture (C, H, W) moved down, what comes in being its mean."""
    moved = image.roll(by, 1)
    moved[:, slice(0, by) if by > 0 else slice(by, None)] = image.mean((1, 2), keepdim=True)
    return moved


@pytest.mark.parametrize("names", [["vgg-mini", "alexnet-mini"], ["alexnet-mini", "vgg-mini"]])
def test_networks_of_different_heights_are_moved_by_the_same_share(names: list[str]) -> None:
    """17 of 64 and 9 of 32 pixels are the paper's 60 of 224: each network's own plain forward pass of its own moved picture."""
    app = opened({"network": names, "weights_1": "trained", "weights_2": "trained", "picture": "chelsea", "kind": "translation"})
    panels = walls(app)[0]["panels"]
    amounts = {"vgg-mini": (-9, -6, -3, 0, 3, 6, 9), "alexnet-mini": (-17, -11, -6, 0, 6, 11, 17)}
    titles, found = {"vgg-mini": "VGG, laptop size", "alexnet-mini": "AlexNet, laptop size"}, {}
    for name in names:
        seen = preprocessing(name, "trained").tensor(photo("chelsea"))
        inputs = torch.stack([rolled(seen, by) if by else seen for by in amounts[name]])
        with torch.no_grad():
            found[name] = build(name, weights=state_dict(name))(inputs).softmax(1)[:, BUNDLED[name].classes.index("cat")].tolist()
    shares = iter(units.percents([*found[names[0]], *found[names[1]]]))
    sides = {"vgg-mini": 32, "alexnet-mini": 64}
    said_of = {name: [(f"{by} of {sides[name]} px".replace("-", "−"), next(shares)) for by in amounts[name]] for name in names}
    assert [panel["title"] for panel in panels] == [amount for amount, _ in said_of[names[0]]]
    for panel, (_, first), (amount, second) in zip(panels, said_of[names[0]], said_of[names[1]], strict=True):
        assert panel["caption"] == f"{titles[names[0]]} {first}; {titles[names[1]]} {second} ({amount})"
    chart = json.loads(app.get("plotly_chart")[2].proto.spec)
    ends = [(min(numbers), max(numbers)) for numbers in ([float(x) for x in line["x"]] for line in chart["data"])]
    assert ends == [(-100 * amounts[name][-1] / sides[name], 100 * amounts[name][-1] / sides[name]) for name in names]


def test_the_numbers_are_those_of_a_plain_forward_pass_and_a_caption_names_what_is_drawn(network: nn.Module) -> None:
    """The CSV file, read back: 19 shifts, at 9 px the digit moved by numpy's roll."""
    from netlib.interpret.invariance import invariance

    app = AppTest.from_file(str(Path(__file__).parent / "sight_page.py"), default_timeout=60)
    app.query_params.update(LINK)
    (sight,) = app.run().session_state["sights"]
    *_, curves = invariance(network, sight.input(), 4, "translation")
    rows = list(csv.DictReader(io.StringIO(to_csv(invariance_panel.numbers("translation", [(sight, 4, curves)])))))
    assert len(rows) == 19 and [rows[0]["pixels down"], rows[-1]["pixels down"]] == ["-9.0", "9.0"]
    image = normalized(digits().test_images[3:4])
    moved = rolled(image[0], 9)[None]
    kept: list[Tensor] = []
    hooks = [network.get_submodule(name).register_forward_hook(lambda *args: kept.append(args[2])) for name in ("relu1", "relu6")]
    with torch.no_grad():
        chance = network(torch.cat([image, moved])).softmax(1)[1, 4]
    for hook in hooks:
        hook.remove()
    last = rows[-1]
    known = {"network": sight.title, "weights": sight.weights_title, "picture": sight.picture_title, "class": "4", "picture height": "32"}
    assert {name: last[name] for name in known} == known
    assert (last["first layer"], last["last hidden layer"]) == ("relu1", "relu6")
    assert float(last["probability"]) == pytest.approx(float(chance), rel=1e-4)
    drawn = [invariance_panel.caption("translation", [(sight, 4, curves)], which, "") for which in (0, -1, None)]
    assert [[name for name in ("relu1", "relu6") if name in said] for said in drawn] == [["relu1"], ["relu6"], []]
    for which, layer in zip(("first", "last hidden"), kept, strict=True):
        assert float(last[f"{which} distance"]) == pytest.approx(float((layer[1] - layer[0]).norm()), rel=1e-4)


def test_a_link_restores_the_kind() -> None:
    app = opened({**LINK, "about": "invariance", "kind": "rotation"})
    assert walls(app)[0]["panels"][0]["title"] == "0°" and app.query_params["kind"] in ("rotation", ["rotation"])


def test_nearest_digits_are_those_of_brute_force(network: nn.Module) -> None:
    app = opened({**LINK, "about": "nearest"})
    held = digits()
    kept: list[Tensor] = []
    hook = network.get_submodule("relu6").register_forward_hook(lambda *args: kept.append(args[2]))
    with torch.no_grad():
        network(normalized(held.test_images))
    hook.remove()
    pixels = held.test_images.reshape(len(held.test_images), -1) / 255
    by_layer, by_pixels = walls(app)
    for row, vectors in ((by_layer, kept[0].flatten(1).double().numpy()), (by_pixels, pixels)):
        distances = np.linalg.norm(vectors - vectors[3], axis=1)
        order = [int(i) for i in np.argsort(distances, kind="stable") if i != 3][:7]
        assert [panel["title"] for panel in row["panels"][1:]] == [f"class {held.classes[held.test_labels[i]]}" for i in order]
        assert row["panels"][1]["caption"] == f"distance {units.value(float(distances[order[0]]))}"
    assert by_pixels["title"].startswith("By pixels, 32×32: ")


def test_nearest_by_pixels_is_drawn_once_for_an_input_size() -> None:
    rows = walls(opened({"network": ["zfnet-mini", "vgg-mini", "alexnet-mini"], "picture": "chelsea", "about": "nearest"}))
    assert [row["title"].partition(":")[0] for row in rows] == [
        *["By relu6, the last hidden layer"] * 3, "By pixels, 64×64", "By pixels, 32×32",
    ]  # fmt: skip


def test_correspondence_against_signs_by_hand(network: nn.Module) -> None:
    """Δ of the upper loop at the last map, from two plain forward passes: differing signs of the changes, over all ten pairs."""
    app = opened({**LINK, "about": "correspondence"})
    table = app.dataframe[0].value
    images = normalized(np.stack([np.asarray(image.convert("L"))[None] for image, _ in pictures("eight")]))
    box, hidden = SETS["eight"].parts["upper loop"], images.clone()
    hidden[:, :, box.top : box.bottom, box.left : box.right] = 0
    kept: list[Tensor] = []
    hook = network.get_submodule(str(table["Layer"][0])).register_forward_hook(lambda *args: kept.append(args[2].flatten(1)))
    with torch.no_grad():
        network(images), network(hidden)
    hook.remove()
    signs = (kept[0] - kept[1]).sign()
    pairs = [float((signs[i] != signs[j]).float().mean()) for i in range(5) for j in range(i)]
    assert table["Upper loop"][0] == f"{np.mean(pairs):.3f} ± {np.std(pairs):.3f}"
    assert list(table.columns) == ["Network", "Layer", "Upper loop", "Crossing", "Lower loop", "Random"]
    assert {"Chart", "Numbers", "Pictures"} <= {button.label for button in app.get("download_button")}


def test_a_costly_inversion_is_in_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_request, "AT_ONCE", 0)
    monkeypatch.setattr(work, "_kept", {})
    link = {**LINK, "about": "inversion", "layers": "one", "descent": "100", "layer_1": "C1"}
    assert not walls(opened(link))
    app = opened({**link, "made": ["inversion", "nearest"]})
    assert len(walls(app)[0]["panels"]) == 2 and app.query_params["made"] in ("inversion", ["inversion"])


@pytest.mark.parametrize("about", ["correspondence", "maximization"])
def test_a_section_that_looks_at_no_chosen_picture_offers_none_and_another_has_the_links(about: str) -> None:
    app = opened({**LINK, "about": about})
    assert not [box for box in app.selectbox if box.label.startswith(("Picture", "Class")) and box.key != "view_parts"]
    app.radio(key="view_about").set_value("invariance").run()
    assert not app.exception and walls(app)[0]["panels"][0]["alt"].startswith("held-out digit 3")


def test_maximization_shows_the_unit_and_its_regularizers(network: nn.Module) -> None:
    from netlib.interpret.maximization import maximize

    app = opened({**LINK, "about": "maximization", "climb": "64", "layer_1": "C3", "channel_1": "5", "blur": "0"})
    *_, last = maximize(network, "C3", 5, input_shape=(1, 32, 32), steps=64, every=4, blur=0.0)
    panel = walls(app)[0]["panels"][0]
    assert panel["title"] == "C3, channel 5"
    assert panel["caption"] == f"Activation {units.value(last.value)} after 64 steps."
    assert {name: app.query_params[name] for name in ("climb", "blur")} == {"climb": "64", "blur": "0"}


def test_inversion_stands_beside_what_the_network_sees() -> None:
    app = opened({**LINK, "about": "inversion", "layers": "one", "descent": "100", "layer_1": "C1", "smooth": "0.001"})
    seen, made = walls(app)[0]["panels"]
    assert (seen["title"], made["title"]) == ("What it sees", "From C1")
    share = made["caption"].split(" of the features’ squared size matched after 100 steps.")[0]
    assert float(share.removeprefix("over ").removesuffix(" %")) > 95  # the first layer loses next to nothing


def test_without_a_network_it_says_what_to_do() -> None:
    app = opened(LINK)
    app.multiselect(key="view_sights").unselect(NAME).run()
    assert not app.exception and "Choose a network" in app.info[0].value
