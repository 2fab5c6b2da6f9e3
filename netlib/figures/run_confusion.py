"""Which classes are taken for which: the confusion matrix as a figure, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from netlib.figures.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NUMBERED = 20  # classes up to which the counts stand in the cells


def figure(confusion: NDArray[np.int64], classes: Sequence[str], *, dark: bool = False) -> go.Figure:
    """A row for each true class, a column for each that was said, coloured by the share of the row.

    Shapes: confusion (K, K).
    """
    whole = confusion.sum(1, keepdims=True)
    share = np.divide(100 * confusion, whole, out=np.zeros(confusion.shape), where=whole > 0)
    few = len(classes) <= NUMBERED
    names = list(classes)
    ground, ink = ("#1b212c", "#3a8fc4") if dark else ("#f1f4f8", "#0072b2")
    counts = np.where(confusion > 0, confusion.astype(str), "")
    drawn = go.Figure(
        go.Heatmap(
            z=share, x=names, y=names, zmin=0, zmax=100, colorscale=[[0, ground], [1, ink]], text=counts if few else None,
            texttemplate="%{text}" if few else None, customdata=confusion, xgap=1, ygap=1,
            hovertemplate="is %{y}, was said to be %{x}:<br>%{customdata:,} pictures, %{z:.1f} % of %{y}<extra></extra>",
            colorbar={"title": {"text": "share of the true class", "side": "right"}, "ticksuffix": " %", "thickness": 14},
        )
    )  # fmt: skip
    drawn.update_layout(height=440 if few else 560, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    drawn.update_xaxes(title="said", type="category", tickmode="linear" if few else "auto")
    drawn.update_yaxes(title="true", type="category", autorange="reversed", tickmode="linear" if few else "auto")
    return drawn


def summary(confusion: NDArray[np.int64], classes: Sequence[str], *, most: int = 3) -> str:
    """The commonest confusions in a sentence.

    >>> summary(np.array([[5, 2], [0, 7]]), ("cat", "dog"))
    '12 of 14 held-back pictures are put into their class. Most often cat is taken for dog (2).'
    """
    right, total = int(np.trace(confusion)), int(confusion.sum())
    said = f"{right:,} of {total:,} held-back pictures are put into their class."
    wrong = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [np.unravel_index(place, wrong.shape) for place in order if wrong.flat[place]]
    words = [f"{classes[true]} is taken for {classes[told]} ({wrong[true, told]})" for true, told in pairs]
    return f"{said} Most often {listed(words)}." if words else said
