"""How large each layer's gradients, or weights, were over a run: a heat map, a row for each layer, the first at the top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from netlib.figures import units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from netlib.training.measurements import Points

KINDS = {"gradient_norm": "gradients", "weight_norm": "weights"}
ROW, LEAST = 24, 180  # pixels
SMALLEST = 1e-12  # a norm below it, or none, has the darkest colour
SPAN = 1e6  # between the ends of the scale at most


@dataclass(frozen=True, slots=True)
class Norms:
    """Norms of each layer, in the order of the network.

    Shapes: steps (S,), values (layers, S), NaN where nothing was measured.
    """

    layers: tuple[str, ...]
    steps: NDArray[np.int64]
    values: NDArray[np.float64]


def norms(points: Mapping[str, Points], kind: str, order: Sequence[str] = ()) -> Norms | None:
    """The series of a kind, key of KINDS, as one table; None while there is none.

    Args:
        order: names of layers as the network has them; others come after them.
    """
    found = {name.removeprefix(f"{kind}/"): line for name, line in points.items() if name.startswith(f"{kind}/") and len(line.step)}
    if not found:
        return None
    place = {name: number for number, name in enumerate(order)}
    layers = sorted(found, key=lambda name: (place.get(name, len(place)), name))
    steps = np.unique(np.concatenate([line.step for line in found.values()]))
    values = np.full((len(layers), len(steps)), np.nan)
    for row, name in enumerate(layers):
        values[row, np.searchsorted(steps, found[name].step)] = found[name].value
    return Norms(tuple(layers), steps, values)


def figure(found: Norms, kind: str) -> go.Figure:
    """The heat map on a logarithmic scale of colours, with its bar."""
    logs = np.log10(np.maximum(found.values, SMALLEST))
    high = float(np.nanmax(logs))
    low = max(float(np.nanmin(logs)), high - np.log10(SPAN))
    ticks = np.linspace(low, high, 5) if high > low else np.array([low])
    drawn = go.Figure(
        go.Heatmap(
            x=found.steps, y=list(range(len(found.layers))), z=logs, zmin=low, zmax=high if high > low else low + 1, colorscale="Cividis",
            customdata=found.values,
            hovertemplate="<b>%{text}</b><br>step %{x:,}<br>norm %{customdata:.3~g}<extra></extra>",
            text=[[name] * len(found.steps) for name in found.layers],
            colorbar={"title": {"text": f"norm of the {KINDS[kind]}", "side": "right"}, "tickvals": ticks,
                      "ticktext": [units.value(10**tick) for tick in ticks], "thickness": 14},
        )
    )  # fmt: skip
    drawn.update_layout(height=max(LEAST, ROW * len(found.layers) + 90), margin={"l": 8, "r": 8, "t": 8, "b": 8})
    drawn.update_xaxes(title="step")
    few = range(0, len(found.layers), -(-len(found.layers) // 40))  # names that do not run into each other
    drawn.update_yaxes(autorange="reversed", tickvals=list(few), ticktext=[found.layers[row] for row in few], automargin=True)
    return drawn


def summary(found: Norms, kind: str) -> str:
    """The layers with the largest and the smallest norm at the end, in a sentence."""
    last = found.values[:, -1]
    if not np.isfinite(last).any():
        return f"The norms of the {KINDS[kind]} of {len(found.layers)} layers."
    most, least = int(np.nanargmax(last)), int(np.nanargmin(last))
    return (
        f"At step {int(found.steps[-1]):,} the {KINDS[kind]} are largest in {found.layers[most]} ({units.value(float(last[most]))}) and "
        f"smallest in {found.layers[least]} ({units.value(float(last[least]))})."
    )
