"""The pages of the app, in the order of its menu."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts import view

HERE = Path(__file__).parent

st.set_page_config(page_title="CNN Architecture Explorer", page_icon=str(HERE.parent / "assets" / "icon.svg"), layout="wide")

page = st.navigation(
    [
        st.Page(HERE / "overview.py", title="Overview", icon=":material/timeline:", default=True),
        st.Page(HERE / "architecture.py", title="Architecture", icon=":material/account_tree:", url_path="architecture"),
        st.Page(HERE / "receptive_field.py", title="Receptive field", icon=":material/center_focus_strong:", url_path="receptive_field"),
        st.Page(HERE / "compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
        st.Page(HERE / "kernels.py", title="Kernels", icon=":material/grid_view:", url_path="kernels"),
        st.Page(HERE / "features.py", title="Features", icon=":material/visibility:", url_path="features"),
        st.Page(HERE / "sensitivity.py", title="Sensitivity", icon=":material/filter_center_focus:", url_path="sensitivity"),
        st.Page(HERE / "similarity.py", title="Similarity & invariance", icon=":material/compare:", url_path="similarity"),
        st.Page(HERE / "train.py", title="Train", icon=":material/model_training:", url_path="train"),
        st.Page(HERE / "runs.py", title="Runs", icon=":material/list:", url_path="runs"),
        st.Page(HERE / "experiments.py", title="Experiments", icon=":material/science:", url_path="experiments"),
        st.Page(HERE / "unit.py", title="Unit", icon=":material/id_card:", url_path="unit", visibility="hidden"),
    ],
    position="top",
)
with view.address(page.url_path):
    page.run()
