"""Arguments and options that several commands share, and what they stand for."""

from pathlib import Path
from typing import Annotated

import typer

from resnet.errors import ExportError, echo
from resnet.network.link import Choice, pairs
from resnet.network.settings import AnyConfig, with_settings

Name = Annotated[str, typer.Argument(metavar="NAME", help="A network, as `list --all` names it.")]
Settings = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        default_factory=list,
        show_default=False,
        help="Change a setting, as in norm.momentum=0.9; repeatable.",
    ),
]
Output = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FILE", help="Where to; its ending says which format."),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Runs = Annotated[
    Path,
    typer.Option(
        "--runs", metavar="DIR", envvar="RESNET_LAB_RUNS", help="The folder that holds the runs."
    ),
]
RunsHere = Annotated[
    Path | None, typer.Option("--runs", metavar="DIR", help="The folder that holds the runs.")
]
RunId = Annotated[str, typer.Argument(metavar="ID", help="A run, as `runs` names it.")]
DataFolder = Annotated[
    Path,
    typer.Option(
        "--data-folder", metavar="DIR", envvar="RESNET_LAB_DATA", help="Where its files are."
    ),
]
Steps = Annotated[
    int | None,
    typer.Option("--steps", metavar="N", help="Steps; the schedule stretches with them."),
]
RecipeSettings = Annotated[
    list[str],
    typer.Option(
        "--recipe-set",
        metavar="KEY=VALUE",
        default_factory=list,
        show_default=False,
        help="Change the recipe, as in schedule.learning_rate=0.05; repeatable.",
    ),
]


def choose(name: str, settings: list[str]) -> Choice:
    """The network a command names. Raises ConfigError or UnknownNameError."""
    choice = Choice(name, pairs(settings))
    choice.config()
    return choice


def changed(config: AnyConfig, settings: list[str]) -> AnyConfig:
    """`config` with settings typed as KEY=VALUE. Raises ConfigError or UnknownNameError."""
    return with_settings(config, pairs(settings))


def format_of(path: Path, formats: tuple[str, ...]) -> str:
    """The format a file's ending stands for. Raises ExportError where it is none of `formats`."""
    form = path.suffix.lower().removeprefix(".")
    if form not in formats:
        raise ExportError(
            f"The file's ending says which format: .{', .'.join(formats)}; received"
            f" {echo(path.name)}."
        )
    return form
