"""First kernels and feature maps of a run at the steps at which it looked at itself, with a slider over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import run_pictures, units
from pages.parts import run_data, run_store, saving
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from netlib.figures.mosaic import Mosaic
    from netlib.training.records import Run

LOOK = 2.0  # seconds


def pictures(run: Run, alive: bool) -> None:
    follow = False
    if alive:
        follow = st.toggle("Follow the newest", True, key=f"follow_{run.id}", help="Switched off, a slider leads back to earlier steps.")
    st.fragment(_pictures, run_every=LOOK if follow else None)(run, follow)


def _pictures(run: Run, follow: bool) -> None:
    store = run_store.store()
    steps = store.snapshots(run.id)
    if not steps:
        st.info("The run has not looked at itself yet: the first pictures come before its first step.", icon=":material/photo_camera:")
        return
    if follow or len(steps) == 1:
        step = steps[-1]
    else:
        step = st.select_slider(
            "Step", steps, steps[-1], format_func=lambda step: f"{step:,}", key=f"snapshot_{run.id}",
            help="Of what the network looked like; half of the pictures are of the first quarter of the run.",
        )  # fmt: skip
    arrays = store.snapshot(run.id, step)
    when = "before the first step" if step == 0 else f"after step {step:,}"
    left, right = st.columns([2, 3], gap="large")
    with left:
        if "kernels" in arrays:
            sheet, end = run_pictures.kernels(arrays["kernels"])
            st.markdown(f"**First kernels** {when}")
            _picture(sheet, f"The first layer's kernels {when}.", f"run-{run.id}-kernels-{step}", run)
            st.caption(f"All on one scale, from −{units.value(end)} to {units.value(end)}; {_neutral(arrays['kernels'].shape[1])} is 0.")
        else:
            st.caption("The first layer is no convolution, so there are no kernels to show.")
    with right:
        try:
            found = run_pictures.feature_maps(arrays, run_data.held_back(run.recipe, arrays["pictures"].tolist()))
        except NetlibError as error:
            st.warning(escape(str(error)))
            return
        if not found:
            st.caption("No layer of this network gives maps, so there are none to show.")
        for maps in found:
            st.markdown(f"**Maps of {escape(maps.layer)}** {when}")
            _picture(maps.sheet, f"Maps of {maps.layer} for four held-back pictures {when}.", f"run-{run.id}-{maps.layer}-{step}", run)
            st.caption(
                f"A row for each held-back picture, which stands at the left; its first {maps.sheet.columns - 1} maps, from "
                f"{units.value(maps.low)} (dark) to {units.value(maps.high)} (bright)."
            )


def _neutral(channels: int) -> str:
    return "mid grey" if channels == 3 else "white"


def _picture(sheet: Mosaic, alt: str, filename: str, run: Run) -> None:
    st.image(sheet.png(), alt=alt, width="stretch" if sheet.size[1] >= 320 else sheet.size[1])
    caption = f"{alt} Run {run.id}: {run.recipe.network} on {run.recipe.data}."
    saving.download(lambda: sheet.picture, caption, filename, key=f"png_{filename.rpartition('-')[0]}")
