"""Two networks to compare: each has a name and changed settings."""

import shlex
from typing import Any

import streamlit as st

from app import state
from resnet import bounded
from resnet.errors import ResNetLabError
from resnet.network import catalog
from resnet.network.link import Choice, pairs, written

LONGEST_TYPED = 20_000
"""Characters in one box. Settings of 1,000 stages take half of it."""
CHANGES_HELP = (
    "Changed settings, written as after --set on the command line: norm.momentum=0.99"
    " shortcut=projection"
)
PROBLEM = "pair_problem"


def pair_form(first: Choice, second: Choice) -> str | None:
    """Both networks and a button that swaps them. Returns what is wrong with the typed settings, if
    anything."""
    _picker("First", "first", first)
    _picker("Second", "second", second)
    with st.container(horizontal=True):
        st.button("Swap", icon=":material/swap_vert:", on_click=_swap, args=(first, second))
        st.button(
            "Use the twin of the first",
            icon=":material/content_copy:",
            on_click=state.choose_second,
            args=(None,),
            help="The first network with its shortcuts removed, or restored if it is plain.",
        )
    problem: str | None = state.read(PROBLEM)
    return problem


def _picker(label: str, key: str, choice: Choice) -> None:
    names = list(catalog.names())
    st.selectbox(
        label,
        names,
        names.index(choice.network),
        key=state.seed(f"{key}_name", choice.network),
        on_change=_changed,
        args=(key,),
    )
    changes = _said(choice.settings)
    st.text_input(
        f"Settings of the {label.lower()} network",
        changes,
        key=state.seed(f"{key}_changes", changes),
        on_change=_changed,
        args=(key,),
        placeholder="norm.momentum=0.99",
        help=CHANGES_HELP,
    )


def _said(settings: dict[str, Any]) -> str:
    return shlex.join(f"{key}={written(value)}" for key, value in settings.items())


def _changed(key: str) -> None:
    """Use the typed settings if they are valid. Otherwise say why not, and keep the network."""
    try:
        # The text comes from the browser. Its length is checked before shlex, whose time grows with
        # it.
        typed = state.read(f"{key}_changes") or ""
        bounded.check_length("A box", typed, LONGEST_TYPED)
        choice = Choice(state.read(f"{key}_name"), pairs(shlex.split(typed)))
        choice.config()
    # shlex raises a ValueError for a quotation mark that is not closed.
    except (ResNetLabError, ValueError) as error:
        # The callback runs before the page is drawn, so the sentence is kept and shown by the form.
        state.remember(PROBLEM, str(error))
        return
    state.forget(PROBLEM)
    if key == "first":
        state.choose(choice)
    else:
        state.choose_second(choice)


def _swap(first: Choice, second: Choice) -> None:
    state.choose(second)
    state.choose_second(first)
