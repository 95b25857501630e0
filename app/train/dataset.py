"""Which images: one of the named data sets, or any folder with a subfolder of images for each
class."""

import os

import streamlit as st

from app import state
from app.elements import controls, views
from resnet import data, quantity
from resnet.data import DatasetFacts
from resnet.errors import ResNetLabError

DATASET, FOLDER, TYPED, PROBLEM = "dataset", "own_folder", "own_folder_typed", "own_folder_problem"
FOLDER_HELP = (
    "A subfolder of images for each class. A path that does not begin with / is looked for in the"
    " data folder; the number behind @ is the side in pixels to which images are cropped and"
    " resized, and may be left out where all have one size."
)


def data_folder() -> str:
    """Where the images are: one folder for all runs of this server."""
    return os.environ.get("RESNET_LAB_DATA", data.DEFAULT_FOLDER)


def dataset_form() -> DatasetFacts:
    """The control, and what is known of the chosen images."""
    facts = _chosen()
    titles = {name: data.facts(name).title for name in data.names()} | {facts.name: facts.title}
    if own := state.read(FOLDER):
        titles |= {own: data.title(own)}
    controls.one_of("Data set", titles, facts.name, key="dataset_choice", on_change=_changed)
    with st.popover("A folder of your own", icon=":material/folder_open:"):
        st.text_input(
            "Folder",
            key=TYPED,
            placeholder="holidays@64",
            help=FOLDER_HELP,
            on_change=_folder_typed,
        )
    views.problem(state.read(PROBLEM))
    st.caption(_sentence(facts))
    return facts


def _chosen() -> DatasetFacts:
    """A folder that was removed meanwhile gives way to the first data set, with the reason."""
    try:
        return data.facts(state.remembered(DATASET, lambda: data.names()[0]), data_folder())
    except ResNetLabError as error:
        state.forget(FOLDER)
        state.remember(PROBLEM, str(error))
        state.remember(DATASET, data.names()[0])
        return data.facts(data.names()[0])


def _changed() -> None:
    state.forget(PROBLEM)
    state.remember(DATASET, state.read("dataset_choice"))


def _folder_typed() -> None:
    """The folder becomes a data set beside the others, or the reason why it cannot is said."""
    state.forget(PROBLEM)
    typed = state.read(TYPED, "").strip().removeprefix(data.FOLDER_PREFIX)
    if not typed:
        return
    name = data.FOLDER_PREFIX + typed
    try:
        data.facts(name, data_folder())
    except ResNetLabError as error:
        state.remember(PROBLEM, str(error))
    else:
        state.remember(FOLDER, name)
        state.remember(DATASET, name)


def _sentence(facts: DatasetFacts) -> str:
    images, tests = quantity.exact(facts.train_images), quantity.exact(facts.test_images)
    counts = f"{images} training and {tests} test images of {quantity.shape(facts.image_shape)}"
    return views.plain(f"{counts} in {facts.classes} classes. {facts.source}")
