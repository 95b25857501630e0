"""Study: change one thing, see that only that changes, train it with seeds, and read what may be
claimed."""

import streamlit as st

from app.study import board, preview, shelf

st.header("Study", anchor=False)
chosen = shelf.choose()
if chosen.key == shelf.NEW:
    preview.new()
else:
    board.live(chosen)
