"""A digit that is drawn small and in a corner is read as well as one that was scanned."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from netlib.data.digits import digits
from netlib.data.drawing import as_digit
from netlib.data.preprocessing import preprocessing
from netlib.errors import InvalidPicture
from netlib.models.build import build
from netlib.models.bundled import state_dict

NETWORK = "lenet5-modern"


def corrects(pictures: list[Image.Image], labels: np.ndarray) -> float:
    steps, model = preprocessing(NETWORK, "trained"), build(NETWORK, weights=state_dict(NETWORK))
    with torch.inference_mode():
        found = model(torch.stack([steps.tensor(picture) for picture in pictures])).argmax(1).numpy()
    return float((found == labels).mean())


def test_small_and_off_the_middle() -> None:
    held = digits()
    drawings = []
    for digit in held.test_images[:150, 0]:
        pad = Image.new("RGB", (64, 64))
        pad.paste(Image.fromarray(digit).resize((20, 26)), (3, 30))
        drawings.append(pad)
    labels = held.test_labels[:150]
    assert corrects(drawings, labels) < 0.5
    assert corrects([as_digit(drawing) for drawing in drawings], labels) > 0.9


def test_a_bar_by_hand() -> None:
    pad = Image.new("RGB", (64, 64))
    pad.paste("white", (40, 20, 45, 60))  # 5 wide and 40 high: scaled by 0.8 it is 4 × 32, one of the eight columns
    found = np.asarray(as_digit(pad).convert("L"))
    assert found.shape == (32, 32)
    assert (found[:, 15:17] > 120).all() and (found[:, [0, 5, 26, 31]] < 8).all()


def test_an_empty_pad_is_said() -> None:
    with pytest.raises(InvalidPicture, match="Nothing is drawn yet"):
        as_digit(Image.new("RGB", (64, 64)))
    assert as_digit(Image.new("L", (1, 1), 255)).size == (32, 32)
