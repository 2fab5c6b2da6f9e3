"""The ticked runs, a card each: how they stand, where to look at what they have learned, and what can be done with them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import run_list, run_words, units
from netlib.figures.run_curves import COLORS, MARKS
from netlib.training.exports import FORMATS
from pages.parts import links, train_choice
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlib.training.exports import Format
    from netlib.training.records import Run
    from netlib.training.runs import Store

SEEING = {
    "kernels": ("Kernels", "grid_view"), "features": ("Features", "visibility"), "sensitivity": ("Sensitivity", "filter_center_focus"),
}  # fmt: skip
TO_RESUME = ("stopped", "failed", "interrupted")
SAID = "runs_refused"  # in the session: what could not be done, until it is read
WIDTH = 340  # pixels of a card at least


def cards(store: Store, runs: Sequence[Run], *, dark: bool) -> None:
    if said := st.session_state.pop(SAID, ""):
        st.error(escape(said))
    grid = st.grid(min(len(runs), 3), min_column_width=WIDTH)
    for place, (run, title) in enumerate(zip(runs, run_list.titles(runs), strict=True)):
        with grid.container(border=True, height="stretch"):
            _card(store, run, title, place, dark)


def _card(store: Store, run: Run, title: str, place: int, dark: bool) -> None:
    words, icon, color = run_words.STATUS[run.status]
    mark = f'<span style="color: {COLORS[place][dark]}" aria-hidden="true">{MARKS[place]}</span>'
    st.markdown(f"{mark} **{escape(title)}** &nbsp; :{color}-badge[:material/{icon}: {words}]", unsafe_allow_html=True)
    best = f"**{units.percent(run.best)}** of the held-back pictures right" if run.best is not None else "not tested yet"
    lasted = f" in {run_words.duration(run.seconds)}" if run.step else ""
    where = f"{run_list.network_title(run.recipe.network)} on {run_list.data_title(run.recipe.data)}"
    by = f" · by {run.owner}" if run.owner else ""
    st.markdown(f"{best} · {run.step:,} steps{lasted}  \n:gray[{escape(f'{where} · {run.device or run.recipe.device}{by}')}]")
    if run.status in TO_RESUME and run.message:
        st.caption(escape(run.message))
    learned = store.checkpoint(run.id, "best") is not None or store.checkpoint(run.id) is not None
    with st.container(horizontal=True, gap="xsmall"):
        links.link("Watch", "train", {"run": run.id}, icon=":material/monitoring:", help="The run by itself: curves, kernels, maps, log.")
        links.link("Duplicate", "train", train_choice.link(f"{train_choice.RUN}{run.id}", {}), icon=":material/content_copy:",
                   help="A new run by the same recipe, or with changes.")  # fmt: skip
    if learned:
        with st.container(horizontal=True, gap="xsmall"):
            for page, (label, icon) in SEEING.items():
                query = {"network": run.recipe.network, "weights_1": f"run:{run.id}"}
                links.link(label, page, query, icon=f":material/{icon}:", help=f"Its best weights on the page {label}.")
    with st.container(horizontal=True, gap="small"):
        if run.status in TO_RESUME:
            st.button("Resume", key=f"resume_{run.id}", icon=":material/resume:", on_click=_resume, args=(store, run.id))
        elif run.status in run_list.ALIVE:
            st.button("Stop", key=f"stop_{run.id}", icon=":material/stop_circle:", on_click=_try, args=(store.stop, run.id))
        with st.popover("Export", icon=":material/download:"):
            _export(store, run, learned)
        with st.popover("Delete", icon=":material/delete:", disabled=run.status == "running"):
            _delete(store, run, title)


def _export(store: Store, run: Run, learned: bool) -> None:
    st.markdown("Its numbers" + (", and its best weights:" if learned else "; it has no checkpoint yet, so there are no weights:"))
    for name, format in FORMATS.items():
        st.download_button(
            format.title, partial(_made, format, store, run.id), format.file_name(run), format.mime,
            key=f"export_{name}_{run.id}", icon=":material/download:", on_click="ignore", type="tertiary",
            disabled=format.weights and not learned, help=format.make.__doc__.partition("\n\n")[0] if format.make.__doc__ else None,
        )  # fmt: skip


def _made(format: Format, store: Store, id: str) -> bytes:
    try:
        return format.make(store, id)
    except NetlibError as error:  # the browser waits for a file, so the sentence becomes its content
        return f"{error}\n".encode()


def _delete(store: Store, run: Run, title: str) -> None:
    size = sum(file.stat().st_size for file in run.folder.glob("*")) if run.folder.is_dir() else 0
    st.markdown(f"Delete **{escape(title)}** with its curves and its checkpoints ({units.bytes_(size)})? This cannot be undone.")
    st.button("Delete this run", key=f"delete_{run.id}", type="primary", icon=":material/delete_forever:", on_click=_try,
              args=(store.delete, run.id))  # fmt: skip


def _resume(store: Store, id: str) -> None:
    from netlib.training import launcher  # with torch

    _try(partial(launcher.resume, store), id)


def _try(what: Callable[[str], object], id: str) -> None:
    """Do it, from a button's callback; what is refused is said when the page is drawn."""
    try:
        what(id)
    except NetlibError as error:
        st.session_state[SAID] = str(error)
