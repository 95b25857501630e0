"""A preview of the training before it starts: its learning rates and its images."""

import streamlit as st

from app.elements import charts, views
from app.runs import cache
from app.train.dataset import data_folder
from app.train.form import Plan
from resnet import data
from resnet.data import DatasetFacts
from resnet.errors import ResNetLabError
from resnet.recipes.recipe import AugmentationConfig
from resnet.recipes.schedule import rate_at

POINTS = 200


def samples(plan: Plan) -> None:
    """A sheet of sample images. If there are none, where to put them and whether a run can download
    them."""
    folder = data_folder()
    if missing := data.availability(plan.facts.name, folder):
        st.info(views.plain(missing), icon=":material/download:")
    elif plan.recipe:
        try:
            sheet = cache.sheet(plan.facts.name, folder, plan.recipe)
        except ResNetLabError as error:
            views.problem(str(error))
        else:
            caption = (
                "Top row: original images. Bottom row: the same images, augmented by this recipe."
            )
            st.image(
                sheet,
                caption=caption,
                width="content",
                alt=_in_words(plan.facts, plan.recipe.augmentation),
            )


def _in_words(facts: DatasetFacts, augmentation: AugmentationConfig) -> str:
    """The alternative text: which images are shown, and what this recipe does to them."""
    height, width, _ = facts.image_shape
    pixels = f"{augmentation.pad} pixel{'s' * (augmentation.pad != 1)}"
    done = (
        [f"padded by {pixels} and cropped to {height}×{width} at random"]
        if augmentation.pad
        else []
    )
    done += (
        ["flipped horizontally in half of the cases"] if augmentation.flip == "horizontal" else []
    )
    below = (
        f"the same images, {', and '.join(done)}"
        if done
        else "the same images, because this recipe does not augment"
    )
    return f"Images of {facts.title} in two rows. Top: original images. Bottom: {below}."


def schedule(plan: Plan) -> None:
    """The learning rate at each step."""
    recipe = plan.recipe
    if recipe is None:
        return
    steps = list(range(0, recipe.steps, max(1, recipe.steps // POINTS)))
    # warm=True: the warm-up of the 110-layer recipe ends at a training error, which is unknown
    # here. The chart shows the rates after it.
    rates = [rate_at(recipe.schedule, recipe.warmup, step, warm=True) for step in steps]
    st.plotly_chart(
        charts.schedule_chart(steps, rates, views.scheme()), key="schedule", config=charts.QUIET
    )
