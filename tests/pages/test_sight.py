"""The pickers of networks, weights and picture on a page of their own: links, defaults, own pictures, and sentences."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from netlib.data.digits import digits
from netlib.errors import InvalidPicture
from netlib.models.build import build
from netlib.models.bundled import state_dict
from pages.parts import draw_pad, links, picture_picker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pages.parts.sight import Sight

PAGE = Path(__file__).parent / "sight_page.py"


def opened(query: Mapping[str, str | list[str]] | None = None, session: Mapping[str, Any] | None = None) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.query_params.update(query or {})
    for key, value in (session or {}).items():
        app.session_state[key] = value
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def sights(app: AppTest) -> list[Sight]:
    found: list[Sight] = app.session_state["sights"]
    return found


def keys(app: AppTest) -> list[tuple[str, ...]]:
    return [sight.key for sight in sights(app)]


def said(app: AppTest) -> list[str]:
    return [block.value.replace("\\", "") for kind in (app.warning, app.info, app.error) for block in kind]


def png(color: str = "teal", size: tuple[int, int] = (50, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def test_opens_with_two_small_networks_and_a_photo() -> None:
    app = opened()
    assert [key[0] for key in keys(app)] == ["zfnet-mini", "alexnet-mini"]
    assert all(key[2] == "chelsea" for key in keys(app))
    assert not said(app)
    one = sights(app)[0]
    assert one.number == 1 and one.input().shape == one.graph.input_shape == (3, 64, 64)
    assert one.shown().shape == (64, 64, 3) and one.shown().dtype == np.uint8
    assert "CC0" in app.caption[0].value.replace("\\", "")


def test_a_link_restores_all_of_it() -> None:
    link = {"network": ["lenet5", "zfnet-mini"], "weights_1": "random", "weights_2": "random", "picture": "digit:3"}
    app = opened(link)
    assert keys(app) == [("lenet5", "random", "digit:3"), ("zfnet-mini", "random", "digit:3")]
    assert {name: app.query_params[name] for name in link} == link
    held = digits()
    label = str(held.test_labels[3])
    assert sights(app)[0].label == label and sights(app)[0].true_class == int(label)
    assert (np.asarray(sights(app)[0].image)[..., 0] == held.test_images[3, 0]).all()
    caption = sights(app)[0].caption("C1", 2, "deconvnet", "guided")
    assert caption == f"LeNet-5 (random weights, seed 0) · held-out digit 3, a {label} · layer C1 · channel 2 · deconvnet · guided"


def test_a_patch_is_cut_from_its_photo() -> None:
    app = opened({"network": "zfnet-mini", "picture": "patch:deep-field:2"})
    (one,) = sights(app)
    assert one.key[2] == "patch:deep-field:2" and one.label == "deep field"
    assert (one.shown() == np.asarray(one.image)).all()  # 64 × 64 already: neither scaled nor cut
    app.selectbox(key=picture_picker.PATCH_OF).set_value("cat")
    assert keys(run(app))[0][2] == "patch:cat:2"


def test_the_default_picture_follows_the_networks_until_one_is_chosen() -> None:
    app = opened({"network": "lenet5"})
    assert keys(app) == [("lenet5", "trained", "digit:17")]
    app.multiselect(key="view_sights").set_value(["lenet5", "zfnet-mini"])
    assert {key[2] for key in keys(run(app))} == {"chelsea"}
    app.selectbox(key="view_picture").set_value("coffee")
    app.multiselect(key="view_sights").set_value(["lenet5"])
    assert keys(run(app)) == [("lenet5", "trained", "coffee")]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"picture": "cheshire"}, "The link asks for the picture “cheshire”, which there is not; showing Chelsea the cat."),
        ({"picture": "digit:500"}, "The link asks for the picture “digit:500”"),
        ({"picture": "digit:²"}, "The link asks for the picture “digit:²”"),
        ({"picture": "patch:dog:1"}, "The link asks for the picture “patch:dog:1”"),
        ({"picture": "patch:"}, "The link asks for the picture “patch:”"),
        ({"picture": "upload:0123abcd"}, "was uploaded in another session, which alone has it; showing Chelsea the cat."),
        ({"picture": "drawn:0123abcd"}, "was drawn in another session"),
        ({"weights_1": "psychic"}, "The link asks for the weights “psychic”, which ZFNet, laptop size does not have here"),
        ({"network": ["dcgan-generator", "zfnet-mini"]}, "DCGAN generator makes pictures and looks at none, so it cannot be shown here"),
        ({"network": ["zfnet-mini", "lstm"]}, "reads a picture row by row and keeps no maps of it"),
        ({"network": "rnn"}, "its layers are on the pages Architecture and Compare."),
        ({"network": ["vgg61", "zfnet-mini"]}, "There is no network called 'vgg61'. Did you mean vgg19"),
    ],
)  # fmt: skip
def test_what_a_link_asks_for_wrongly_is_said_in_one_sentence(query: dict[str, str | list[str]], says: str) -> None:
    app = opened(query)
    assert len(said(app)) == 1 and says in said(app)[0]
    assert sights(app)[0].name == "zfnet-mini" and sights(app)[0].key[2] == "chelsea"
    assert not said(run(app))  # once


def test_a_page_about_structure_hands_on_only_what_has_learned() -> None:
    app = opened(session={"kept_networks": ["vgg19", "lenet5-modern"]})
    assert [key[0] for key in keys(app)] == ["lenet5-modern"]
    app = opened(session={"kept_networks": ["vgg19"], "kept_sights": ["alexnet-mini"]})
    assert [key[0] for key in keys(app)] == ["alexnet-mini"]


def test_a_page_about_one_network_leaves_the_others_chosen() -> None:
    page = "import streamlit as st\nfrom pages.parts import sight\nst.session_state['sights'] = sight.choose(most=1, default=('lenet5',))\n"
    app = AppTest.from_string(page, default_timeout=60)
    app.session_state["kept_sights"] = ["alexnet-mini", "zfnet-mini"]
    assert [key[0] for key in keys(run(app))] == ["alexnet-mini"] and not said(app)
    assert app.session_state["kept_sights"] == ["alexnet-mini", "zfnet-mini"]


def test_a_picture_from_the_page_before_is_said_to_be_in_use() -> None:
    app = opened({"network": "lenet5"})
    image = Image.new("RGB", (50, 30), "teal")
    kept = picture_picker.Picture("upload:0123abcd", "upload:0123abcd4567", "seal.png", image, "Seal: your own")
    app.session_state[picture_picker.OWN] = {kept.id: kept}
    app.session_state[picture_picker.CURRENT] = {"upload": kept.id}
    app.selectbox(key="view_picture").set_value("upload")
    assert keys(run(app))[0][2] == kept.key and links.of(sights(app)[0])["picture"] == kept.id
    assert any("seal.png is in use; a new file replaces it." in block.value.replace("\\", "") for block in app.caption)


def test_a_page_without_a_picture() -> None:
    page = "import streamlit as st\nfrom pages.parts import sight\nst.session_state['sights'] = sight.choose(picture=False)\n"
    app = AppTest.from_string(page, default_timeout=60)
    app.query_params.update({"network": ["lenet5", "zfnet-mini"]})
    assert [key[2] for key in keys(run(app))] == ["digit:17", "chelsea"]
    assert [box.label for box in app.selectbox] == ["Weights of LeNet-5", "Weights of ZFNet, laptop size"]


def test_no_network_is_said() -> None:
    app = opened()
    app.multiselect(key="view_sights").set_value([])
    assert sights(run(app)) == [] and "Choose a network above" in said(app)[0]


def test_weights_are_those_that_are_said() -> None:
    app = opened({"network": ["lenet5-modern", "lenet5"], "weights_2": "random"})
    trained, random = sights(app)
    with trained.model() as model, torch.inference_mode():
        wanted = state_dict("lenet5-modern")
        assert all(torch.equal(tensor, wanted[name]) for name, tensor in model.state_dict().items())
        assert int(model(trained.input()[None]).argmax()) == trained.true_class
        with trained.model() as again:
            assert again is model
    with random.model() as model:
        assert torch.equal(model.C1.weight, build("lenet5", seed=0).C1.weight)
        assert not model.training
    assert random.weights_title == "random weights, seed 0"


# ---------------------------------------------------------------- own pictures


def test_an_upload_lives_in_the_session() -> None:
    app = opened()
    app.selectbox(key="view_picture").set_value("upload")
    run(app)
    said = [caption.value for caption in app.caption]
    assert keys(app)[0][2] == "chelsea" and "Choose a file; Chelsea the cat is shown until then." in said
    app.file_uploader(key="view_upload").upload("my <b>teal</b> field.png", png())
    run(app)
    (picture,) = app.session_state["own_pictures"].values()
    assert app.query_params["picture"] == picture.id and picture.id.startswith("upload:") and len(picture.id) == len("upload:") + 8
    assert sights(app)[0].picture_title == "my <b>teal</b> field.png"
    assert (sights(app)[0].shown() == [0, 128, 128]).all() and sights(app)[0].true_class is None
    assert len(keys(app)[0][2]) == len("upload:") + 64
    assert app.caption[-1].value.startswith("my \\<b\\>teal")

    other = opened(session={"own_pictures": dict(app.session_state["own_pictures"]), "kept_picture": picture.id})
    assert keys(other) == keys(app)  # the next page of the same session


def test_a_file_that_is_no_picture_is_said() -> None:
    app = opened()
    app.selectbox(key="view_picture").set_value("upload")
    run(app)
    app.file_uploader(key="view_upload").upload("notes.png", b"no picture")
    run(app)
    assert said(app) == ["This file is no picture that can be opened; choose a PNG, JPEG, GIF, WebP, BMP or TIFF file."]
    assert keys(app)[0][2] == "chelsea" and "picture" not in app.query_params


def test_only_a_few_own_pictures_are_kept() -> None:
    app = opened()
    app.selectbox(key="view_picture").set_value("upload")
    run(app)
    for step in range(picture_picker.MOST_OWN + 2):
        app.file_uploader(key="view_upload").upload("one.png", png(size=(20 + step, 20)))
        run(app)
    assert len(app.session_state["own_pictures"]) == picture_picker.MOST_OWN
    assert sights(app)[0].image.width == 20 + picture_picker.MOST_OWN + 1


def drawing(side: int = draw_pad.SIDE) -> str:
    file = io.BytesIO()
    picture = Image.new("RGBA", (side, side), "black")
    picture.paste("white", (side // 2, side // 4, side // 2 + 6, 3 * side // 4))
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def test_a_drawn_digit_is_read() -> None:
    app = opened({"network": "lenet5-modern"})
    app.selectbox(key="view_picture").set_value("drawn")
    run(app)
    app.session_state["draw_pad"] = {"drawing": drawing()}
    run(app)
    (one,) = sights(app)
    assert one.key[2].startswith("drawn:") and app.query_params["picture"] == one.key[2][:14]
    with one.model() as model, torch.inference_mode():
        assert int(model(one.input()[None]).argmax()) == 1  # a bar
    app.session_state["draw_pad"] = {"drawing": ""}
    assert sights(run(app))[0].key[2] == app.query_params["picture"] == "digit:17"


@pytest.mark.parametrize(
    "sent",
    [
        "data:text/html;base64,PGI+", "data:image/png;base64,!!!", "data:image/png;base64,", drawing(32), 17, ["x"],
        "data:image/png;base64," + "A" * 40_000,
    ],
)  # fmt: skip
def test_what_is_no_drawing_is_refused(sent: object) -> None:
    with pytest.raises(InvalidPicture, match="no drawing of 64 × 64 pixels; clear it and draw again"):
        draw_pad.read(sent)


def test_an_empty_pad() -> None:
    assert draw_pad.read("") is None and draw_pad.read(None) is None
    picture = draw_pad.read(drawing())
    assert picture is not None and picture.size == (64, 64)


def test_the_picture_as_a_network_sees_it_is_saved_with_what_was_done_to_it() -> None:
    (one,) = sights(opened({"network": "zfnet-mini"}))
    caption = one.seen_caption()
    assert caption.startswith("ZFNet, laptop size (trained on patches) · Chelsea the cat · as it sees the picture, 64×64 pixels · ")
    assert "scaled" in caption and "the mean 0.4712, 0.3725, 0.3308" in caption
