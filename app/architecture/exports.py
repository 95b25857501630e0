"""The network as files, with the same bytes as the command line. A file is made when it is
clicked."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast, get_args

import streamlit as st

from app import cache, state
from app.architecture import picture
from app.cache import Network
from app.elements import controls, views
from resnet import exports
from resnet.diagram import PageFormat, View
from resnet.errors import ExportError, ResNetLabError
from resnet.exports import DrawingFormat, PictureFormat
from resnet.network.config import ResNetConfig
from resnet.network.link import Choice, written

FORMATS: tuple[DrawingFormat, ...] = get_args(DrawingFormat)
PLOT_FORMATS: tuple[PictureFormat, ...] = get_args(PictureFormat)
FORMAT_TITLES: dict[DrawingFormat, str] = {"tex": "TikZ", "mmd": "Mermaid"}
"""Formats whose file ending is not the name people know."""

PAGE = "page_of_figures"
PAGE_TITLES: dict[PageFormat, str] = {
    "free": "Natural size",
    "a4": "A4",
    "letter": "Letter",
    "column": "Column",
    "slide": "Slide",
}
PAGE_HELP = (
    "The page that the figure has to fit, with letters of at least 6 points. The figure is wrapped"
    " into columns or folded further. Natural size: no page. Column: 84 mm, one column of a"
    " two-column paper. Slide: 16:9."
)
SURE_PNG_LAYERS = 400
"""With at most this many layers, Graphviz can draw Keras's picture as PNG with readable text."""


def menu(network: Network, choice: Choice, view: View) -> None:
    """One button for each format. A file is made only after the click."""
    # on_change="rerun" makes Streamlit say whether the menu is open. A closed menu draws no
    # buttons, so they do not cost time in each rerun.
    popover = st.popover("Export", icon=":material/download:", key="export", on_change="rerun")
    if not popover.open:
        return
    config, stem = network.config, exports.file_stem(network.config)
    with popover:
        figures(stem, config, view)
        st.caption("Keras's plot_model picture, with the options of that view")
        with st.container(horizontal=True):
            for form in PLOT_FORMATS:
                _keras_picture(network, form, f"{stem}-plot_model.{form}")
        st.caption("Layers, config, untrained Keras model")
        with st.container(horizontal=True):
            button("CSV", f"{stem}.csv", partial(exports.layers_csv, network.metrics))
            button("Config", f"{stem}-config.json", partial(exports.config_json, config))
            button("Keras", f"{stem}.keras", partial(_keras_file, choice))
            button("Python", f"{stem}.py", partial(exports.keras_source, config))


def figures(
    stem: str, config: ResNetConfig, view: View, beside: ResNetConfig | None = None
) -> None:
    """The drawing on the chosen page, in every format."""
    st.caption("The drawing, opened and coloured as shown")
    # The page on the screen has no paper size. So the paper is a choice of the export alone, and
    # drawings on the page never change with it.
    view = view.model_copy(update={"page": _page()})
    with st.container(horizontal=True):
        for form in FORMATS:
            button(
                FORMAT_TITLES.get(form, form.upper()),
                f"{stem}.{form}",
                partial(exports.drawing, config, form, view, beside),
            )


def _page() -> PageFormat:
    """The page that the figure has to fit. Letters stay readable, so the figure may be wrapped or
    folded further."""
    # The choice is kept under PAGE, not under the widget's key: Streamlit forgets the widget's
    # value when the menu is closed.
    page = state.read(PAGE, state.page_of_link())
    controls.one_of(
        "Page",
        PAGE_TITLES,
        page,
        key="page",
        help=PAGE_HELP,
        on_change=lambda: state.remember(PAGE, state.read("page")),
    )
    return cast(PageFormat, page)


def button(label: str, file_name: str, make: Callable[[], str | bytes]) -> None:
    """A download button. The file is made after the click."""
    # "ignore" downloads without a rerun: the page, with its zoom and open boxes, stays as it is.
    # The file name is in the key, because "CSV" is the label of several buttons.
    st.download_button(
        label, make, file_name=file_name, on_click="ignore", key=f"export-{file_name}"
    )


def _keras_picture(network: Network, form: PictureFormat, file_name: str) -> None:
    options = picture.plot_options()
    make = partial(exports.plot, network.config, form, options)
    # A download button cannot show why a file was not made. So only pictures that are sure to
    # succeed are made by the click on the download itself.
    if form != "png" or len(network.graph.nodes) <= SURE_PNG_LAYERS:
        button(form.upper(), file_name, make)
    elif st.button(
        "PNG", key=f"export-{file_name}"
    ):  # may fail, so the file is made before the download is offered
        try:
            with st.spinner("Graphviz draws the picture", show_time=True):
                data = cache.keras_png(network.config, options)
        except ExportError as error:
            views.problem(str(error))
        else:
            button("Save the PNG", f"large-{file_name}", lambda: data)


def _keras_file(choice: Choice) -> bytes:
    """Built in a separate process, because this one never loads TensorFlow. Raises
    ResNetLabError."""
    # Only what differs from the catalogue is passed on, as after --set, so the file is the same as
    # the command line's.
    settings = [f"--set={key}={written(value)}" for key, value in choice.settings.items()]
    with tempfile.TemporaryDirectory(prefix="resnet-export-") as folder:
        path = Path(folder) / "model.keras"
        command = [
            sys.executable,
            "-m",
            "resnet",
            "export",
            choice.network,
            *settings,
            "-o",
            str(path),
        ]
        # check=False: the child's stderr says in one sentence what is wrong. An exception of
        # subprocess would show the command instead.
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ResNetLabError(
                done.stderr.strip() or f"The export ended with exit code {done.returncode}."
            )
        return path.read_bytes()
