"""Which study is on the page: the example, a saved study, or a new one."""

from typing import NamedTuple

import streamlit as st

from app import state
from app.elements import views
from app.study import cache
from resnet.errors import ResNetLabError
from resnet.studies.plan.study import Study

# Keys that begin with a colon. They share one control with the names of saved studies.
EXAMPLE, NEW = ":example", ":new"
TITLES = {EXAMPLE: "Example: plain vs residual on digits (real results)", NEW: "A new study"}
CHOSEN, COPIED, BEGIN, CHANGES = "study_on_page", "study_copied", "study_begin", "study_changes"
MINE, COPY, FILE = "mine", "copy", "file"
"""What a new study can start from, in addition to the ready studies."""
OF_THE_OTHER_PAGES = ":mine"
"""The link value of a new study that starts from the network and recipe of the other pages."""


class Chosen(NamedTuple):
    """The study on the page. `study` is None for a new study, and if the file cannot be read."""

    key: str
    study: Study | None


def choose() -> Chosen:
    """The control. If the study of a link does not exist or a file cannot be read, the page says so
    and still works."""
    names = _names()
    key = _wanted(names)
    options = [*names, EXAMPLE, NEW]
    with st.container(key="study_choice", horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Study",
            options,
            options.index(key),
            key=state.seed("study_choice_box", key),
            width=420,
            label_visibility="collapsed",
            on_change=_changed,
            format_func=lambda option: TITLES.get(option, option),
        )
        if key != NEW:
            st.button("New study", icon=":material/add:", on_click=open_new)
    if not names and key == EXAMPLE:
        st.caption("You have no studies yet. This example was run before and has real results.")
    return _read(key)


def open_study(key: str) -> None:
    """Show another study, and write it to the link."""
    state.remember(CHOSEN, key)
    # A link names saved studies only: a new one exists only in this visit.
    state.select_study(None if key in TITLES else key)


def open_new(copy_of: str = "") -> None:
    """Show the form of a new study, as a copy if a key is given. Changes to an earlier copy are
    dropped."""
    if copy_of:
        state.remember(COPIED, copy_of)
        state.remembered(CHANGES, dict).pop(COPY, None)
        state.remember(BEGIN, COPY)
    open_study(NEW)


def read(key: str) -> Study:
    """The study of this key. Raises ConfigError or UnknownNameError."""
    return cache.example().study if key == EXAMPLE else cache.shelf().get(key)


def _names() -> tuple[str, ...]:
    try:
        return tuple([name for name in cache.shelf().names() if name not in TITLES])
    except ResNetLabError as error:
        views.problem(str(error))
        return ()


def _wanted(names: tuple[str, ...]) -> str:
    """The study in the link, else the last choice, else the first saved study, else the example."""
    linked = state.selected_study()
    if linked == OF_THE_OTHER_PAGES:
        state.remember(BEGIN, MINE)
        linked = NEW
    if linked is not None and linked not in names:
        views.problem(f"The link names a study that does not exist here: {linked[:60]}.")
    chosen = state.read(CHOSEN)
    # A link wins over the last choice. Each is checked, because the study may have been removed
    # meanwhile.
    for key in (linked, chosen):
        if key in names or key in TITLES:
            open_study(key)
            return str(key)
    return names[0] if names else EXAMPLE


def _changed() -> None:
    open_study(state.read("study_choice_box"))


def _read(key: str) -> Chosen:
    if key == NEW:
        return Chosen(key, None)
    try:
        return Chosen(key, read(key))
    except ResNetLabError as error:
        views.problem(str(error))
        return Chosen(key, None)


def forget() -> None:
    """Forget the study on the page, so that a first visitor's page is shown."""
    state.forget(CHOSEN)
    state.select_study(None)
