"""A number that explains itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Formula:
    """How a figure comes about.

    Attributes:
        quantity: what is computed, such as "parameters".
        symbols: the rule: "k_h · k_w · C_in / g · C_out + C_out".
        values: the same with this layer's numbers: "5 · 5 · 96 / 2 · 256 + 256". It evaluates to `result`.
        result: the figure, an integer.
        unit: of the result: "parameters", "MACs", "bytes", "px".
        note: what the rule leaves out or takes for granted; empty when nothing.
    """

    quantity: str
    symbols: str
    values: str
    result: int
    unit: str
    note: str = ""
