"""Two to four networks side by side: totals, stages in rows, and what turns the first into each of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlib.analysis.align import align, place_likeness, placed
from netlib.analysis.cost import LayerCost, costs
from netlib.analysis.depth import depth
from netlib.analysis.difference import Difference, difference
from netlib.analysis.receptive_field import last_map, receptive_fields
from netlib.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.align import Place
    from netlib.analysis.graph import LayerGraph, Pair
    from netlib.analysis.stages import Stage

MOST = 4  # what fits side by side on a screen


@dataclass(frozen=True, slots=True)
class Totals:
    """A network in a few figures.

    Attributes:
        depth: layers with weights on the longest path.
        convolutions, fully_connected: how many there are, auxiliary heads included.
        receptive_field: (height, width) in pixels of the last map before it is collapsed; None without a map or a picture.
    """

    params: int
    macs: int
    activation_bytes: int
    depth: int
    convolutions: int
    fully_connected: int
    receptive_field: Pair | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A stage of one network and what its layers cost together."""

    stage: Stage
    cost: LayerCost

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in topological order."""
        return self.stage.layers


@dataclass(frozen=True, slots=True)
class Row:
    """Stages that stand side by side; None where a network has no such stage."""

    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Networks side by side: `totals` and the cells of `rows` in the order of `graphs`; `differences` from the first to each other."""

    graphs: tuple[LayerGraph, ...]
    totals: tuple[Totals, ...]
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]


def compare(graphs: Sequence[LayerGraph]) -> Comparison:
    """Two to four networks side by side.

    Raises:
        InvalidInput: fewer than two graphs, or more than four.
    """
    if not 2 <= len(graphs) <= MOST:
        raise InvalidInput(f"Two to four networks can be compared, not {len(graphs)}; choose {'another' if len(graphs) < 2 else 'fewer'}.")
    first, *others = graphs
    return Comparison(tuple(graphs), tuple(map(totals, graphs)), _rows(graphs), tuple(difference(first, other) for other in others))


def totals(graph: LayerGraph) -> Totals:
    """A network in a few figures."""
    cost, kinds = costs(graph), [layer.category for layer in graph]
    return Totals(
        cost.params, cost.macs, cost.activation_bytes, depth(graph), kinds.count("convolution"), kinds.count("fully connected"),
        last_field(graph),
    )  # fmt: skip


def last_field(graph: LayerGraph) -> Pair | None:
    """Receptive field of the last map, as `last_map` has it, or of the last attention, which mixes all places; None if there is none."""
    attention = [layer.name for layer in graph if layer.kind == "attention"]
    layer = attention[-1] if attention else last_map(graph)
    return receptive_fields(graph)[layer].size if layer else None


# --- stages in rows --------------------------------------------------------------------------------------------------------


def _rows(graphs: Sequence[LayerGraph]) -> tuple[Row, ...]:
    """Each network's stages are laid beside the rows that the networks before it made."""
    rows: list[tuple[Place, tuple[Cell | None, ...]]] = []
    for number, graph in enumerate(graphs):
        cost = costs(graph)
        cells: list[tuple[Place, tuple[Cell | None, ...]]]
        cells = [(place, (Cell(stage, cost.sum(stage.layers)),)) for place, stage in placed(graph)]
        pairs = align(rows, cells, place_likeness)
        rows = []
        for row, cell in pairs:
            if row:
                rows.append((row[0], row[1] + (cell[1] if cell else (None,))))
            elif cell:
                rows.append((cell[0], (None,) * number + cell[1]))
    return tuple(Row(cells) for _, cells in rows)
