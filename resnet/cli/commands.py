"""The commands of the command line. Only the module of the called command is imported, so `list`
answers in a third of a second."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


class Command(NamedTuple):
    """A command: its module in resnet.cli, and its line in the overview of `--help`."""

    name: str
    module: str
    line: str


COMMANDS = (
    Command("list", "listing", "List the published networks with their sources."),
    Command("describe", "describing", "Count a network's parameters, MACs and memory."),
    Command("compare", "comparing", "Show what differs between two networks."),
    Command("family", "comparing", "Table of the CIFAR networks, plain and residual."),
    Command("draw", "pictures", "Draw a network: SVG, PDF, PNG, DOT, TikZ and more."),
    Command("plot", "pictures", "Draw a network as keras.utils.plot_model does."),
    Command("export", "saving", "Save a Keras model, its program or a table."),
    Command("check", "checking", "Find mistakes in a training or a comparison."),
    Command("why-loss", "explaining", "Explain why losses differ."),
    Command("import", "explaining", "Store a training curve from another program."),
    Command("recipes", "offering", "List the training recipes."),
    Command("data", "offering", "List the data sets."),
    Command("train", "running", "Train a network and follow the run."),
    Command("app", "running", "Start the pages for the browser."),
    Command("twin", "studying", "Compare a network with its plain twin."),
    Command("runs", "managing", "List, show, stop, resume and export runs."),
    Command("study", "studying", "Plan, run and report an ablation study."),
)


class Commands(TyperGroup):
    """A group that knows its commands' names, and imports only the module of the called one."""

    def __init__(self, commands: Iterable[Command], **rest: Any) -> None:
        rows = tuple(commands)
        # Empty commands with a name and one line are enough for the overview.
        named: dict[str, Any] = {row.name: TyperCommand(row.name, help=row.line) for row in rows}
        super().__init__(commands=named, rich_markup_mode=None, no_args_is_help=True, **rest)
        self.modules = {row.name: row.module for row in rows}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The real command with its options; None for an unknown name."""
        # None makes click report an unknown command.
        return load(self.modules[cmd_name], cmd_name) if cmd_name in self.modules else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Print the overview. It needs only the lines of `COMMANDS`, so nothing is imported."""
        TyperGroup(commands=dict(self.commands), rich_markup_mode=None).format_commands(
            ctx, formatter
        )


def load(module: str, name: str) -> Any:
    """The command of this name, made by the module's `register`."""
    app = typer.Typer(rich_markup_mode=None)
    import_module(f"resnet.cli.{module}").register(app)
    # get_group and not get_command: with one command, Typer would make it the program itself.
    return get_group(app).commands[name]
