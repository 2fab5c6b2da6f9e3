"""All training runs of this server: found by filters, laid side by side, looked through, taken away.

A link holds all of it: ?run=0a1b2c3d&run=4e5f6a7b&curves=loss&along=epoch&smooth=0.9&of=lenet5-modern&status=finished
"""

from __future__ import annotations

import streamlit as st

from netlib.errors import NetlibError
from pages.parts import links, run_store, runs_cards, runs_curves, runs_table, view
from pages.parts.markdown import escape

dark = st.context.theme.type == "dark"


def main() -> None:
    st.title("Runs")
    st.markdown("What was trained on this server, and from a terminal into the same store. Tick up to six runs to lay them side by side.")
    try:
        store = run_store.store()
        runs = store.runs()
        if not runs:
            empty()
            return
        chosen = runs_table.choose(store, runs)
        links.link("New run", "train", {}, icon=":material/add:")
        if not chosen:
            st.info("Tick a run at the left edge of the table to see its curves, or several to compare them.", icon=":material/check_box:")
            return
        runs_cards.cards(store, chosen, dark=dark)
        runs_curves.curves(store, chosen)
        if len(chosen) > 1:
            runs_curves.difference(chosen)
    except NetlibError as error:  # the store cannot be used, or a run was deleted by somebody else just now
        st.warning(escape(str(error)))


def empty() -> None:
    view.keep("run", [])  # of a run that was deleted just now
    st.info("Nothing has been trained here yet.", icon=":material/model_training:")
    links.link("Train a first network: one minute on this machine", "train", {}, icon=":material/play_arrow:")
    links.link("Or let a claim of the papers be tried", "experiments", {}, icon=":material/science:")
    st.caption("Runs that are started in a terminal into the same store appear here as well:")
    st.code("python -m netlib.training run --network lenet5-modern --data digits --epochs 3", language="bash")


main()
