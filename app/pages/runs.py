"""Runs: every run that was started here, live. One run in detail, or several runs and imported
curves side by side."""

import streamlit as st

from app import state
from app.runs import board, cache

st.header("Runs", anchor=False)
match board.look_switch():
    case "Side by side":
        # Loaded only when a person compares runs.
        from app.side_by_side import board as side_by_side

        side_by_side.show(cache.store())
    case _:
        board.live(cache.store(), state.selected_run())
