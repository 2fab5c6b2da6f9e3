"""What the units of one to four networks see of a photo: exact boxes, their growth by layer, and the effective field.

A link holds all of it: ?network=alexnet&network=vgg16&photo=chelsea&layer_1=pool5&unit_1=3,3&layer_2=pool5&unit_2=3,3
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from netlib.data.photos import PHOTOS
from netlib.errors import NetlibError
from netlib.figures import units
from netlib.figures.field_growth import COLORS
from netlib.figures.field_map import outgrown
from pages.parts import field_cache, field_choice, inspector, networks, view
from pages.parts.effective import effective_fields
from pages.parts.field_photo import field_photo, selected
from pages.parts.growth_chart import growth_chart
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from netlib.analysis.graph import LayerGraph, Pair
    from netlib.figures.field_map import FieldMap

DEFAULT = ("alexnet", "vgg16", "resnet50")
MOST = 4


@dataclass(frozen=True, slots=True)
class Panel:
    """One network on the page, with what is chosen of it."""

    number: int
    name: str
    graph: LayerGraph
    fields: FieldMap
    unit: Pair

    @property
    def layer(self) -> str:
        return self.fields.layer


def main() -> None:
    st.title("Receptive field")
    st.markdown(
        "Which part of the picture can a unit see? Move over a map or a photo: the box is exact, also through branches and at borders. "
        "Click, tap or Enter selects a unit, arrow keys move it. On a map, the more of a unit’s field is padding, the stronger its cell."
    )
    asked = field_choice.linked(DEFAULT)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        names = networks.pick_several("Networks, one to four", default=DEFAULT, most=MOST)
    with right:
        photo = view.selectbox("Photo", list(PHOTOS), name="photo", default="chelsea", format_func=lambda name: PHOTOS[name].title)
    for number in range(len(names) + 1, MOST + 1):
        field_choice.forget(number)
    if not names:
        st.info("Choose a network above to see what its units see.", icon=":material/center_focus_strong:")
        return
    panels = []
    for number, (column, name) in enumerate(zip(st.columns(len(names), gap="medium"), names, strict=True), start=1):
        with column:
            panels.append(panel(number, name, photo, *asked.get(name, ("", ""))))
    st.caption(f"{PHOTOS[photo].source}. Each network sees it cut and scaled to its own input.")
    shown = [one for one in panels if one]
    if shown:
        growth_chart([(one.number - 1, one.name, one.layer) for one in shown])
        effective_fields([(one.name, one.graph, one.layer, one.unit) for one in shown], photo)


def panel(number: int, name: str, photo: str, layer: str, unit: str) -> Panel | None:
    """One network: its layer, its unit, the photo with the box, and how the field came about; None where there is none."""
    st.header(networks.title(name), anchor=False)
    try:
        graph = networks.graph(name)
    except NetlibError as error:
        st.warning(escape(str(error)))
        return None
    options, default = field_cache.layers(name)
    if not default:
        st.info(no_field(graph, networks.title(name)))
        return None
    found = networks.fields(graph)

    def describe(layer: str) -> str:
        return f"{layer} · {units.shape(graph[layer].shape)} · sees {max(found[layer].size)} px"

    row = st.container(horizontal=True)
    layer = field_choice.layer(row, name, number, options, default=default, asked=layer, describe=describe)
    fields = field_cache.field_map(name, layer)
    at = field_choice.unit(row, name, number, fields, asked=unit)
    key = f"field_photo_{name}"
    field_photo(
        fields, photo=photo, grey=graph.input_shape[0] == 1, unit=at, colors=COLORS[number - 1], key=key, on_select=partial(pick, key, name)
    )
    if warning := outgrown(graph, found, fields):
        st.warning(escape(warning), icon=":material/zoom_out_map:")
    if not found[layer].aligned:
        st.info("The branches that meet here are not aligned, or the units differ: each box is exact, the formula gives the largest field.")
    step, formulas = field_cache.step(name, layer)
    for formula in formulas:
        inspector.unfold(formula, networks.cost(graph))
    if step != layer:
        st.caption(f"{escape(layer)} leaves the field as {escape(step)} made it.")
    return Panel(number, name, graph, fields, at)


def no_field(graph: LayerGraph, title: str) -> str:
    """Why a network has no unit whose box could be shown."""
    if graph.input_shape[-2:] == (1, 1):
        return f"{title} starts from {units.shape(graph.input_shape)} numbers, not from a picture: its units have no field to show."
    return f"{title} keeps no map: it makes a sequence of the picture at once, so there is no unit whose box could be shown."


def pick(key: str, name: str) -> None:
    """A unit was clicked in a photo or on a map."""
    if unit := selected(key):
        st.session_state[field_choice.unit_key(name)] = f"{unit[0]}, {unit[1]}"


main()
