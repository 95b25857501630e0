"""list, describe: what there is, and what it costs."""

import json
from typing import Annotated

import typer

from resnet import exports, quantity
from resnet.cli.options import AsJson, Name, Settings, choose
from resnet.network import catalog
from resnet.network.catalog import Entry
from resnet.network.graph import build_graph
from resnet.network.metrics import CONVENTIONS, Metrics, measure

All = Annotated[bool, typer.Option("--all", help="Every n from 1 to 200 too.")]
Layers = Annotated[bool, typer.Option("--layers", help="Also the table of layers.")]

COLUMNS = ("layer", "operation", "output", "trainable", "not", "MACs", "sees")


def register(app: typer.Typer) -> None:
    app.command("list")(list_networks)
    app.command("describe")(describe)


def list_networks(all_of_them: All = False, as_json: AsJson = False) -> None:
    """The published networks, each with its source."""
    entries = (
        [catalog.get(name) for name in catalog.names()]
        if all_of_them
        else list(catalog.published())
    )
    if as_json:
        print(json.dumps([_record(entry) for entry in entries], indent=2))
        return
    longest = max(len(entry.name) for entry in entries)
    for entry in entries:
        print(f"{entry.name:{longest}} {entry.config.depth:>5} layers   {entry.source}")


def describe(
    name: Name, settings: Settings, layers: Layers = False, as_json: AsJson = False
) -> None:
    """What a network costs: parameters, multiply-adds, memory, receptive field."""
    choice = choose(name, settings)
    config = choice.config()
    if as_json:
        print(json.dumps(exports.description(name, config), indent=2))
        return
    metrics = measure(build_graph(config))
    changes = [f"{key}={value}" for key, value in choice.to_query().items() if key != "network"]
    print(f"{name}{', ' if changes else ''}{', '.join(changes)}")
    print(catalog.get(name).source + ("; changed as said" if changes else ""))
    if others := catalog.namesakes(name):
        print(f"Papers call other networks by this name too: {', '.join(others)}.")
    for key, value in _totals(metrics).items():
        print(f"\n  {key.replace('_', ' '):22}{value}\n{'':24}{CONVENTIONS[key]}")
    if layers:
        _print_table(metrics)


def _record(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "family": entry.family,
        "n": entry.n,
        "depth": entry.config.depth,
        "source": entry.source,
    }


def _totals(metrics: Metrics) -> dict[str, str]:
    return {
        "depth": str(metrics.depth),
        "trainable_params": quantity.exact(metrics.trainable_params),
        "non_trainable_params": quantity.exact(metrics.non_trainable_params),
        "macs": f"{quantity.exact(metrics.macs)}   ({quantity.short(metrics.macs)})",
        "activation_bytes": (
            f"{quantity.exact(metrics.activation_bytes)}  "
            f" ({quantity.size(metrics.activation_bytes)})"
        ),
        "receptive_field": f"{quantity.exact(metrics.receptive_field)} pixels",
    }


def _print_table(metrics: Metrics) -> None:
    rows = [
        (
            row.id,
            row.op,
            quantity.shape(row.output_shape),
            *map(
                quantity.exact,
                (row.trainable_params, row.non_trainable_params, row.macs, row.receptive_field),
            ),
        )
        for row in metrics.layers
    ]
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
