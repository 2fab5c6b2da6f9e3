"""How the receptive field of one layer comes about, with this layer's values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.analysis.fields import Fields, fields_of, through
from netlib.analysis.formula import Formula
from netlib.analysis.moves import edges, map_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netlib.analysis.graph import LayerGraph
    from netlib.analysis.span import Axis

Rule = tuple[str, str, str]  # symbols, values, note


def field_formula(graph: LayerGraph, name: str) -> tuple[Formula, ...]:
    """The step from the field of the layer's inputs to its own: one formula, or rows and columns apart where they differ.

    Raises:
        UnknownLayer: there is no such layer.
    """
    shape = graph[name].shape
    fields, plan = fields_of(graph), edges(graph)
    if name not in plan:
        return (_formula(("r = 0", "0", "A learned tensor does not depend on the picture."), 0),)
    axes, reads = plan[name]
    height, width = map_size(shape, axes)
    row_branches = [(fields[source][0], steps[0] if steps else None) for source, steps in reads]
    column_branches = [(fields[source][1], steps[1] if steps else None) for source, steps in reads]
    rows = _formula(_rule(row_branches, fields[name][0], height), fields[name][0].size)
    columns = _formula(_rule(column_branches, fields[name][1], width), fields[name][1].size)
    return (rows,) if rows == columns else (_named(rows, "rows"), _named(columns, "columns"))


def _rule(branches: list[tuple[Fields, Axis | None]], own: Fields, units: int) -> Rule:
    if not branches:
        return "r = 1" if own.size == 1 else "r = n", str(own.size), "A pixel sees itself."
    if len(branches) > 1:
        return _merge([through(axis, fields) if axis else fields for fields, axis in branches], own, units)
    ((before, axis),) = branches
    if axis is None or (axis.form == "window" and axis.kernel == 1 and len(before.spans) == 1):
        return "r_out = r_in", str(before.size), ""
    if axis.form != "window" or len(before.spans) > 1:
        return "r_out = largest of the units", _most("max", _sizes(own)), "Units at different places see different numbers of pixels."
    taps, jump = _text(axis.kernel), _text(before.shift)
    if axis.stride == 0:
        return "r_out = r_in + (n − 1) · j_in", f"{before.size} + ({taps} − 1) · {jump}", "The layer reads the whole map, n units long."
    if axis.dilation > 1:
        return "r_out = r_in + (k − 1) · d · j_in", f"{before.size} + ({taps} − 1) · {axis.dilation} · {jump}", ""
    return "r_out = r_in + (k − 1) · j_in", f"{before.size} + ({taps} − 1) · {jump}", ""


def _merge(branches: list[Fields], own: Fields, units: int) -> Rule:
    sizes = _distinct(branch.size for branch in branches)
    if own.size == max(sizes):
        return "r_out = max over branches", _most("max", sizes), "The widest branch holds the others."
    if len(own.spans) > 1:
        return "r_out = largest of the units", _most("max", _sizes(own)), "The branches are not centred alike."
    spans = [branch.all(units) if own.shift == 0 else branch.at(0) for branch in branches]
    spans = [span for span in spans if span]
    ends, starts = _most("max", _distinct(span.stop for span in spans)), _most("min", _distinct(span.start for span in spans))
    return "r_out = max(end) − min(start)", f"{ends} − {starts}", "The branches are not centred alike: first start to last end."


def _sizes(fields: Fields) -> list[int]:
    return _distinct(span.stop - span.start for span in fields.spans)


def _distinct(numbers: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


def _most(function: str, numbers: list[int]) -> str:
    if len(numbers) > 1:
        return f"{function}({', '.join(map(_text, numbers))})"
    return _text(numbers[0]) if numbers[0] >= 0 else f"({_text(numbers[0])})"


def _text(number: int) -> str:
    return str(number).replace("-", "−")


def _formula(rule: Rule, result: int) -> Formula:
    symbols, values, note = rule
    return Formula("receptive field", symbols, values, result, "px", note)


def _named(formula: Formula, axis: str) -> Formula:
    note = f"For the {axis}. {formula.note}".strip()
    return Formula(formula.quantity, formula.symbols, formula.values, formula.result, formula.unit, note)
