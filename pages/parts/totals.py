"""The totals of a network in one row, each with the rule behind it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis.compare import totals as count_totals
from netlib.analysis.receptive_field import exceeding
from netlib.figures import units
from netlib.figures.breakdown import by_kind

if TYPE_CHECKING:
    from netlib.analysis.compare import Totals
    from netlib.analysis.cost import Costs
    from netlib.analysis.graph import LayerGraph

BATCH = 32  # of the training-memory estimate, beside one picture


def totals(graph: LayerGraph, costs: Costs) -> None:
    """Draw parameters, MACs, memory, depth and field of the whole network."""
    total, (counted, beyond) = costs.total, _counted(graph)
    field = counted.receptive_field
    if not graph.outputs:
        st.caption("Totals of what comes before the break, not of the whole network.")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        _metric(
            "Parameters",
            units.count(total.params),
            f"{units.exact(total.params)} learned numbers: {units.exact(total.weights)} weights and {units.exact(total.biases)} biases.",
        )
        _metric(
            "MACs",
            units.count(total.macs),
            f"{units.exact(total.macs)} multiply-accumulates for one picture; FLOPs = 2 × MACs = {units.count(2 * total.macs)}.",
        )
        _metric(
            "Activations",
            units.bytes_(total.activation_bytes),
            f"All outputs of all layers for one picture, 32-bit floats: {units.exact(total.activation_bytes)} bytes.",
        )
        _metric("Training memory", units.bytes_(total.training_bytes()), _training(total.training_bytes(), costs))
        _metric(
            "Depth",
            str(counted.depth),
            f"Layers with weights on the longest path; in all {counted.convolutions} convolutions and "
            f"{counted.fully_connected} fully connected layers.",
        )
        if field:
            _metric("Receptive field", _side(field), "What one unit of the last map sees, in input pixels. " + (
                f"From {beyond[0]} on the field is larger than the picture." if beyond else "It never outgrows the picture."))  # fmt: skip
        with st.popover("How these totals come about", icon=":material/functions:"):
            _sums(graph, costs)


@lru_cache(maxsize=64)
def _counted(graph: LayerGraph) -> tuple[Totals, tuple[str, ...]]:
    return count_totals(graph), exceeding(graph)


def _metric(label: str, value: str, rule: str) -> None:
    st.metric(label, value, help=rule, width="content")


def _training(one: int, costs: Costs) -> str:
    total = costs.total
    many = total.training_bytes(BATCH)
    return (
        f"SGD with momentum, one picture: 3 × {units.bytes_(total.param_bytes)} for parameters, gradients and momentum + "
        f"{units.bytes_(total.kept_bytes)} kept activations. A batch of {BATCH} needs {units.bytes_(many)}."
    )


def _sums(graph: LayerGraph, costs: Costs) -> None:
    lines = ["| kind | layers | parameters | MACs | activations |", "| --- | ---: | ---: | ---: | ---: |"]
    for kind, names in by_kind(graph).items():
        part = costs.sum(names)
        lines.append(
            f"| {kind} | {len(names)} | {units.exact(part.params)} | {units.exact(part.macs)} | {units.bytes_(part.activation_bytes)} |"
        )
    total = costs.total
    lines.append(
        f"| **sum** | **{len(graph)}** | **{units.exact(total.params)}** | **{units.exact(total.macs)}** | "
        f"**{units.bytes_(total.activation_bytes)}** |"
    )
    st.markdown("\n".join(lines))
    st.caption(
        "Each layer's own formula is beside the drawing: choose the layer. One MAC is one multiply-accumulate of a convolution or a "
        "matrix product."
    )


def _side(field: tuple[int, int]) -> str:
    return f"{field[0]} px" if field[0] == field[1] else f"{field[0]}×{field[1]} px"
