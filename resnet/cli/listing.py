"""list: the published networks."""

import json
from typing import Annotated

import typer

from resnet.cli.options import AsJson
from resnet.network import catalog
from resnet.network.catalog import Entry

All = Annotated[bool, typer.Option("--all", help="List every depth, n from 1 to 200.")]


def register(app: typer.Typer) -> None:
    app.command("list")(list_networks)


def list_networks(all_of_them: All = False, as_json: AsJson = False) -> None:
    """List the published networks with their sources."""
    entries = (
        [catalog.get(name) for name in catalog.names()]
        if all_of_them
        else list(catalog.published())
    )
    if as_json:
        print(json.dumps([_record(entry) for entry in entries], indent=2))
        return
    for entry in entries:
        # Fixed widths: the list is printed line by line, and names of the catalogue are short.
        print(f"{entry.name:16} {entry.config.depth:>5} layers   {entry.source}")


def _record(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "family": entry.family,
        "n": entry.n,
        "depth": entry.config.depth,
        "source": entry.source,
    }
