"""train, runs, app: what goes on in the background."""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

import resnet
from resnet import data, quantity
from resnet.cli.following import follow, summary
from resnet.cli.options import AsJson, Name, Runs, Settings, changed, choose
from resnet.errors import RunError
from resnet.runs import Run, RunSpec, Store, list_devices
from resnet.runs.store import DEFAULT_ROOT
from resnet.training.recipe import with_steps
from resnet.training.recipes import begin_with

DEFAULT_PORT = 8501

DataSet = Annotated[str, typer.Option("--data", metavar="NAME", help="What to train on; or folder:PATH@SIZE.")]
DataFolder = Annotated[Path, typer.Option("--data-folder", metavar="DIR", help="Where its files are.")]
Steps = Annotated[int | None, typer.Option("--steps", metavar="N", help="Steps; the schedule stretches with them.")]
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
OnDevice = Annotated[str | None, typer.Option("--device", help="cpu, gpu0, …; the first GPU if there is one.")]
Detach = Annotated[bool, typer.Option("--detach", help="Return at once; the run goes on.")]
RunId = Annotated[str, typer.Argument(metavar="ID", help="A run, as `runs` names it.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Where the pages answer.")]

runs_app = typer.Typer(help="The runs, newest first; `runs stop ID` ends one.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    app.command("train")(train)
    app.add_typer(runs_app, name="runs")
    app.command("app")(serve)


def train(  # noqa: PLR0913, PLR0917  each is an option
    name: Name,
    settings: Settings,
    recipe_settings: RecipeSettings,
    dataset: DataSet = "digits",
    steps: Steps = None,
    runs: Runs = DEFAULT_ROOT,
    data_folder: DataFolder = Path(data.DEFAULT_FOLDER),
    device: OnDevice = None,
    detach: Detach = False,
) -> None:
    """Train a network in a process of its own, and follow it; Ctrl+C stops it. It takes on the data's shape."""
    facts = data.facts(dataset, data_folder)
    config = data.fit_config(choose(name, settings).config(), facts)
    recipe = begin_with(facts) if steps is None else with_steps(begin_with(facts), steps)
    spec = RunSpec(
        network=name,
        config=config,
        recipe=changed(recipe, recipe_settings),
        dataset=dataset,
        data_folder=str(data_folder),
        device=device or list_devices()[0].id,
    )
    store = Store(runs)
    run = store.start(spec)
    print(f"{run.id}   {run.path}", flush=True)
    if not detach:
        follow(store, run)


@runs_app.callback()
def list_runs(context: typer.Context, runs: Runs = DEFAULT_ROOT, as_json: AsJson = False) -> None:
    """The runs, newest first, with their state and their best and last validation error."""
    context.obj = runs
    if context.invoked_subcommand:
        return
    found = Store(runs).list()
    if as_json:
        print(json.dumps([summary(run) for run in found], indent=2))
    elif not found:
        print(f"No runs in {runs} yet; `python -m resnet train resnet20` makes one.")
    for run in [] if as_json else found:
        print(_line(run))


@runs_app.command("stop")
def stop_run(
    context: typer.Context, run_id: RunId, runs: Annotated[Path | None, typer.Option("--runs")] = None
) -> None:
    """Ask a run to write a checkpoint and end, and wait until it has."""
    store = Store(runs or context.obj)
    store.get(run_id)  # where there is none, `stop` would make the folder to look in
    store.stop(run_id)
    print(f"{run_id}   {store.wait(run_id).state().name}")


def serve(port: Port = DEFAULT_PORT) -> None:
    """The pages, on http://127.0.0.1:8501 unless told otherwise."""
    root = Path(resnet.__file__).parents[1]
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise RunError(f"Port {port} cannot be used: {error.strerror}; give another one with --port.") from None
    print(f"ResNet Lab: http://127.0.0.1:{port} (Ctrl+C stops it)", flush=True)
    os.chdir(root)  # where .streamlit/config.toml is
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    os.execv(sys.executable, command)


def _line(run: Run) -> str:
    facts = summary(run)
    step = f"step {facts['step']:,}" + (f" of {facts['steps']:,}" if facts["steps"] else "")
    errors = [
        f"{which} {quantity.percent(facts[f'{which}_validation_error'])}"
        for which in ("best", "last")
        if facts[f"{which}_validation_error"] is not None
    ]
    return "   ".join(filter(None, [run.id, facts["state"], step, ", ".join(errors), facts["cause"]]))
