"""A picture made to excite one channel or unit as much as possible, step by step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures import units
from pages.parts import networks, saving
from pages.parts.markdown import escape
from pages.parts.work import known, work

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from pages.parts.look import Look

    Made = tuple[NDArray[np.uint8], float]  # the picture (H, W, 3), the value it gives

STEPS = 128
SEED = 0
AFFORDABLE = 20e9  # multiply-accumulates that are spent without being asked
WIDTH = 320
WANTED = "maximizations_wanted"  # in the session


def maximization_panel(look: Look) -> None:
    """The picture, after a button where it takes long."""
    one = look.sight
    unit = None if look.strongest else look.unit
    key = ("maximization", *one.key[:2], look.layer, look.channel, unit, STEPS, SEED)
    wanted: set[tuple[object, ...]] = st.session_state.setdefault(WANTED, set())
    place = st.empty()  # lets the button go at once when it has been pressed
    macs = 3.0 * STEPS * networks.cost(one.graph).total.macs  # a step goes up once and comes down twice
    if not known(key) and macs > AFFORDABLE and key not in wanted:
        place.button(
            "Make the picture", icon=":material/auto_awesome:", on_click=wanted.add, args=(key,), key=f"maximize_{one.name}",
            help=f"{STEPS} steps, {units.macs(int(macs))}. It can be stopped, and the picture is kept for all.",
        )  # fmt: skip
        return
    what = f"unit ({unit[0]}, {unit[1]})" if unit else "channel"
    made = work(key, partial(_make, look), label=f"A picture for channel {look.channel}", show=partial(_show, look))
    if made is None:
        return
    _show(look, made)
    st.caption(
        f"Gradient ascent from noise, {STEPS} steps, seed {SEED}: the {what} of {escape(look.layer)} gives {units.value(made[1])}; "
        f"the picture above gives {units.value(look.value)}. Weight decay, total variation, blur and jitter keep it smooth: without them "
        "it would be noise of high frequency."
    )
    saving.download(
        made[0], look.caption("activation maximization", f"{STEPS} steps, seed {SEED}"), look.file("maximization"),
        key=f"maximization_{one.name}",
    )  # fmt: skip


def _make(look: Look) -> Iterator[tuple[float, str, Made]]:
    from netlib.interpret.maximization import maximize

    one, unit = look.sight, None if look.strongest else look.unit
    climb = partial(
        maximize, layer=look.layer, channel=look.channel, input_shape=one.graph.input_shape, unit=unit, steps=STEPS, seed=SEED, every=4
    )
    for step in one.steps(climb):
        picture = one.preprocessing.shown(step.image)
        yield step.step / STEPS, f"step {step.step} of {STEPS}, value {units.value(step.value)}", (picture, step.value)


def _show(look: Look, made: Made) -> None:
    picture, value = made
    factor = max(1, -(-WIDTH // max(picture.shape)))
    st.image(
        picture.repeat(factor, 0).repeat(factor, 1), width=WIDTH, output_format="PNG",
        alt=f"A picture that was made to excite channel {look.channel} of {look.layer}; it gives {units.value(value)}.",
    )  # fmt: skip
