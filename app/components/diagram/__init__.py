"""The interactive drawing: a Streamlit component that shows a picture and answers hands in the
browser."""

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
    """What is on the canvas. `scenes` are from formats/scene.py, "wide" and for narrow screens
    "tall", with the layer `tables` of the one or two networks in them; or `svg` is a picture that
    can only be looked at.

    `network` is the config's fingerprint and `key` another for every drawing. While `kind` stays,
    so does the zoom.
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
    """Draw it. `acted` is called when a person did something; `state.done(KEY)` says what: {"name":
    "toggle", "id": …}, "refold", "reveal", "select" or "find".

    `scheme` is the page's "light" or "dark" unless given.
    """
    scheme = scheme or st.context.theme.type or "light"
    data = {**picture._asdict(), "selected": selected, "hits": hits, "scheme": scheme}

    # In a list, since Streamlit searches a bare dict for data frames, and imports pandas to do so.
    _component()(key=KEY, data=[data], on_act_change=acted)


@cache
def _component() -> Any:
    """Registered once a process, from files that editors understand."""
    html, css = ((HERE / name).read_text("utf-8") for name in ("diagram.html", "diagram.css"))
    scripts = [(HERE / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    looks = f"{style_sheet('page')}\n{css}\n{_dark_colours()}"
    return st.components.v2.component("lab_diagram", html=html, css=looks, js="\n".join(scripts))


def _dark_colours() -> str:
    """The drawing's light colours are its own; on dark ground these take their place."""
    lines = [
        f"  --lab-{name}: {colour.dark};" for name, colour in COLOURS.items() if not colour.host
    ]
    return "\n".join(['.lab-diagram[data-scheme="dark"] {', *lines, "}"])
