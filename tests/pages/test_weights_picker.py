"""Weights of a network on a page: out of a folder, over HTTP from a server on this machine, and out of the visitor's own file."""

from __future__ import annotations

import io
import threading
import time
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import save

from netlib.models import imagenet
from netlib.models.build import build
from netlib.models.zoo import build_torchvision
from pages.parts import downloads, own_checkpoints
from tests.pages.test_sight import opened, png, run, said, sights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

NETWORK = "torchvision/squeezenet1_1"  # 5 MB: the smallest of them


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("NETLIB_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "none"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def saved(value: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def squeezenet() -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    return build_torchvision("squeezenet1_1").state_dict()


# ---------------------------------------------------------------- ImageNet


def test_weights_in_the_folder_are_the_default(folder: Path) -> None:
    state = squeezenet()
    torch.save(state, folder / imagenet.WEIGHTS["squeezenet1_1"].file)
    (one,) = sights(opened({"network": NETWORK}))
    assert one.weights == "imagenet" and one.weights_title == "ImageNet weights"
    assert one.preprocessing.short == 256 and one.classes[281] == "tabby"
    with one.model() as model:
        assert torch.equal(model.state_dict()["features.0.weight"], state["features.0.weight"])


def test_without_a_network_one_sentence_and_nothing_broken() -> None:
    app = opened({"network": ["resnet18", "zfnet-mini"], "weights_1": "imagenet"})
    assert [(sight.name, sight.number) for sight in sights(app)] == [("zfnet-mini", 2)]
    assert len(said(app)) == 1 and "resnet18-f37072fd.pth from https://download.pytorch.org/models into" in said(app)[0]
    assert app.query_params["weights_1"] == "imagenet"
    (button,) = [button for button in app.button if str(button.key).startswith("download_")]
    assert button.label == "Download 47 MB"
    app.selectbox(key="view_weights_resnet18").set_value("random")
    assert [sight.name for sight in sights(run(app))] == ["resnet18", "zfnet-mini"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """torchvision's server, on this machine, with one file; it sends the second half when the event is set."""
    body, half = saved(squeezenet()), threading.Event()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            half.wait(20)
            with suppress(OSError):  # hung up
                self.wfile.write(body[len(body) // 2 :])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        name = f"squeezenet1_1-{sha256(body).hexdigest()[:8]}.pth"
        entry = replace(imagenet.WEIGHTS["squeezenet1_1"], url=f"http://127.0.0.1:{running.server_port}/{name}", bytes=len(body))
        monkeypatch.setattr(imagenet, "WEIGHTS", MappingProxyType({"squeezenet1_1": entry}))
        yield half
        half.set()
        running.shutdown()


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def download(app: AppTest) -> AppTest:
    app.button(key=f"download_{NETWORK}").click()
    return run(app)


def test_a_download_shows_how_far_it_is_and_the_network_is_there(server: threading.Event, folder: Path) -> None:
    app = opened({"network": NETWORK, "weights_1": "imagenet"})
    assert not sights(app)
    download(app)
    file = imagenet.WEIGHTS["squeezenet1_1"].file
    wait_for(lambda: downloads._downloads[file].done)
    run(app)
    assert app.button(key=f"stop_download_{NETWORK}").label == "Stop" and not said(app)
    server.set()
    wait_for(downloads._downloads[file].ended.is_set)
    assert [path.name for path in folder.iterdir()] == [file]
    assert sights(run(app))[0].weights == "imagenet"


def test_a_download_can_be_stopped(server: threading.Event, folder: Path) -> None:
    app = download(opened({"network": NETWORK, "weights_1": "imagenet"}))
    going_on = downloads._downloads[imagenet.WEIGHTS["squeezenet1_1"].file]
    wait_for(lambda: going_on.done)
    going_on.stop.set()
    server.set()
    wait_for(going_on.ended.is_set)
    assert not list(folder.iterdir())
    assert "are not on this computer" in said(run(app))[0]


def test_a_failed_download_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    closed.server_close()
    entry = replace(imagenet.WEIGHTS["squeezenet1_1"], url=f"http://127.0.0.1:{closed.server_port}/squeezenet1_1-b8a52dc0.pth")
    monkeypatch.setattr(imagenet, "WEIGHTS", MappingProxyType({"squeezenet1_1": entry}))
    app = download(opened({"network": NETWORK, "weights_1": "imagenet"}))
    wait_for(downloads._downloads[entry.file].ended.is_set)
    assert "could not be fetched from 127.0.0.1" in said(run(app))[0]
    assert app.button(key=f"download_{NETWORK}").label.startswith("Download")  # to try again


# ---------------------------------------------------------------- a file of one's own


def with_file(network: str, name: str, data: bytes) -> AppTest:
    app = opened({"network": network})
    app.selectbox(key=f"view_weights_{network}").set_value("own")
    run(app)
    assert not sights(app)
    app.file_uploader(key=f"view_checkpoint_{network}").upload(name, data)
    return run(app)


@pytest.mark.parametrize("write", [save, saved])
def test_an_own_checkpoint_is_looked_through(write: Any) -> None:
    state = build("lenet5-modern", seed=9).state_dict()
    data = write({f"module.{name}": tensor for name, tensor in state.items()})
    app = with_file("lenet5-modern", "mine.pt" if write is saved else "mine.safetensors", data)
    (one,) = sights(app)
    digest = sha256(data).hexdigest()
    assert one.weights == f"own:{digest[:8]}" and one.key[1] == f"own:{digest}" and app.query_params["weights_1"] == one.weights
    assert one.weights_title.startswith("own checkpoint mine.") and one.classes[3] == "class 3"  # whose digits, nobody says
    with one.model() as model:
        assert torch.equal(model.C3.weight, state["C3.weight"])

    again = opened({"network": "lenet5-modern", "weights_1": one.weights}, {"own_checkpoints": dict(app.session_state["own_checkpoints"])})
    assert sights(again)[0].key == one.key and not said(again)
    fresh = opened({"network": "lenet5-modern", "weights_1": one.weights})
    assert sights(fresh)[0].weights == "trained" and len(said(fresh)) == 1
    assert "came out of a file in another session, which alone has it; showing Trained on digits" in said(fresh)[0]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("other.pt", saved(build("lenet5").state_dict()), "They look like the weights of lenet5."),
        ("photo.pt", png(), "This file is neither safetensors nor what torch.save writes"),
        ("whole.pt", saved(build("lenet5")), "holds Python objects besides tensors"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_said(name: str, data: bytes, says: str) -> None:
    app = with_file("lenet5-modern", name, data)
    assert not sights(app) and len(said(app)) == 1 and says in said(app)[0]
    assert "weights_1" not in app.query_params
    assert said(run(app)) == said(app)  # as long as the file is there


def test_another_file_takes_the_place_of_the_first() -> None:
    app = with_file("lenet5-modern", "one.pt", saved(build("lenet5-modern", seed=1).state_dict()))
    first = sights(app)[0].key
    app.file_uploader(key="view_checkpoint_lenet5-modern").upload("two.pt", saved(build("lenet5-modern", seed=2).state_dict()))
    assert sights(run(app))[0].key != first
    assert len(app.session_state["own_checkpoints"]) == 1


def test_who_comes_back_to_a_checkpoint_that_had_to_make_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(build("lenet5-modern", seed=1).state_dict())
    app = with_file("lenet5-modern", "MyNet.pt", data)
    (one,) = sights(app)
    session = {"own_checkpoints": dict(app.session_state["own_checkpoints"])}
    monkeypatch.setattr(own_checkpoints, "MOST_BYTES", len(data))
    with_file("lenet5-modern", "other.pt", saved(build("lenet5-modern", seed=2).state_dict()))  # of another visitor

    back = opened({"network": "lenet5-modern", "weights_1": one.weights}, session)  # from another page, where the field was not
    assert not sights(back) and len(said(back)) == 1
    assert said(back)[0].startswith("Own checkpoint MyNet.pt had to make room for newer ones: this server keeps ")
    assert "weights_1" not in back.query_params and not said(run(back))

    assert sights(run(app))[0].key == one.key and not said(app)  # whose field still has the file need not choose it again


def test_random_weights_of_a_network_with_batch_normalization_have_seen_photos() -> None:
    app = opened({"network": ["resnet110-cifar", "vgg-mini"], "weights_1": "random", "weights_2": "random"})
    deep, plain = sights(app)
    assert deep.weights_title == "random weights, seed 0, batch-norm statistics of 4 photos"
    assert plain.weights_title == "random weights, seed 0"
    with deep.model() as model, torch.no_grad():
        assert 0.1 < model(deep.input()[None]).abs().max() < 20
        assert torch.equal(model.fc.weight, build("resnet110-cifar").fc.weight)  # what is random stays as the seed says
    with plain.model() as model:
        assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in build("vgg-mini").state_dict().items())
    assert any("photos bring to them" in block.value for block in app.markdown)
