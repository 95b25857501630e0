"""The network as files. Each is made when it is asked for, by the same library call as the command line."""

import streamlit as st

from app.cache import Network
from resnet.link import Choice


def menu(network: Network, choice: Choice) -> None:
    """Every format, a click each."""
    st.caption("Export")
