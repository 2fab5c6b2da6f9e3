"""The letters that are drawn into pictures: DejaVu Sans, which matplotlib carries; Pillow's own font lacks ×, − and é."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont


@lru_cache(maxsize=8)
def font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """DejaVu Sans at `size` pixels; Pillow's own font where only netlib's figures are used, without matplotlib."""
    package = find_spec("matplotlib")
    path = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf" if package and package.origin else None
    return ImageFont.truetype(path, size) if path and path.is_file() else ImageFont.load_default(size)
