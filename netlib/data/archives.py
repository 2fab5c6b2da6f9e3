"""The files of the data sets that can be downloaded: fetched, checked, unpacked to where torchvision's data sets look for them.

The files and their checksums are torchvision's (a test compares them), so that nothing here needs torchvision. An archive is unpacked only
if its checksum is right, whether it was downloaded or put there by hand.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING

from netlib.errors import MissingData
from netlib.models.fetching import File, fetch, shown

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping


@dataclass(frozen=True, slots=True)
class Archives:
    """The files of one data set.

    Attributes:
        title: what a person calls the set.
        files: what is downloaded.
        archives: the folder they are put into, below that of all data.
        unpacked: the folder that torchvision reads.
        contents: the files in it that it needs.
    """

    title: str
    files: tuple[File, ...]
    archives: str
    unpacked: str
    contents: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    def there(self, root: Path) -> bool:
        """Whether it can be read: it is unpacked below `root`, or its archives are there."""
        return self._complete(root) or all((root / self.archives / file.name).is_file() for file in self.files)

    def paths(self, root: Path) -> list[Path]:
        """The unpacked files."""
        return [root / self.unpacked / name for name in self.contents]

    def download(self, root: Path) -> Generator[tuple[int, int], None, None]:
        """Fetch what is not there yet, and unpack it: (bytes so far, bytes in all) after each piece; closing the iterator stops it.

        Raises:
            MissingData: the download failed; the message says which file belongs where.
        """
        before, folder = 0, root / self.archives
        for file in () if self._complete(root) else self.files:
            if not (folder / file.name).is_file() or _digest(folder / file.name, file.algorithm) != file.digest:
                for done, total in fetch(file, folder, MissingData):
                    yield before + done, self.bytes - file.bytes + total
            before += file.bytes
        self.unpack(root)
        yield self.bytes, self.bytes

    def unpack(self, root: Path) -> None:
        """Unpack what is not unpacked yet.

        Raises:
            MissingData: a file is not there, or damaged, or the disk cannot be written to.
        """
        if self._complete(root):
            return
        if not self.there(root):
            raise MissingData(self.absent(root))
        try:
            for file in self.files:
                archive = root / self.archives / file.name
                if _digest(archive, file.algorithm) != file.digest:
                    raise MissingData(f"{file.name} in {shown(archive.parent)} is damaged; delete it, and download {self.title} again.")
                with TemporaryDirectory(dir=root, prefix=".unpacking-") as unfinished:
                    self._extract(archive, Path(unfinished))
                    (root / self.unpacked).mkdir(parents=True, exist_ok=True)
                    for path in Path(unfinished).iterdir():
                        path.replace(root / self.unpacked / path.name)
        except OSError as error:
            said = f"{self.title} could not be unpacked in {shown(root)} ({error.strerror}); make room there, or allow it."
            raise MissingData(said) from error

    def absent(self, root: Path) -> str:
        """One sentence: which files belong where."""
        names = " and ".join(filter(None, (", ".join(file.name for file in self.files[:-1]), self.files[-1].name)))
        return (
            f"{self.title} ({self.bytes / 1e6:,.0f} MB) is not on this computer; download it, or put {names} "
            f"from {self.files[0].directory} into {shown(root / self.archives)}."
        )

    def damaged(self, root: Path) -> str:
        """One sentence for unpacked files that cannot be read."""
        where = root / self.unpacked
        return f"{self.title} in {shown(where)} is damaged; delete {', '.join(self.contents)} there, and download it again."

    def _complete(self, root: Path) -> bool:
        return all(path.is_file() for path in self.paths(root))

    def _extract(self, archive: Path, into: Path) -> None:
        """Only the files that are needed, by their names: what else an archive holds is not looked at."""
        if archive.name.endswith(".tar.gz"):
            with tarfile.open(archive) as tar:
                for name in self.contents:
                    packed = tar.extractfile(f"{self.unpacked}/{name}")
                    assert packed is not None  # its checksum is right: it is the archive we know
                    with packed, (into / name).open("wb") as file:
                        shutil.copyfileobj(packed, file)
        else:
            with gzip.open(archive) as unpacked, (into / archive.stem).open("wb") as file:
                shutil.copyfileobj(unpacked, file)


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


IDX = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def _idx(title: str, folder: str, address: str, *files: tuple[int, str]) -> Archives:
    """MNIST and what has its form: one packed file for each of the four."""
    archives = tuple(File(f"{address}/{name}.gz", size, "md5", digest) for name, (size, digest) in zip(IDX, files, strict=True))
    return Archives(title, archives, f"{folder}/raw", f"{folder}/raw", IDX)


def _cifar(title: str, name: str, size: int, digest: str, unpacked: str, contents: str) -> Archives:
    file = File(f"https://www.cs.toronto.edu/~kriz/{name}", size, "md5", digest)
    return Archives(title, (file,), ".", unpacked, tuple(contents.split()))


ARCHIVES: Mapping[str, Archives] = MappingProxyType(
    {
        "mnist": _idx(
            "MNIST", "MNIST", "https://ossci-datasets.s3.amazonaws.com/mnist",
            (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"), (28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
            (1_648_877, "9fb629c4189551a2d022fa330f9573f3"), (4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
        ),
        "fashion-mnist": _idx(
            "Fashion-MNIST", "FashionMNIST", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"), (29_515, "25c81989df183df01b3e8a0aad5dffbe"),
            (4_422_102, "bef4ecab320f06d8554ea6380940ec79"), (5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
        ),
        "cifar10": _cifar(
            "CIFAR-10", "cifar-10-python.tar.gz", 170_498_071, "c58f30108f718f92721af3b95e74349a", "cifar-10-batches-py",
            "data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch batches.meta",
        ),
        "cifar100": _cifar(
            "CIFAR-100", "cifar-100-python.tar.gz", 169_001_437, "eb9058c3a382ffc7106e4002c42a8d85", "cifar-100-python", "train test meta",
        ),
    }
)  # fmt: skip
