"""Study: change one thing, check that nothing else changes, train with several seeds, and read what
the results show."""

import streamlit as st

from app.study import board, preview, shelf

st.header("Study", anchor=False)
chosen = shelf.choose()
if chosen.key == shelf.NEW:
    preview.new()
else:
    board.live(chosen)
