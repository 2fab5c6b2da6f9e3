"""Which layer, which channel and which unit of each network is looked at, on the pages about seeing.

In the URL, beside network=a&network=b: layer_1, channel_1 and unit_1 (row,column) for the first network, layer_2 … for the second;
input_1 for the input channel of a kernel whose weights are read.
A channel is remembered for each layer; without a unit the strongest one of the channel is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts import view
from pages.parts.field_choice import parse
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streamlit.delta_generator import DeltaGenerator

    from netlib.analysis.graph import Pair

KEPT = "kept_layer_choices"  # in the session: (network, the layers to choose from) -> the last one
KEPT_UNITS = "kept_unit_choices"  # in the session: (network, layer, "channel" or "unit") -> the last one, as text
ARRIVED = "layer_choices_arrived"  # in the session: network -> whether this run is its first on the page, so that the link counts
NAMES = ("layer", "channel", "unit", "input")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the link asks for, of one network; empty where it asks for nothing."""

    layer: str = ""
    channel: str = ""
    unit: str = ""
    input: str = ""

    def of(self, layer: str, default: str) -> Asked:
        """What the link asks for of that layer: its channel, unit and input channel are those of the link's own layer."""
        return self if layer == (self.layer or default) else Asked()


def linked(default: Sequence[str]) -> Mapping[str, Asked]:
    """Network -> what the URL asks for; read before the networks are picked, which may change their order."""
    names, read = view.first_list("network", default), st.query_params.get
    return {name: Asked(*(read(f"{what}_{i}", "") for what in NAMES)) for i, name in enumerate(names, start=1)}


def forget(numbers: Sequence[int], *names: str) -> None:
    """Take what is chosen of networks that are not shown out of the URL."""
    for number in numbers:
        for what in names or (*NAMES, "nine"):
            view.keep(f"{what}_{number}", None)


def layer_key(network: str) -> str:
    """Session key of a network's layer; a callback may set it."""
    return f"view_seen_layer_{network}"


def channel_key(network: str, layer: str) -> str:
    """Session key of a layer's channel, a whole number; a callback may set it."""
    return f"view_channel_{network}_{layer}"


def unit_key(network: str, layer: str) -> str:
    """Session key of the unit in a layer's map, as text, "" for the strongest; a callback may set it."""
    return f"view_seen_unit_{network}_{layer}"


def layer(
    place: DeltaGenerator, network: str, number: int, options: Sequence[str], *, default: str, asked: str, describe: Callable[[str], str]
) -> str:
    """A selectbox of a network's layers; what the link asks for wrongly is said, and the default shown."""
    key, kept = layer_key(network), st.session_state.setdefault(KEPT, {})
    st.session_state.setdefault(ARRIVED, {})[network] = key not in st.session_state
    if st.session_state.get(key) not in options:
        wanted = asked or kept.get((network, tuple(options)), default)
        if wanted not in options:
            if asked:
                place.warning(f"The link asks for the layer “{escape(asked)}”, which is not one to show here; showing {escape(default)}.")
            wanted = default
        st.session_state[key] = wanted
    choice: str = place.selectbox("Layer", options, options.index(st.session_state[key]), key=key, format_func=describe)
    kept[network, tuple(options)] = choice
    view.keep(f"layer_{number}", choice, default)
    return choice


def channel(
    place: DeltaGenerator, network: str, number: int, layer: str, count: int, *, default: int, asked: str, label: str = "Channel"
) -> int:
    """A number field for the channel of a layer, 0 to count − 1; until one is chosen it is the default, also where that changes."""
    key = channel_key(network, layer)
    wanted = "" if key in st.session_state else _wanted(network, number, layer, "channel", asked)
    if wanted.isdecimal() and int(wanted) < count:
        st.session_state[key] = int(wanted)
    elif wanted:
        place.warning(f"{escape(layer)} has no {label.lower()} “{escape(wanted)}”, only 0 to {count - 1}; showing {default}.")
    free = view.follow(key, default, asked=asked)
    st.session_state[key] = min(st.session_state[key], count - 1)
    choice = int(place.number_input(label, 0, count - 1, st.session_state[key], key=key, step=1))
    st.session_state.setdefault(KEPT_UNITS, {})[network, layer, "channel"] = "" if free else str(choice)
    view.keep(f"channel_{number}", None if free else str(choice), str(default))
    return choice


def unit(place: DeltaGenerator, network: str, number: int, layer: str, size: Pair, *, asked: str) -> Pair | None:
    """A text field for row and column; None for the strongest unit."""
    key, (height, width) = unit_key(network, layer), size
    if key not in st.session_state:
        st.session_state[key] = _wanted(network, number, layer, "unit", asked)
    text: str = place.text_input(
        "Unit", st.session_state[key], key=key, placeholder="strongest", disabled=size == (1, 1), help="Row, column; empty: the strongest."
    )
    found = parse(text, size) if text.strip() else None
    if text.strip() and found is None:
        rows, columns = f"a row from 0 to {height - 1}", f"a column from 0 to {width - 1}"
        place.warning(f"“{escape(text)}” is no unit of {escape(layer)}. Write {rows} and {columns}; showing the strongest one.")
    place_in_link = f"{found[0]},{found[1]}" if found else ""
    st.session_state.setdefault(KEPT_UNITS, {})[network, layer, "unit"] = place_in_link
    view.keep(f"unit_{number}", place_in_link or None)
    return found


def input_channel(network: str, number: int, layer: str, count: int, *, asked: str, describe: Callable[[int], str]) -> int:
    """A selectbox of the channels that a kernel of the layer reads, 0 to count − 1."""
    key = f"view_input_{network}_{layer}"
    if key not in st.session_state:
        asked = _wanted(network, number, layer, "input", asked)
        known = asked.isdecimal() and int(asked) < count
        if asked and not known:
            st.warning(f"{escape(layer)} has no input channel “{escape(asked)}”, only 0 to {count - 1}; showing 0.")
        st.session_state[key] = int(asked) if known else 0
    choice = int(st.selectbox("Input channel", range(count), st.session_state[key], key=key, format_func=describe))
    st.session_state.setdefault(KEPT_UNITS, {})[network, layer, "input"] = str(choice)
    view.keep(f"input_{number}", str(choice), "0")
    return choice


def step_buttons(layers: Mapping[str, Sequence[str]]) -> None:
    """Two buttons, with keys, that walk the layers of all networks at once: of each, those that the page has to choose from."""
    place = st.container(horizontal=True, width="content")
    for label, by, icon, key in (("Previous layer", -1, "upward", "Alt+ArrowUp"), ("Next layer", 1, "downward", "Alt+ArrowDown")):
        place.button(label, on_click=_step, args=(layers, by), icon=f":material/arrow_{icon}:", shortcut=key)


def _step(layers: Mapping[str, Sequence[str]], by: int) -> None:
    for network, options in layers.items():
        key = layer_key(network)
        if options:
            at = options.index(st.session_state[key]) + by if st.session_state.get(key) in options else 0
            st.session_state[key] = options[min(max(0, at), len(options) - 1)]


def _wanted(network: str, number: int, layer: str, what: str, asked: str) -> str:
    """What the link asks for when the page is opened by it; else what was chosen of this layer the last time."""
    if st.session_state.get(ARRIVED, {}).get(network) and any(st.query_params.get(f"{name}_{number}") for name in NAMES):
        return asked
    kept: str = st.session_state.get(KEPT_UNITS, {}).get((network, layer, what), "")
    return kept
