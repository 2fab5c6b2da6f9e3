"""One layer with every number unfolded: rule, this layer's values, result, share of the network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis.cost_formulas import formulas
from netlib.analysis.formula import Formula
from netlib.analysis.receptive_field import field_formula
from netlib.figures import units
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netlib.analysis.cost import Costs
    from netlib.analysis.folding import Node
    from netlib.analysis.graph import Layer, LayerGraph
    from netlib.analysis.receptive_field import ReceptiveField

WHOLE = {
    "parameters": "params",
    "MACs": "macs",
    "connections": "connections",
    "activation memory": "activation_bytes",
    "kept for training": "kept_bytes",
}


def layer_card(graph: LayerGraph, costs: Costs, fields: Mapping[str, ReceptiveField], name: str) -> None:
    """Draw the layer called `name`: what it is, then each of its figures with the formula behind it."""
    layer = graph[name]
    st.markdown(f"#### {escape(layer.name)}")
    st.markdown(describe(graph, layer))
    for formula in (*formulas(graph, name), *field_formula(graph, name)):
        unfold(formula, costs)
    if not fields[name].aligned:
        st.caption(
            "The branches that meet here are not aligned: the field above is the largest; a single unit's is on the Receptive field page."
        )


def node_card(graph: LayerGraph, costs: Costs, node: Node, chosen: str, on_pick: Callable[[str], None]) -> None:
    """Draw the box that the chosen layer stands in, when it holds more than that layer: its sums, and a way to each member."""
    if len(node.layers) == 1:
        return
    if node.kind == "block":
        cost = costs.sum(node.layers)
        times = f"{node.repeat} × " if node.repeat > 1 else ""
        st.markdown(f"#### {times}{escape(node.class_name or node.title)} · {escape(node.title)}")
        skips = f", {node.skips} shortcut{'s' if node.skips > 1 else ''}" if node.skips else ""
        st.markdown(f"{len(node.layers)} layers{skips} → **{units.shape(node.shape)}**")
        for quantity, value in (("parameters", cost.params), ("MACs", cost.macs), ("activation memory", cost.activation_bytes)):
            unit = "bytes" if "memory" in quantity else quantity
            unfold(Formula(quantity, f"sum over the {len(node.layers)} layers of the block", str(value), value, unit), costs)
    else:
        parts = [(name, costs[name].params) for name in node.layers if costs[name].params]
        if len(parts) > 1:
            told = " + ".join(f"{escape(name)} {units.exact(params)}" for name, params in parts)
            st.caption(f"The box sums its layers: {told} = {units.exact(sum(params for _, params in parts))} parameters.")

    def picked() -> None:
        on_pick(st.session_state["view_member"])

    st.session_state["view_member"] = chosen
    st.selectbox("Layer inside", node.layers, key="view_member", on_change=picked)


def describe(graph: LayerGraph, layer: Layer) -> str:
    """The layer in one line: kind, window, what comes in and what goes out."""
    window = ""
    if layer.window is not None:
        w = layer.window
        window = f", window {_pair(w.kernel, always=True)}, stride {_pair(w.stride)}, padding {_pair(w.padding)}"
        window += f", dilation {_pair(w.dilation)}" if w.dilation != (1, 1) else ""
        window += f", {layer.groups} groups" if layer.groups > 1 else ""
    options = ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in layer.options.items() if isinstance(value, int | float))
    came = " and ".join(units.shape(graph[source].shape) for source in layer.inputs[:4]) or "the picture"
    more = f" and {len(layer.inputs) - 4} more" if len(layer.inputs) > 4 else ""
    kind = units.kind(layer.kind)
    constants = f" ({options})" if options else ""
    return f"{kind[:1].upper()}{kind[1:]}{window}{constants}  \n{came}{more} → **{units.shape(layer.shape)}**"


def unfold(formula: Formula, costs: Costs) -> None:
    """A figure with its rule, its values, its result and its share of the whole network."""
    in_bytes = formula.unit == "bytes"
    result = units.exact(formula.result) + (
        f" bytes = {units.bytes_(formula.result)}" if in_bytes and formula.result >= 1024 else f" {formula.unit}"
    )
    share = ""
    if formula.quantity in WHOLE and formula.result:
        whole = getattr(costs.total, WHOLE[formula.quantity])
        share = f" · {_percent(formula.result / whole)} of {'the network' if costs.graph.outputs else 'what is shown'}"
    with st.container(border=True, gap="xxsmall", key=None):
        st.markdown(f"**{formula.quantity.capitalize() if formula.quantity != 'MACs' else 'MACs'}** · {result}{share}")
        if formula.values not in ("0", str(formula.result)):
            st.markdown(f":gray[{escape(formula.symbols)}]  \n= {escape(_grouped(formula.values))}")
        if formula.note:
            st.caption(escape(formula.note))


def _grouped(values: str) -> str:
    """Long numbers in groups for reading; an integer division as the floor it is."""
    values = re.sub(r"\((\d+) // (\d+)\)", r"(\1 / \2)", values)  # groups divide the channels without a rest
    values = re.sub(r"−\(−(\([^()]*\)) // (\d+)\)", r"⌈\1 / \2⌉", values)
    values = re.sub(r"(\([^()]*(?:\([^()]*\)[^()]*)*\)) // (\d+)", r"⌊\1 / \2⌋", values)
    return re.sub(r"\d{5,}", lambda number: f"{int(number[0]):,}", values)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 else "under 0.1 %"


def _pair(pair: tuple[int, int], *, always: bool = False) -> str:
    return f"{pair[0]}×{pair[1]}" if always or pair[0] != pair[1] else str(pair[0])
