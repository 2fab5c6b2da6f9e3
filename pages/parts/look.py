"""One network of the page with the layer, the channel and the unit that are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import units
from pages.parts import layer_choice, seen
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from netlib.analysis.graph import Pair
    from netlib.analysis.receptive_field import Box
    from pages.parts.layer_choice import Asked
    from pages.parts.seen import Maps
    from pages.parts.sight import Sight


@dataclass(frozen=True)
class Look:
    """What is looked at.

    Attributes:
        maps: of the layer, for the picture.
        unit: (row, column) in the map.
        strongest: the unit is the channel's strongest one, not one that was chosen.
    """

    sight: Sight
    layer: str
    maps: Maps
    channel: int
    unit: Pair
    strongest: bool

    @property
    def value(self) -> float:
        """Of the unit."""
        return float(self.maps.values[self.channel, *self.unit])

    @cached_property
    def box(self) -> Box:
        """The pixels that the unit sees, unclipped."""
        return seen.box(self.sight.graph, self.layer, self.unit)

    @property
    def words(self) -> str:
        """The unit in words."""
        if self.maps.size == (1, 1):
            return f"channel {self.channel}"
        which = "the strongest unit" if self.strongest else "unit"
        return f"{which} ({self.unit[0]}, {self.unit[1]}) of channel {self.channel}"

    def caption(self, method: str = "", settings: str = "") -> str:
        """What stands under a picture of it that is taken away."""
        unit = f"{self.channel}, row {self.unit[0]}, column {self.unit[1]}" if self.maps.size != (1, 1) else self.channel
        return self.sight.caption(self.layer, unit, method, settings)

    def file(self, what: str) -> str:
        """A name for such a picture."""
        return f"{self.sight.name}-{self.layer}-{self.channel}-{what}"


def choose(one: Sight, asked: Asked) -> Look | None:
    """The pickers of layer, channel and unit; None, with a sentence, where the layer's maps cannot be had."""
    options, default = seen.layers(one.graph)

    def describe(layer: str) -> str:
        return f"{layer} · {units.shape(one.graph[layer].shape)} · {units.kind(one.graph[layer].kind)}"

    top, row = st.container(), st.container(horizontal=True)
    layer = layer_choice.layer(top, one.name, one.number, options, default=default, asked=asked.layer, describe=describe)
    asked = asked.of(layer, default)
    try:
        with st.skeleton(height=320):
            maps = seen.maps(one, layer)
    except NetlibError as error:
        st.warning(escape(str(error)))
        return None
    channel = layer_choice.channel(
        row, one.name, one.number, layer, len(maps.values), default=maps.order[0], asked=asked.channel
    )
    chosen = layer_choice.unit(row, one.name, one.number, layer, maps.size, asked=asked.unit)
    strongest = maps.strongest(channel)
    return Look(one, layer, maps, channel, chosen or strongest, chosen is None)


def select(look: Look, place: int, unit: Pair | None) -> None:
    """Look at the channel that stands at that place among the strongest, at one of its units or at its strongest one."""
    name, layer = look.sight.name, look.layer
    st.session_state[layer_choice.channel_key(name, layer)] = look.maps.order[place]
    st.session_state[layer_choice.unit_key(name, layer)] = f"{unit[0]}, {unit[1]}" if unit else ""
