"""A network as files: what the command line writes and the page downloads, byte for byte the same.

The .keras file is the exception: `resnet.keras_model` makes it, since it needs Keras.
"""

import csv
import io
from typing import Any, Literal

from resnet.catalog import name_of
from resnet.config import ResNetConfig
from resnet.diagram import Direction, Level, draw, plot_model
from resnet.diagram.plot_model import PlotOptions
from resnet.diagram.render import render
from resnet.graph import build_graph
from resnet.link import choice_of
from resnet.metrics import LayerMetrics, Metrics, measure

PictureFormat = Literal["svg", "pdf", "png", "dot"]

PNG_SCALE = 3.0
"""Pixels per point of a folded drawing: 216 dots an inch, enough for print."""

LAYER_KEYS = ("id", "op", "output_shape", "trainable_params", "non_trainable_params", "macs", "receptive_field")
TOTALS = ("depth", "trainable_params", "non_trainable_params", "macs", "activation_bytes", "receptive_field")


def drawing(config: ResNetConfig, form: PictureFormat, *, level: Level = "stage", direction: Direction = "TB") -> bytes:
    """The folded drawing, white ground, with the network's link in its metadata. Raises ExportError."""
    picture = draw(build_graph(config), level=level, direction=direction)
    address = link(config)
    match form:
        case "svg":
            return picture.svg(link=address).encode()
        case "pdf":
            return picture.pdf(address)
        case "png":
            return picture.png(PNG_SCALE, address)
        case "dot":
            return picture.dot(address).encode()


def plot(config: ResNetConfig, form: PictureFormat, options: PlotOptions) -> bytes:
    """Keras's plot_model picture. Raises ExportError, for one: a PNG whose letters could not be read."""
    text = plot_model.dot(build_graph(config), options)
    return text.encode() if form == "dot" else render(text, form)


def layers_csv(metrics: Metrics) -> str:
    """The layer table: a header, then a line for each layer in the graph's order. Shapes are written 32x32x16."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(LayerMetrics._fields)
    rows.writerows((row.id, row.op, "x".join(map(str, row.output_shape)), *row[3:]) for row in metrics.layers)
    return text.getvalue()


def config_json(config: ResNetConfig) -> str:
    """Every field; `ResNetConfig.model_validate_json` reads it back."""
    return config.model_dump_json(indent=2) + "\n"


def description(name: str, config: ResNetConfig) -> dict[str, Any]:
    """What `describe --json` prints: name, config, totals, and a record for each layer."""
    metrics = measure(build_graph(config))
    totals = {key: getattr(metrics, key) for key in TOTALS}
    layers = [{key: getattr(row, key) for key in LAYER_KEYS} for row in metrics.layers]
    return {"name": name, "config": config.model_dump(mode="json"), **totals, "layers": layers}


def link(config: ResNetConfig) -> str:
    """The address of a network on the architecture page, without the server: "?network=resnet56&norm.momentum=0.99"."""
    return "?" + choice_of(config).query_string()


def file_stem(config: ResNetConfig) -> str:
    """A file's name without its ending: the network's, and a few digits of its fingerprint where it is not a published
    one, so that two variants do not overwrite each other."""
    name = name_of(config)
    return name if not choice_of(config).settings else f"{name}-{config.fingerprint[:6]}"
