"""A file from the internet: fetched piece by piece, counted, checked, and either there as a whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import IO

    from netlib.errors import NetlibError

SPARE = 1_000_000  # bytes that a file may have beyond what it is said to have: who states a size may round it
LEFT_FREE = 2_000_000_000  # bytes of the disk that a download does not touch
CHUNK = 512 * 1024
TIMEOUT = 20  # seconds without a byte


@dataclass(frozen=True, slots=True)
class File:
    """What is to be fetched.

    Attributes:
        bytes: its size, about.
        algorithm: what `digest` is of it, "sha256" or "md5".
        digest: the beginning of that, or all of it; what arrives with another one is thrown away.
    """

    url: str
    bytes: int
    algorithm: str
    digest: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def directory(self) -> str:
        """Where it lies on its server, as a person would go there."""
        return self.url.rpartition("/")[0]

    @property
    def host(self) -> str:
        return self.url.split("/")[2]


def fetch(file: File, folder: Path, error: type[NetlibError]) -> Generator[tuple[int, int], None, None]:
    """Fetch `file` into `folder`: (bytes so far, bytes in all) after each piece.

    Closing the iterator stops it; what came so far is thrown away. The file appears under its name only when it is whole.

    Raises:
        error: the download failed; the message says which file belongs where.
    """
    by_hand = f"put {file.name} from {file.directory} into {shown(folder)} by hand"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < file.bytes + LEFT_FREE:
            raise error(f"The disk has too little room for {file.name} ({file.bytes / 1e6:,.0f} MB); make some first.")
        part = folder / f"{file.name}.{token_hex(4)}.part"
        try:
            with part.open("xb") as opened:  # a plain file, which whoever shares the folder may read as its other files
                digest = yield from _received(file, opened)
            if not digest.startswith(file.digest):
                raise error(f"{file.name} arrived damaged and was thrown away; try again, or {by_hand}.")
            part.replace(folder / file.name)
        finally:
            part.unlink(missing_ok=True)
    except HTTPError as found:
        raise error(f"{file.host} answered {found.code} when asked for {file.name}; {by_hand}.") from found
    except (OSError, HTTPException) as found:  # no network, no room, or an answer that is no HTTP
        raise error(f"{file.name} could not be fetched from {file.host}; go online and try again, or {by_hand}.") from found


def _received(file: File, part: IO[bytes]) -> Generator[tuple[int, int], None, str]:
    """Write the answer into `part`; the digest of all of it."""
    digest, done, most = hashlib.new(file.algorithm, usedforsecurity=False), 0, file.bytes + SPARE
    with urlopen(file.url, timeout=TIMEOUT) as answer:
        total = int(answer.headers.get("Content-Length") or file.bytes)
        while done <= most and (piece := answer.read(CHUNK)):
            part.write(piece)
            digest.update(piece)
            done += len(piece)
            yield done, max(done, total)
    return digest.hexdigest() if done <= most else ""


def shown(folder: Path) -> str:
    """A folder as a person writes it."""
    home = Path.home()
    return f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)
