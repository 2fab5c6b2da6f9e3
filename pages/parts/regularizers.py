"""The settings of pictures that are found by gradients from noise: without regularizers they would be noise to our eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.parts import view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class _Slider:
    """One setting: what netlib calls it, its label, values, the usual one, unit, and what it does."""

    sent: str
    label: str
    values: tuple[str, ...]
    usual: str
    unit: str
    help: str
    whole: bool = False

    def number(self, chosen: str) -> float:
        return int(chosen) if self.whole else float(chosen)


_SLIDERS: Mapping[str, _Slider] = {  # name in the URL
    "climb": _Slider("steps", "Steps", ("64", "128", "256", "512"), "128", "", "Up the gradient.", whole=True),
    "decay": _Slider("decay", "Decay", ("0", "0.03", "0.1", "0.3"), "0.1", "", "Pulls each pixel to the mean colour."),
    "variation": _Slider(
        "variation", "Total variation", ("0", "0.01", "0.02", "0.05", "0.1"), "0.02", "", "Price of neighbours that differ."
    ),
    "jitter": _Slider("jitter", "Jitter", ("0", "1", "2", "4", "8"), "2", " px", "Random shift before each step.", whole=True),
    "blur": _Slider("blur", "Blur", ("0", "0.3", "0.5", "0.8"), "0.5", " px", "After every eighth step."),
    "descent": _Slider("steps", "Steps", ("100", "200", "400", "800"), "200", "", "Of Adam.", whole=True),
    "alpha": _Slider(
        "alpha_weight", "α-norm", ("0", "0.00001", "0.0001", "0.001"), "0.0001", "", "Price of values that are far out."
    ),
    "smooth": _Slider(
        "variation_weight", "Total variation", ("0", "0.001", "0.01", "0.03", "0.1"), "0.03", "", "Price of neighbours that differ."
    ),
}
CLIMB, DESCENT = ("climb", "decay", "variation", "jitter", "blur"), ("descent", "alpha", "smooth")
THERE_AND_BACK = 3.0  # forward passes that one forward and one backward pass take
LOOKS = 16  # pictures shown on the way


def choose(names: Sequence[str]) -> dict[str, Any]:
    """A row of sliders; what they say, as netlib calls it."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        return {_SLIDERS[name].sent: _SLIDERS[name].number(_slider(name, _SLIDERS[name])) for name in names}


def usual(names: Sequence[str]) -> dict[str, Any]:
    """The settings where none are chosen."""
    return {_SLIDERS[name].sent: _SLIDERS[name].number(_SLIDERS[name].usual) for name in names}


def words(settings: Mapping[str, Any]) -> str:
    """For a caption: "steps 128, decay 0.1, seed 0"."""
    return ", ".join([*(f"{name.replace('_', ' ')} {value:g}" for name, value in settings.items()), "seed 0"])


def _slider(name: str, one: _Slider) -> str:
    return view.slider(one.label, one.values, name=name, default=one.usual, unit=one.unit, help=one.help)
