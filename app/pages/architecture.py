"""Architecture: choose a network, see its drawing and its numbers, export it."""

import streamlit as st

from app import cache, state
from app.architecture import exports, picture, table
from app.architecture import form as network_form
from app.elements import pages, views

with st.sidebar:
    network_form.network_form(state.shown())
    st.page_link(pages.COMPARE, label="Compare this", icon=":material/compare_arrows:")
    st.page_link(pages.TRAIN, label="Train this", icon=":material/play_arrow:")

shown = state.shown()
network = cache.network(shown.config)

views.heading(shown.choice, shown.config)
views.problem(shown.problem)
views.numbers(network)

with st.container(key="switches", horizontal=True):
    view = views.view_switch()
    if view == "Drawing":
        picture.level_switch()
        picture.look_menu()
    # In every view, because a person may want the file without the drawing.
    exports.menu(network, shown.choice, state.drawing_view(network.graph))

# Only the chosen view. The others would cost time, and Streamlit would send all of them.
match view:
    case "Drawing":
        picture.drawing(network, shown.choice)
    case "plot_model":
        picture.plot_model(network)
    case "Layers":
        table.layers(network)
    case _:
        views.code(shown.choice, shown.config)
# Last, after all controls: the address must describe what is now on the page.
state.publish(shown.choice)
