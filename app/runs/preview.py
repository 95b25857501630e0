"""What a training would do, before it is started: its learning rates, and its images."""

import streamlit as st

from app import charts, views
from app.forms.dataset import data_folder
from app.forms.recipe import Plan
from app.runs import cache
from resnet import data
from resnet.errors import ResNetLabError
from resnet.training.schedule import rate_at

POINTS = 200


def samples(plan: Plan) -> None:
    """A sheet of the images, or where they have to be put; a run would download what it can."""
    folder = data_folder()
    if missing := data.availability(plan.facts.name, folder):
        st.info(views.plain(missing), icon=":material/download:")
    elif plan.recipe:
        try:
            sheet = cache.sheet(plan.facts.name, folder, plan.recipe)
        except ResNetLabError as error:
            views.problem(str(error))
        else:
            caption = "Above: images as they are. Below: the same, augmented by this recipe."
            st.image(sheet, caption=caption, width="content")


def schedule(plan: Plan) -> None:
    """The learning rate of every step, as it will be applied."""
    recipe = plan.recipe
    if recipe is None:
        return
    steps = list(range(0, recipe.steps, max(1, recipe.steps // POINTS)))
    rates = [rate_at(recipe.schedule, recipe.warmup, step, warm=True) for step in steps]
    st.plotly_chart(charts.schedule_chart(steps, rates, views.scheme()), key="schedule", config=charts.QUIET)
