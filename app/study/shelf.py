"""Which study is on the page: the example that ships, one of the visitor's own, or one that is
being made."""

from typing import NamedTuple

import streamlit as st

from app import state
from app.elements import views
from app.study import cache
from resnet.errors import ResNetLabError
from resnet.studies.plan.study import Study

EXAMPLE, NEW = ":example", ":new"
TITLES = {EXAMPLE: "The example that ships with ResNet Lab", NEW: "A new study"}
CHOSEN, COPIED, BEGIN, CHANGES = "study_on_page", "study_copied", "study_begin", "study_changes"
MINE, COPY, FILE = "mine", "copy", "file"
"""What a new study can begin with, beside the ready ones."""
OF_THE_OTHER_PAGES = ":mine"
"""What a link to a new study says that begins with the network and recipe of the other pages."""


class Chosen(NamedTuple):
    """The study on the page. `study` is None where one is being made, and where its file cannot be
    read."""

    key: str
    study: Study | None


def choose() -> Chosen:
    """The control. Says so where a link's study, or a file, is not what it should be; the rest goes
    on."""
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
        st.caption(
            "You have no study yet, so this is one that was run before, with its real results."
        )
    return _read(key)


def open_study(key: str) -> None:
    """Put another study on the page, and into the link."""
    state.remember(CHOSEN, key)
    state.select_study(None if key in TITLES else key)


def open_new(copy_of: str = "") -> None:
    """Begin a new study, from another one where its key is given; what was changed about an earlier
    copy is gone."""
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
    """What a link names, else what was chosen last, else the first of the visitor's own, else the
    example."""
    linked = state.selected_study()
    if linked == OF_THE_OTHER_PAGES:
        state.remember(BEGIN, MINE)
        linked = NEW
    if linked is not None and linked not in names:
        views.problem(f"The link names a study that is not here: {linked[:60]}.")
    chosen = state.read(CHOSEN)
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
    """The study on the page is gone: show what a visitor would see first."""
    state.forget(CHOSEN)
    state.select_study(None)
