"""Watching a run from a terminal."""

import time
from typing import Any

from resnet import quantity
from resnet.errors import RunError
from resnet.runs import START, Run, Store

POLL_S = 0.5
GOOD_ENDS = ("finished", "stopped")


def summary(run: Run) -> dict[str, Any]:
    """What `runs --json` says of a run. Errors are percent."""
    spec, state, progress = run.spec, run.state(), run.progress()
    return {
        "id": run.id,
        "path": str(run.path),
        "network": spec.network if spec else None,
        "dataset": spec.dataset if spec else None,
        "state": state.name,
        "cause": state.cause,
        "step": progress.step,
        "steps": progress.steps,
        "last_validation_error": progress.last_validation_error,
        "best_validation_error": progress.best_validation_error,
    }


def follow(store: Store, run: Run) -> None:
    """Print a line for each evaluation until the run is over. Raises RunError where it failed.

    Ctrl+C asks the run to stop, waits until it has, and goes on as KeyboardInterrupt.
    """
    try:
        _print_until_over(run)
    except KeyboardInterrupt:
        print(f"\nStopping {run.id}; it writes a checkpoint first.", flush=True)
        if not run.state().over:
            store.stop(run.id)
        store.wait(run.id)
        raise
    state = run.state()
    if state.name not in GOOD_ENDS:
        raise RunError(f"Run {run.id} {state.name}: {state.cause or 'no reason is known'}; see {run.path / 'log.txt'}.")
    print(f"{state.name}{f': {state.cause}' if state.cause else ''}")


def _print_until_over(run: Run) -> None:
    cursor = START
    while True:
        over = run.state().over  # looked at before the records, so that none written last is missed
        records, cursor = run.metrics(cursor)
        for record in records:
            if line := _line(record, run):
                print(line, flush=True)
        if over:
            return
        time.sleep(POLL_S)


def _line(record: dict[str, Any], run: Run) -> str | None:
    match record.get("kind"):
        case "start":
            return f"{record.get('steps', 0):,} steps on {record.get('train_images', 0):,} images"
        case "evaluation":
            left = run.progress().time_left_s
            error = quantity.percent(record["validation_error"])
            return f"step {record['step']:>6,}   validation error {error}" + (
                f"   {quantity.duration(left)} left" if left is not None else ""
            )
        case "test":
            return f"step {record['step']:>6,}   test error {quantity.percent(record['test_error'])}"
        case _:
            return None
