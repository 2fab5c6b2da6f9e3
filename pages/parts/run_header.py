"""How a run stands, in one line, with what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import run_words, units
from pages.parts import links, networks, run_store, train_choice, train_fields
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from netlib.training.records import Run

ASKED = "run_stopping"  # in the session: runs that were asked to stop
SAID = "run_said"  # why a run could not be resumed
SEEING = {
    "kernels": ("Kernels", "grid_view"), "features": ("Features", "visibility"), "sensitivity": ("Sensitivity", "filter_center_focus"),
}  # fmt: skip


def header(run: Run) -> None:
    name = f" “{escape(run.name)}”" if run.name else ""
    st.subheader(f"{networks.title(run.recipe.network)} on {escape(train_fields.data_title(run.recipe.data))}{name}", anchor=False)
    words, icon, color = run_words.STATUS[run.status]
    share, done = run_words.progress(run)
    parts = [f":{color}-badge[:material/{icon}: {words}]", f"by {escape(run.owner)}" if run.owner else ""]
    parts.append(done if run.status != "queued" or run.step else "")
    if run.best is not None:
        parts.append(f"best top-1 on held-back pictures **{units.percent(run.best)}**")
    st.markdown(" · ".join(part for part in parts if part))
    if run.status == "running":
        st.progress(share)
    _message(run)
    _buttons(run)


def elsewhere(label: str, query: dict[str, str], *, icon: str) -> None:
    """A button to another address of this page. A link would not do: to the browser's side of Streamlit the page stays the same, and its
    next message to the server would bring the old address with it."""
    if st.button(label, icon=icon, key=f"go_{label}"):
        st.query_params.from_dict(query)
        st.rerun()  # of the whole page: the button may stand in a part that runs by itself


def _message(run: Run) -> None:
    if run.status == "queued":
        st.info(_queue_words(run), icon=":material/hourglass_empty:")
    elif run.status == "failed":
        st.error(escape(run_words.ended(run)))
    elif run.status in ("stopped", "interrupted"):
        st.warning(escape(run_words.ended(run)))
    elif run.status == "finished":
        st.success(escape(run_words.ended(run)))
    if said := st.session_state.pop(SAID, ""):
        st.warning(escape(said))


def _queue_words(run: Run) -> str:
    """Its place, whose runs come before it, and what is training now."""
    store = run_store.store()
    place = store.position(run.id)
    before = [other for other in store.runs(status="queued") if 0 < store.position(other.id) < place]
    now = store.runs(status="running")
    said = run_words.placed(place, [other.owner for other in before])
    if now:
        training = ", ".join(f"{networks.title(one.recipe.network)}{f' of {one.owner}' if one.owner else ''} ({one.device})" for one in now)
        said += f" Training now: {training}."
    return escape(said)


def _buttons(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        asked: set[str] = st.session_state.setdefault(ASKED, set())
        if run.status in ("queued", "running"):
            stopping = run.id in asked
            st.button(
                "Stopping…" if stopping else "Stop", icon=":material/stop_circle:", on_click=_stop, args=(run.id,), disabled=stopping,
                key=f"stop_{run.id}", help="It ends within two seconds, with a checkpoint from which it can go on.",
            )  # fmt: skip
        else:
            asked.discard(run.id)
        if run.status in ("stopped", "failed", "interrupted"):
            st.button(
                "Resume", type="primary", icon=":material/play_arrow:", on_click=_resume, args=(run.id,), key=f"resume_{run.id}",
                help="Goes on from its last checkpoint as if it had never stopped.",
            )  # fmt: skip
        elsewhere("Duplicate with changes", {"preset": f"run:{run.id}"}, icon=":material/content_copy:")
        elsewhere("New run", {"preset": train_choice.DEFAULT}, icon=":material/add:")
        links.link("All runs", "runs", {}, icon=":material/list:")
        if run.best is not None:
            for page, (title, icon) in SEEING.items():
                query = {"network": run.recipe.network, "weights_1": f"run:{run.id}"}
                links.link(title, page, query, icon=f":material/{icon}:", help=f"Its best weights on the page {title}.")


def _stop(id: str) -> None:
    st.session_state[ASKED].add(id)
    run_store.store().stop(id)


def _resume(id: str) -> None:
    from netlib.training.launcher import resume

    try:
        resume(run_store.store(), id)
    except NetlibError as error:
        st.session_state[SAID] = str(error)
