"""Stages of like resolution side by side: what they hold, which share of its network they are, and their layers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.analysis.graph import CATEGORY
from netlib.figures import units
from netlib.figures.tables import HEADINGS, layer_rows
from pages.parts import view
from pages.parts.compare_graphs import clicked_row
from pages.parts.compare_html import badge, bar, table
from pages.parts.layer_table import WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.compare import Cell, Row
    from netlib.figures.curves import Network

EVERY = "all"
COLUMNS = ("layer", "output", "params", "macs", "receptive_field", "kind", "window")
NUMBERS = ("params", "macs")
WORDS = {"convolution": "conv", "fully connected": "FC", "recurrent": "recurrent", "attention": "attention"}


def stages(networks: Sequence[Network], rows: Sequence[Row], *, dark: bool) -> Row | None:
    """Draw the rows; bars are shares of a network's own parameters and MACs. The chosen row is kept in the URL; None is every stage."""
    names = labels(rows)
    clicked = clicked_row(networks, rows)
    if clicked is not None:
        st.session_state["view_stage"] = list(names)[clicked]
    st.caption("Stages at the same share of the picture’s resolution stand side by side; bars are shares of a network’s own totals.")
    words = {EVERY: "every stage", **names}
    chosen = view.one_of("Show in graphs and layer tables", list(words), name="stage", default=EVERY, format_func=words.__getitem__)
    body = []
    for (name, label), row in zip(names.items(), rows, strict=True):
        cells = "".join(_cell(network, cell, dark) for network, cell in zip(networks, row.cells, strict=True))
        mark = ' class="chosen"' if name == chosen else ""
        body.append(f'<tr{mark}><th scope="row">{"► " if mark else ""}{escape(label)}</th>{cells}</tr>')
    st.html(table("Stages", networks, body, dark=dark, corner="Maps"))
    return dict(zip(names, rows, strict=True)).get(chosen)


def labels(rows: Sequence[Row]) -> dict[str, str]:
    """A name for the URL and a label for each row: "55x55-56x56" -> "55×55, 56×56", the sizes of its maps; "head" -> "head"."""
    found: dict[str, str] = {}
    for row in rows:
        present = [cell.stage for cell in row.cells if cell]
        label = ", ".join(dict.fromkeys(units.shape(stage.size) if stage.size else stage.title for stage in present))
        name = label.replace("×", "x").replace(", ", "-").replace(" ", "-")
        again = sum(known == label for known in found.values())  # networks with pictures of other sizes
        found[f"{name}-{again + 1}" if again else name] = label
    return found


def _cell(network: Network, cell: Cell | None, dark: bool) -> str:
    if cell is None:
        return '<td class="none">no such stage</td>'
    title = cell.stage.title.split(" · ")[0].capitalize()
    parts = []
    for what, mine, whole in (("params", cell.cost.params, network.costs.params), ("MACs", cell.cost.macs, network.costs.macs)):
        share = mine / whole if whole else 0.0
        said = f'<small class="number" title="{units.exact(mine)} {what}">{units.count(mine)} {what} · {escape(_percent(share))}</small>'
        parts.append(f"<div>{said}{bar(share, network, dark=dark)}</div>")
    head = f"<strong>{escape(title)}</strong><small>{_holds(network, cell)}</small>"
    return f'<td>{head}<div class="parts">{"".join(parts)}</div></td>'


def _holds(network: Network, cell: Cell) -> str:
    """ "3 conv, 7 layers · 56×56×256": what is counted, and what the stage hands on."""
    kinds = [CATEGORY[network.graph[name].kind] for name in cell.layers]
    weighted = ", ".join(f"{kinds.count(kind)} {word}" for kind, word in WORDS.items() if kind in kinds)
    count = f"{len(kinds)} layer{'s' * (len(kinds) > 1)}"
    size = f" · {units.shape(cell.stage.size)}" if cell.stage.size else ""
    return escape(f"{f'{weighted} of {count}' if weighted else count}{size}")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0 else f"{100 * share:.1f} %" if share >= 0.0005 else "<0.1 %"


def layer_tables(networks: Sequence[Network], row: Row | None, *, dark: bool) -> None:
    """The layers of each network, or of its stage in the chosen row, side by side."""
    numbers = {HEADINGS[field]: st.column_config.NumberColumn(format="localized", width=WIDTH) for field in NUMBERS}
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
                    column_config={HEADINGS["layer"]: st.column_config.TextColumn(width=140), **numbers},
                    alt=f"Layers of {network.title}{f', {cell.stage.title}' if cell else ''}, with their cost and receptive field.",
                )  # fmt: skip
