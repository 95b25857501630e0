"""Controls that keep their value while other pages are visited, and give way where it is no longer
offered."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from app import state

Option = TypeVar("Option", bound=Hashable)


def one_of(
    label: str, titles: Mapping[Any, str], value: Any, *, key: str, place: Any = st, **display: Any
) -> None:
    """A choice of one, always made, with all values in sight. `value` is what is chosen now."""
    place.segmented_control(
        label,
        list(titles),
        default=value,
        key=state.seed(key, value),
        required=True,
        format_func=titles.__getitem__,
        **display,
    )


def switch(
    label: str, key: str, titles: Mapping[Option, str], first: Option, **display: Any
) -> Option:
    """One of a few, all in sight."""
    value = _kept(key, titles, first)
    one_of(label, titles, value, key=key, on_change=_keep, args=(key,), **display)
    return value


def menu(label: str, key: str, titles: Mapping[Option, str], first: Option) -> Option:
    """One of many."""
    value = _kept(key, titles, first)
    st.selectbox(
        label,
        list(titles),
        index=list(titles).index(value),
        key=state.seed(key, value),
        format_func=titles.__getitem__,
        on_change=_keep,
        args=(key,),
    )
    return value


def steps(label: str, key: str, options: Sequence[Option], first: Option, **display: Any) -> Option:
    """One of many that have an order, on a slider."""
    value = _kept(key, options, first)
    st.select_slider(
        label,
        options,
        value=value,
        key=state.seed(key, value),
        on_change=_keep,
        args=(key,),
        **display,
    )
    return value


def _kept(key: str, options: Mapping[Option, str] | Sequence[Option], first: Option) -> Option:
    """What was chosen last, where it is still there to choose."""
    value: Option = state.read(f"{key}_kept", first)
    return value if value in options else first


def when_opened(label: str, key: str, show: Callable[[], object]) -> None:
    """What most visits never look at: the browser need not load what it is shown with."""
    expander = st.expander(label, key=key, on_change="rerun")
    if expander.open:
        with expander:
            show()


def choose(key: str, value: Any) -> None:
    """Give the control of this key a value, as if it had been chosen there."""
    state.remember(f"{key}_kept", value)


def _keep(key: str) -> None:
    choose(key, state.read(key))
