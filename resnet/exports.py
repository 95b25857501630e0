"""A network as files. The command line writes and the page downloads exactly the same bytes.

Only the .keras file is not written here but in `resnet.as_keras.model`, because it needs Keras.
"""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from resnet.as_keras import plot_model
from resnet.as_keras.graphviz import render
from resnet.as_keras.plot_model import PlotOptions
from resnet.as_keras.program import keras_code
from resnet.diagram import FIRST, Drawing, View, draw
from resnet.diagram.formats.as_json import as_json
from resnet.diagram.formats.dot import dot
from resnet.diagram.formats.mermaid import mermaid
from resnet.diagram.formats.svg import svg
from resnet.diagram.formats.tikz import tikz
from resnet.network.catalog import name_of
from resnet.network.config import ResNetConfig
from resnet.network.graph import build_graph
from resnet.network.link import beside_query, choice_of, difference
from resnet.network.metrics import Metrics, measure
from resnet.network.numbers import NUMBERS
from resnet.tables import layer_table

PictureFormat = Literal["svg", "pdf", "png", "dot"]
"""The formats of Graphviz's picture."""

DrawingFormat = Literal["svg", "pdf", "png", "dot", "tex", "mmd", "json"]
"""The formats of our drawing; tex is TikZ, mmd Mermaid."""

PNG_SCALE = 3.0
"""Pixels per point of a folded drawing: 216 dots an inch, enough for print."""

LAYER_KEYS = (
    "id",
    "op",
    "output_shape",
    "trainable_params",
    "non_trainable_params",
    "macs",
    "receptive_field",
)


def drawing(
    config: ResNetConfig,
    form: DrawingFormat,
    view: View = FIRST,
    beside: ResNetConfig | None = None,
) -> bytes:
    """A drawing on white background, with its link in the metadata. Raises ExportError,
    UnknownNameError."""
    picture = draw(build_graph(config), view, beside=build_graph(beside) if beside else None)
    return written_drawing(picture, form, link(config, view, beside))


def written_drawing(picture: Drawing, form: DrawingFormat, address: str) -> bytes:
    """A drawing in one of its formats."""
    match form:
        case "svg":
            return svg(picture, address).encode()
        case "pdf" | "png":
            # Loading ReportLab and PDFium takes a quarter of a second; other formats do not need
            # them.
            from resnet.diagram.formats import pdf  # noqa: PLC0415

            if form == "png":
                return pdf.png(picture, PNG_SCALE, address)
            return pdf.pdf(picture, address)
        case "dot":
            return dot(picture, address).encode()
        case "tex":
            return tikz(picture, address).encode()
        case "mmd":
            return mermaid(picture, address).encode()
        case "json":
            return as_json(picture, address).encode()


def plot(config: ResNetConfig, form: PictureFormat, options: PlotOptions) -> bytes:
    """Keras's plot_model picture. Raises ExportError, for example for a PNG with unreadably small
    letters."""
    text = plot_model.dot(build_graph(config), options)
    return text.encode() if form == "dot" else render(text, form)


def layers_csv(metrics: Metrics) -> str:
    """The layer table: a header, then one line for each layer in the graph's order. Shapes are
    written as 32x32x16."""
    return layer_table.csv(layer_table.of_layers(metrics.layers))


def config_json(config: ResNetConfig) -> str:
    """Every field; `ResNetConfig.model_validate_json` reads it back."""
    return config.model_dump_json(indent=2) + "\n"


def description(name: str, config: ResNetConfig) -> dict[str, Any]:
    """The output of `describe --json`: name, config, totals, and a record for each layer."""
    metrics = measure(build_graph(config))
    totals = {key: getattr(metrics, key) for key in NUMBERS}
    layers = []
    for row in metrics.layers:
        layers.append({key: getattr(row, key) for key in LAYER_KEYS})
    return {"name": name, "config": config.model_dump(mode="json"), **totals, "layers": layers}


def keras_source(config: ResNetConfig) -> str:
    """A program that builds this network with Keras alone."""
    return keras_code(config, name=name_of(config), link=link(config))


def link(config: ResNetConfig, view: View = FIRST, beside: ResNetConfig | None = None) -> str:
    """The address of a network, or of a comparison of two, without the server:
    "?network=resnet56&norm.momentum=0.99&level=block", "compare?network=plain56&beside=resnet56".
    """
    parameters = choice_of(config).to_query()
    if beside is None:
        return "?" + urlencode(parameters | view_query(view))
    # That page has another default colour, "difference", so the colour is always written.
    look = {"colour": view.colour} | view_query(view)
    return "compare?" + urlencode(parameters | beside_query(choice_of(beside)) | look)


def view_query(view: View) -> dict[str, str]:
    """A view as parameters of a link: the settings that differ from the default."""
    return {
        key: ",".join(value) if isinstance(value, list) else str(value)
        for key, value in difference(FIRST, view).items()
    }


def view_from_query(parameters: Mapping[str, str]) -> View:
    """The view of a link. Raises ConfigError or UnknownNameError for a broken one."""
    fields: dict[str, str | list[str]] = {}
    for key, value in parameters.items():
        if key in ("toggled", "unfolded"):
            fields[key] = [name for name in value.split(",") if name]
        # Other parameters of the link are the network's and are read elsewhere.
        elif key in View.model_fields:
            fields[key] = value
    return View.model_validate(fields)


def file_stem(config: ResNetConfig) -> str:
    """A file's name without its ending: the network's name, and for networks that are not published
    a few digits of the fingerprint, so that two variants do not overwrite each other."""
    name = name_of(config)
    # Without settings, the network is one of the catalogue, and its name says everything.
    return name if not choice_of(config).settings else f"{name}-{config.fingerprint[:6]}"
