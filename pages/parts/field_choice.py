"""Which layer and which unit of each network is looked at.

In the URL, beside network=a&network=b: layer_1 and unit_1 (row,column) for the first network, layer_2 and unit_2 for the second.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streamlit.delta_generator import DeltaGenerator

    from netlib.analysis.graph import Pair
    from netlib.figures.field_map import FieldMap

LARGEST = 9999  # px
KEPT = "kept_field_choices"  # network -> its last (layer, unit, size of the map), for the next page and for its return


def linked(default: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Network -> (layer, unit) as the URL asks for them; read before the networks are picked, which may change their order."""
    names, read = view.first_list("network", default), st.query_params.get
    return {name: (read(f"layer_{i}", ""), read(f"unit_{i}", "")) for i, name in enumerate(names, start=1)}


def forget(number: int) -> None:
    """Take the layer and unit of a network that is not shown out of the URL."""
    view.keep(f"layer_{number}", None)
    view.keep(f"unit_{number}", None)


def layer_key(network: str) -> str:
    """Session key of a network's layer; a callback may set it."""
    return f"view_field_layer_{network}"


def unit_key(network: str) -> str:
    """Session key of a network's unit, as text; a callback may set it."""
    return f"view_field_unit_{network}"


def layer(
    row: DeltaGenerator, network: str, number: int, options: Sequence[str], *, default: str, asked: str, describe: Callable[[str], str]
) -> str:
    """A selectbox of the network's layers in `row`; what the link asks for wrongly is said, and the default shown."""
    key = layer_key(network)
    if st.session_state.get(key) not in options:
        kept = st.session_state.get(KEPT, {}).get(network)
        wanted = asked or (kept[0] if kept else default)
        if wanted not in options:
            st.warning(f"The link asks for the layer “{escape(wanted)}”, which this network does not have; showing {escape(default)}.")
            wanted = default
        st.session_state[key] = wanted
    choice: str = row.selectbox("Layer", options, options.index(st.session_state[key]), key=key, format_func=describe)
    view.keep(f"layer_{number}", choice, default)
    return choice


def unit(row: DeltaGenerator, network: str, number: int, fields: FieldMap, *, asked: str) -> Pair:
    """A text field for row and column in `row`; after a change of layer it stays over the same place of the picture."""
    key, (height, width) = unit_key(network), fields.size
    kept = st.session_state.setdefault(KEPT, {}).get(network)
    if key not in st.session_state:
        st.session_state[key] = asked or (_text(kept[1]) if kept and kept[0] == fields.layer else _text(fields.centre))
    elif kept and kept[0] != fields.layer:
        st.session_state[key] = _text(_moved(kept[1], kept[2], fields.size))
    text: str = row.text_input("Unit", st.session_state[key], key=key, disabled=not fields.has_map, width=96, placeholder="row, column")
    found = parse(text, fields.size)
    if found is None:
        found = fields.centre
        rows, columns = f"a row from 0 to {height - 1}", f"a column from 0 to {width - 1}"
        st.warning(f"“{escape(text)}” is no unit of {escape(fields.layer)}. Write {rows} and {columns}; showing {_text(found)}.")
    st.session_state[KEPT][network] = (fields.layer, found, fields.size)
    view.keep(f"unit_{number}", f"{found[0]},{found[1]}", f"{fields.centre[0]},{fields.centre[1]}")
    return found


def ruler() -> int | None:
    """The size of an object to find the layers for, in pixels of each network's input; `object` in the URL."""
    key = "view_object"
    if key not in st.session_state:
        asked = view.first("object", "")
        st.session_state[key] = int(asked) if asked.isdecimal() and 1 <= int(asked) <= LARGEST else None
    size: int | None = st.number_input(
        "Object of … px", 1, LARGEST, st.session_state[key], key=key, step=1, placeholder="such as 120", width=180
    )
    view.keep("object", str(size) if size else None)
    return size


def parse(text: str, size: Pair) -> Pair | None:
    """Row and column out of "6,6" or "(6, 6)"; None for anything that is no unit of a map of that size."""
    match = re.fullmatch(r"\s*\(?\s*(\d{1,5})\s*[,; ]\s*(\d{1,5})\s*\)?\s*", text)
    if not match:
        return None
    row, column = int(match[1]), int(match[2])
    return (row, column) if row < size[0] and column < size[1] else None


def _moved(unit: Pair, old: Pair, new: Pair) -> Pair:
    row, column = ((2 * at + 1) * after // (2 * before) for at, before, after in zip(unit, old, new, strict=True))
    return row, column


def _text(unit: Pair) -> str:
    return f"{unit[0]}, {unit[1]}"
