"""The networks in figures: one row a quantity, one column a network, each beside the reference."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis import published
from netlib.figures import units
from pages.parts.compare_html import bar, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlib.analysis.compare import Totals
    from netlib.figures.curves import Network


@dataclass(frozen=True)
class Row:
    """A quantity: what it is and its unit in a sentence, how it is read off a network, how it is written.

    Attributes:
        marks: words for the greatest and the least; empty where neither says anything.
    """

    title: str
    help: str
    read: Callable[[Network, Totals], int | None]
    write: Callable[[int], str]
    marks: tuple[str, str] = ("most", "least")


def _pixels(number: int) -> str:
    return f"{units.exact(number)} px"


ROWS = (
    Row("Parameters", "Learned numbers: weights and biases.", lambda n, _: n.costs.params, units.count),
    Row("MACs", "Multiply-accumulates for one picture, of convolutions and matrix products.", lambda n, _: n.costs.macs, units.count),
    Row("FLOPs", "Floating-point operations for one picture, counted as 2 × MACs: a product and a sum.",
        lambda n, _: 2 * n.costs.macs, units.count),
    Row("Activations", "Bytes of the outputs of all layers for one picture, as 32-bit floats (1 MiB = 1,048,576 bytes).",
        lambda n, _: n.costs.activation_bytes, units.bytes_),
    Row("Training memory, batch 1", "An estimate: parameters, gradients, SGD’s momentum, and what the backward pass keeps of one picture.",
        lambda n, _: n.costs.total.training_bytes(1), units.bytes_),
    Row("Training memory, batch 32", "The same estimate with the activations of 32 pictures.",
        lambda n, _: n.costs.total.training_bytes(32), units.bytes_),
    Row("Depth", "Layers with weights on the longest path from the picture to the scores, as papers count them.",
        lambda _, t: t.depth, units.exact, ("deepest", "shallowest")),
    Row("Neurons", "Outputs of the layers that have connections, for one picture.", lambda n, _: n.costs.neurons, units.count),
    Row("Field of the last map", "Height in pixels of what one unit of the last map sees of the picture, padding included.",
        lambda _, t: t.receptive_field[0] if t.receptive_field else None, _pixels, ("largest", "smallest")),
)  # fmt: skip


def totals_table(networks: Sequence[Network], totals: Sequence[Totals], *, dark: bool) -> None:
    """Draw the table; ratios are to the first network."""
    body = [_input_row(networks), *(_row(row, networks, totals, dark) for row in ROWS), _error_row(networks)]
    st.html(table("Totals", networks, body, dark=dark, corner="Quantity"))


def _label(title: str, help: str) -> str:
    return f'<th scope="row"><details><summary title="{escape(help)}">{escape(title)}</summary><p>{escape(help)}</p></details></th>'


def _row(row: Row, networks: Sequence[Network], totals: Sequence[Totals], dark: bool) -> str:
    values = [row.read(network, total) for network, total in zip(networks, totals, strict=True)]
    known = [value for value in values if value is not None]
    cells = []
    for network, value in zip(networks, values, strict=True):
        if value is None:
            cells.append('<td class="none">none</td>')
            continue
        notes = [] if network is networks[0] else [ratio(value, values[0])]
        if len(set(known)) > 1 and len(networks) > 1:
            notes += [f"▲ {row.marks[0]}"] * (value == max(known)) + [f"▼ {row.marks[1]}"] * (value == min(known))
        cells.append(
            f'<td title="{units.exact(value)}"><span class="number">{row.write(value)}</span>'
            f'{bar(value / (max(known) or 1), network, dark=dark)}<small>{" · ".join(filter(None, notes)) or "&nbsp;"}</small></td>'
        )
    return f"<tr>{_label(row.title, row.help)}{''.join(cells)}</tr>"


def _input_row(networks: Sequence[Network]) -> str:
    cells = "".join(f'<td><span class="number">{units.shape(network.graph.input_shape)}</span></td>' for network in networks)
    return f"<tr>{_label('Input', 'Height × width × channels of the picture; MACs and activations grow with its area.')}{cells}</tr>"


def _error_row(networks: Sequence[Network]) -> str:
    found = [top5(network.graph.name) for network in networks]
    known = [result.value for result in found if result]
    cells = []
    for result in found:
        if result is None:
            cells.append('<td class="none">none published for it on ImageNet</td>')
            continue
        extremes = {max(known): " · ▲ highest", min(known): " · ▼ lowest"} if len(known) > 1 else {}
        where = escape(f"{published.sources()[result.source]['title']} ({result.where})")
        figure = f'<span class="number">{result.value:g} %</span>{extremes.get(result.value, "")}'
        cells.append(f'<td title="{where}">{figure}<small>{escape(result.protocol)}; {escape(result.data)}</small></td>')
    words = "Percent of pictures whose class is not among five guesses, as printed; protocols differ, so a few tenths say nothing."
    return f"<tr>{_label('Published top-5 error', words)}{''.join(cells)}</tr>"


def top5(name: str) -> published.Result | None:
    """The one published error of a network that a comparison may show."""
    return next((result for result in published.results(name) if result.comparable), None)


def ratio(value: int, reference: int | None) -> str:
    """ "×2.27"; "the same"; nothing where the reference has none of it."""
    if not reference:
        return ""
    if value == reference:
        return "the same"
    times = value / reference
    return f"×{times:,.0f}" if times >= 100 else f"×{times:#.3g}"
