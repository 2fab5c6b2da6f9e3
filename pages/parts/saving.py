"""Pictures that are taken away: as PNG, with a caption that says network, weights, layer, unit, method and settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures.captioned import captioned_png

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8] | Callable[[], NDArray[np.uint8]]

__all__ = ["captioned_png", "download", "file_name"]


def download(picture: Picture, caption: str, filename: str, key: str, *, label: str = "PNG", help: str | None = None) -> None:
    """A button that saves the picture (H, W, 3), or what a function gives when the button is pressed, with its caption under it."""

    def file() -> bytes:
        return captioned_png(picture() if callable(picture) else picture, caption)

    st.download_button(
        label, file, file_name(filename), "image/png", key=key, icon=":material/download:", on_click="ignore", type="tertiary",
        help=help or "Save this picture with a caption that says what it is.",
    )  # fmt: skip


def file_name(*parts: object, ending: str = "png") -> str:
    """`alexnet conv1 kernels` -> alexnet-conv1-kernels.png, of letters, digits, dots and hyphens."""
    stem = re.sub(r"[^\w.]+", "-", " ".join(map(str, parts))).strip("-.")
    return stem if stem.endswith(f".{ending}") else f"{stem}.{ending}"
