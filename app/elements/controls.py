"""Controls that keep their value while other pages are open. If the value is no longer offered,
they go back to the first one."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from app import state

Option = TypeVar("Option", bound=Hashable)


def one_of(
    label: str, titles: Mapping[Any, str], value: Any, *, key: str, place: Any = st, **display: Any
) -> None:
    """A choice of exactly one value, with all values visible. `value` is the current choice."""
    # required: a click on the chosen value would otherwise clear it, and the page would have no
    # value to show.
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
    """One of a few values, all visible."""
    # Kept under another key than the widget's. Streamlit drops the widget's value when the widget
    # is not drawn, for example while another page is open.
    value = _kept(key, titles, first)
    one_of(label, titles, value, key=key, on_change=_keep, args=(key,), **display)
    return value


def menu(label: str, key: str, titles: Mapping[Option, str], first: Option) -> Option:
    """One of many values."""
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
    """One of many ordered values, on a slider."""
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
    """The last choice if it is still offered, else the first value."""
    # The offer may have changed since: another network, other axes. An old value would make the
    # widget fail.
    value: Option = state.read(f"{key}_kept", first)
    return value if value in options else first


def when_opened(label: str, key: str, show: Callable[[], object]) -> None:
    """An expander whose content is drawn only when it is open, so that most visits need not load
    it."""
    # Streamlit runs the content of a closed expander too, unless the script asks whether it is
    # open.
    expander = st.expander(label, key=key, on_change="rerun")
    if expander.open:
        with expander:
            show()


def choose(key: str, value: Any) -> None:
    """Set the value of the control with this key, as if a person had chosen it."""
    # Not under the widget's key: Streamlit raises an error if a widget's value is set after it was
    # drawn in the same rerun.
    state.remember(f"{key}_kept", value)


def _keep(key: str) -> None:
    choose(key, state.read(key))
