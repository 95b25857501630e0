"""why-loss, import: the parts of a loss, and curves from other programs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from resnet.cli.options import AsJson, RecipeSettings, Runs, Settings, choose
from resnet.errors import ConfigError, RunError, UnknownNameError, echo
from resnet.imports.imported import IMPORTS, Given, Imports, read_curve, read_imports, write_import
from resnet.network import catalog
from resnet.network.link import pairs
from resnet.network.settings import parse_value
from resnet.recipes.recipe import WeightDecayConfig
from resnet.runs import Store
from resnet.runs.store import DEFAULT_ROOT
from resnet.shipped.notebook import usual_decay
from resnet.tables.text_table import Column, TextTable, counted, named
from resnet.why_loss import loss_words, losses
from resnet.why_loss.losses import Decay, Explanation, KerasL2, LossDifference, LossItem, LossRow

LOSSES = {
    "penalty_at_start": "Penalty at start",
    "chance": "Chance-level loss",
    "predicted": "Predicted",
    "first": "First loss",
    "data_loss": "Data loss without penalty",
}
DRAWN = {"measured_at_start": "Penalty of the real initial weights"}

Names = Annotated[
    list[str], typer.Argument(metavar="NAME|RUN…", help="Networks, runs or imported curves.")
]
WeightDecay = Annotated[
    float | None,
    typer.Option(
        "--weight-decay",
        metavar="X",
        min=0,
        max=0.999,
        help="For networks: the penalty X/2 · Σw² over all weights.",
    ),
]
Lambda = Annotated[
    float | None,
    typer.Option(
        "--lambda",
        metavar="X",
        min=0,
        max=0.999,
        help="Keras's l2(X): the penalty X · Σw² over convolutions.",
    ),
]
CurveFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV, JSON history or TensorBoard event file.")
]
Network = Annotated[
    str | None, typer.Option("--network", metavar="NAME", help="The network that was trained.")
]
PenaltyInside = Annotated[
    Literal["yes", "no"] | None,
    typer.Option("--penalty-inside", help="Whether the recorded loss includes the L2 penalty."),
]
Measured = Annotated[
    bool,
    typer.Option(
        "--measured",
        help=(
            "Also draw the initial weights and calculate their penalty: for a run with its own "
            "seed, for a network with seed 0. Takes seconds for each."
        ),
    ),
]
Seeds = Annotated[
    list[int],
    typer.Option(
        "--seed",
        metavar="N",
        default_factory=list,
        show_default=False,
        help="A seed of the training; repeatable.",
    ),
]


def register(app: typer.Typer) -> None:
    app.command("why-loss")(why_loss)
    app.command("import")(import_curve)


def why_loss(  # noqa: PLR0917  each is an option
    names: Names,
    settings: Settings,
    weight_decay: WeightDecay = None,
    keras_lambda: Lambda = None,
    measured: Measured = False,
    root: Runs = DEFAULT_ROOT,
    as_json: AsJson = False,
) -> None:
    """Explain why losses differ: the initial L2 penalty of each, and its data loss. All are
    compared with the first."""
    # Two options, because the paper and Keras mean different things: X/2 · Σw² and X · Σw². The
    # second one wins if both are given.
    decay: Decay | None = None if weight_decay is None else WeightDecayConfig(value=weight_decay)
    decay = decay if keras_lambda is None else KerasL2(keras_lambda)
    imports = read_imports(root / IMPORTS)
    items = [_item(name, settings, decay, Store(root), imports) for name in names]
    explanation = losses.explain(list(map(_with_measured, items)) if measured else items)
    if as_json:
        print(json.dumps(as_record(explanation), indent=2))
        return
    print(table(explanation, DRAWN if measured else {}).markdown())
    print("\n".join(loss_words.sentences(explanation)))


def import_curve(  # noqa: PLR0917  each is an option
    file: CurveFile,
    settings: Settings,
    recipe_settings: RecipeSettings,
    seeds: Seeds,
    network: Network = None,
    keras_lambda: Lambda = None,
    penalty_inside: PenaltyInside = None,
    root: Runs = DEFAULT_ROOT,
) -> None:
    """Store a training curve from another program next to the runs, with what you know about it.
    The rest stays unknown."""
    # Without a network the settings would be ignored without a word.
    if settings and network is None:
        raise ConfigError(
            f"--set changes a network, so it needs --network; received only {echo(settings[0])}:"
            " name the network."
        )
    given = Given(
        network=network,
        config=choose(network, settings).config() if network else None,
        # A curve of another program mostly comes from Keras, so its λ is typed as Keras's l2.
        decay=keras_lambda,
        penalty_in_loss=penalty_inside,
        seeds=tuple(seeds) or None,
        recipe={key: parse_value(value) for key, value in pairs(recipe_settings).items()},
    )
    curve = read_curve(file, given)
    path = write_import(root / IMPORTS, curve)
    lengths = ", ".join([f"{column.name} ({len(column.y):,})" for column in curve.columns])
    print(f"{path.name}   {curve.source}: {lengths}")
    # A person sees at once what a later explanation will not know.
    print("\n".join([*curve.notes, f"Unknown: {', '.join(curve.unknown) or 'nothing'}."]))


def table(explanation: Explanation, drawn: dict[str, str]) -> TextTable:
    """A row for each item; losses in nats. `drawn` is `DRAWN` with --measured, else empty."""
    columns = (
        named("item", "Item"),
        named("factor", "Factor of Σw²"),
        counted("output_channels", "Σ output channels"),
        *[Column((key,), heading, "r") for key, heading in (LOSSES | drawn).items()],
    )
    lines = []
    for row in explanation.rows:
        measured = [_nats(row.item.measured)] * len(drawn)
        lines.append([*_line(row), *measured])
    return TextTable(
        columns,
        lines,
        ("Losses in nats; the penalty at the start is the mean over initial weights.",),
    )


def as_record(explanation: Explanation) -> dict[str, Any]:
    """The output of `--json`."""
    return {
        "items": [_row(row) for row in explanation.rows],
        "differences": [_difference(each) for each in explanation.differences],
        "sentences": list(loss_words.sentences(explanation)),
    }


def _with_measured(item: LossItem) -> LossItem:
    """Add the penalty of the real initial weights. A fork has none, and for an imported curve they
    are unknown."""
    if item.config is None or item.decay is None or item.seed is None:
        return item
    return replace(item, measured=losses.measured_penalty(item.config, item.decay, item.seed))


def _item(
    name: str, settings: list[str], decay: Decay | None, store: Store, imports: Imports
) -> LossItem:
    """The network, run or imported curve of this name. Raises UnknownNameError or RunError."""
    # The catalogue first: its names cannot change, and curves may have any name.
    if name in catalog.names():
        return LossItem(
            name, "network", choose(name, settings).config(), decay or usual_decay(name), seed=0
        )
    if curve := imports.find(name):
        return curve.as_loss_item()
    runs = {run.id: run for run in store.list()}
    if name not in runs:
        raise UnknownNameError(
            "network, run or imported curve", name, [*catalog.names(), *runs, *imports.names]
        )
    run = runs[name]
    if run.spec is None:
        raise RunError(f"Run {name} cannot be explained: {run.damage}")
    course = losses.course_of(run.metrics()[0])
    # A fork starts from trained weights, which its seed does not give.
    seed = None if run.parent else run.spec.recipe.seed
    return LossItem(name, "run", run.spec.config, run.spec.recipe.weight_decay, course, seed)


def _row(row: LossRow) -> dict[str, Any]:
    start, course = row.start, row.item.course
    return {
        "label": row.item.label,
        "source": row.item.source,
        "factor": start and start.factor,
        "output_channels": start and start.output_channels,
        "squares": start and start.squares,
        "penalty_at_start": start and start.total,
        "measured_at_start": row.item.measured,
        "layers": [layer._asdict() for layer in start.layers] if start else None,
        "chance": row.chance,
        "predicted": row.predicted,
        # Without records, `first` is only the prediction, which has a key above.
        "first": row.first if course else None,
        "penalty": row.penalty,
        "data_loss": row.data_loss,
        "beneath": row.beneath,
        "share": row.share,
        "implied_factor": row.implied,
        "first_record": course[0]._asdict() if course else None,
        "last_record": course[-1]._asdict() if course else None,
    }


def _difference(difference: LossDifference) -> dict[str, Any]:
    return {name: getattr(difference, name) for name in difference.__slots__}


def _line(row: LossRow) -> list[str | int | None]:
    start, rounded = row.start, loss_words.printed(row)
    cells = map(
        _nats,
        (
            rounded.start,
            rounded.chance,
            rounded.predicted,
            rounded.first if row.item.course else None,
            rounded.data_loss,
        ),
    )
    known = [f"{start.factor:g}", start.output_channels] if start else [None, None]
    return [row.item.label, *known, *cells]


def _nats(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"
