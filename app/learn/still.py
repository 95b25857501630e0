"""A static SVG picture that uses the page's colours. Streamlit's HTML element removes SVG."""

from functools import cache
from typing import Any

import streamlit as st

from resnet.diagram.formats.svg import style_sheet
from resnet.diagram.looks.style import COLOURS

SHOW = """export default function ({ data, parentElement }) {
  parentElement.querySelector(".still").innerHTML = data[0];
}"""
LOOKS = ".still svg { display: block; margin-inline: auto; width: 100%; height: auto; }"


def show(svg: str, key: str) -> None:
    """Draw the picture as wide as the page allows, at most its natural width."""
    _component()(key=key, data=[svg])  # in a list: Streamlit searches a bare dict for data frames


@cache
def _component() -> Any:
    """Registered once per process."""
    colours = "".join(
        # light-dark() chooses by the page's theme in the browser, so one picture serves both
        # themes.
        f"--lab-{name}:light-dark({colour.light},{colour.dark});"
        for name, colour in COLOURS.items()
    )
    css = f"{style_sheet('page')}.still{{{colours}}}{LOOKS}"
    return st.components.v2.component(
        "lab_still", html='<div class="still"></div>', css=css, js=SHOW
    )
