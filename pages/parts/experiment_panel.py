"""One experiment: the paper beside what was measured here, how sure that is, its runs while they go on, and a button for more trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import experiment_bars, experiment_words, run_list, run_words
from netlib.figures.verdict_words import verdict_sentence
from netlib.figures.words import counted
from netlib.training import trials, verdicts
from pages.parts import links, runs_curves, runs_table
from pages.parts.experiment_cards import badge
from pages.parts.experiment_data import Found, found
from pages.parts.markdown import escape
from pages.parts.save_chart import save_chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.training.experiments import Experiment
    from netlib.training.records import Run
    from netlib.training.runs import Store

REFUSED = "experiment_refused"  # in the session: why runs could not be started, until it is read
CURVES = {"top1": "top1", "test/top1": "top1", "loss": "loss", "images_per_second": "images_per_second"}


def panel(store: Store, experiment: Experiment, known: Sequence[Run], *, dark: bool) -> None:
    here = found(store, experiment, known)
    st.header(experiment.title, anchor=False)
    st.markdown(f"{escape(experiment.claim)}  \n:gray[{escape(experiment.source)}]")
    _numbers(experiment, here, dark)
    _actions(store, experiment, here)
    if here.alive:
        st.fragment(_live, run_every=runs_table.LOOK)(store, experiment, here.states)
    if shown := _shown(here):
        st.subheader("Curves", anchor="curves")
        arms = [arm for arm in experiment.arms if arm in shown]
        measure = CURVES.get(here.verdict.measure.series, "top1")
        runs_curves.curves(store, [shown[arm] for arm in arms], titles=arms, default=measure)
        _links(here, shown)


def _numbers(experiment: Experiment, here: Found, dark: bool) -> None:
    """The two figures beside each other, the verdict, and what stands behind it."""
    said, finding = verdict_sentence(here.verdict, experiment.finding), experiment.finding
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**In the paper**: {escape(finding.metric)}")
        if finding.values:
            st.plotly_chart(
                experiment_bars.published(experiment, dark=dark), key="experiment_paper", config={"displayModeBar": False},
                alt=f"In the paper {finding.printed}.",
            )  # fmt: skip
        else:
            st.info(f"No number for each: {escape(finding.printed)}.", icon=":material/menu_book:")
    with right:
        st.markdown(f"**Here**: {escape(here.verdict.measure.title)}")
        if here.verdict.summaries:
            st.plotly_chart(
                experiment_bars.measured(experiment, here.verdict, dark=dark), key="experiment_here", config={"displayModeBar": False},
                alt=said,
            )  # fmt: skip
        else:
            st.info("Nobody has finished a trial here yet.", icon=":material/science:")
    st.markdown(f"{badge(experiment_words.outcome(here.verdict))} {escape(said)}")
    if honest := experiment_words.honest(here.runs):
        st.caption(f":material/fact_check: Measured here: {escape(honest)}.")
        save_chart(
            lambda: experiment_bars.measured(experiment, here.verdict), lambda: _rows(experiment, here),
            f"{experiment.title} · {honest} · {said}", f"experiment-{experiment.key}", "experiment_chart",
        )  # fmt: skip
    st.caption(f":material/compress: {escape(experiment.reduced)}")


def _rows(experiment: Experiment, here: Found) -> list[dict[str, object]]:
    return [
        {"experiment": experiment.key, "arm": arm, "measure": here.verdict.measure.title, "unit": here.verdict.measure.unit, "value": value}
        for arm, summary in here.verdict.summaries.items()
        for value in summary.values
    ]


def _actions(store: Store, experiment: Experiment, here: Found) -> None:
    seed = experiment_words.next_seed(here.runs)
    started = any(run.status in ("finished", *run_list.ALIVE) for run in here.every)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"One more trial (seed {seed})" if started else "Run it", type="secondary" if started else "primary", key="experiment_run",
            icon=":material/play_arrow:", on_click=_start, args=(store, experiment, seed),
            help=f"Puts {counted(len(experiment.arms), 'run')} into the queue. From {verdicts.ENOUGH} trials of each arm on, a difference "
            "can be told from chance.",
        )  # fmt: skip
        if here.alive:
            st.button("Stop its runs", icon=":material/stop_circle:", on_click=_stop, args=(store, here), key="experiment_stop")
    if refused := st.session_state.pop(REFUSED, ""):
        st.error(escape(refused))
    if not here.every:
        st.caption("A trial takes some minutes; the page may be left meanwhile.")
    elif lost := [run for run in here.every if run.status in ("failed", "interrupted", "stopped")]:
        with st.expander(f"{counted(len(lost), 'run').capitalize()} of it did not finish"):
            st.markdown("\n".join(f"- {escape(run_list.title(run))}, seed {run.recipe.seed}: {escape(run.message)}" for run in lost))


def _live(store: Store, experiment: Experiment, states: list[tuple[str, str, bool]]) -> None:
    """The runs that wait or train, a bar each; when one ends, the page is drawn anew."""
    store.sweep()
    here = found(store, experiment, store.runs())
    if here.states != states:
        st.rerun()
    alive = [(arm, run) for arm, mine in here.runs.items() for run in mine if run.status in run_list.ALIVE]
    for arm, run in sorted(alive, key=lambda pair: pair[1].created):
        share, words = run_words.progress(run)
        place = f"number {store.position(run.id)} in the queue" if run.status == "queued" else words
        st.progress(share, f"{escape(arm)}, seed {run.recipe.seed}: {place}")


def _shown(here: Found) -> dict[str, Run]:
    """Of each arm the newest run that has begun and did not fail."""
    begun = {arm: [run for run in mine if run.step and run.status != "failed"] for arm, mine in here.runs.items()}
    return {arm: mine[0] for arm, mine in begun.items() if mine}


def _links(here: Found, shown: dict[str, Run]) -> None:
    with st.container(horizontal=True):
        ids = [run.id for run in shown.values()]
        links.link("These runs side by side", "runs", {"run": ids}, icon=":material/list:", help="With what their recipes have different.")
        for arm, run in shown.items():
            if run.status in run_list.ALIVE:
                links.link(f"Watch {arm}", "train", {"run": run.id}, icon=":material/monitoring:")


def _start(store: Store, experiment: Experiment, seed: int) -> None:
    try:
        trials.start(store, experiment, seed=seed, owner=st.session_state.get("train_names", {}).get("train_owner", ""))
    except NetlibError as error:
        st.session_state[REFUSED] = str(error)


def _stop(store: Store, here: Found) -> None:
    try:
        for run in here.every:
            if run.status in run_list.ALIVE:
                store.stop(run.id)
    except NetlibError as error:
        st.session_state[REFUSED] = str(error)
