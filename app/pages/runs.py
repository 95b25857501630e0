"""Runs: everything that was started here, live; and one of them whole."""

import streamlit as st

from app import cache, state
from app.runs import board

st.header("Runs", anchor=False)
board.live(cache.store(), state.selected_run())
