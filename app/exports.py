"""The network as files: the very bytes the command line writes, made when they are asked for."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

import streamlit as st

from app import cache, picture, views
from app.cache import Network
from resnet import exports
from resnet.diagram import Level
from resnet.errors import ExportError, ResNetLabError
from resnet.exports import PictureFormat
from resnet.link import Choice, written

FORMATS: tuple[PictureFormat, ...] = get_args(PictureFormat)
SURE_PNG_LAYERS = 400
"""Up to so many layers Graphviz never has to shrink Keras's picture until its letters cannot be read."""


def menu(network: Network, choice: Choice, level: Level) -> None:
    """Every format, a click each. Nothing is made before the click."""
    popover = st.popover("Export", icon=":material/download:", key="export", on_change="rerun")
    if not popover.open:
        return
    config, stem = network.config, exports.file_stem(network.config)
    with popover:
        st.caption(f"The drawing, as it is folded now: {picture.LEVEL_TITLES[level].lower()}")
        with st.container(horizontal=True):
            for form in FORMATS:
                make = partial(exports.drawing, config, form, level=level, direction="LR")
                _button(form.upper(), f"{stem}.{form}", make)
        st.caption("Keras's plot_model picture, with the options chosen there")
        with st.container(horizontal=True):
            for form in FORMATS:
                _keras_picture(network, form, f"{stem}-plot_model.{form}")
        st.caption("Layers, config, untrained Keras model")
        with st.container(horizontal=True):
            _button("CSV", f"{stem}.csv", partial(exports.layers_csv, network.metrics))
            _button("JSON", f"{stem}.json", partial(exports.config_json, config))
            _button("Keras", f"{stem}.keras", partial(_keras_file, choice))


def _button(label: str, file_name: str, make: Callable[[], str | bytes]) -> None:
    st.download_button(label, make, file_name=file_name, on_click="ignore", key=f"export-{file_name}")


def _keras_picture(network: Network, form: PictureFormat, file_name: str) -> None:
    options = picture.plot_options()
    make = partial(exports.plot, network.config, form, options)
    if form != "png" or len(network.graph.nodes) <= SURE_PNG_LAYERS:
        _button(form.upper(), file_name, make)
    elif st.button("PNG", key=f"export-{file_name}"):  # may be refused, so the answer comes before the download
        try:
            with st.spinner("Graphviz draws it", show_time=True):
                data = cache.keras_png(network.config, options)
        except ExportError as error:
            views.problem(str(error))
        else:
            _button("Save the PNG", f"large-{file_name}", lambda: data)


def _keras_file(choice: Choice) -> bytes:
    """Built in a process of its own: this one never loads TensorFlow. Raises ResNetLabError."""
    settings = [f"--set={key}={written(value)}" for key, value in choice.settings.items()]
    with tempfile.TemporaryDirectory(prefix="resnet-export-") as folder:
        path = Path(folder) / "model.keras"
        command = [sys.executable, "-m", "resnet", "export", choice.network, *settings, "-o", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ResNetLabError(done.stderr.strip() or f"The export ended with exit code {done.returncode}.")
        return path.read_bytes()
