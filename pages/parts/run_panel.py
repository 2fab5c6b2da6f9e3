"""The face of the Train page with a run: how it stands, its curves while they grow, and what else there is to see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures import run_live
from netlib.figures.run_list import ALIVE
from pages.parts import networks, run_facts, run_header, run_layers, run_scores, run_seen, run_store, saving, train_fields, view
from pages.parts.run_chart import run_chart

if TYPE_CHECKING:
    from netlib.training.measurements import Points

LOOK = 1.0  # seconds between two looks at a run that is alive
BY = {"step": "step", "epoch": "epoch", "seconds": "second"}
SCALES = {"linear": "linear", "log": "logarithmic"}
SECTIONS = {
    "pictures": ("Kernels and maps", run_seen.pictures), "layers": ("Gradients and weights", run_layers.layers),
    "scores": ("Confusions and mistakes", run_scores.scores), "recipe": ("Recipe, machine, log", run_facts.facts),
}  # fmt: skip


def run_panel(id: str) -> None:
    """
    Raises:
        UnknownRun, StoreUnavailable: there is nothing to show.
    """
    run = run_store.store().get(id)
    alive = run.status in ALIVE
    view.write("run", id)
    st.fragment(_standing, run_every=LOOK if alive else None)(id, alive)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        by = view.one_of("Along the axis", list(BY), name="by", default="step", format_func=BY.__getitem__)
        scale = view.one_of("Axis of the loss", list(SCALES), name="loss_axis", default="linear", format_func=SCALES.__getitem__)
        smoothing = _smoothing()
    st.fragment(_curves, run_every=LOOK if alive else None)(id, by, smoothing, scale == "log")
    section = view.one_of("Look at", list(SECTIONS), name="look", default="pictures", format_func=lambda name: SECTIONS[name][0])
    SECTIONS[section][1](run, alive)


def _standing(id: str, was_alive: bool) -> None:
    """The header; when the run has ended, the whole page runs once more, and its clocks stop."""
    run = run_store.store().get(id)
    if was_alive != (run.status in ALIVE):
        st.rerun()
    run_header.header(run)


def _curves(id: str, by: str, smoothing: float, log: bool) -> None:
    run = run_store.store().get(id)
    points = _points(id, run.step, run.status)
    panels = run_live.panels(points, across=by, smoothing=smoothing, log=log, dark=st.context.theme.type == "dark")
    if not panels:
        if run.status in ALIVE:
            st.info("The curves begin with its first steps.", icon=":material/monitoring:")
        return
    said = run_live.summary(points)
    what = f"{networks.title(run.recipe.network)} on {train_fields.data_title(run.recipe.data)}, run {run.id}"
    run_chart(panels, by, key=f"curves_{id}", alt=f"Curves of {what}. {said}", caption=what, filename=f"run-{id}-curves")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(said)
        st.download_button(
            "CSV", lambda: _csv(id), saving.file_name(f"run-{id}", ending="csv"), "text/csv", key=f"csv_{id}", type="tertiary",
            icon=":material/download:", on_click="ignore", help="All points of these curves: series, step, epoch, seconds, value.",
        )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=32)
def _points(id: str, step: int, status: str) -> dict[str, Points]:
    """Read once for all who look at the run as it is now."""
    return run_store.store().points(id, run_live.SERIES)


def _csv(id: str) -> bytes:
    import pandas as pd

    rows = run_live.rows(run_store.store().points(id, run_live.SERIES, most=10**9))
    return pd.DataFrame(rows).to_csv(index=False).encode()


def _smoothing() -> float:
    key = "view_smooth"
    if key not in st.session_state:
        asked = view.first("smooth", "0.9")
        st.session_state[key] = min(0.99, max(0.0, float(asked))) if asked.replace(".", "", 1).isdecimal() else 0.9
    value = st.slider(
        "Smoothing of the batches", 0.0, 0.99, st.session_state[key], 0.01, key=key, width=220,
        help="How much the values before count in the running mean; what was measured stays palely behind it.",
    )  # fmt: skip
    view.keep("smooth", f"{value:g}", "0.9")
    return value
