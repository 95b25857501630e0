"""Compare: two networks side by side, and what differs between them; or a whole family."""

import streamlit as st

from app import cache, state
from app.compare import board as comparing
from app.compare import form as pair_form

first, second = state.shown(), state.second()
with st.sidebar:
    typed = pair_form.pair_form(first.choice, second.choice)

compared = cache.comparison(first.config, second.config)
comparing.heading(first, second, compared)
comparing.problems(first.problem, second.problem, typed)
comparing.numbers(compared)

with st.container(key="switches", horizontal=True):
    view = comparing.view_switch()
    if view == "Side by side":
        comparing.look_switches()
    comparing.menu(first.config, second.config, compared)

match view:
    case "Side by side":
        comparing.drawing(first, second)
    case "Differences":
        comparing.table(compared)
    case _:
        comparing.family_page(first.choice)
state.publish(first.choice, second.choice)
