"""Claims of the papers, tried here in small: the paper's figure beside ours, and how sure ours is.

A link holds all of it: ?experiment=relu&curves=top1&along=step
"""

from __future__ import annotations

import streamlit as st

from netlib.errors import NetlibError
from netlib.training.experiments import EXPERIMENTS
from pages.parts import experiment_cards, experiment_panel, run_store, view
from pages.parts.markdown import escape

ALL = "all"
dark = st.context.theme.type == "dark"


def main() -> None:
    st.title("Experiments")
    st.markdown(
        "What the papers claim, put to the test on this machine: networks that differ in one thing, trained alike. The data and the "
        "networks are small, so that a trial takes minutes; what is smaller than in the paper is said each time."
    )
    choice = view.selectbox(
        "Experiment", [ALL, *EXPERIMENTS], name="experiment", default=ALL,
        format_func=lambda key: EXPERIMENTS[key].title if key in EXPERIMENTS else "All of them",
    )  # fmt: skip
    try:
        store = run_store.store()
        store.sweep()
        runs = store.runs()
        if choice == ALL:
            experiment_cards.cards(store, runs)
        else:
            experiment_panel.panel(store, EXPERIMENTS[choice], runs, dark=dark)
    except NetlibError as error:  # the store cannot be used
        st.warning(escape(str(error)))


main()
