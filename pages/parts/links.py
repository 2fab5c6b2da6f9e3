"""Links between the pages, with what is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.parts.picture_picker import id_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pages.parts.sight import Sight


def link(label: str, page: str, query: Mapping[str, str | list[str]], *, icon: str = "", help: str | None = None) -> None:
    """A link to another page; where the page stands alone, without a menu, the label only."""
    try:
        st.page_link(f"{page}.py", label=label, icon=icon, help=help, query_params=dict(query))
    except StreamlitAPIException:
        st.markdown(label)


def of(one: Sight, **more: str) -> dict[str, str]:
    """What a link says of one network: the network, its weights, the picture; and more, such as layer="conv1", of the same network."""
    query = {"network": one.name, "weights_1": one.weights, "picture": id_of(one.key[2])}
    return {**query, **{f"{name}_1": value for name, value in more.items()}}
