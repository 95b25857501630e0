"""export: a network as a Keras file, its config, or its layer table."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import typer

from resnet import exports, files
from resnet.cli.options import Name, Output, Settings, choose, format_of
from resnet.metrics import describe


def register(app: typer.Typer) -> None:
    app.command("export")(export)


def export(name: Name, output: Output, settings: Settings) -> None:
    """The untrained Keras model (.keras), every setting (.json), or the table of layers (.csv)."""
    form = format_of(output, ("keras", "json", "csv"))
    config = choose(name, settings).config()
    match form:
        case "csv":
            files.write(output, exports.layers_csv(describe(config)))
        case "json":
            files.write(output, exports.config_json(config))
        case _:
            files.check_writable(output)
            with keras_model() as keras:
                keras.save_keras_model(keras.build_keras_model(config), output)


@contextmanager
def keras_model() -> Iterator[ModuleType]:
    """`resnet.keras_model`, imported when it is needed, and without the lines TensorFlow writes to stderr by itself.

    An export needs no GPU, and must not take the memory of one that trains.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    try:
        from resnet import keras_model  # noqa: PLC0415  takes seconds

        yield keras_model
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)
