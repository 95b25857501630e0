"""The interactive drawing: a Streamlit component that shows a picture and answers hands in the browser."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from resnet.diagram.style import COLOURS

HERE = Path(__file__).parent


def show_diagram(
    svgs: dict[str, str], details: dict[str, Any], *, network: str, label: str, kind: str, scheme: str | None = None
) -> None:
    """Draw the SVG that suits the canvas, "wide" or "tall", with a details panel for its boxes.

    `network` is the config's fingerprint. While `kind` (level, or picture) stays the same, so does the zoom. `scheme`
    is the page's "light" or "dark" unless given.
    """
    scheme = scheme or st.context.theme.type or "light"
    data = {"svgs": svgs, "details": details, "network": network, "label": label, "kind": kind, "scheme": scheme}
    # In a list, since Streamlit searches a bare dict for data frames, and imports pandas to do so.
    _component()(key="diagram", data=[data])


@cache
def _component() -> Any:
    """Registered once a process, from files that editors understand."""
    names = ("diagram.html", "diagram.css", "diagram.js", "details.js")
    html, css, *scripts = ((HERE / name).read_text("utf-8") for name in names)
    return st.components.v2.component("lab_diagram", html=html, css=f"{css}\n{_dark_colours()}", js="\n".join(scripts))


def _dark_colours() -> str:
    """The drawing's light colours are its own; on dark ground these take their place."""
    lines = [f"  --lab-{name}: {colour.dark};" for name, colour in COLOURS.items() if not colour.host]
    return "\n".join(['.lab-diagram[data-scheme="dark"] {', *lines, "}"])
