"""ImageNet weights from a folder and over HTTP: real files and a real server on this machine, never the internet."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from netlib.errors import InvalidCheckpoint, MissingWeights
from netlib.models import imagenet
from netlib.models.build import build
from netlib.models.imagenet import WEIGHTS, fetch, folders, state_dict, weights_of, where
from netlib.models.registry import NETWORKS
from netlib.models.zoo import build_torchvision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlib.models.imagenet import Weights

BODY = bytes(range(256)) * 8000  # 2 MB


class Answers(BaseHTTPRequestHandler):
    """Serves BODY; /less breaks off, /endless never ends."""

    def do_GET(self) -> None:
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        self.send_response(200)
        if not self.path.startswith("/endless"):
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if self.path.startswith("/less"):
            self.wfile.write(BODY[:1_200_000])
            return
        try:
            for _ in range(50 if self.path.startswith("/endless") else 1):
                self.wfile.write(BODY)
        except OSError:  # hung up
            pass

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def record(address: str, digest: str = "") -> Weights:
    name = f"network-{digest or sha256(BODY).hexdigest()[:8]}.pth"
    return replace(WEIGHTS["resnet18"], url=f"{address}/{name}", bytes=len(BODY))


def test_a_download_is_told_piece_by_piece_and_appears_whole(server: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    weights = record(server + "/whole")
    steps = []
    for done, total in fetch(weights, folder):
        steps.append(done)
        assert total == len(BODY)
        assert not (folder / weights.file).exists()
    assert steps == sorted(steps) and len(steps) > 2 and steps[-1] == len(BODY)
    assert [file.name for file in folder.iterdir()] == [weights.file]
    assert (folder / weights.file).read_bytes() == BODY


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_whoever_shares_the_folder_may_read_the_file_as_any_other(server: str, tmp_path: Path, umask: int, mode: int) -> None:
    weights, before = record(server + "/whole"), os.umask(umask)
    try:
        for _ in fetch(weights, tmp_path):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / weights.file).stat().st_mode & 0o777 == mode


def test_a_stopped_download_leaves_nothing(server: str, tmp_path: Path) -> None:
    steps = fetch(record(server + "/whole"), tmp_path)
    next(steps)
    assert len(list(tmp_path.iterdir())) == 1
    steps.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "digest", "says"),
    [
        ("/whole", "0123abcd", "network-0123abcd.pth arrived damaged and was thrown away; try again, or put"),
        ("/less", "", "arrived damaged|could not be fetched"),
        ("/endless", "", "arrived damaged"),
        ("/missing", "", "127.0.0.1:.* answered 404 when asked for network-"),
    ],
)
def test_a_failed_download_leaves_nothing_and_says_what_to_do(server: str, tmp_path: Path, path: str, digest: str, says: str) -> None:
    weights = record(server + path, digest)
    steps = [(0, 0)]
    with pytest.raises(MissingWeights, match=says) as caught:
        steps.extend(fetch(weights, tmp_path))
    assert not list(tmp_path.iterdir())
    assert steps[-1][0] < len(BODY) + 3_000_000  # of what never ends, little more than was promised
    assert f"put {weights.file} from {server}{path} into {tmp_path} by hand" in str(caught.value)


def test_offline_is_one_sentence(tmp_path: Path) -> None:
    closed = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    closed.server_close()  # nobody listens there
    with pytest.raises(MissingWeights, match=r"^network-\w+\.pth could not be fetched from 127\.0\.0\.1:\d+; go online"):
        list(fetch(record(f"http://127.0.0.1:{closed.server_port}"), tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingWeights, match="by hand"):
        list(fetch(record(server + "/whole"), tmp_path / "file"))


def test_folders_are_where_torch_keeps_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("NETLIB_WEIGHTS", "TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    assert folders() == (Path(torch.hub.get_dir()) / "checkpoints",)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert folders() == (Path(torch.hub.get_dir()) / "checkpoints",)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    assert folders() == (Path(torch.hub.get_dir()) / "checkpoints",)
    monkeypatch.setenv("NETLIB_WEIGHTS", str(tmp_path / "mine"))
    assert folders() == (tmp_path / "mine", Path(torch.hub.get_dir()) / "checkpoints")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("NETLIB_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "none"))
    return tmp_path


def put(name: str, state: dict[str, torch.Tensor], folder: Path, *, old: bool = False) -> None:
    torch.save(state, folder / WEIGHTS[name].file, _use_new_zipfile_serialization=not old)


def test_a_twin_reads_torchvisions_file_under_its_own_names(folder: Path) -> None:
    torch.manual_seed(1)
    theirs = build_torchvision("resnet18").eval()
    put("resnet18", theirs.state_dict(), folder, old=True)
    assert where("resnet18") == where("torchvision/resnet18") == folder / WEIGHTS["resnet18"].file
    x = torch.randn(1, 3, 64, 48)
    with torch.inference_mode():
        wanted = theirs(x)
        for name in ("resnet18", "torchvision/resnet18"):
            torch.testing.assert_close(build(name, weights=state_dict(name))(x), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["mnasnet0_5", "densenet121", "googlenet"])
def test_files_that_torchvision_itself_has_to_rename(folder: Path, name: str) -> None:
    """MNASNet asks for a version, DenseNet's old names have a dot more, GoogLeNet's file has heads that are not built."""
    torch.manual_seed(1)
    theirs = build_torchvision(name).eval()
    state = theirs.state_dict()
    if name == "densenet121":
        for key in list(state):
            if "denselayer" in key:
                step = key.split(".")
                state[".".join([*step[:-2], f"{step[-2][:-1]}.{step[-2][-1]}", step[-1]])] = state.pop(key)
        assert "features.denseblock1.denselayer1.norm.1.weight" in state
    if name == "googlenet":
        state["aux1.conv.conv.weight"] = torch.zeros(128, 512, 1, 1)
    put(name, state, folder)
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(build(f"torchvision/{name}", weights=state_dict(f"torchvision/{name}"))(x), theirs(x))


def test_vit_reads_the_names_of_its_first_release(folder: Path) -> None:
    state = {name: torch.zeros(tensor.shape) for name, tensor in build("torchvision/vit_b_32", meta=True).state_dict().items()}
    former = {name.replace(".mlp.0.", ".mlp.linear_1.").replace(".mlp.3.", ".mlp.linear_2."): tensor for name, tensor in state.items()}
    assert former.keys() != state.keys()
    assert {imagenet._current(name) for name in former} == state.keys()


def test_what_is_not_there_is_said_with_file_and_folder(folder: Path) -> None:
    with pytest.raises(MissingWeights) as caught:
        state_dict("resnet18")
    assert str(caught.value) == (
        "The ImageNet weights of ResNet-18 (47 MB) are not on this computer; download them, or put resnet18-f37072fd.pth "
        f"from https://download.pytorch.org/models into {folder}."
    )
    with pytest.raises(MissingWeights, match="There are no ImageNet weights of AlexNet that torchvision offers"):
        state_dict("alexnet")
    (folder / WEIGHTS["resnet18"].file).write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(InvalidCheckpoint, match="damaged or incomplete"):
        state_dict("resnet18")


def test_the_registrys_twins_all_have_weights() -> None:
    twins = {name for name, row in NETWORKS.items() if row.torchvision}
    assert twins and all(weights_of(name) for name in twins)
    assert weights_of("lenet5") is weights_of("torchvision/none") is weights_of("none") is None
    assert all(weights.url == f"https://download.pytorch.org/models/{weights.file}" for weights in WEIGHTS.values())
