"""The curves of the ticked runs on common axes, live while one of them goes on; what their recipes have different."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from netlib.figures import run_list
from netlib.figures.run_curves import ACROSS, MEASURES, Curves, figure, numbers, summary
from pages.parts import view
from pages.parts.runs_table import LOOK
from pages.parts.save_chart import save_chart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.training.measurements import Points
    from netlib.training.records import Run
    from netlib.training.runs import Store

WHAT = {"top1": "Top-1", "loss": "Loss", "learning_rate": "Learning rate", "images_per_second": "Pictures a second"}
ALONG = {"step": "step", "epoch": "epoch", "seconds": "second"}
POINTS = 20_000  # of a series at most; smoothed before they are thinned for drawing


def curves(store: Store, runs: Sequence[Run], *, titles: Sequence[str] = (), default: str = "top1") -> None:
    """Choices, chart, and the same to take away; `titles` are the legend's, by default the runs' own."""
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        what = view.one_of("Curves of", list(WHAT), name="curves", default=default, format_func=WHAT.__getitem__)
        along = view.one_of("By", list(ALONG), name="along", default="step", format_func=ALONG.__getitem__)
        smoothing = _smoothing() if MEASURES[what].noisy else 0.0
        log = what in ("loss", "learning_rate") and st.toggle("Logarithmic", key="view_log")
        alive = any(run.status in run_list.ALIVE for run in runs)
        still = alive and st.toggle("Hold still", key="view_still", help="The chart is not drawn again, so that a zoom stays.")
    chart = st.fragment(_chart, run_every=LOOK if alive and not still else None)
    chart(store, [run.id for run in runs], list(titles or run_list.titles(runs)), what, along, smoothing, log)


def difference(runs: Sequence[Run]) -> None:
    """The fields of the recipes that are not the same."""
    st.subheader("What differs", anchor="difference")
    st.markdown(run_list.difference_words(runs))
    if rows := run_list.difference_rows(runs, run_list.titles(runs)):
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="runs_difference", alt=run_list.difference_words(runs))


def _smoothing() -> float:
    asked = view.first("smooth", "0.8")
    if "view_smooth" not in st.session_state:
        st.session_state["view_smooth"] = min(0.99, max(0.0, float(asked))) if asked.replace(".", "", 1).isdecimal() else 0.8
    chosen = st.slider(
        "Smoothing", 0.0, 0.99, st.session_state["view_smooth"], 0.01, key="view_smooth", width=220,
        help="Of the training batches: the weight that all earlier values keep at each point. What was measured stands palely behind.",
    )  # fmt: skip
    view.keep("smooth", f"{chosen:g}", "0.8")
    return float(chosen)


def _chart(store: Store, ids: Sequence[str], titles: Sequence[str], what: str, along: str, smoothing: float, log: bool) -> None:
    dark, measure = st.context.theme.type == "dark", MEASURES[what]
    drawn = [Curves(title, place, _points(store, id, measure.series)) for place, (id, title) in enumerate(zip(ids, titles, strict=True))]
    said = summary(drawn, what)
    if not any(len(points.value) for run in drawn for points in run.points.values()):
        st.info("Nothing has been measured yet; the curves begin with the first steps.", icon=":material/hourglass_empty:")
        return
    st.plotly_chart(
        figure(drawn, what, across=along, smoothing=smoothing, log=log, dark=dark), key=f"runs_chart_{what}_{along}", alt=said,
        config={"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": f"runs-{what}"}},
    )  # fmt: skip
    lines = "Thin lines: training batches" + (f", smoothed by {smoothing:g}" if smoothing else "")
    st.caption((f"{lines}; thick ones with marks: the held-back pictures. " if measure.held_back else "") + said)
    save_chart(
        lambda: figure(drawn, what, across=along, smoothing=smoothing, log=log), lambda: numbers(drawn),
        f"{WHAT[what]} of {', '.join(titles)} by {ACROSS[along]}", f"runs-{what}", "runs_chart",
    )  # fmt: skip


def _points(store: Store, id: str, series: Sequence[str]) -> Mapping[str, Points]:
    """Of a run that has ended, from a cache that all visitors share."""
    run = store.get(id)
    if run.status in run_list.ALIVE:
        return store.points(id, series, most=POINTS)
    return _kept((store.url, id, run.status, run.step, str(run.ended), *series), store)


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(key: tuple[Any, ...], _store: Store) -> Mapping[str, Points]:
    _, id, _, _, _, *series = key
    return _store.points(id, series, most=POINTS)
