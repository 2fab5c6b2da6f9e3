"""What a run takes for what: the confusion matrix of its last test, and pictures that it got wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import run_confusion, run_pictures, units
from pages.parts import run_data, run_store, saving
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from netlib.training.records import Evaluation, Run

LOOK = 3.0  # seconds
MOST = 12  # mistakes that are shown


def scores(run: Run, alive: bool) -> None:
    st.fragment(_scores, run_every=LOOK if alive else None)(run.id)


def _scores(id: str) -> None:
    run = run_store.store().get(id)
    last = _last(id, run.step, run.status)
    if last is None:
        st.info("The run has not been tested yet; that comes at the end of its first epoch.", icon=":material/quiz:")
        return
    step, found = last
    classes = _classes(run, len(found.confusion))
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(f"**Test after step {step:,}**: top-1 {units.percent(found.top1)}, top-5 {units.percent(found.top5)}")
        said = run_confusion.summary(found.confusion, classes)
        st.plotly_chart(
            run_confusion.figure(found.confusion, classes, dark=st.context.theme.type == "dark"), key=f"confusion_{id}",
            alt=f"Confusion matrix. {said}",
            config={"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": f"run-{id}-confusion"}},
        )  # fmt: skip
        st.caption(said)
    with right:
        _mistakes(run, found, classes, step)


def _mistakes(run: Run, found: Evaluation, classes: list[str], step: int) -> None:
    shown = found.mistakes[:MOST]
    if not shown:
        st.success("It got no held-back picture wrong.")
        return
    st.markdown("**Mistakes it was surest of**")
    try:
        pictures = run_data.held_back(run.recipe, [mistake.index for mistake in shown])
    except NetlibError as error:
        st.warning(escape(str(error)))
        return
    sheet = run_pictures.mistakes(pictures, shown, classes, columns=4)
    told = run_pictures.mistakes_words(shown, classes)
    st.image(sheet, alt=told, output_format="PNG")
    caption = f"Mistakes of run {run.id} after step {step:,}: {told}"
    saving.download(lambda: sheet, caption, f"run-{run.id}-mistakes", key=f"mistakes_{run.id}")


@st.cache_data(show_spinner=False, max_entries=16)
def _last(id: str, step: int, status: str) -> tuple[int, Evaluation] | None:
    found = run_store.store().evaluations(id)
    return found[-1] if found else None


def _classes(run: Run, count: int) -> list[str]:
    """Their names, or their numbers where the data are not on this computer."""
    try:
        return list(run_data.classes(run.recipe))
    except NetlibError:
        return [str(number) for number in range(count)]
