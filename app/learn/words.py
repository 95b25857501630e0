"""What stands before the first section and after the last."""

import streamlit as st

from app.elements import pages

WORDS = {
    "stage": "blocks whose maps have one size.",
    "block": "two or three convolutions, and the shortcut around them.",
    "shortcut": (
        "the way around a block: the input as it is (identity), padded, or through a 1×1"
        " projection."
    ),
    "residual branch": "the layers of a block, F(x).",
    "norm": (
        "moves each channel to mean 0 and deviation 1, then scales and shifts it by two numbers it"
        " learns."
    ),
    "error": "the share of images classified wrongly, in %.",
    "step": "one change of the weights, made with one batch of images.",
}


def opening() -> None:
    """What this page is about."""
    st.header("What a shortcut does", anchor=False)
    st.markdown(
        "A deeper network should never be worse than a shallow one: its extra layers could simply"
        " pass their input on. In 2015 they did not, and plain networks grew worse as they grew"
        " deeper, even on the images they were trained on. He et al. added one line around each"
        " block. This page shows what that line does; change something in each step and watch."
    )


def closing() -> None:
    """The words used, and where to go from here."""
    with st.expander("The words on this page"):
        st.markdown("\n".join(f"- **{word}**: {meaning}" for word, meaning in WORDS.items()))
    with st.container(horizontal=True):
        st.page_link(
            pages.ARCHITECTURE, label="See any network whole", icon=":material/account_tree:"
        )
        st.page_link(pages.STUDY, label="Ask a question of your own", icon=":material/science:")
        st.page_link(pages.TRAIN, label="Train one", icon=":material/play_arrow:")
