"""Train: the chosen network on real images, in a process of its own."""

import streamlit as st

from app import cache, state, views
from app.forms import recipe as recipe_form
from app.runs import board, launch

shown = state.shown()
st.header(f"Train {views.title(shown.config)}", anchor=False)
views.network_line(cache.network(shown.config), shown.choice)

plan = recipe_form.training_form(cache.devices())
spec, problem = launch.fitted(shown, plan)

views.problem(problem)
launch.start_button(spec)
launch.show_samples(plan)
views.schedule(plan.recipe)
board.recent(cache.store())
state.publish(shown.choice)
