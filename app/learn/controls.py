"""The page's few controls: each keeps its value while other pages are visited."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from app import state

Option = TypeVar("Option", bound=Hashable)


def switch(label: str, key: str, titles: Mapping[Option, str], first: Option) -> Option:
    """One of a few, all in sight."""
    value = _kept(key, titles, first)
    st.segmented_control(label, list(titles), default=value, key=state.seed(key, value), required=True,
                         format_func=titles.__getitem__, on_change=_keep, args=(key,))  # fmt: skip
    return value


def menu(label: str, key: str, titles: Mapping[Option, str], first: Option) -> Option:
    """One of many."""
    value = _kept(key, titles, first)
    st.selectbox(label, list(titles), index=list(titles).index(value), key=state.seed(key, value),
                 format_func=titles.__getitem__, on_change=_keep, args=(key,))  # fmt: skip
    return value


def steps(label: str, key: str, options: Sequence[Option], first: Option, **display: Any) -> Option:
    """One of many that have an order, on a slider."""
    value = _kept(key, options, first)
    st.select_slider(label, options, value=value, key=state.seed(key, value), on_change=_keep, args=(key,), **display)
    return value


def _kept(key: str, options: Mapping[Option, str] | Sequence[Option], first: Option) -> Option:
    """What was chosen last, where it is still there to choose."""
    value: Option = state.read(f"{key}_kept", first)
    return value if value in options else first


def _keep(key: str) -> None:
    state.remember(f"{key}_kept", state.read(key))
