"""Runs: everything that was started here, live; and one of them whole."""

import streamlit as st

from app import cache, run_views, state

st.header("Runs", anchor=False)
run_views.live(cache.store(), state.selected_run())
