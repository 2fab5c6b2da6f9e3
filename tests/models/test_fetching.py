"""Servers that do not keep to HTTP; the rest of fetching is tested with what is fetched."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from netlib.errors import MissingData
from netlib.models.fetching import File, fetch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nab", b"hello\r\n\r\n", b""])
def test_a_broken_answer_is_one_sentence(tmp_path: Path, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def once() -> None:
            caller, _ = listening.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(answer)

        serving = threading.Thread(target=once, daemon=True)
        serving.start()
        file = File(f"http://127.0.0.1:{port}/set.gz", 1000, "md5", "0123")
        with pytest.raises(MissingData, match=r"^set\.gz could not be fetched from 127\.0\.0\.1:\d+; go online and try again, or put"):
            list(fetch(file, tmp_path, MissingData))
        serving.join()
    assert not list(tmp_path.iterdir())
