"""Downloads from a real server on this machine, and archives put there by hand: real formats, small files."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from netlib.data.archives import ARCHIVES
from netlib.data.torchvision_sets import READERS
from netlib.errors import MissingData
from netlib.models.fetching import File
from tests.data.formats import cifar, md5, mnist, packed, tarred

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from netlib.data.archives import Archives

FILES, _ = mnist(train=3000, test=40)  # 2.4 MB: several pieces
SERVED = {**packed(FILES), "cifar-10-python.tar.gz": tarred(cifar()[0], "cifar-10-batches-py")}


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if name not in SERVED or (self.path.startswith("/gap") and name.startswith("t10k-labels")):
            self.send_error(404)
            return
        body = SERVED[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):  # hung up
            self.wfile.write(body[::-1] if self.path.startswith("/damaged") else body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def small(name: str, address: str) -> Archives:
    """The row of a data set with the small archives in place of the real ones."""
    row = ARCHIVES[name]
    files = [SERVED[file.name] for file in row.files]
    return replace(
        row, files=tuple(File(f"{address}/{old.name}", len(new), "md5", md5(new)) for old, new in zip(row.files, files, strict=True))
    )


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ARCHIVES)
def test_files_and_checksums_are_torchvisions(name: str) -> None:
    row, theirs = ARCHIVES[name], READERS[name]
    if "cifar" in name:
        assert [(file.url, file.digest) for file in row.files] == [(theirs.url, theirs.tgz_md5)]
        assert row.unpacked == theirs.base_folder
        assert set(row.contents) == {file for file, _ in theirs.train_list + theirs.test_list} | {theirs.meta["filename"]}
    else:
        assert [(file.url, file.digest) for file in row.files] == [(theirs.mirrors[0] + file, digest) for file, digest in theirs.resources]
        assert row.unpacked == f"{theirs.__name__}/raw"
        assert [f"{file}.gz" for file in row.contents] == [file for file, _ in theirs.resources]


def test_a_download_counts_over_all_files_and_leaves_what_torchvision_reads(server: str, tmp_path: Path) -> None:
    row, root = small("mnist", server), tmp_path / "new"
    assert not row.there(root)
    steps = list(row.download(root))
    done = [done for done, _ in steps]
    assert done == sorted(done) and len(done) > 6 and {total for _, total in steps} == {row.bytes}
    assert done[-1] == row.bytes == sum(len(SERVED[f"{name}.gz"]) for name in FILES)
    assert everything(root) == {f"MNIST/raw/{name}{end}" for name in FILES for end in ("", ".gz")}
    assert all((root / "MNIST/raw" / name).read_bytes() == data for name, data in FILES.items())
    assert list(row.download(root)) == [(row.bytes, row.bytes)]  # nothing is fetched twice
    cifar10 = small("cifar10", server)
    list(cifar10.download(root))
    assert sorted(path.name for path in (root / "cifar-10-batches-py").iterdir()) == sorted(cifar()[0])
    assert cifar10.there(root)


def test_a_stopped_download_leaves_no_half_file_and_goes_on_after_the_whole_ones(server: str, tmp_path: Path) -> None:
    row = small("mnist", server)
    steps = row.download(tmp_path)
    next(steps)
    steps.close()
    assert not everything(tmp_path)
    steps = row.download(tmp_path)
    first = next(done for done, _ in steps if done > row.files[0].bytes)  # the second file is on its way
    steps.close()
    assert everything(tmp_path) == {f"MNIST/raw/{row.files[0].name}"}
    assert next(iter(row.download(tmp_path)))[0] == first
    assert not row.there(tmp_path)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("damaged", "train-images-idx3-ubyte.gz arrived damaged and was thrown away; try again, or put"),
        ("gap", "answered 404 when asked for t10k-labels-idx1-ubyte.gz; put t10k-labels-idx1-ubyte.gz from http"),
    ],
)
def test_a_failed_download_says_what_to_do(server: str, tmp_path: Path, path: str, says: str) -> None:
    with pytest.raises(MissingData, match=says):
        list(small("mnist", f"{server}/{path}").download(tmp_path))
    assert not [name for name in everything(tmp_path) if name.endswith(".part")]


def test_offline_is_one_sentence(tmp_path: Path) -> None:
    closed = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    closed.server_close()  # nobody listens there
    with pytest.raises(MissingData, match="^cifar-10-python.tar.gz could not be fetched from 127.0.0.1:.*; go online and try again"):
        list(small("cifar10", f"http://127.0.0.1:{closed.server_port}").download(tmp_path))


def test_what_is_not_there_is_said_with_files_and_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingData) as caught:
        ARCHIVES["mnist"].unpack(tmp_path)
    assert str(caught.value) == (
        "MNIST (12 MB) is not on this computer; download it, or put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
        "t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz from https://ossci-datasets.s3.amazonaws.com/mnist "
        f"into {tmp_path}/MNIST/raw."
    )
    with pytest.raises(MissingData, match=r"or put cifar-100-python.tar.gz from https://www.cs.toronto.edu/~kriz into"):
        ARCHIVES["cifar100"].unpack(tmp_path)


def test_archives_put_there_by_hand_are_unpacked_if_they_are_whole(tmp_path: Path) -> None:
    row = small("cifar10", "http://nowhere")
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(SERVED[archive.name][:-1])
    assert row.there(tmp_path)
    with pytest.raises(MissingData, match=f"cifar-10-python.tar.gz in {tmp_path} is damaged; delete it, and download CIFAR-10 again"):
        row.unpack(tmp_path)
    assert everything(tmp_path) == {archive.name}
    archive.write_bytes(SERVED[archive.name])
    row.unpack(tmp_path)
    assert {name.removeprefix("cifar-10-batches-py/") for name in everything(tmp_path)} == {archive.name, *cifar()[0]}
