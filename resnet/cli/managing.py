"""runs: list runs, and commands for one run."""

import json
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from resnet import files, quantity
from resnet.cli.following import summary
from resnet.cli.options import (
    AsJson,
    Output,
    RecipeSettings,
    RunId,
    Runs,
    RunsHere,
    Steps,
    format_of,
)
from resnet.errors import RunError
from resnet.imports.imported import IMPORTS, ImportedCurve, read_imports
from resnet.network.link import difference, pairs
from resnet.recipes.recipe import with_steps
from resnet.runs import Run, Store, archive
from resnet.runs.command import command
from resnet.runs.store import DEFAULT_ROOT

Place = Annotated[
    int,
    typer.Argument(metavar="PLACE", min=1, help="Its new place in the queue; 1 is next."),
]
OnDevice = Annotated[
    str | None, typer.Option("--device", help="cpu, gpu0, …; by default that of the parent.")
]

LOG_LINES = 10


class Asked(NamedTuple):
    """The options between `runs` and the command."""

    root: Path
    as_json: bool


# invoke_without_command: `runs` alone is a command too, and means `runs list`.
runs_app = typer.Typer(
    help="The runs: `runs` alone lists them, newest first.", invoke_without_command=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(runs_app, name="runs")
    runs_app.command("list")(list_runs)
    runs_app.command("show")(show)
    runs_app.command("stop")(stop)
    runs_app.command("resume")(resume)
    runs_app.command("fork")(fork)
    runs_app.command("move")(move)
    runs_app.command("delete")(delete)
    runs_app.command("restore")(restore)
    runs_app.command("empty-bin")(empty_bin)
    runs_app.command("export")(export)


@runs_app.callback()
def runs(context: typer.Context, root: Runs = DEFAULT_ROOT, as_json: AsJson = False) -> None:
    """List the runs, newest first, with state and best and last validation error."""
    # The options may stand on both sides: `runs --json list` and `runs list --json`.
    context.obj = Asked(root, as_json)
    if not context.invoked_subcommand:
        list_runs(context)


def list_runs(context: typer.Context, root: RunsHere = None, as_json: AsJson = False) -> None:
    """List the runs, newest first, with state and best and last validation error; then imported
    curves."""
    folder = root or context.obj.root
    runs_found, imports = Store(folder).list(), read_imports(folder / IMPORTS)
    if as_json or context.obj.as_json:
        imported = [_as_record(folder, name, curve) for name, curve in imports.curves.items()]
        print(json.dumps([*[summary(run) for run in runs_found], *imported], indent=2))
        return
    for run in runs_found:
        print(_line(run))
    if not runs_found:
        print(f"No runs in {folder} yet; `python -m resnet train resnet20` starts one.")
    for name, curve in imports.curves.items():
        columns = ", ".join([f"{column.name} ({len(column.y):,})" for column in curve.columns])
        print(f"{name}   imported   {curve.name}: {columns}")
    for damage in imports.damaged:
        print(damage)


def show(
    context: typer.Context, run_id: RunId, root: RunsHere = None, as_json: AsJson = False
) -> None:
    """Show one run: its state, its settings, and the last lines of its log."""
    store = _store(context, root)
    run = store.get(run_id)
    facts = summary(run)
    # Only for one run: the reason needs a look at the queue and at the devices.
    facts["waits_for"] = store.why_waiting(run) if facts["state"] == "queued" else None
    facts["command"] = command(run)
    if as_json or context.obj.as_json:
        spec = run.spec.model_dump(mode="json") if run.spec else None
        print(
            json.dumps(
                facts | {"spec": spec, "environment": run.environment(), "log": run.log_tail()},
                indent=2,
            )
        )
        return
    for key, value in facts.items():
        if value is not None:
            print(f"{key.replace('_', ' '):23} {_in_words(key, value)}")
    if log := run.log_tail(LOG_LINES):
        print(f"\n{log}")


def stop(context: typer.Context, run_id: RunId, root: RunsHere = None) -> None:
    """Ask a run to write a checkpoint and end, and wait for its end."""
    store = _existing(context, root, run_id)
    store.stop(run_id)
    _answer(context, store.wait(run_id))


def resume(context: typer.Context, run_id: RunId, root: RunsHere = None) -> None:
    """Continue a run that ended too early from its last checkpoint."""
    _answer(context, _existing(context, root, run_id).resume(run_id))


def fork(  # noqa: PLR0917  each is an option
    context: typer.Context,
    run_id: RunId,
    recipe_settings: RecipeSettings,
    steps: Steps = None,
    device: OnDevice = None,
    root: RunsHere = None,
) -> None:
    """Start a new run from the last checkpoint of another one, with a changed recipe."""
    store = _existing(context, root, run_id)
    spec = store.get(run_id).spec
    stretched = (
        # with_steps also stretches the schedule. The fork gets all of these changes as settings,
        # and typed settings replace them.
        difference(spec.recipe, with_steps(spec.recipe, steps))
        if spec and steps is not None
        else {}
    )
    run = store.fork(run_id, stretched | pairs(recipe_settings), device=device)
    _answer(context, run, f"{run.path}   from {summary(run)['parent']}")


def move(context: typer.Context, run_id: RunId, place: Place, root: RunsHere = None) -> None:
    """Move a waiting run to another place in the queue."""
    store = _existing(context, root, run_id)
    # People count from 1, lists from 0.
    store.queue.move(run_id, place - 1, store.waiting())
    # Read again: the run may have begun meanwhile, and a too large place becomes the last one.
    order = [run.id for run in store.waiting()]
    if run_id not in order:
        raise RunError(f"Run {run_id} began before it could be moved.")
    _answer(context, store.get(run_id), f"place {order.index(run_id) + 1} of {len(order)}")


def delete(context: typer.Context, run_id: RunId, root: RunsHere = None) -> None:
    """Move a run to the bin; `restore` brings it back."""
    store = _existing(context, root, run_id)
    store.delete(run_id)
    # A deleted run is in the bin, where `store.get` does not look.
    deleted = next(run for run in store.deleted() if run.id == run_id)
    _answer(context, deleted, "deleted; `runs restore` brings it back")


def restore(context: typer.Context, run_id: RunId, root: RunsHere = None) -> None:
    """Bring a deleted run back."""
    _answer(context, _store(context, root).restore(run_id))


def empty_bin(context: typer.Context, root: RunsHere = None) -> None:
    """Delete all runs in the bin permanently and free their disk space. They cannot be restored."""
    count = _store(context, root).empty_bin()
    print(
        f"{count} {'run' if count == 1 else 'runs'} deleted permanently."
        if count
        else "The bin is empty."
    )


def export(context: typer.Context, run_id: RunId, output: Output, root: RunsHere = None) -> None:
    """Export a run's records (.csv), or its whole directory (.zip)."""
    form = format_of(output, ("csv", "zip"))
    run = _store(context, root).get(run_id)
    files.write(output, archive.metrics_csv(run) if form == "csv" else archive.zipped(run))


def _store(context: typer.Context, root: RunsHere) -> Store:
    """The runs of a command: from its --runs option, or from the one before the command."""
    return Store(root or context.obj.root)


def _existing(context: typer.Context, root: RunsHere, run_id: str) -> Store:
    """The same, after checking that the run exists. Otherwise commands that change something would
    create the folder.

    Raises UnknownNameError.
    """
    store = _store(context, root)
    store.get(run_id)
    return store


def _answer(context: typer.Context, run: Run, words: str | None = None) -> None:
    """Print the run's new state, or `words`."""
    print(
        json.dumps(summary(run), indent=2)
        if context.obj.as_json
        else f"{run.id}   {words or run.state().name}"
    )


def _as_record(folder: Path, name: str, curve: ImportedCurve) -> dict[str, object]:
    """An imported curve in the form of `summary`; values that only runs have are None."""
    known = {"id": name, "path": str(folder / IMPORTS / name), "network": curve.given.network}
    known |= {"dataset": curve.given.recipe.get("dataset"), "state": "imported"}
    # A list in JSON is easier to read by programs if each entry has the same keys.
    of_runs = ("cause", "parent", "step", "steps", "last_validation_error", "best_validation_error")
    return {**known, **dict.fromkeys(of_runs)}


def _in_words(key: str, value: object) -> str:
    if isinstance(value, float) and key.endswith("_error"):
        return quantity.percent(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _line(run: Run) -> str:
    facts = summary(run)
    step = f"step {facts['step']:,}" + (f" of {facts['steps']:,}" if facts["steps"] else "")
    errors = [
        f"{which} {quantity.percent(facts[f'{which}_validation_error'])}"
        for which in ("best", "last")
        if facts[f"{which}_validation_error"] is not None
    ]
    return "   ".join(
        filter(None, [run.id, facts["state"], step, ", ".join(errors), facts["cause"]])
    )
