"""Two to four networks side by side: what turns one into another, totals, curves, aligned stages, graphs, layers."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis import store
from netlib.analysis.compare import Comparison, compare
from netlib.errors import NetlibError
from netlib.figures.curves import Network
from netlib.figures.prose import difference_paragraph
from pages.parts import compare_exports, networks, view
from pages.parts.compare_changes import change_rows
from pages.parts.compare_graphs import graphs
from pages.parts.compare_growth import growth
from pages.parts.compare_html import badge
from pages.parts.compare_stages import layer_tables, stages
from pages.parts.compare_totals import totals_table
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.difference import Difference
    from netlib.analysis.graph import Shape

DEFAULT = ("alexnet", "vgg16", "resnet50")
OWN, SIDES = "own", ("32", "64", "128", "224", "256", "299", "384", "512")

WHY_ONE_SIDE = "MACs, activations and stages depend on the size of the picture. One size for all makes them comparable."

dark = st.context.theme.type == "dark"


def main() -> None:
    st.title("Compare")
    left, middle, right = st.columns([5, 2, 2], vertical_alignment="bottom")
    with left:
        names = networks.pick_several("Two to four networks", default=DEFAULT)
    with right:
        side = view.selectbox("Input", [OWN, *SIDES], name="side", default=OWN, format_func=side_words, help=WHY_ONE_SIDE)
    chosen = load(names, side)
    if len(chosen) < 2:
        prompt(names, side)
        return
    with middle:
        chosen = reference_first(chosen)
    comparison, paragraphs = compared(tuple((network.graph.name, network.graph.input_shape) for network in chosen))
    differences(chosen, comparison.differences, paragraphs)
    st.header("Totals", anchor="totals")
    totals_table(chosen, comparison.totals, dark=dark)
    st.header("From the picture to the scores", anchor="curves")
    growth(chosen, dark=dark)
    st.header("Stage by stage", anchor="stages")
    row = stages(chosen, comparison.rows, dark=dark)
    graphs(chosen, row, dark=dark)
    layer_tables(chosen, row, dark=dark)
    take_away(chosen, comparison)


def side_words(side: str) -> str:
    return "each its own" if side == OWN else f"{side}×{side}"


def load(names: Sequence[str], side: str) -> list[Network]:
    """The networks that can be had; of each other, one sentence on why not."""
    found = []
    for index, name in enumerate(names):
        shape: Shape | None = None if side == OWN else (store.default_input(name)[0], int(side), int(side))
        try:
            graph = networks.graph(name, shape)
            found.append(Network(networks.title(name), index, graph, networks.cost(graph), networks.fields(graph)))
        except NetlibError as error:
            st.warning(f"**{escape(networks.title(name))}** is left out. {escape(str(error))}", icon=":material/error:")
    return found


def prompt(names: Sequence[str], side: str) -> None:
    """What to do when there is nothing to compare yet."""
    if len(names) > 1:
        own = "" if side == OWN else ", or let each have its own input"
        st.info(f"Fewer than two of these networks can be shown: choose another above{own}.", icon=":material/compare_arrows:")
        return
    has = f"{networks.title(names[0])} needs company: choose another network above" if names else "Choose two to four networks above"
    st.info(f"{has}, or take one of these.", icon=":material/compare_arrows:")
    with st.container(horizontal=True):
        for name in [name for name in (*DEFAULT, "googlenet") if name not in names][:3]:
            st.button(f"Add {networks.title(name)}", on_click=_add, args=(name,), icon=":material/add:", key=f"add_{name}")


def _add(name: str) -> None:
    st.session_state["view_networks"] = [*st.session_state["view_networks"], name]


def reference_first(chosen: Sequence[Network]) -> list[Network]:
    """The network that the others are held against comes first; the visitor chooses it."""
    by_name = {network.graph.name: network for network in chosen}
    first = chosen[0].graph.name
    if st.session_state.get("view_reference", first) not in by_name:  # it was taken out of the list
        st.session_state["view_reference"] = first
    help = "Ratios and differences are to this network."
    name = view.selectbox("Reference", list(by_name), name="reference", default=first, format_func=networks.title, help=help)
    return [by_name.pop(name), *by_name.values()]


@lru_cache(maxsize=64)
def compared(wanted: tuple[tuple[str, Shape], ...]) -> tuple[Comparison, list[str]]:
    """The comparison of networks at their input shapes, and its differences in words."""
    comparison = compare([store.graph(name, shape) for name, shape in wanted])
    return comparison, [difference_paragraph(difference) for difference in comparison.differences]


def differences(chosen: Sequence[Network], found: Sequence[Difference], paragraphs: Sequence[str]) -> None:
    """What turns the first network into each other one: a paragraph, and the changes it sums up."""
    reference, *others = chosen
    for place, other, paragraph in zip(st.columns(len(others)), others, paragraphs, strict=True):
        with place.container(border=True, height="stretch"):
            st.html(f"<strong>{badge(reference, dark=dark)} → {badge(other, dark=dark)}</strong>")
            st.markdown(escape(paragraph))
    with st.expander("Every change, one by one", icon=":material/difference:"):
        for other, difference in zip(others, found, strict=True):
            rows = change_rows(difference)
            who = f"{reference.title} → {other.title}"
            st.markdown(f"**{escape(who)}**, {len(rows)} changes")
            if rows:
                st.dataframe(rows, hide_index=True, height="auto" if len(rows) < 9 else 320, alt=f"Changes, {who}")


def take_away(chosen: Sequence[Network], comparison: Comparison) -> None:
    stem = "-".join(network.graph.name.replace("/", "-") for network in chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        for kind, write, mime in (("CSV", compare_exports.to_csv, "text/csv"), ("JSON", compare_exports.to_json, "application/json")):
            data, file_name = partial(write, chosen, comparison), f"compare-{stem}.{kind.lower()}"
            st.download_button(f"Comparison, {kind}", data, file_name, mime, icon=":material/download:", on_click="ignore")
        st.caption("The address of this page holds the whole comparison: copy it to share what you see.")


main()
