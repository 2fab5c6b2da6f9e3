"""Sentences about networks, made from data: what turns one into another, and what one is made of.

difference_paragraph   "VGG-19 (E) is VGG-16 (D) with three more 3×3 convolutions, one in each of stages 3 to 5: +5.31 M parameters …"
graph_description      a network for those who cannot see its drawing
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from netlib.analysis.blocks import WEIGHTED, main_layers
from netlib.analysis.blocks import units as units_of
from netlib.analysis.compare import Totals, totals
from netlib.analysis.difference import NORMS
from netlib.analysis.folding import is_residual
from netlib.analysis.stages import AUXILIARY, stages
from netlib.figures import units
from netlib.figures.change_words import added_units, changed_blocks, changed_layers, removed_units
from netlib.figures.trait_words import NORM_WORDS, trait_phrases
from netlib.figures.words import (
    channels_in_words,
    coarse_layer,
    coarse_noun,
    counted,
    listed,
    pool_noun,
    share,
    size,
    title,
    unit_noun,
    upper_first,
)

if TYPE_CHECKING:
    from netlib.analysis.cost import Costs
    from netlib.analysis.difference import Difference
    from netlib.analysis.graph import LayerGraph
    from netlib.analysis.stages import Stage

LEAST_SHARED = 0.4  # below it the two are described, not told apart
MOST_WORDS = 70  # as long as a list of changes may get before it says less than a description


def difference_paragraph(difference: Difference) -> str:
    """One paragraph on what turns the first network into the second; it ends with the totals."""
    one, other = title(difference.before), title(difference.after)
    a, b = totals(difference.before), totals(difference.after)
    end = _totals(a, b)
    if difference.identical:
        who = f"The two networks are the same, {one}" if one == other else f"{one} and {other} are the same, layer for layer"
        return f"{who}: {_sum(b)}."
    changed, gains, losses = _phrases(difference)
    if not changed and len(gains) + len(losses) == 1 and one != other and " with " not in one + other:
        return f"{other} is {one} {f'with {gains[0]}' if gains else f'without {losses[0]}'}: {end}."
    told = "; ".join([*changed, *gains, *(f"without {loss}" for loss in losses)])
    if difference.shared < LEAST_SHARED or len(told.split()) > MOST_WORDS:
        designs = f"{_design(difference.before, a)} {_design(difference.after, b)}"
        return f"{one} and {other} are different designs. {designs} {upper_first(end)}."
    return f"{one} → {other}: {told or 'the same layers, but in another order or with other paddings or constants'}. {upper_first(end)}."


def _phrases(difference: Difference) -> tuple[list[str], list[str], list[str]]:
    """Clauses on what changes, nouns for what comes and nouns for what goes."""
    traits = list(trait_phrases(difference))
    gains = [*added_units(difference), *(text for gain, text in traits if gain)]
    losses = [*removed_units(difference), *(text for gain, text in traits if not gain)]
    return [*changed_layers(difference), *changed_blocks(difference)], gains, losses


def _totals(a: Totals, b: Totals) -> str:
    parts = []
    if a.params == b.params:
        parts.append(f"the same {units.count(a.params)} parameters")
    else:
        parts.append(f"{_step(a.params, b.params)} parameters ({_from_to(a.params, b.params)})")
    if a.macs == b.macs:
        parts.append(f"MACs still {units.count(a.macs)}")
    elif units.count(a.macs) == units.count(b.macs):
        parts.append(f"MACs {units.count(b.macs)} ({_step(a.macs, b.macs)})")
    else:
        parts.append(f"MACs {_from_to(a.macs, b.macs)}")
    if a.receptive_field and b.receptive_field:
        before, after = _field(a), _field(b)
        parts.append(f"receptive field still {before}" if before == after else f"receptive field {before} → {after}")
    return ", ".join(parts)


def _step(a: int, b: int) -> str:
    return f"+{units.count(b - a)}" if b > a else f"{units.count(a - b)} fewer"


def _from_to(a: int, b: int) -> str:
    before, after = units.count(a), units.count(b)
    return f"{before} in all" if before == after else f"{before} → {after}"


def _field(total: Totals) -> str:
    height, width = total.receptive_field or (0, 0)
    return units.exact(height) if height == width else size((height, width))


def _sum(total: Totals) -> str:
    field = f", receptive field {_field(total)}" if total.receptive_field else ""
    return f"{units.count(total.params)} parameters, {units.macs(total.macs)}{field}"


def _design(graph: LayerGraph, total: Totals) -> str:
    """What a network is in one sentence."""
    kinds = Counter(layer.kind for layer in main_layers(graph))
    made_of = listed([counted(n, noun) for noun, n in Counter(map(coarse_noun, units_of(graph))).items()]) or "nothing that learns"
    shortcuts = sum(is_residual(graph, layer.name) for layer in main_layers(graph))
    extras = [counted(shortcuts, "shortcut")] if shortcuts else []
    extras += ["parallel branches"] if kinds["concat"] else []
    extras += [NORM_WORDS[kind] for kind in (*NORMS, "lrn") if kinds[kind]]
    line = "" if shortcuts or kinds["concat"] else ", one after the other"
    return f"{title(graph)} is {counted(total.depth, 'layer')} deep: {made_of}{line}{f', with {listed(extras)}' if extras else ''}."


# --- one network -------------------------------------------------------------------------------------------------------------


def graph_description(graph: LayerGraph, costs: Costs) -> str:
    """A network in words, for screen readers and captions: stage by stage, its totals and its largest layers."""
    total = totals(graph)
    lines = [f"{title(graph)}: input {units.shape(graph.input_shape)}, {counted(total.depth, 'layer')} with weights on the longest path."]
    for stage in stages(graph):
        if parts := _stage_parts(graph, stage):
            lines.append(f"{upper_first(stage.title.replace(' · ', ', maps of '))}: {parts}.")
    lines.append(f"In all {_sum(total)}.")
    for what, field in (("parameters", "params"), ("MACs", "macs")):
        values = {layer: getattr(costs[layer], field) for layer in costs}
        largest = max(values, key=values.__getitem__)
        if values[largest]:
            part = share(values[largest], sum(values.values()))
            lines.append(f"Most {what}: {largest}, {units.count(values[largest])} ({part}).")
    return " ".join(lines)


def _stage_parts(graph: LayerGraph, stage: Stage) -> str:
    """Units and what stands between them, in order, equal neighbours together; heads aside by their kinds of layers."""
    layers = [graph[name] for name in stage.layers]
    if stage.title == AUXILIARY:
        kinds = Counter(coarse_layer(layer) for layer in layers if layer.kind in WEIGHTED)
        return listed([counted(n, noun) for noun, n in kinds.items()])
    found = [unit for unit in units_of(graph) if unit.stage == stage.title]
    inside = {member: unit for unit in units_of(graph) for member in unit.members}
    last = {unit.layers[-1].name: unit for unit in found}  # the layer that decides its stage
    parts: list[tuple[str, bool]] = []  # noun, whether it is counted
    for layer in layers:
        if unit := last.get(layer.name):
            parts.append((unit_noun(unit) + ("" if unit.class_name else f" with {channels_in_words(layer)}"), True))
        elif layer.name not in inside and layer.kind != "batch_norm" and layer.category in ("pooling", "normalization"):
            parts.append((NORM_WORDS.get(layer.kind) or pool_noun(layer), False))
    runs = [(noun, len(list(run)), many) for (noun, many), run in groupby(parts)]
    if not runs and (begun := next((inside[name] for name in stage.layers if name in inside), None)):
        return f"layers of a {unit_noun(begun)}"
    return listed([counted(n, noun) if many else noun for noun, n, many in runs])
