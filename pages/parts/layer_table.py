"""The sortable layer table; its chosen row and the graph's chosen node are the same layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.figures.tables import HEADINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

COUNTS = ("params", "macs", "activation_bytes", "kept_bytes", "connections")

WIDTH = 120  # pixels for 12 digits: left to itself, the table measures the first rows only and cuts longer numbers off


def layer_table(
    rows: Sequence[Mapping[str, Any]], *, key: str, selected: str | None, on_pick: Callable[[str], None], height: int = 420
) -> None:
    """Draw the rows; a click on one calls `on_pick` with the layer's name before the page runs again."""
    frame = pd.DataFrame(rows, columns=list(HEADINGS))
    names = list(frame["layer"])

    def picked() -> None:
        selection = st.session_state[key]["selection"]
        chosen = [names[row] for row in (*selection["rows"], *(row for row, _ in selection["cells"]))]
        new = [name for name in chosen if name != selected]
        if new:
            on_pick(new[-1])

    number = st.column_config.NumberColumn
    st.dataframe(
        frame.rename(columns=HEADINGS), key=key, hide_index=True, height=height, on_select=picked,
        selection_mode=["single-row", "single-cell"],
        selection_default={"selection": {"rows": [names.index(selected)] if selected in names else []}},
        column_config={HEADINGS[field]: number(format="localized", width=WIDTH) for field in COUNTS},
        alt="Table of all layers with kind, window, output, parameters, MACs, memory and receptive field.",
    )  # fmt: skip
