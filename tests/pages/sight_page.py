"""A page with the pickers and nothing else, for test_sight.py."""

from __future__ import annotations

import streamlit as st

from pages.parts import sight

st.session_state["sights"] = sight.choose()
