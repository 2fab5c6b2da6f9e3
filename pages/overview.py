"""Overview: the networks through the years, their published errors over what they cost, and a card for each paper."""

from __future__ import annotations

import streamlit as st

from netlib.figures import history
from netlib.models.papers import PAPERS
from netlib.models.registry import NETWORKS
from pages.parts import cards, mistakes
from pages.parts.error_chart import error_chart

dark = st.context.theme.type == "dark"

st.title("CNN Architecture Explorer")
st.markdown(
    f"See how {len(NETWORKS)} networks from {len(PAPERS)} papers (LeNet, AlexNet, VGG, Inception, ResNet and their kin) are built, "
    "what each layer costs and how much of the picture it sees; every number unfolds into its formula and stands beside what was "
    "published. Then look inside: at the kernels and features that networks have learned, at the part of a picture on which an answer "
    "hangs, and at what may change in it without the network minding."
)
with st.container(horizontal=True):
    if st.button("Open AlexNet’s architecture", icon=":material/account_tree:", type="primary"):
        st.switch_page("architecture.py", query_params={"network": "alexnet"})
    if st.button("Put three networks side by side", icon=":material/compare_arrows:", type="primary"):
        st.switch_page("compare.py", query_params={"network": ["alexnet", "vgg16", "resnet50"]})
    if st.button("See what a network has learned", icon=":material/visibility:", type="primary"):
        st.switch_page("features.py", query_params={"network": "zfnet-mini"})
    if st.button("See what a unit sees", icon=":material/center_focus_strong:"):
        st.switch_page("receptive_field.py", query_params={"network": "alexnet"})
    if st.button("Cover a picture", icon=":material/select_all:"):
        st.switch_page("sensitivity.py", query_params={"network": "zfnet-mini"})
    if st.button("Turn a picture", icon=":material/crop_rotate:"):
        st.switch_page("similarity.py", query_params={"network": "zfnet-mini"})

st.header("Through the years", anchor="years")
st.plotly_chart(
    history.time_line(PAPERS, dark=dark), key="time_line", config={"displayModeBar": False}, alt=history.time_line_summary(PAPERS)
)

st.header("Error, size and work", anchor="error")
error_chart(dark=dark)

st.header("The papers", anchor="papers")
checks = cards.checks()
grid = st.grid("auto", min_column_width=360, border=True)
for paper in PAPERS:
    with grid.cell():
        cards.card(paper, checks)

st.header("How far the numbers can be trusted", anchor="checks")
mistakes.trust(checks)
