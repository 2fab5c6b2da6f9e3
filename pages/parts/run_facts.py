"""The recipe of a run, the machine it ran on, what it took, and its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.figures import run_words, units
from netlib.training.recipe import Recipe
from pages.parts import run_store

if TYPE_CHECKING:
    from datetime import datetime

    from netlib.training.records import Run

LOOK = 2.0  # seconds


def facts(run: Run, alive: bool) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Recipe**")
        st.dataframe(
            pd.DataFrame(run_words.rows(run.recipe)), hide_index=True, key=f"recipe_{run.id}", height=420,
            alt="Table of all fields of the recipe with their values.",
        )  # fmt: skip
        st.caption("The same run in Python:")
        st.code(_python(run), language=None, wrap_lines=True)  # colours of a language are too pale on both grounds
    with right:
        st.fragment(_took, run_every=LOOK if alive else None)(run.id)


def _took(id: str) -> None:
    store = run_store.store()
    run = store.get(id)
    st.markdown("**Machine and time**")
    table = pd.DataFrame(_rows(run))
    st.dataframe(table, hide_index=True, height="content", key=f"took_{id}", alt="Table of device, versions, dates and seconds.")
    st.markdown("**Log** (UTC)")
    st.code(store.log(id) or "Nothing has been told yet.", language=None, height=260, wrap_lines=True)


def _rows(run: Run) -> list[dict[str, str]]:
    gpu = run.device.startswith("cuda")
    rows = {
        "Run": run.id,
        "Owner": run.owner or "–",
        "Device": run.device or "–",
        "Machine and process": f"{run.host}, {run.pid}" if run.host else "–",
        "Asked for": _moment(run.created),
        "Started": _moment(run.started),
        "Ended": _moment(run.ended),
        "Training": run_words.duration(run.seconds) if run.step else "–",
        "GPU-seconds": f"{run.device_seconds:,.1f}" if gpu else "none: it ran on the CPU" if run.device else "–",
        "Memory, estimated": units.bytes_(run.bytes) if run.bytes else "–",
        "Made from run": run.after or "–",
    } | {f"Version of {name}": version for name, version in run.versions.items() if name != "threads"}
    if threads := run.versions.get("threads"):
        rows["Threads"] = threads
    return [{"": name, "Value": value} for name, value in rows.items()]


def _moment(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else "–"


def _python(run: Run) -> str:
    default = Recipe(run.recipe.network, run.recipe.data, epochs=1)
    fields = {name: value for name, value in run.recipe.as_dict().items() if getattr(default, name) != getattr(run.recipe, name)}
    if run.recipe.epochs == 1:
        fields["epochs"] = 1
    given = "".join(f", {name}={tuple(value) if isinstance(value, list) else value!r}" for name, value in fields.items())
    return (
        f"import netlib\n\nrecipe = netlib.Recipe({run.recipe.network!r}, {run.recipe.data!r}{given})\n"
        "for step in netlib.train(recipe):\n    print(step.step, step.loss.item())"
    )
