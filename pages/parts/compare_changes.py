"""The difference of two networks as a list: every block or layer that came, went or changed, and every trait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlib.figures import units
from netlib.figures.trait_words import trait_phrases
from netlib.figures.words import channels_in_words, layer_noun, unit_noun, upper_first

if TYPE_CHECKING:
    from netlib.analysis.blocks import Unit
    from netlib.analysis.difference import Difference, LayerChange
    from netlib.analysis.graph import Layer


def change_rows(difference: Difference) -> list[dict[str, str]]:
    """One row a change: what happened, in which stage, what was there and what is there now."""
    rows = []
    for change in difference.changes:
        unit = change.after or change.before
        assert unit is not None
        rows.append(
            {
                "Change": "changed" if change.before and change.after else "added" if change.after else "removed",
                "Stage": unit.stage,
                "Before": _unit(change.before),
                "After": _unit(change.after),
                "What": "; ".join(_layer_change(layer) for layer in change.layers),
            }
        )
    for gain, text in trait_phrases(difference):
        what = f"{'With' if gain else 'Without'} {text}"
        rows.append({"Change": "trait", "Stage": "whole network", "Before": "", "After": "", "What": what})
    return rows


def _unit(unit: Unit | None) -> str:
    if unit is None:
        return ""
    if unit.class_name:
        return f"{unit.name}: {unit_noun(unit)}"
    layer = unit.layers[0]
    return f"{unit.name}: {layer_noun(layer)}, {channels_in_words(layer)}"


def _layer_change(change: LayerChange) -> str:
    if change.before is None or change.after is None:
        layer = change.after or change.before
        assert layer is not None
        return f"{'with' if change.after else 'without'} {layer.name}: {layer_noun(layer)}"
    before, after = change.before, change.after
    return upper_first(", ".join(f"{field} {_value(before, field)} → {_value(after, field)}" for field in change.fields))


def _value(layer: Layer, field: str) -> str:
    if field == "channels":
        return units.exact(layer.shape[0 if len(layer.shape) == 3 else -1])
    if field == "kind":
        return units.kind(layer.kind)
    value = layer.groups if field == "groups" else getattr(layer.window, field, None)
    return "none" if value is None else "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
