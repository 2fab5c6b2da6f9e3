"""The cards of the Overview: a paper, what it brought, its networks in numbers, their forms, and where figures differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.errors import StreamlitAPIException

from netlib.analysis import published, store
from netlib.analysis.compare import last_field
from netlib.analysis.cost import costs
from netlib.figures import history, units
from netlib.models.registry import NETWORKS
from pages.parts.markdown import escape
from pages.parts.published_table import WORDS, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.published import Check
    from netlib.models.spec import NetworkSpec, Paper


def link(label: str, page: str, networks: Sequence[str], *, icon: str = "", help: str | None = None) -> None:
    """A link to another page with those networks; where the page stands alone, without a menu, the label only."""
    try:
        st.page_link(f"{page}.py", label=label, icon=icon, help=help, query_params={"network": list(networks)})
    except StreamlitAPIException:
        st.markdown(label)


@st.cache_data(show_spinner="Computing the published figures again…")
def checks() -> tuple[Check, ...]:
    """Every published figure of the registry's networks, computed again."""
    with_facts = dict.fromkeys(fact.network for fact in published.facts())
    return tuple(check for name in with_facts for check in published.check(store.graph(name)))


@st.cache_data(show_spinner=False)
def in_numbers(name: str) -> str:
    """A network's parameters, MACs, input and what a unit of its last map sees, in one line."""
    graph = store.graph(name)
    whole = costs(graph)
    line = f"**{units.count(whole.params)}** parameters · **{units.count(whole.macs)}** MACs · input {units.shape(graph.input_shape)}"
    field = last_field(graph)
    if not field:  # what has no map, or starts from numbers instead of a picture
        return line
    return f"{line} · a unit of the last map sees {field[0]}×{field[1]} pixels"


def card(paper: Paper, checks: Sequence[Check]) -> None:
    """Draw one paper; `checks` are those of all papers."""
    forms = [spec for spec in NETWORKS.values() if spec.paper is paper]
    own = [spec for spec in forms if spec.variant_of is None]
    st.markdown(f"#### {history.heading(paper)}")
    by = escape(f"{paper.authors} · {paper.venue}")
    st.markdown(f"[{escape(paper.title)}]({paper.url})  \n:gray[{by} · public since {history.month(paper)}]")
    st.markdown(escape(paper.brought))
    for spec in own:
        st.markdown((f"{spec.title}: " if len(own) > 1 or len(forms) > 1 else "") + in_numbers(spec.name))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        for spec in own:
            link(f"Open {spec.title}", "architecture", [spec.name], icon=":material/account_tree:", help=spec.summary)
        if len(forms) > len(own):
            with st.popover(f"{len(forms)} forms"):
                for spec in forms:
                    with st.container(gap=None):
                        link(f"**{escape(spec.title)}**", "architecture", [spec.name])
                        st.caption(escape(spec.summary))
        _deviations(paper, checks)


def _deviations(paper: Paper, checks: Sequence[Check]) -> None:
    """Where the networks depart from the paper, and published figures that do not come out; what several share stands once."""
    forms = {name: spec for name, spec in NETWORKS.items() if spec.paper is paper}
    shared: dict[str, list[NetworkSpec]] = {}
    for spec in forms.values():
        for sentence in spec.deviations:
            shared.setdefault(sentence, []).append(spec)
    for check in checks:
        if check.verdict == "different" and check.fact.network in forms:
            shared.setdefault(_differs(check), []).append(forms[check.fact.network])
    if shared:
        with st.popover(
            f"Deviations ({len(shared)})", help="Where the networks depart from the paper, and printed figures that do not come out."
        ):
            st.markdown("\n".join(f"- {escape(sentence)} {_only(specs)}" for sentence, specs in shared.items()))


def _only(specs: Sequence[NetworkSpec]) -> str:
    """Which forms a sentence is about, if not about the paper's own network."""
    if any(spec.variant_of is None for spec in specs):
        return ""
    more = f" and {len(specs) - 3} more" if len(specs) > 3 else ""
    return f":gray[({escape(', '.join(spec.title for spec in specs[:3]))}{more})]"


def _differs(check: Check) -> str:
    fact = check.fact
    what = f"{WORDS.get(fact.quantity, fact.quantity)} of {fact.layer or 'the whole network'}"
    return f"{what}: printed {fact.printed}, computed {figure(check)}. {fact.reason}"
