"""export: a network as a Keras file, its config, or its layer table."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Annotated

import typer

from resnet import exports, files
from resnet.as_keras.start import import_keras
from resnet.cli.options import Name, Output, Settings, choose, format_of
from resnet.extras import needed
from resnet.network import search
from resnet.network.config import ResNetConfig
from resnet.network.graph import build_graph
from resnet.network.metrics import measure
from resnet.tables import layer_table
from resnet.tables.layer_table import Grouping, TableRow

By = Annotated[
    Grouping, typer.Option("--by", help="In the table of layers: one row for each of these.")
]
Where = Annotated[
    str,
    typer.Option(
        "--where",
        metavar="QUERY",
        help="In the table: only these layers, for example 'params > 100k'.",
    ),
]


def register(app: typer.Typer) -> None:
    app.command("export")(export)


def export(
    name: Name, output: Output, settings: Settings, by: By = "layer", where: Where = ""
) -> None:
    """Export the untrained Keras model (.keras), Keras code that builds it (.py), every setting
    (.json), or the table of layers (.csv, .md, .tex)."""
    form = format_of(output, ("keras", "py", "json", "csv", "md", "tex"))
    config = choose(name, settings).config()
    match form:
        case "csv" | "md" | "tex":
            write = {"csv": layer_table.csv, "md": layer_table.markdown, "tex": layer_table.latex}[
                form
            ]
            files.write(output, write(_rows(config, by, where)))
        case "py":
            files.write(output, exports.keras_source(config))
        case "json":
            files.write(output, exports.config_json(config))
        case _:
            # Building the model takes seconds, so a wrong path is reported before.
            files.check_writable(output)
            with keras_model() as keras:
                keras.save_keras_model(keras.build_keras_model(config), output)


def _rows(config: ResNetConfig, by: Grouping, where: str) -> tuple[TableRow, ...]:
    graph = build_graph(config)
    metrics = measure(graph)
    only = set(search.find(graph, metrics, where)) if where else None
    return layer_table.rows(metrics, graph, by, only)


@contextmanager
def keras_model() -> Iterator[ModuleType]:
    """`resnet.as_keras.model`, imported when needed, without TensorFlow's own lines on stderr."""
    # An export needs no GPU, and must not take memory from a GPU that is training.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    # TensorFlow writes from C++, past sys.stderr, so the file descriptor itself is redirected.
    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    try:
        with needed():
            # Before any other import of Keras: it hides optional packages that make the start slow.
            import_keras()
            from resnet.as_keras import model as keras_model  # noqa: PLC0415  takes seconds

        yield keras_model
    finally:
        # Also after an error: its sentence has to reach the terminal.
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)
