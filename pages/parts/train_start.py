"""The face of the Train page without a run: a recipe is put together, what it will take is told, and it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis.store import default_input
from netlib.errors import NetlibError
from netlib.figures import run_words
from pages.parts import links, networks, run_store, train_choice, train_data, train_fields, train_forecast
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from netlib.training.recipe import Recipe
    from pages.parts.train_choice import Choice

NAMES = ("train_owner", "train_name")


def choose() -> None:
    st.markdown(
        "Choose what a network learns from, and how; then watch it learn. A run goes on whether or not anybody looks: "
        "close the page, come back by its link."
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        choice = train_choice.start()
        st.caption(escape(choice.about) or "The recipe of a run that was made here.")
        train_fields.fields(choice)
    recipe = _recipe(choice)
    shape = default_input(choice.value("network"))
    here, macs, clock = train_data.here(choice.value("data")), None, st.empty()
    with right, st.container(border=True):
        st.subheader(_heading(choice), anchor=False)
        if recipe is not None:
            _deviations(choice, recipe)
            macs = train_forecast.forecast(recipe)
            clock = st.container()  # filled last: to measure the time takes a while
            _start_button(choice, recipe, able=macs is not None and here, here=here)
        links.link("All runs of this server", "runs", {}, icon=":material/list:")
    train_data.data_panel(choice.value("data"), shape)
    if recipe is not None and macs is not None and here:
        with clock:
            train_forecast.time(recipe, macs)


def _recipe(choice: Choice) -> Recipe | None:
    try:
        return choice.made()
    except NetlibError as error:
        st.warning(escape(str(error)))
        return None


def _heading(choice: Choice) -> str:
    return f"{networks.title(choice.value('network'))} on {escape(train_fields.data_title(choice.value('data')))}"


def _deviations(choice: Choice, recipe: Recipe) -> None:
    lines = run_words.deviations(choice.recipe, recipe)
    if not lines:
        st.caption(f"As in “{escape(choice.title)}”, nothing changed.")
        return
    st.markdown(f"Changed from “{escape(choice.title)}”:\n" + "\n".join(f"- {escape(line)}" for line in lines))


def _start_button(choice: Choice, recipe: Recipe, *, able: bool, here: bool) -> None:
    left, right = st.columns(2)
    for column, key, label, help in (
        (left, "train_owner", "Your name", "Runs of different people take turns in the queue; all without a name share one turn."),
        (right, "train_name", "Name of the run", "What it is called in the list of runs; may be empty."),
    ):  # fmt: skip
        kept = st.session_state.setdefault("train_names", {})
        with column:
            kept[key] = st.text_input(label, kept.get(key, ""), max_chars=60, key=key, help=help)
    st.button(
        "Start run", type="primary", icon=":material/play_arrow:", disabled=not able, width="stretch",
        on_click=_start, args=(recipe, choice.after), key="train_go",
    )  # fmt: skip
    if refused := st.session_state.pop("train_refused", ""):
        st.error(escape(refused))
    elif not here:
        st.caption("It can start as soon as its pictures are here: see below.")


def _start(recipe: Recipe, after: str) -> None:
    """Into the queue, and the page becomes the run's own."""
    from netlib.training.launcher import launch

    owner, name = (st.session_state.get(key, "") for key in NAMES)
    try:
        run = launch(run_store.store(), recipe, name=name, owner=owner, after=after)
    except NetlibError as error:
        st.session_state["train_refused"] = str(error)
        return
    st.query_params.from_dict({"run": run.id})
