"""All experiments at a glance: the claim, the paper's number, and what came out here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures import experiment_words
from netlib.training.experiments import EXPERIMENTS
from pages.parts.experiment_data import found
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.training.experiments import Experiment
    from netlib.training.records import Run
    from netlib.training.runs import Store

WIDTH = 360  # pixels of a card at least
KEY = "view_experiment"  # of the choice; a callback may set it


def cards(store: Store, runs: Sequence[Run]) -> None:
    grid = st.grid(3, min_column_width=WIDTH)
    for experiment in EXPERIMENTS.values():
        with grid.container(border=True, height="stretch"):
            _card(store, experiment, runs)


def badge(name: str) -> str:
    words, icon, color = experiment_words.OUTCOMES[name]
    return f":{color}-badge[:material/{icon}: {words}]"


def _card(store: Store, experiment: Experiment, runs: Sequence[Run]) -> None:
    here = found(store, experiment, runs)
    st.markdown(f"**{escape(experiment.title)}** &nbsp; {badge(experiment_words.outcome(here.verdict))}")
    st.markdown(escape(experiment.claim))
    st.caption(f"In the paper {escape(experiment.finding.printed)}.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("See and run", key=f"open_{experiment.key}", icon=":material/science:", on_click=_open, args=(experiment.key,))
        if going_on := experiment_words.going_on(here.runs):
            st.markdown(f":blue-badge[:material/play_circle: {going_on}]")


def _open(key: str) -> None:
    st.session_state[KEY] = key
