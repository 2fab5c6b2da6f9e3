"""What was published about a network, beside what the explorer computes: equal, rounded, or different and why."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.analysis import published
from netlib.figures import units
from netlib.models.registry import NETWORKS
from pages.parts.markdown import escape
from pages.parts.mistakes import KINDS

if TYPE_CHECKING:
    from netlib.analysis.graph import LayerGraph

MARKS = {"equal": "= equal", "rounded": "≈ rounded", "different": "≠ different"}
WORDS = {"rf_size": "receptive field", "rf_stride": "stride of the field", "rf_padding": "padding of the field", "macs": "MACs",
         "size": "map size", "params": "parameters", "depth_with_pooling": "depth with pooling"}  # fmt: skip


def published_table(graph: LayerGraph) -> None:
    """Draw figures, deviations, error rates and known mistakes of the network `graph.name`."""
    if graph.name not in NETWORKS:
        st.info("For torchvision's networks no published figures are kept here; the registry's networks have them.", icon=":material/info:")
        return
    _figures(graph)
    _deviations(graph.name)
    _results(graph.name)
    _mistakes(graph.name)


def layer_facts(graph: LayerGraph, name: str) -> None:
    """Draw what was published about the layer called `name`, with the verdict and, where it differs, the reason."""
    if graph.name not in NETWORKS or graph.input_shape != NETWORKS[graph.name].input_shape:
        return
    for check in _checks(graph):
        fact = check.fact
        if fact.layer == name:
            reason = f" — {escape(fact.reason)}" if fact.reason else ""
            what = WORDS.get(fact.quantity, fact.quantity)
            source = escape(f"{published.sources()[fact.source]['title']}, {fact.where}")
            st.caption(f"Published {what}: **{escape(fact.printed)}** ({MARKS[check.verdict]}; {source}){reason}")


@lru_cache(maxsize=64)
def _checks(graph: LayerGraph) -> tuple[published.Check, ...]:
    return published.check(graph)


def _figures(graph: LayerGraph) -> None:
    own = NETWORKS[graph.name].input_shape
    if graph.input_shape != own:
        st.info(f"Published figures hold for the paper's input, {units.shape(own)}; go back to it to compare.", icon=":material/info:")
        return
    checks = _checks(graph)
    if not checks:
        st.info("No figure about this very form of the network has been published.", icon=":material/info:")
        return
    counts = {verdict: sum(check.verdict == verdict for check in checks) for verdict in MARKS}
    st.markdown(" · ".join(f"**{number}** {verdict}" for verdict, number in counts.items() if number))
    rows = [
        {
            "What": WORDS.get(check.fact.quantity, check.fact.quantity),
            "Of": check.fact.layer or "whole network",
            "Published": check.fact.printed,
            "Computed": figure(check),
            "Verdict": MARKS[check.verdict],
            "Why it differs": check.fact.reason,
            "Source": f"{published.sources()[check.fact.source]['title']} ({check.fact.where})",
        }
        for check in sorted(checks, key=lambda check: list(MARKS).index(check.verdict), reverse=True)
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height=min(420, 38 + 35 * len(rows)), key="published_figures",
        column_config={"Why it differs": st.column_config.TextColumn(width="large"), "Source": st.column_config.TextColumn(width="medium")},
        alt="Published figures beside the computed ones, with the reason where they differ.",
    )  # fmt: skip


def _deviations(name: str) -> None:
    spec = NETWORKS[name]
    if spec.deviations:
        st.markdown("**Where this network departs from its paper, and what the paper leaves open**")
        st.markdown("\n".join(f"- {escape(sentence)}" for sentence in spec.deviations))


def _results(name: str) -> None:
    results = published.results(name)
    if results:
        st.markdown("**Published error rates** — protocols differ, so compare only like with like")
        st.dataframe(
            pd.DataFrame(
                {
                    "Metric": result.metric,
                    "Data": result.data,
                    "Protocol": result.protocol,
                    "Networks averaged": result.models,
                    "Percent": result.value,
                    "Source": f"{published.sources()[result.source]['title']} ({result.where})",
                }
                for result in results
            ),
            hide_index=True, key="published_results", alt="Published error rates with their protocol and source.",
        )  # fmt: skip


def _mistakes(name: str) -> None:
    found = published.mistakes(name)
    if found:
        with st.expander(f"{len(found)} wrong figures that papers and lecture notes print about this network, set right"):
            for mistake in found:
                where, printed, right = map(escape, (mistake.where, mistake.printed, mistake.right))
                st.markdown(f"**{where}** · {KINDS[mistake.kind]}  \nprinted: {printed}  \nright: {right}")
                if mistake.arithmetic:
                    st.caption(escape(mistake.arithmetic))


def figure(check: published.Check) -> str:
    """The computed figure as the sources write theirs: all digits, sizes height first."""
    value = check.computed
    if isinstance(value, tuple):
        return (
            units.shape(tuple(int(part) for part in value)) if check.fact.quantity == "shape" else "×".join(f"{part:g}" for part in value)
        )
    return units.exact(int(value)) if value == int(value) else f"{value:g}"
