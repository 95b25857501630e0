"""describe: the numbers of a network."""

import json
from typing import Annotated

import typer

from resnet import exports, quantity
from resnet.cli.options import AsJson, Name, Settings, choose
from resnet.network import catalog
from resnet.network.graph import build_graph
from resnet.network.metrics import Metrics, measure
from resnet.network.numbers import NUMBERS, OF_LAYERS, Number
from resnet.tables.layer_table import NAMED

Layers = Annotated[bool, typer.Option("--layers", help="Print the table of layers too.")]

SHOWN = [key for key in OF_LAYERS if key != "activation_bytes"]
"""Numbers of the table of layers. Memory is left out, because lines would be too long; files have
it."""

COLUMNS = (*[column.heading for column in NAMED], *[NUMBERS[key].heading for key in SHOWN])


def register(app: typer.Typer) -> None:
    app.command("describe")(describe)


def describe(
    name: Name, settings: Settings, layers: Layers = False, as_json: AsJson = False
) -> None:
    """Print a network's parameters, multiply-adds, memory and receptive field."""
    choice = choose(name, settings)
    config = choice.config()
    if as_json:
        print(json.dumps(exports.description(name, config), indent=2))
        return
    metrics = measure(build_graph(config))
    # The link's parameters are the shortest way to write what was changed; "network" is the name
    # itself.
    changes = [f"{key}={value}" for key, value in choice.to_query().items() if key != "network"]
    print(f"{name}{', ' if changes else ''}{', '.join(changes)}")
    print(catalog.get(name).source + ("; with these changes" if changes else ""))
    # For example resnet164: one network of basic blocks and two of bottlenecks have this depth.
    if others := catalog.namesakes(name):
        print(f"Papers use this name for other networks too: {', '.join(others)}.")
    for number in NUMBERS.values():
        value = _written(number, getattr(metrics, number.key))
        print(f"\n  {number.label:26}{value}\n{'':28}{number.convention}")
    if layers:
        _print_table(metrics)


def _written(number: Number, value: int) -> str:
    """The exact number, with a short form where it differs: "7,508,304 bytes   (7.5 MB)"."""
    exact, brief = number.exact(value), number.brief(value)
    return exact if quantity.exact(value) in brief else f"{exact}   ({brief})"


def _print_table(metrics: Metrics) -> None:
    rows = []
    for row in metrics.layers:
        counts = [quantity.exact(getattr(row, key)) for key in SHOWN]
        rows.append((row.id, row.op, quantity.shape(row.output_shape), *counts))
    # Columns as wide as their longest text. The first three are text, so they begin on the left;
    # numbers end on the right.
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    print()
    for cells in (COLUMNS, *rows):
        texts = zip(cells, widths, strict=True)
        print(
            "  ".join(
                text.ljust(w) if index < 3 else text.rjust(w)
                for index, (text, w) in enumerate(texts)
            ).rstrip()
        )
