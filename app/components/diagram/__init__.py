"""The interactive drawing: a Streamlit component that shows a picture and handles mouse, touch and
keyboard in the browser."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from resnet.diagram.formats.svg import style_sheet
from resnet.diagram.looks.style import COLOURS

HERE = Path(__file__).parent
SCRIPTS = ("camera", "scene", "motion", "details", "ruler", "find", "hands", "diagram")
KEY = "diagram"


class Picture(NamedTuple):
    """The content of the canvas. `scenes` come from formats/scene.py: "wide", and "tall" for narrow
    screens. `tables` are the layer tables of the one or two networks in them. Or `svg` is a picture
    without interaction.

    `network` is the config's fingerprint. `key` is different for every drawing. The zoom is kept as
    long as `kind` is the same.
    """

    network: str
    key: str
    kind: str
    label: str
    scenes: dict[str, Any] | None = None
    tables: tuple[dict[str, Any], ...] = ()
    svg: str = ""


def show_diagram(
    picture: Picture,
    acted: Callable[[], None],
    *,
    selected: str = "",
    hits: dict[str, Any] | None = None,
    scheme: str | None = None,
) -> None:
    """Draw it. `acted` is called after each action of a person. `state.done(KEY)` is the action:
    {"name": "toggle", "id": …}, or with the name "refold", "reveal", "select" or "find".

    `scheme` is "light" or "dark"; the default is the page's.
    """
    # The page may not have told the server its theme yet; then the type is None.
    scheme = scheme or st.context.theme.type or "light"
    data = {**picture._asdict(), "selected": selected, "hits": hits, "scheme": scheme}

    # In a list: Streamlit would search a bare dict for data frames, and import pandas for that.
    _component()(key=KEY, data=[data], on_act_change=acted)


@cache
def _component() -> Any:
    """Registered once per process, from separate HTML, CSS and JS files."""
    html, css = ((HERE / name).read_text("utf-8") for name in ("diagram.html", "diagram.css"))
    # One module: a file uses the classes and constants of the others without an import.
    scripts = [(HERE / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    looks = f"{style_sheet('page')}\n{css}\n{_dark_colours()}"
    return st.components.v2.component("lab_diagram", html=html, css=looks, js="\n".join(scripts))


def _dark_colours() -> str:
    """CSS with the dark colours, which replace the light colours of the drawing."""
    lines = [
        f"  --lab-{name}: {colour.dark};" for name, colour in COLOURS.items() if not colour.host
    ]
    return "\n".join(['.lab-diagram[data-scheme="dark"] {', *lines, "}"])
