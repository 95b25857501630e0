"""compare, family: the differences between two networks, and the numbers of many networks."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from resnet import files
from resnet.cli.options import AsJson, Name, Settings, choose, format_of
from resnet.network import catalog
from resnet.network.link import pairs
from resnet.tables import comparison, family
from resnet.tables.comparison import Comparison, PartChange

Other = Annotated[str, typer.Argument(metavar="OTHER", help="The network to compare it with.")]
OtherSettings = Annotated[
    list[str],
    typer.Option(
        "--other-set",
        metavar="KEY=VALUE",
        default_factory=list,
        show_default=False,
        help="Change a setting of the other network; repeatable.",
    ),
]
Table = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write the table to a file: .csv, .md or .tex."
    ),
]
Most = Annotated[
    int,
    typer.Option(
        "--n",
        metavar="N",
        min=1,
        max=max(catalog.N_RANGE),
        help="The largest n of the table; depth 6n+2.",
    ),
]
FORMATS = ("csv", "md", "tex")


def register(app: typer.Typer) -> None:
    app.command("compare")(compare)
    app.command("family")(show_family)


def compare(  # noqa: PLR0917  two networks, two lists of settings, two ways out
    name: Name,
    other: Other,
    settings: Settings,
    other_settings: OtherSettings,
    output: Table = None,
    as_json: AsJson = False,
) -> None:
    """Show what changes from one network to another: in one sentence, and per block."""
    differences = comparison.compare(
        choose(name, settings).config(), choose(other, other_settings).config()
    )
    if output:
        # The same functions as the page's Export menu, so both give the same bytes.
        write = {
            "csv": comparison.table_csv,
            "md": comparison.table_markdown,
            "tex": comparison.table_latex,
        }
        files.write(output, write[format_of(output, FORMATS)](differences))
    elif as_json:
        print(json.dumps(_record(differences), indent=2))
    else:
        print(differences.sentence)
        print()
        print(comparison.table_markdown(differences), end="")


def show_family(
    settings: Settings, most: Most = 18, output: Table = None, as_json: AsJson = False
) -> None:
    """Depth, parameters, MACs, memory and receptive field of the CIFAR networks, plain and
    residual."""
    # Settings apply to each member, so only those that fit every depth are possible.
    rows = family.family(range(1, most + 1), ("resnet", "plain"), pairs(settings))
    if output:
        write = {"csv": family.csv, "md": family.markdown, "tex": family.latex}
        files.write(output, write[format_of(output, FORMATS)](rows))
    elif as_json:
        print(json.dumps([row._asdict() for row in rows], indent=2))
    else:
        print(family.markdown(rows), end="")


def _record(found: Comparison) -> dict[str, Any]:
    return {
        "sentence": found.sentence,
        "settings": {key: list(values) for key, values in found.settings.items()},
        "totals": {key: value._asdict() for key, value in found.totals._asdict().items()},
        "blocks": [_part(part) for part in found.blocks],
        "layers": [
            {"id": layer.id, "change": layer.change, "what": list(layer.what)}
            for layer in found.layers
        ],
    }


def _part(part: PartChange) -> dict[str, Any]:
    return {"id": part.id, "change": part.change, **part.difference._asdict()}
