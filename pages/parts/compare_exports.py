"""A comparison to take away: every total and every stage as CSV, and with the differences as JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from netlib.figures.prose import difference_paragraph
from pages.parts.compare_changes import change_rows
from pages.parts.compare_stages import labels
from pages.parts.compare_totals import top5

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.compare import Comparison
    from netlib.analysis.cost import LayerCost
    from netlib.figures.curves import Network


def to_csv(networks: Sequence[Network], comparison: Comparison) -> str:
    """A line a network and stage, with the same columns; the first lines, of stage "all", are the totals."""
    rows = [*_whole(networks, comparison), *_stages(networks, comparison)]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def to_json(networks: Sequence[Network], comparison: Comparison) -> str:
    """Totals, stages, and what turns the first network into each of the others."""
    differences = [
        {
            "before": difference.before.name,
            "after": difference.after.name,
            "in_words": difference_paragraph(difference),
            "changes": [{heading.lower(): text for heading, text in row.items()} for row in change_rows(difference)],
        }
        for difference in comparison.differences
    ]
    data = {"networks": _whole(networks, comparison), "stages": _stages(networks, comparison), "differences": differences}
    return json.dumps(data, indent=1, ensure_ascii=False)


def _whole(networks: Sequence[Network], comparison: Comparison) -> list[dict[str, Any]]:
    rows = []
    for network, total in zip(networks, comparison.totals, strict=True):
        error = top5(network.graph.name)
        rows.append(
            {
                "network": network.graph.name,
                "aligned": "all",
                "stage": "all",
                "layers": len(network.graph),
                **_costs(network.costs.total),
                "training_bytes_batch_1": network.costs.total.training_bytes(1),
                "training_bytes_batch_32": network.costs.total.training_bytes(32),
                "depth": total.depth,
                "receptive_field_px": total.receptive_field[0] if total.receptive_field else None,
                "input": "x".join(map(str, network.graph.input_shape)),
                "top5_error_percent": error.value if error else None,
                "top5_error_protocol": f"{error.protocol}; {error.data}" if error else None,
            }
        )
    return rows


def _stages(networks: Sequence[Network], comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {"network": network.graph.name, "aligned": label, "stage": cell.stage.title, "layers": len(cell.layers), **_costs(cell.cost)}
        for label, row in zip(labels(comparison.rows), comparison.rows, strict=True)
        for network, cell in zip(networks, row.cells, strict=True)
        if cell
    ]


def _costs(cost: LayerCost) -> dict[str, int]:
    own = {field: getattr(cost, field) for field in ("params", "macs", "activation_bytes", "neurons")}
    return {**own, "flops": 2 * cost.macs}
