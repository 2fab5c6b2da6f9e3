"""Stages of like resolution side by side: what they hold, which share of its network they are, and their layers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.analysis.graph import CATEGORY
from netlib.figures import units
from netlib.figures.tables import HEADINGS, layer_rows
from pages.parts.compare_html import badge, bar, heading, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.compare import Cell, Row
    from netlib.figures.curves import Network

COLUMNS = ("layer", "kind", "window", "output", "params", "macs", "receptive_field")
NUMBERS = ("params", "macs")
WORDS = {"convolution": "conv", "fully connected": "FC", "recurrent": "recurrent", "attention": "attention"}


def labels(rows: Sequence[Row]) -> list[str]:
    """A name for each row, all different: the sizes of its maps, or what the heads are called."""
    found: list[str] = []
    for row in rows:
        cells = [cell for cell in row.cells if cell]
        names = [units.shape(cell.stage.size) if cell.stage.size else cell.stage.title for cell in cells]
        label = ", ".join(dict.fromkeys(names))
        found.append(label if label not in found else f"{label} ({found.count(label) + 1})")
    return found


def stages_table(networks: Sequence[Network], rows: Sequence[Row], *, chosen: str, dark: bool) -> None:
    """Draw the rows; bars are shares of a network's own parameters and MACs."""
    body = []
    for label, row in zip(labels(rows), rows, strict=True):
        cells = "".join(_cell(network, cell, dark) for network, cell in zip(networks, row.cells, strict=True))
        mark = ' class="chosen"' if label == chosen else ""
        body.append(f'<tr{mark}><th scope="row">{"► " if mark else ""}{escape(label)}</th>{cells}</tr>')
    head = heading(networks, dark=dark, corner="Maps")
    st.html(table("Stages", head, body))


def _cell(network: Network, cell: Cell | None, dark: bool) -> str:
    if cell is None:
        return '<td class="none">no such stage</td>'
    title = cell.stage.title.split(" · ")[0].capitalize()
    parts = [f"<strong>{escape(title)}</strong><small>{_holds(network, cell)}</small>"]
    for what, mine, whole in (("params", cell.cost.params, network.costs.params), ("MACs", cell.cost.macs, network.costs.macs)):
        share = mine / whole if whole else 0.0
        said = f'<small class="number" title="{units.exact(mine)} {what}">{units.count(mine)} {what} · {_percent(share)}</small>'
        parts.append(said + bar(share, network, dark=dark))
    return f"<td>{''.join(parts)}</td>"


def _holds(network: Network, cell: Cell) -> str:
    """ "3 conv, 7 layers · 56×56×256": what is counted, and what the stage hands on."""
    kinds = [CATEGORY[network.graph[name].kind] for name in cell.layers]
    weighted = ", ".join(f"{kinds.count(kind)} {word}" for kind, word in WORDS.items() if kind in kinds)
    count = f"{len(kinds)} layer{'s' * (len(kinds) > 1)}"
    size = f" · {units.shape(cell.stage.size)}" if cell.stage.size else ""
    return escape(f"{f'{weighted} of {count}' if weighted else count}{size}")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0 else f"{100 * share:.1f} %" if share >= 0.0005 else "under 0.1 %"


def layer_tables(networks: Sequence[Network], row: Row | None, *, dark: bool) -> None:
    """The layers of each network, or of its stage in the chosen row, side by side."""
    with st.expander("Layer tables", icon=":material/table_rows:", expanded=row is not None):
        for column, network, place in zip(range(len(networks)), networks, st.columns(len(networks)), strict=True):
            with place:
                st.html(f"<strong>{badge(network, dark=dark)}</strong>")
                cell = row.cells[column] if row else None
                if row and cell is None:
                    st.caption("has no such stage")
                    continue
                wanted = set(cell.layers) if cell else None
                every = layer_rows(network.graph, network.costs, network.fields)
                rows = [line for line in every if wanted is None or line["layer"] in wanted]
                frame = pd.DataFrame(rows, columns=list(COLUMNS)).rename(columns=HEADINGS)
                st.dataframe(
                    frame, hide_index=True, height=min(420, 38 + 35 * len(rows)), key=f"compare_layers_{network.graph.name}",
                    column_config={HEADINGS[field]: st.column_config.NumberColumn(format="localized") for field in NUMBERS},
                    alt=f"Layers of {network.title}{f', {cell.stage.title}' if cell else ''}, with their cost and receptive field.",
                )  # fmt: skip
