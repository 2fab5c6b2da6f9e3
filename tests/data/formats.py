"""Small files in the formats of MNIST and CIFAR, written by their descriptions: what the tests read in place of the real ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]


def idx(array: NDArray[Any]) -> bytes:
    """Two zeros, 8 for unsigned bytes, the number of axes, their lengths, big-endian, the values. Source: yann.lecun.com/exdb/mnist."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def mnist(train: int = 30, test: int = 12, seed: int = 0) -> tuple[dict[str, bytes], dict[str, tuple[Bytes, Bytes]]]:
    """The four files by name, and what is in them: part -> pictures (N, 28, 28) and labels."""
    random = np.random.RandomState(seed)
    parts = {
        part: (random.randint(0, 256, (count, 28, 28)).astype(np.uint8), (np.arange(count) % 10).astype(np.uint8))
        for part, count in (("train", train), ("t10k", test))
    }
    files = {}
    for part, (images, labels) in parts.items():
        files |= {f"{part}-images-idx3-ubyte": idx(images), f"{part}-labels-idx1-ubyte": idx(labels)}
    return files, parts


class Old:
    """Pickled as numpy of 2009 did it: numbers where there are truth values today, and another name of the module."""

    def __init__(self, array: Bytes) -> None:
        self.array = array

    def __reduce__(self) -> Any:
        function, arguments, (version, shape, _, fortran, data) = self.array.__reduce__()
        return function, arguments, (version, shape, Old.Kind(), fortran, data)

    class Kind:
        def __reduce__(self) -> Any:
            return np.dtype, ("u1", 0, 1), (3, "|", None, None, None, -1, -1, 0)


def pickled(entry: Mapping[str, Any]) -> bytes:
    whole = {key: Old(value) if isinstance(value, np.ndarray) else value for key, value in entry.items()}
    return pickle.dumps(whole, protocol=2).replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def cifar(batch: int = 8, seed: int = 0) -> tuple[dict[str, bytes], dict[str, tuple[Bytes, list[int]]]]:
    """CIFAR-10's files, and what is in them: file -> pictures (N, 3, 32, 32), labels. Source: cs.toronto.edu/~kriz/cifar.html."""
    random = np.random.RandomState(seed)
    files, parts = {}, {}
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        images, labels = random.randint(0, 256, (batch, 3, 32, 32)).astype(np.uint8), random.randint(0, 10, batch).tolist()
        files[name] = pickled({"batch_label": name, "labels": labels, "data": images.reshape(batch, 3072), "filenames": ["a.png"] * batch})
        parts[name] = images, labels
    classes = "airplane automobile bird cat deer dog frog horse ship truck".split()
    files["batches.meta"] = pickled({"num_cases_per_batch": batch, "label_names": classes, "num_vis": 3072})
    return files, parts


def cifar100(count: int = 20, seed: int = 0) -> tuple[dict[str, bytes], dict[str, tuple[Bytes, list[int]]]]:
    """CIFAR-100's: a fine and a coarse label a picture."""
    random = np.random.RandomState(seed)
    files, parts = {}, {}
    for name in ("train", "test"):
        images, fine = random.randint(0, 256, (count, 3, 32, 32)).astype(np.uint8), random.randint(0, 100, count).tolist()
        coarse = random.randint(0, 20, count).tolist()
        files[name] = pickled({"fine_labels": fine, "coarse_labels": coarse, "data": images.reshape(count, 3072)})
        parts[name] = images, fine
    names = {"fine_label_names": [f"fine {number}" for number in range(100)], "coarse_label_names": [f"coarse {n}" for n in range(20)]}
    files["meta"] = pickled(names)
    return files, parts


def packed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Each file by itself, as MNIST's are."""
    return {f"{name}.gz": gzip.compress(data) for name, data in files.items()}


def tarred(files: Mapping[str, bytes], folder: str) -> bytes:
    """One archive, as CIFAR's is; with a file that nobody needs."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in {**files, "readme.html": b"<html>"}.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()
