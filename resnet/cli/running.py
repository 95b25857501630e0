"""train, app: start a training, and the pages for the browser."""

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

import resnet
from resnet import data
from resnet.cli.following import follow
from resnet.cli.options import (
    DataFolder,
    Name,
    RecipeSettings,
    Runs,
    Settings,
    Steps,
    changed,
    choose,
)
from resnet.data import DatasetFacts
from resnet.errors import RunError
from resnet.extras import require
from resnet.recipes import recipes
from resnet.recipes.recipe import Recipe, with_steps
from resnet.recipes.recipes import Entry
from resnet.runs import RunSpec, Store, list_devices
from resnet.runs.store import DEFAULT_ROOT

DEFAULT_PORT = 8501
HOME = Path(resnet.__file__).parents[1]
"""The checkout, or the folder where the wheel is installed."""

DataSet = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="NAME",
        help="By default that of the recipe, else digits; or folder:PATH@SIZE.",
    ),
]
RecipeName = Annotated[
    str | None, typer.Option("--recipe", metavar="NAME", help="A recipe of `recipes`.")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="A short version of the recipe: seconds, on digits.")
]
OnDevice = Annotated[
    str | None,
    typer.Option("--device", help="cpu, gpu0, …; by default the first GPU, else the CPU."),
]
Detach = Annotated[bool, typer.Option("--detach", help="Return at once; the run continues.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port of the pages.")]


def register(app: typer.Typer) -> None:
    app.command("train")(train)
    app.command("app")(serve)


def train(  # noqa: PLR0913, PLR0917  each is an option
    name: Name,
    settings: Settings,
    recipe_settings: RecipeSettings,
    dataset: DataSet = None,
    recipe: RecipeName = None,
    quick: Quick = False,
    steps: Steps = None,
    runs: Runs = DEFAULT_ROOT,
    data_folder: DataFolder = Path(data.DEFAULT_FOLDER),
    device: OnDevice = None,
    detach: Detach = False,
) -> None:
    """Train a network in a separate process and follow it; Ctrl+C stops it. Input and classes are
    set to those of the data."""
    # Before the run is made: otherwise its folder would be left behind with a failed run.
    require("tensorflow")
    entry = recipes.get(recipe) if recipe else None
    dataset = dataset or _dataset(entry, quick)
    facts = data.facts(dataset, data_folder)
    spec = RunSpec(
        network=name,
        # The network gets the image shape and the classes of the data set, as on the Train page.
        config=data.fit_config(choose(name, settings).config(), facts),
        recipe=changed(_recipe(entry, facts, quick=quick, steps=steps), recipe_settings),
        dataset=dataset,
        data_folder=str(data_folder),
        device=device or list_devices()[0].id,
    )
    store = Store(runs)
    run = store.start(spec)
    # At once, so that the run can be found if this terminal is closed.
    print(f"{run.id}   {run.path}", flush=True)
    if not detach:
        follow(store, run)


def _dataset(entry: Entry | None, quick: bool) -> str:
    # Without a recipe, and for a quick version, the digits: they need no download.
    return entry.dataset if entry and not quick else recipes.QUICK_DATASET


def _recipe(entry: Entry | None, facts: DatasetFacts, *, quick: bool, steps: int | None) -> Recipe:
    """The recipe of the catalogue's entry, or the default for these images."""
    if quick:
        recipe = (entry or recipes.default_for(facts.name)).quick
    else:
        recipe = entry.recipe if entry else recipes.begin_with(facts)
    return recipe if steps is None else with_steps(recipe, steps)


def serve(port: Port = DEFAULT_PORT) -> None:
    """Start the pages, by default on http://127.0.0.1:8501."""
    require("streamlit")
    script = _script()
    with socket.socket() as listener:
        # Without it, the port of pages that ended a moment ago would count as busy.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise RunError(
                f"Port {port} cannot be used: {error.strerror}; give another one with --port."
            ) from None
    print(f"ResNet Lab: http://127.0.0.1:{port} (Ctrl+C stops it)", flush=True)
    if script.parent == HOME:
        # A checkout has its runs in the checkout; a wheel has them in the current folder.
        os.chdir(HOME)
    # -P: files in the current folder must not be imported as packages.
    command = [
        sys.executable,
        "-P",
        "-m",
        "streamlit",
        "run",
        str(script),
        "--server.port",
        str(port),
    ]
    # The process itself becomes Streamlit, so Ctrl+C and signals reach it directly.
    os.execv(sys.executable, command)


def _script() -> Path:
    """The script for Streamlit. Streamlit also reads `.streamlit/config.toml` in the script's
    folder. Raises RunError."""
    # The wheel has its script in app/start, a checkout in its root.
    for folder in (HOME / "app" / "start", HOME):
        if (script := folder / "streamlit_app.py").is_file():
            return script
    raise RunError(
        f"The pages must be in {HOME / 'app'}, but they are missing; install resnet-lab again."
    )
