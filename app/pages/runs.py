"""Runs: everything that was started here, live; and one of them whole."""

import streamlit as st

from app import state
from app.runs import board, cache

st.header("Runs", anchor=False)
board.live(cache.store(), state.selected_run())
