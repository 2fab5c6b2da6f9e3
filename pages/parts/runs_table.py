"""The table of all runs, with filters above it; those that are ticked are compared below.

In the URL: run=a&run=b for the ticked ones, of (network), on (data), status and by (whose) for the filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.errors import UnknownRun
from netlib.figures import run_list, run_words
from netlib.figures.run_curves import MOST
from pages.parts import view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlib.training.records import Run
    from netlib.training.runs import Store

CHOSEN = "runs_chosen"  # in the session: ids of the ticked runs, in the order in which they were ticked
LOOK = 2.0  # seconds between two looks at runs that go on
ROWS = 12  # shown at once; the others are scrolled to
_ROW = 35  # pixels


def choose(store: Store, runs: Sequence[Run]) -> list[Run]:
    """Draw filters and table; the runs that are ticked, at most MOST."""
    by_id = {run.id: run for run in runs}
    if CHOSEN not in st.session_state:
        asked = list(dict.fromkeys(view.first_list("run", [])))
        for id in asked:
            if id not in by_id:
                st.warning(escape(str(UnknownRun(id))))
        st.session_state[CHOSEN] = [id for id in asked if id in by_id]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = {
            "network": _filter("Network", "of", [run.recipe.network for run in runs], run_list.network_title),
            "data": _filter("Data", "on", [run.recipe.data for run in runs], run_list.data_title),
            "status": _filter("Status", "status", [run.status for run in runs], lambda status: run_words.STATUS[status][0]),
            "owner": _filter("By", "by", [run.owner for run in runs if run.owner], str),
        }
    _table(store, wanted, any(run.status in run_list.ALIVE for run in runs))
    chosen = [id for id in st.session_state[CHOSEN] if id in by_id]
    if len(chosen) > MOST:
        st.warning(f"{len(chosen)} runs are ticked, and {MOST} fit beside each other; the first {MOST} are compared.")
    view.keep("run", chosen, [])
    return [by_id[id] for id in chosen[:MOST]]


def _filter(label: str, name: str, values: Sequence[str], format_func: Callable[[str], str]) -> str:
    options = ["", *sorted(set(values))]
    return view.selectbox(label, options, name=name, default="", format_func=lambda value: format_func(value) if value else "all")


def _table(store: Store, wanted: dict[str, str], alive: bool) -> None:
    st.fragment(_listed, run_every=LOOK if alive else None)(store, wanted)


def _listed(store: Store, wanted: dict[str, str]) -> None:
    """The rows that pass the filters; where a run ended or a tick changed, the whole page follows."""
    store.sweep()
    every = store.runs()
    runs = [run for run in every if all(not value or _of(run, name) == value for name, value in wanted.items())]
    st.caption(run_list.counts(runs) + (f", of {len(every)}" if len(runs) < len(every) else ""))
    if not runs:
        st.info("No run passes these filters; set one of them back to “all”.", icon=":material/filter_alt_off:")
    else:
        ticked = _ticked(runs)
        if ticked != st.session_state[CHOSEN]:
            st.session_state[CHOSEN] = ticked
            st.rerun()
    states = [(run.id, run.status) for run in every]
    if st.session_state.get("runs_states", states) != states:
        st.session_state["runs_states"] = states
        st.rerun()
    st.session_state["runs_states"] = states


def _ticked(runs: Sequence[Run]) -> list[str]:
    """Ids of the ticked runs; those that the filters hide stay ticked."""
    ids = [run.id for run in runs]
    chosen: list[str] = st.session_state[CHOSEN]
    key = f"runs_table_{hash(tuple(ids))}"  # another list of runs is another table: ticks are kept by the row's number
    at_first = st.session_state.setdefault("runs_tables", {})
    if key not in st.session_state:  # new, or back from another page, where its ticks were forgotten
        at_first[key] = [ids.index(id) for id in chosen if id in ids]
    event = st.dataframe(
        pd.DataFrame(run_list.rows(runs)), hide_index=True, key=key, on_select="rerun", selection_mode="multi-row",
        selection_default={"selection": {"rows": at_first[key], "columns": [], "cells": []}}, height=_ROW * (min(len(runs), ROWS) + 1) + 3,
        placeholder="–",
        column_config={
            "Run": st.column_config.TextColumn(width="medium"),
            "Held-back right": st.column_config.NumberColumn(format="%.1f %%", help="Share of the held-back pictures, at best."),
            "Created": st.column_config.DatetimeColumn(format="distance"),
        },
        alt=f"Table of runs. {run_list.counts(runs)}.",
    )  # fmt: skip
    ticked = [ids[row] for row in event["selection"]["rows"] if row < len(ids)]
    return [id for id in chosen if id in ticked or id not in ids] + [id for id in ticked if id not in chosen]


def _of(run: Run, name: str) -> str:
    return str(getattr(run.recipe if name in ("network", "data") else run, name))
