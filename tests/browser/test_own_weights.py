"""In Chromium: a visitor's wrong weights and pictures, and no network, each end in one sentence; nothing is executed, the page goes on."""

from __future__ import annotations

import io
import re
import zlib
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Any

import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from safetensors.torch import save

from netlib.models.bundled import state_dict

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def saved(value: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


class Trap:
    """Unpickled as code is, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def bomb(side: int) -> bytes:
    """A PNG of a few bytes whose header promises side × side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    head = pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def upload(page: Page, label: str, name: str, data: bytes) -> None:
    field = page.locator(f"section[aria-label='{label}'] input[type=file], [aria-label='{label}'] ~ input[type=file]")
    field.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": data})


def test_wrong_checkpoints_are_told_and_the_right_one_is_taken(
    visit: Callable[[str], Page], settled: Callable[[Page], Page], tmp_path: Path
) -> None:
    page = visit("/features?network=lenet5-modern&picture=digit:17")
    page.get_by_role("combobox", name=re.compile("Weights of")).click()
    page.get_by_role("option", name="Own checkpoint").click()
    own, trap = state_dict("lenet5-modern"), tmp_path / "executed"
    name, kernels = next((name, tensor) for name, tensor in own.items() if tensor.ndim == 4)
    wrong: dict[str, tuple[bytes, str | re.Pattern[str]]] = {
        "empty.pth": (b"", "This file is empty"),
        "code.pth": (saved({"weights": Trap(trap)}), "would execute code, so it was not opened"),
        "zfnet.safetensors": (save(dict(state_dict("zfnet-mini"))), re.compile("missing|unexpected")),
        "shapes.pt": (saved({**own, name: kernels[:, :, :3]}), re.compile(rf"{re.escape(name)}.*3.*5")),
    }
    for file, (data, says) in wrong.items():
        upload(page, "Its checkpoint", file, data)
        expect(page.get_by_role("alert").filter(has_text=says)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(1)
        settled(page)
    assert not trap.exists()
    upload(page, "Its checkpoint", "mine.safetensors", save(dict(own)))
    page.wait_for_url("**weights_1=own*")
    settled(page)
    assert page.get_by_role("alert").all_inner_texts() == []
    expect(page.locator(".mosaic").first).to_be_visible()


def test_without_a_network_weights_are_not_fetched_and_others_can_be_chosen(
    visit: Callable[[str], Page], settled: Callable[[Page], Page]
) -> None:
    page = visit("/features?network=alexnet-torchvision&network=lenet5-modern&weights_1=imagenet")
    page.get_by_role("button", name="Download 244 MB").click()
    said = page.get_by_role("alert").filter(has_text="could not be fetched from download.pytorch.org; go online and try again, or put")
    expect(said).to_be_visible()
    expect(page.get_by_role("button", name="Download 244 MB")).to_be_visible()
    expect(page.locator(".mosaic").first).to_be_visible()  # the other network's
    page.get_by_role("button", name="Use random weights").click()
    page.wait_for_url(lambda url: "weights_1=imagenet" not in url)
    settled(page)
    assert page.get_by_role("alert").all_inner_texts() == []
    expect(page.get_by_role("heading", name="AlexNet, torchvision", exact=True).first).to_be_visible()


def test_wrong_pictures_are_told_and_the_right_one_is_taken(visit: Callable[[str], Page], settled: Callable[[Page], Page]) -> None:
    page = visit("/features?network=lenet5-modern")
    page.get_by_role("combobox", name="Picture").click()
    page.get_by_role("option", name=re.compile("[Uu]pload")).click()
    file = io.BytesIO()
    Image.effect_noise((90, 60), 80).save(file, "PNG")
    right = file.getvalue()
    wrong: dict[str, tuple[bytes, str | re.Pattern[str]]] = {
        "empty.png": (b"", "This file is empty"),
        "half.png": (right[: len(right) // 2], "damaged or incomplete"),
        "words.jpg": (b"no picture at all", "no picture that can be opened"),
        "huge.png": (bomb(30_000), "far too many pixels"),
    }
    for name, (data, says) in wrong.items():
        upload(page, "Your picture", name, data)
        expect(page.get_by_role("alert").filter(has_text=says)).to_be_visible()
        settled(page)
        expect(page.locator(".mosaic").first).to_be_visible()  # of the default picture, meanwhile
    upload(page, "Your picture", "noise.png", right)
    page.wait_for_url("**picture=upload*")
    settled(page)
    assert page.get_by_role("alert").all_inner_texts() == []
