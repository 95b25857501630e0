"""Arguments and options of several commands, and functions that read them."""

from pathlib import Path
from typing import Annotated

import typer

from resnet.errors import ExportError, echo
from resnet.network.link import Choice, pairs
from resnet.network.settings import AnyConfig, with_settings

Name = Annotated[str, typer.Argument(metavar="NAME", help="A network of `list --all`.")]
Settings = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        default_factory=list,
        show_default=False,
        help="Change a setting, for example norm.momentum=0.9; repeatable.",
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "--output", "-o", metavar="FILE", help="The file to write; its ending sets the format."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Runs = Annotated[
    Path,
    typer.Option("--runs", metavar="DIR", envvar="RESNET_LAB_RUNS", help="The folder of the runs."),
]
# After a command of `runs`. Without the variable of the environment, which would hide the option
# before the command.
RunsHere = Annotated[
    Path | None, typer.Option("--runs", metavar="DIR", help="The folder of the runs.")
]
RunId = Annotated[str, typer.Argument(metavar="ID", help="A run's id, from `runs`.")]
DataFolder = Annotated[
    Path,
    typer.Option(
        "--data-folder",
        metavar="DIR",
        envvar="RESNET_LAB_DATA",
        help="The folder of the data sets.",
    ),
]
Steps = Annotated[
    int | None,
    typer.Option("--steps", metavar="N", help="Number of steps; the schedule is stretched."),
]
RecipeSettings = Annotated[
    list[str],
    typer.Option(
        "--recipe-set",
        metavar="KEY=VALUE",
        default_factory=list,
        show_default=False,
        help="Change the recipe, for example schedule.learning_rate=0.05; repeatable.",
    ),
]


def choose(name: str, settings: list[str]) -> Choice:
    """The network of a command. Raises ConfigError or UnknownNameError."""
    choice = Choice(name, pairs(settings))
    # For its errors, before anything is written or started.
    choice.config()
    return choice


def changed(config: AnyConfig, settings: list[str]) -> AnyConfig:
    """`config` with settings typed as KEY=VALUE. Raises ConfigError or UnknownNameError."""
    return with_settings(config, pairs(settings))


def format_of(path: Path, formats: tuple[str, ...]) -> str:
    """The format of a file's ending. Raises ExportError where it is not one of `formats`."""
    form = path.suffix.lower().removeprefix(".")
    if form not in formats:
        raise ExportError(
            f"The file's ending sets the format: .{', .'.join(formats)}; received"
            f" {echo(path.name)}; choose one of these endings."
        )
    return form
