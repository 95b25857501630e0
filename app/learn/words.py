"""The text before the first section and after the last."""

import streamlit as st

from app.elements import pages

WORDS = {
    "stage": "consecutive blocks whose feature maps have the same size.",
    "block": "two or three convolutions, and the shortcut around them.",
    "shortcut": (
        "the connection around a block: the input unchanged (identity), padded, or through a 1×1"
        " projection."
    ),
    "residual branch": "the layers of a block, F(x).",
    "norm": (
        "moves each channel to mean 0 and standard deviation 1, then scales and shifts it by two"
        " learned numbers."
    ),
    "error": "the share of images classified wrongly, in %.",
    "step": "one update of the weights, computed from one batch of images.",
}


def opening() -> None:
    """The introduction."""
    st.header("What a shortcut does", anchor=False)
    st.markdown(
        "A deeper network should never be worse than a shallow one, because its extra layers could"
        " simply pass their input on. But before 2015, plain networks got worse when they got"
        " deeper, even on their training images. He et al. added a connection around each block:"
        " the shortcut. This page shows what it does. In each section, change something and watch."
    )


def closing() -> None:
    """The glossary, and links to other pages."""
    with st.expander("The words on this page"):
        st.markdown("\n".join(f"- **{word}**: {meaning}" for word, meaning in WORDS.items()))
    with st.container(horizontal=True):
        st.page_link(
            pages.ARCHITECTURE, label="See any network in full", icon=":material/account_tree:"
        )
        st.page_link(pages.STUDY, label="Make a study", icon=":material/science:")
        st.page_link(pages.TRAIN, label="Train a network", icon=":material/play_arrow:")
