"""A chart that is taken away: as PNG with a caption that says what it shows, and its numbers as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.figures.chart_picture import chart_picture
from pages.parts.saving import download, file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import plotly.graph_objects as go


def save_chart(
    figure: Callable[[], go.Figure], numbers: Callable[[], Sequence[Mapping[str, Any]]], caption: str, filename: str, key: str
) -> None:
    """Two buttons, for the chart as a picture and for its numbers.

    Args:
        figure: draws the chart for white paper.
        numbers: rows with the same columns, which say what each number is of.
    """
    with st.container(horizontal=True):
        save_picture(figure, caption, filename, key)
        save_numbers(numbers, filename, f"{key}_csv", help="Save the numbers of this chart as CSV.")


def save_picture(figure: Callable[[], go.Figure], caption: str, filename: str, key: str) -> None:
    """A button that saves the chart as PNG."""
    download(lambda: chart_picture(figure()), caption, filename, key, label="Chart")


def save_numbers(numbers: Callable[[], Sequence[Mapping[str, Any]]], filename: str, key: str, *, help: str) -> None:
    """A button that saves the rows as CSV."""
    st.download_button(
        "Numbers", lambda: to_csv(numbers()), file_name(filename, ending="csv"), "text/csv", key=key,
        icon=":material/download:", on_click="ignore", type="tertiary", help=help,
    )  # fmt: skip


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A line of headings, then a line a row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
