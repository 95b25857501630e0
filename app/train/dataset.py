"""The choice of images: a named data set, or any folder with one subfolder of images for each
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
    "A folder with one subfolder of images for each class. A path that does not begin with / is"
    " searched in the data folder. The number after @ is the side in pixels: images are cropped to"
    " a square and resized to it. Leave it out if all images have the same size."
)


def data_folder() -> str:
    """The folder of the images, the same for all runs of this server."""
    return os.environ.get("RESNET_LAB_DATA", data.DEFAULT_FOLDER)


def dataset_form() -> DatasetFacts:
    """The control. Returns the facts of the chosen data set."""
    facts = _chosen()
    titles = {name: data.facts(name).title for name in data.names()} | {facts.name: facts.title}
    # The own folder stays in the list while another data set is chosen.
    if folder := state.read(FOLDER):
        titles |= {folder: data.title(folder)}
    controls.one_of("Data set", titles, facts.name, key="dataset_choice", on_change=_changed)
    with st.popover("Use your own folder", icon=":material/folder_open:"):
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
    """The chosen data set. If its folder was removed, the first data set, with the reason on the
    page."""
    try:
        return data.facts(state.remembered(DATASET, lambda: data.names()[0]), data_folder())
    except ResNetLabError as error:
        # A folder that is gone must not stay in the list of data sets.
        state.forget(FOLDER)
        state.remember(PROBLEM, str(error))
        state.remember(DATASET, data.names()[0])
        return data.facts(data.names()[0])


def _changed() -> None:
    state.forget(PROBLEM)
    state.remember(DATASET, state.read("dataset_choice"))


def _folder_typed() -> None:
    """Add the folder to the data sets, or say why it cannot be used."""
    state.forget(PROBLEM)
    # A person may type the prefix "folder:" or leave it out.
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
