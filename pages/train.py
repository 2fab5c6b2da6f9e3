"""A network learns: a recipe is chosen and started, or a run is watched.

Links: ?preset=lenet5-modern-minute&batch=32 for a recipe, ?run=0a1b2c3d&look=layers for a run.
"""

from __future__ import annotations

import streamlit as st

from netlib.errors import NetlibError
from pages.parts import run_header, run_panel, train_start
from pages.parts.markdown import escape


def main() -> None:
    st.title("Train")
    try:
        if id := st.query_params.get("run"):
            run_panel.run_panel(id)
        else:
            train_start.choose()
    except NetlibError as error:  # no such run, or the store cannot be used
        st.warning(escape(str(error)))
        run_header.elsewhere("Start a new run", {}, icon=":material/add:")


main()
