"""Train: the chosen network on real images, in a separate process."""

import streamlit as st

from app import cache, state
from app.elements import views
from app.runs import board
from app.runs import cache as runs_cache
from app.train import form as recipe_form
from app.train import launch, preview

shown = state.shown()
st.header(f"Train {views.title(shown.config)}", anchor=False)
views.network_line(cache.network(shown.config), shown.choice)

plan = recipe_form.training_form(runs_cache.devices())
# The button comes before the previews, so that it does not move when a preview is slow or missing.
spec, problem = launch.fitted(shown, plan)

views.problem(problem)
launch.start_button(spec)
preview.samples(plan)
preview.schedule(plan)
board.recent(runs_cache.store())
state.publish(shown.choice)
