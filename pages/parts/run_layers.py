"""The norms of each layer's gradients and weights over a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures import run_norms
from pages.parts import run_store, view

if TYPE_CHECKING:
    from netlib.training.measurements import Points
    from netlib.training.records import Run

LOOK = 3.0  # seconds


def layers(run: Run, alive: bool) -> None:
    kinds = run_norms.KINDS
    kind = view.one_of("Norms of the", list(kinds), name="norms", default="gradient_norm", format_func=kinds.__getitem__)
    st.fragment(_layers, run_every=LOOK if alive else None)(run.id, kind)


def _layers(id: str, kind: str) -> None:
    run = run_store.store().get(id)
    found = run_norms.norms(_points(id, kind, run.step, run.status), kind, _order(run.recipe.network))
    if found is None:
        st.info("No norms have been measured yet; they come with the first steps.", icon=":material/monitoring:")
        return
    said = run_norms.summary(found, kind)
    st.plotly_chart(
        run_norms.figure(found, kind), key=f"norms_{id}_{kind}", alt=f"Norms of each layer's {run_norms.KINDS[kind]}. {said}",
        config={"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": f"run-{id}-{kind}"}},
    )  # fmt: skip
    st.caption(
        f"{said} A row for each layer with weights, the first at the top. Where gradients fade towards the first layers, these learn last."
    )


@st.cache_data(show_spinner=False, max_entries=32)
def _points(id: str, kind: str, step: int, status: str) -> dict[str, Points]:
    store = run_store.store()
    return store.points(id, [name for name in store.series(id) if name.startswith(f"{kind}/")], most=200)


def _order(network: str) -> list[str]:
    """The layers' names in the order of the network, as far as it is as published."""
    from netlib.analysis import store
    from netlib.models.registry import NETWORKS

    return [layer.name for layer in store.graph(network).layers] if network in NETWORKS else []
