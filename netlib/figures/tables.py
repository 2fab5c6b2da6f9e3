"""The layer table, and how it is taken away: CSV, JSON, LaTeX, and the lines of Python that make it."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from netlib.analysis.stages import stages
from netlib.figures import units
from netlib.models.registry import NETWORKS, PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.analysis.cost import Costs
    from netlib.analysis.graph import LayerGraph, Shape
    from netlib.analysis.receptive_field import ReceptiveField

# Column -> heading. Units are in the headings; the numbers are exact.
HEADINGS = {
    "layer": "Layer",
    "kind": "Kind",
    "window": "Window",
    "output": "Output (H×W×C)",
    "params": "Parameters",
    "macs": "MACs",
    "activation_bytes": "Activation bytes",
    "kept_bytes": "Kept bytes",
    "connections": "Connections",
    "receptive_field": "Receptive field, px",
    "stage": "Stage",
}


def layer_rows(graph: LayerGraph, costs: Costs, fields: Mapping[str, ReceptiveField]) -> list[dict[str, Any]]:
    """One row a layer, in topological order, with the keys of `HEADINGS`."""
    stage_of = {name: stage.title for stage in stages(graph) for name in stage.layers}
    square = all(height == width for height, width in (fields[layer.name].size for layer in graph.layers))
    rows = []
    for layer in graph.layers:
        cost, (height, width) = costs[layer.name], fields[layer.name].size
        rows.append(
            {
                "layer": layer.name,
                "kind": units.kind(layer.kind),
                "window": units.window(layer),
                "output": units.shape(layer.shape),
                "params": cost.params,
                "macs": cost.macs,
                "activation_bytes": cost.activation_bytes,
                "kept_bytes": cost.kept_bytes,
                "connections": cost.connections,
                "receptive_field": height if square else f"{height}×{width}",
                "stage": stage_of.get(layer.name, ""),
            }
        )
    return rows


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Comma-separated, with the names of the fields in the first line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(HEADINGS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def to_json(graph: LayerGraph, rows: Sequence[Mapping[str, Any]], costs: Costs) -> str:
    """The rows, with the network's name, input and totals; MACs are multiply-accumulates, FLOPs twice as many."""
    total = costs.total
    head = {"network": graph.name, "input": graph.input_shape, "params": total.params, "macs": total.macs, "flops": 2 * total.macs}
    return json.dumps({**head, "activation_bytes": total.activation_bytes, "layers": list(rows)}, indent=1, ensure_ascii=False)


def to_latex(graph: LayerGraph, rows: Sequence[Mapping[str, Any]], costs: Costs) -> str:
    """A booktabs table of layer, window, output, parameters, MACs and receptive field."""
    columns = ("layer", "window", "output", "params", "macs", "receptive_field")
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{tabular}{lllrrr}",
        r"\toprule",
        " & ".join(("Layer", "Window", "Output", "Parameters", "MACs", "Field (px)")) + r" \\",
        r"\midrule",
        *(" & ".join(_latex(row[column]) for column in columns) + r" \\" for row in rows),
        r"\midrule",
        rf"{_latex(graph.name)} & & & {costs.params:,} & {costs.macs:,} & \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def python_lines(name: str, input_shape: Shape) -> str:
    """The lines of Python that make the graph and its numbers."""
    own = name in NETWORKS and NETWORKS[name].input_shape == tuple(input_shape)
    call = f'netlib.graph("{name}")' if own else f'netlib.graph("{name}", {tuple(input_shape)})'
    lines = ["import netlib", "", f"graph = {call}"]
    lines += ["costs = netlib.costs(graph)", "fields = netlib.receptive_fields(graph)", "", "for layer in graph:"]
    lines += ["    print(layer.name, layer.kind, layer.shape, costs[layer.name].params, costs[layer.name].macs, fields[layer.name].size)"]
    lines += ["print(costs.params, costs.macs)"]
    if not name.startswith(PREFIX):
        lines += ["", f'model = netlib.build("{name}")  # an nn.Module']
    return "\n".join(lines) + "\n"


_LATEX = str.maketrans(
    {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "×": r"$\times$"}
    | {mark: "\\" + mark for mark in "_%&#${}"}
)


def _latex(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).translate(_LATEX)
